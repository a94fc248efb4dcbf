import Glibc

/// Softmax of one row of logits, in double precision.
///
/// - Returns: as many probabilities, which add up to 1.
public func softmaxProbabilities(_ logits: [Float]) -> [Float] {
    let largest = Double(logits.max() ?? 0)
    let exponentials = logits.map { exp(Double($0) - largest) }
    let total = exponentials.reduce(0, +)
    return exponentials.map { Float($0 / total) }
}
