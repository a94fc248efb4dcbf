import JSON

/// Euler's method with fresh noise at every level, the last one's of weight 0: ancestral sampling (Ho, Jain and Abbeel,
/// 2020) over noise levels, in the form of Katherine Crowson's k-diffusion.
///
///     up = sqrt(sigma'^2 (sigma^2 - sigma'^2) / sigma^2),    down = sqrt(sigma'^2 - up^2)
///     x' = x + (down - sigma) (x - x0) / sigma + up z
struct EulerAncestral: Scheduler {
    let steps: Int
    let timesteps: [Float]
    let initialNoiseScale: Float
    private let sigmas: [Float]
    private let prediction: PredictionType

    init(_ plan: SchedulerPlan) throws {
        let levels = try NoiseLevels(
            plan, schedule: NoiseSchedule(plan.keys, rescales: true, keepsLast: true), spacing: .timesteps)
        prediction = try plan.keys.prediction([.epsilon, .velocity])
        (steps, timesteps, sigmas) = (plan.steps, levels.timesteps, levels.sigmas)
        // From nearly infinite noise the difference under the root can round to less than nothing.
        for index in timesteps.indices where !Self.parts(sigmas[index], sigmas[index + 1]).down.isFinite {
            throw plan.keys.config.failure(
                "beta_schedule", expected: "noise that falls less steeply in \(steps) steps of this timestep_spacing")
        }
        initialNoiseScale = levels.initialNoiseScale
    }

    func scaleInput(_ sample: inout [Float], at index: Int) { scaleByLevel(&sample, sigmas[index]) }

    mutating func step<Failure: Error>(
        prediction output: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float] {
        let (sigma, next) = (sigmas[index], sigmas[index + 1])
        let original = prediction.original(output, sample: sample, sigma: sigma)
        let (up, down) = Self.parts(sigma, next)
        let change = down - sigma
        sample = combine(sample, original) { $0 + ($0 - $1) / sigma * change }
        sample = combine(sample, try noise()) { $0 + $1 * up }
        return original
    }

    /// The parts of the next noise level that are fresh and that are left.
    private static func parts(_ sigma: Float, _ next: Float) -> (up: Float, down: Float) {
        let (square, nextSquare) = (sigma * sigma, next * next)
        let up = (nextSquare * (square - nextSquare) / square).squareRoot()
        return (up, (nextSquare - up * up).squareRoot())
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        weighted((1, original), (sigmas[index], noise))
    }
}
