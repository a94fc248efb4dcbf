import Glibc

/// The ends of noise levels that a configuration gives.
struct SigmaBounds {
    var least: Double?
    var most: Double?
}

/// How noise levels, in units of the signal, lie between the most and the least.
enum SigmaSpacing: Sendable {
    /// As those of the timesteps.
    case timesteps
    /// Evenly in the seventh root (Karras et al., "Elucidating the Design Space of Diffusion-Based Generative Models",
    /// 2022, equation 5).
    case karras
    /// Evenly in the logarithm.
    case exponential
    /// As quantiles of the beta distribution of 0.6 and 0.6 (Lee et al., "Beta Sampling is All You Need", 2024).
    case beta
    /// Evenly in the logarithm of the network's levels (Lu et al., "DPM-Solver", 2022).
    case lambdas
    /// As a flow's times, shifted.
    case flow

    /// Noise levels, the largest first.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - most: the largest.
    ///   - least: the smallest.
    func sigmas(_ count: Int, from most: Double, to least: Double) -> [Double] {
        switch self {
        case .karras:
            let (first, last) = (pow(most, 1 / 7), pow(least, 1 / 7))
            return evenly(count, from: 0, to: 1).map { pow(first + $0 * (last - first), 7) }
        case .exponential: return evenly(count, from: log(most), to: log(least)).map { exp($0) }
        case .lambdas:
            let (first, last) = (logarithm(Float(most)), logarithm(Float(least)))
            return evenly(count, from: Double(first), to: Double(last)).map { exp($0) }
        case .beta:
            let distribution = BetaDistribution(shape: 0.6)
            return evenly(count, from: 0, to: 1).map { least + distribution.quantile(1 - $0) * (most - least) }
        case .timesteps, .flow: return evenly(count, from: most, to: least)
        }
    }
}

/// The noise levels of the network's timesteps, and the way between the two.
struct SigmaTable: Sendable {
    /// By timestep, growing.
    let sigmas: [Float]
    private let logarithms: [Float]

    init(_ sigmas: [Float]) {
        self.sigmas = sigmas
        logarithms = sigmas.map { logarithm($0) }
    }

    var least: Double { Double(sigmas[0]) }
    var most: Double { Double(sigmas[sigmas.count - 1]) }

    /// The noise level of a timestep between two of the table's, as `numpy.interp` finds it; beyond an end, that end's.
    func sigma(at timestep: Double) -> Double {
        let below = Int(timestep)
        if timestep <= 0 { return least }
        if below >= sigmas.count - 1 { return most }
        let (low, high) = (Double(sigmas[below]), Double(sigmas[below + 1]))
        return (high - low) * (timestep - Double(below)) + low
    }

    /// The timestep of a noise level, between those of the table in the logarithm.
    func timestep(at sigma: Double) -> Double {
        let target = log(max(sigma, 1e-10))
        let last = logarithms.lastIndex { target >= Double($0) } ?? 0
        let below = min(last, logarithms.count - 2)
        let (low, high) = (logarithms[below], logarithms[below + 1])
        let weight = min(max((Double(low) - target) / Double(low - high), 0), 1)
        return (1 - weight) * Double(below) + weight * Double(below + 1)
    }
}

/// The beta distribution of two equal shapes.
struct BetaDistribution {
    let shape: Double
    /// The beta function of the shapes.
    private let total: Double

    init(shape: Double) {
        self.shape = shape
        total = tgamma(shape) * tgamma(shape) / tgamma(2 * shape)
    }

    /// The inverse of the distribution function, to about 1e-14.
    ///
    /// - Parameter probability: 0 to 1.
    func quantile(_ probability: Double) -> Double {
        if probability > 0.5 { return 1 - quantile(1 - probability) }
        if probability <= 0 { return 0 }
        // Halving an interval; the lower half of the distribution lies below 1/2.
        var (low, high) = (0.0, 0.5)
        for _ in 0..<200 {
            let middle = (low + high) / 2
            guard middle > low, middle < high else { break }
            if below(middle) < probability { low = middle } else { high = middle }
        }
        return (low + high) / 2
    }

    /// The distribution function for x up to 1/2, by the series of (1 - x)^(shape - 1).
    private func below(_ x: Double) -> Double {
        var (power, sum) = (1.0, 1 / shape)
        for index in 1..<200 {
            power *= (Double(index) - shape) / Double(index) * x
            let term = power / (shape + Double(index))
            sum += term
            if term < sum * 1e-17 { break }
        }
        return pow(x, shape) * sum / total
    }
}
