/// What a network was trained to predict, of a finished sample x0 and noise e that make x = sqrt(a) x0 + sqrt(1 - a) e.
enum PredictionType: String, Sendable {
    /// The noise e (Ho, Jain and Abbeel, 2020).
    case epsilon
    /// The finished sample x0.
    case sample
    /// v = sqrt(a) e - sqrt(1 - a) x0 (Salimans and Ho, 2022).
    case velocity = "v_prediction"
    /// The direction of a flow, e - x0 (Lipman et al., 2023).
    case flow = "flow_prediction"

    /// The estimate of x0.
    ///
    /// - Parameters:
    ///   - prediction: the network's.
    ///   - sample: x.
    ///   - signal: the factor of x0 in x.
    ///   - noise: the factor of e in x.
    func original(_ prediction: [Float], sample: [Float], signal: Float, noise: Float) -> [Float] {
        switch self {
        case .epsilon: combine(sample, prediction) { ($0 - noise * $1) / signal }
        case .sample: prediction
        case .velocity: combine(sample, prediction) { signal * $0 - noise * $1 }
        case .flow: combine(sample, prediction) { $0 - noise * $1 }
        }
    }

    /// The estimate of the noise e; parameters as of ``original(_:sample:signal:noise:)``.
    func epsilon(_ prediction: [Float], sample: [Float], signal: Float, noise: Float) -> [Float] {
        switch self {
        case .epsilon: prediction
        case .sample: combine(sample, prediction) { ($0 - signal * $1) / noise }
        case .velocity: combine(sample, prediction) { noise * $0 + signal * $1 }
        case .flow: combine(sample, prediction) { $0 + (1 - noise) * $1 }
        }
    }

    /// The estimate of x0 where the sample is x0 + sigma e and the network saw it divided by sqrt(sigma^2 + 1).
    func original(_ prediction: [Float], sample: [Float], sigma: Float) -> [Float] {
        switch self {
        case .epsilon, .flow: return combine(sample, prediction) { $0 - sigma * $1 }
        case .sample: return prediction
        case .velocity:
            let variance = sigma * sigma + 1
            let factor = -sigma / variance.squareRoot()
            return combine(sample, prediction) { $1 * factor + $0 / variance }
        }
    }
}

/// A function of two arrays' elements.
@inline(__always)
func combine(_ a: [Float], _ b: [Float], _ function: (Float, Float) -> Float) -> [Float] {
    precondition(a.count == b.count, "\(a.count) and \(b.count) values")
    return [Float](unsafeUninitializedCapacity: a.count) { result, count in
        for index in a.indices { result.initializeElement(at: index, to: function(a[index], b[index])) }
        count = a.count
    }
}

/// The sum of arrays times factors, from left to right.
func weighted(_ terms: (factor: Float, values: [Float])...) -> [Float] {
    guard let first = terms.first else { return [] }
    var sum = first.values.map { first.factor * $0 }
    for term in terms.dropFirst() {
        precondition(term.values.count == sum.count, "\(term.values.count) and \(sum.count) values")
        for index in sum.indices { sum[index] += term.factor * term.values[index] }
    }
    return sum
}
