import JSON

/// Euler's method over noise levels: Karras et al., "Elucidating the Design Space of Diffusion-Based Generative
/// Models", 2022, algorithm 2 without churn.
///
///     d = (x - x0) / sigma,    x' = x + (sigma' - sigma) d
struct Euler: Scheduler {
    let steps: Int
    let timesteps: [Float]
    let initialNoiseScale: Float
    private let sigmas: [Float]
    private let prediction: PredictionType

    init(_ plan: SchedulerPlan) throws {
        let keys = plan.keys
        let levels = try NoiseLevels(
            plan, schedule: NoiseSchedule(keys, rescales: true, keepsLast: true),
            spacing: keys.sigmaSpacing(), bounds: { _ throws(ConfigError) in try keys.sigmaBounds() },
            interpolatesLogarithms: keys.choice(
                "interpolation_type", ["linear": false, "log_linear": true], default: false),
            endsWithLeast: keys.endsWithLeastSigma())
        // The reference has two names for one thing here.
        prediction = try keys.choice(
            "prediction_type",
            ["epsilon": .epsilon, "sample": .sample, "original_sample": .sample, "v_prediction": .velocity],
            default: .epsilon)
        let isContinuous = try keys.choice("timestep_type", ["discrete": false, "continuous": true], default: false)
        steps = plan.steps
        sigmas = levels.sigmas
        // Networks for continuous time see a quarter of the noise level's logarithm.
        timesteps =
            isContinuous && prediction == .velocity
            ? sigmas.dropLast().map { 0.25 * logarithm($0) } : levels.timesteps
        initialNoiseScale = levels.initialNoiseScale
    }

    func scaleInput(_ sample: inout [Float], at index: Int) { scaleByLevel(&sample, sigmas[index]) }

    mutating func step<Failure: Error>(
        prediction output: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float] {
        let sigma = sigmas[index]
        let original = prediction.original(output, sample: sample, sigma: sigma)
        let change = sigmas[index + 1] - sigma
        sample = combine(sample, original) { $0 + ($0 - $1) / sigma * change }
        return original
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        weighted((1, original), (sigmas[index], noise))
    }
}
