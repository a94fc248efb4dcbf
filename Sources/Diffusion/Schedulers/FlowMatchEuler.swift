import JSON

/// Euler's method along a flow: Lipman et al., "Flow Matching for Generative Modeling", 2023, with times shifted
/// towards noise as in Esser et al., "Scaling Rectified Flow Transformers for High-Resolution Image Synthesis", 2024,
/// equation 23.
///
/// A sample is x = (1 - sigma) x0 + sigma e, and the network predicts v = e - x0:
///
///     x' = x + (sigma' - sigma) v,    or with `stochastic_sampling`    x' = (1 - sigma') (x - sigma v) + sigma' z
///
/// A shift that depends on the picture's size (`use_dynamic_shifting`) is refused.
struct FlowMatchEuler: Scheduler {
    let steps: Int
    let timesteps: [Float]
    let initialNoiseScale: Float = 1
    private let sigmas: [Float]
    private let isStochastic: Bool

    init(_ plan: SchedulerPlan) throws {
        let keys = plan.keys
        try keys.refuse("use_dynamic_shifting", because: "it takes a shift by the picture's size")
        let trainSteps = try keys.trainSteps()
        let shift = try keys.double("shift", in: 1e-3...1e3, default: 1)
        isStochastic = try keys.bool("stochastic_sampling", default: false)
        _ = try keys.choice("time_shift_type", ["exponential": 0, "linear": 0], default: 0)

        // The ends are those of training, shifted; all that lies between them is shifted once more.
        let total = Float(trainSteps)
        let ends = [total, 1].map { Self.shifted($0 / total, Float(shift), Float(shift - 1)) }
        var levels = evenly(
            plan.steps, from: Double(ends[0]) * Double(trainSteps), to: Double(ends[1]) * Double(trainSteps)
        ).map { Self.shifted($0 / Double(trainSteps), shift, shift - 1) }
        if let terminal = try keys.config.optionalDouble("shift_terminal", in: 0...0.999), terminal != 0 {
            // Stretches the levels so that the last one is the given.
            guard let last = levels.last, last < 1 else {
                throw keys.config.failure("shift_terminal", expected: "0 or null with \(plan.steps) steps")
            }
            let scale = (1 - last) / (1 - terminal)
            levels = levels.map { 1 - (1 - $0) / scale }
        }
        let spacing = try keys.sigmaSpacing()
        if case .timesteps = spacing {
        } else {
            let bounds = try keys.sigmaBounds()
            levels = spacing.sigmas(
                plan.steps, from: bounds.most ?? levels[0], to: bounds.least ?? levels[levels.count - 1])
        }
        var rounded = levels.map { Float($0) }
        let isInverted = try keys.bool("invert_sigmas", default: false)
        if isInverted { rounded = rounded.map { 1 - $0 } }
        steps = plan.steps
        timesteps = rounded.map { $0 * total }
        sigmas = rounded + [isInverted ? 1 : 0]
    }

    /// A time moved towards noise; `excess` is `shift - 1`, rounded once.
    static func shifted<Value: FloatingPoint>(_ time: Value, _ shift: Value, _ excess: Value) -> Value {
        shift * time / (1 + excess * time)
    }

    mutating func step<Failure: Error>(
        prediction output: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float] {
        let (sigma, next) = (sigmas[index], sigmas[index + 1])
        let original = combine(sample, output) { $0 - sigma * $1 }
        if isStochastic {
            sample = weighted((1 - next, original), (next, try noise()))
        } else {
            let change = next - sigma
            sample = combine(sample, output) { $0 + change * $1 }
        }
        return original
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        let sigma = sigmas[index]
        return weighted((sigma, noise), (1 - sigma, original))
    }
}
