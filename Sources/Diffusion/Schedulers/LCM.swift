import JSON

/// Multistep sampling of consistency models: Luo et al., "Latent Consistency Models", 2023, algorithm 3, over the
/// timesteps of their distillation.
///
/// With c = s^2 / (t'^2 + s^2) and d = t' / sqrt(t'^2 + s^2), where t' = `timestep_scaling` t and s = 1/2:
///
///     y = d x0 + c x,    x' = sqrt(a') y + sqrt(1 - a') z
///
/// and y itself after the last step.
struct LCM: Scheduler {
    let steps: Int
    let timesteps: [Float]
    let initialNoiseScale: Float = 1
    private let schedule: NoiseSchedule
    private let places: [Int]
    private let prediction: PredictionType
    private let clipping: Clipping
    private let scaling: Float
    private let images: Int

    init(_ plan: SchedulerPlan) throws {
        let keys = plan.keys
        schedule = try NoiseSchedule(keys, growth: .scaledLinear, betas: (0.00085, 0.012), rescales: true)
        prediction = try keys.prediction()
        clipping = try keys.clipping(clipsByDefault: false)
        scaling = Float(try keys.double("timestep_scaling", in: 1e-6...1e6, default: 10))
        let distilled = try keys.int("original_inference_steps", in: 1...schedule.trainSteps, default: 50)
        guard distilled <= schedule.trainSteps else {
            throw keys.config.failure(
                "num_train_timesteps", expected: "at least the \(distilled) of original_inference_steps")
        }
        // Every step of the distillation covers `stride` timesteps and ends on the last of them.
        let stride = schedule.trainSteps / distilled
        guard plan.steps <= distilled else {
            throw SchedulerError.steps(plan.steps, scheduler: plan.kind.rawValue, allowed: 1...distilled)
        }
        let share = Double(distilled) / Double(plan.steps)
        steps = plan.steps
        images = plan.images
        places = (0..<plan.steps).map { (distilled - Int(Double($0) * share)) * stride - 1 }
        timesteps = places.map { Float($0) }
    }

    mutating func step<Failure: Error>(
        prediction output: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float] {
        let share = schedule.alphasCumprod[places[index]]
        let nextShare = index + 1 < places.count ? schedule.alphasCumprod[places[index + 1]] : share
        let time = Float(places[index]) * scaling
        let square = time * time + 0.25
        let (keep, change) = (0.25 / square, time / square.squareRoot())

        var original = prediction.original(
            output, sample: sample, signal: share.squareRoot(), noise: (1 - share).squareRoot())
        clipping(&original, images: images)
        let denoised = weighted((change, original), (keep, sample))
        if index == steps - 1 {
            sample = denoised
        } else {
            sample = weighted((nextShare.squareRoot(), denoised), ((1 - nextShare).squareRoot(), try noise()))
        }
        return denoised
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        schedule.mix(original, noise, at: places[index])
    }
}
