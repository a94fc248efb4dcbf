import JSON

/// Heun's method over noise levels: Karras et al., "Elucidating the Design Space of Diffusion-Based Generative Models",
/// 2022, algorithm 1.
///
/// A step of Euler's method, and once more from its start with the mean of the derivatives at both ends. The last step
/// ends without noise and is Euler's.
struct Heun: Scheduler {
    let steps: Int
    let timesteps: [Float]
    let callsPerStep = 2
    let initialNoiseScale: Float
    private let sigmas: [Float]
    private let prediction: PredictionType
    private let clipping: Clipping
    /// Within a step: its start and the derivative there.
    private var start: (sample: [Float], derivative: [Float])?

    init(_ plan: SchedulerPlan) throws {
        let keys = plan.keys
        let levels = try NoiseLevels(
            plan, schedule: NoiseSchedule(keys, more: ["exp": .exponential], betas: (0.00085, 0.012)),
            spacing: keys.sigmaSpacing(), bounds: { _ throws(ConfigError) in try keys.sigmaBounds() })
        prediction = try keys.prediction()
        let range = try keys.double("clip_sample_range", in: 0...1e6, default: 1)
        clipping = try keys.bool("clip_sample", default: false) ? .range(Float(range)) : .none
        steps = plan.steps
        // All but the first timestep, and all but the ends of the levels, twice.
        timesteps = levels.timesteps.prefix(1) + levels.timesteps.dropFirst().flatMap { [$0, $0] }
        sigmas =
            levels.sigmas.prefix(1) + levels.sigmas.dropFirst().dropLast().flatMap { [$0, $0] }
            + levels.sigmas.suffix(1)
        initialNoiseScale = levels.initialNoiseScale
    }

    func scaleInput(_ sample: inout [Float], at index: Int) { scaleByLevel(&sample, sigmas[index]) }

    mutating func step<Failure: Error>(
        prediction output: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float] {
        let sigma = sigmas[index]
        var original = prediction.original(output, sample: sample, sigma: sigma)
        clipping(&original, images: 1)
        let derivative = combine(sample, original) { ($0 - $1) / sigma }
        if let begun = start {
            let change = sigma - sigmas[index - 1]
            let mean = combine(begun.derivative, derivative) { ($0 + $1) / 2 }
            sample = combine(begun.sample, mean) { $0 + $1 * change }
            start = nil
        } else {
            let change = sigmas[index + 1] - sigma
            start = (sample, derivative)
            sample = combine(sample, derivative) { $0 + $1 * change }
        }
        return original
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        weighted((1, original), (sigmas[index], noise))
    }
}
