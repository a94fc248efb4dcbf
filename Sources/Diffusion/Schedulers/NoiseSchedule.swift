import Glibc
import JSON

/// The noise that a network was trained with: after timestep t a share `alphasCumprod[t]` of the signal's variance is
/// left.
///
/// Source: Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic Models", 2020, section 2; the tables are computed as
/// diffusers does, betas in single precision, their product in double.
struct NoiseSchedule: Sendable {
    /// How betas grow.
    enum Growth: Sendable {
        /// Evenly.
        case linear
        /// Their square roots, evenly.
        case scaledLinear
        /// So that the signal falls as a squared cosine (Nichol and Dhariwal, "Improved Denoising Diffusion
        /// Probabilistic Models", 2021, section 3.2).
        case squaredCosine
        /// So that the logarithm of the signal-to-noise ratio is spread as a Laplace distribution (Hang et al., 2024).
        case laplace
        /// So that the signal falls exponentially.
        case exponential
        /// As a sigmoid from -6 to 6.
        case sigmoid
    }

    let alphasCumprod: [Float]

    var trainSteps: Int { alphasCumprod.count }

    /// sqrt((1 - a) / a): noise levels in units of the signal.
    var sigmas: [Float] { alphasCumprod.map { ((1 - $0) / $0).squareRoot() } }

    /// Half the logarithms of the signal-to-noise ratios.
    var lambdas: [Float] {
        alphasCumprod.map { logarithm($0.squareRoot()) - logarithm((1 - $0).squareRoot()) }
    }

    /// Reads the schedule.
    ///
    /// - Parameters:
    ///   - keys: of the configuration.
    ///   - more: the values of `beta_schedule` beyond `linear`, `scaled_linear` and `squaredcos_cap_v2`.
    ///   - growth: the default of `beta_schedule`.
    ///   - betas: the defaults of `beta_start` and `beta_end`.
    ///   - rescales: whether the scheduler knows `rescale_betas_zero_snr`.
    ///   - keepsLast: whether, then, a last trace of the signal is kept, so that noise levels stay finite.
    init(
        _ keys: SchedulerKeys, more: [String: Growth] = [:], growth: Growth = .linear,
        betas ends: (Double, Double) = (0.0001, 0.02), rescales: Bool = false, keepsLast: Bool = false
    ) throws(ConfigError) {
        let count = try keys.trainSteps()
        let least = try keys.double("beta_start", in: 0...0.9999, default: ends.0)
        let most = try keys.double("beta_end", in: 0...0.9999, default: ends.1)
        let known: [String: Growth] = [
            "linear": .linear, "scaled_linear": .scaledLinear, "squaredcos_cap_v2": .squaredCosine,
        ]
        let growth = try keys.choice("beta_schedule", known.merging(more) { old, _ in old }, default: growth)
        var betas = Self.betas(growth, count: count, from: least, to: most)
        if let trained = try keys.config.optionalDoubles("trained_betas", count: count...count, in: 0...0.9999) {
            betas = trained.map { Float($0) }
        }
        let isRescaled = rescales ? try keys.bool("rescale_betas_zero_snr", default: false) : false
        if isRescaled { betas = Self.withoutSignalAtTheEnd(betas) }
        var products = Self.products(betas.map { 1 - $0 })
        // Both would divide by zero: levels without noise, and levels without signal that nobody asked for.
        guard let most = products.first, most < 1 else {
            throw keys.config.failure("beta_start", expected: "noise from the first timestep on")
        }
        guard products.dropLast(isRescaled ? 1 : 0).allSatisfy({ $0 > 0 }) else {
            throw keys.config.failure("beta_end", expected: "betas that leave some of the signal")
        }
        if isRescaled && keepsLast { products[count - 1] = 0x1p-24 }
        alphasCumprod = products
    }

    private static func betas(_ growth: Growth, count: Int, from least: Double, to most: Double) -> [Float] {
        switch growth {
        case .linear: return evenly(count, from: Float(least), to: Float(most))
        case .scaledLinear:
            return evenly(count, from: Float(least.squareRoot()), to: Float(most.squareRoot())).map { $0 * $0 }
        case .sigmoid:
            let (span, start) = (Float(most - least), Float(least))
            return evenly(count, from: -6, to: 6).map { Float(1 / (1 + exp(-Double($0)))) * span + start }
        case .squaredCosine:
            return betas(count) { t in
                let cosine = cos((t + 0.008) / 1.008 * Double.pi / 2)
                return cosine * cosine
            }
        case .exponential: return betas(count) { t in exp(t * -12) }
        case .laplace:
            return betas(count) { t in
                let sign: Double = 0.5 - t < 0 ? -1 : 1
                let ratio = exp(-0.5 * sign * log(1 - 2 * (0.5 - t).magnitude + 1e-6))
                return (ratio / (1 + ratio)).squareRoot()
            }
        }
    }

    /// Betas under which the signal that is left follows a function of time from 0 to 1; none above 0.999.
    private static func betas(_ count: Int, signal: (Double) -> Double) -> [Float] {
        (0..<count).map { step in
            let (now, next) = (Double(step) / Double(count), Double(step + 1) / Double(count))
            return Float(min(1 - signal(next) / signal(now), 0.999))
        }
    }

    /// `torch.linspace`: the first half counted from the start, the second from the end, each product fused.
    static func evenly(_ count: Int, from start: Float, to end: Float) -> [Float] {
        guard count > 1 else { return [start] }
        let step = (end - start) / Float(count - 1)
        return (0..<count).map { index in
            index < count / 2
                ? start.addingProduct(step, Float(index)) : end.addingProduct(-step, Float(count - index - 1))
        }
    }

    /// Cumulative products, carried in double precision.
    private static func products(_ alphas: [Float]) -> [Float] {
        var product = 1.0
        return alphas.map { alpha in
            product *= Double(alpha)
            return Float(product)
        }
    }

    /// Shifts and scales the signal so that none is left at the last timestep (Lin et al., "Common Diffusion Noise
    /// Schedules and Sample Steps are Flawed", 2023, algorithm 1).
    private static func withoutSignalAtTheEnd(_ betas: [Float]) -> [Float] {
        let roots = products(betas.map { 1 - $0 }).map { $0.squareRoot() }
        let (first, last) = (roots[0], roots[roots.count - 1])
        let scale = first / (first - last)
        let signal = roots.map { root in
            let scaled = (root - last) * scale
            return scaled * scaled
        }
        return signal.indices.map { 1 - ($0 == 0 ? signal[0] : signal[$0] / signal[$0 - 1]) }
    }
}

/// The natural logarithm in single precision.
func logarithm(_ value: Float) -> Float { Float(log(Double(value))) }

/// e^value in single precision.
func exponential(_ value: Float) -> Float { Float(exp(Double(value))) }

/// e^value - 1 in single precision.
func exponentialMinusOne(_ value: Float) -> Float { Float(expm1(Double(value))) }
