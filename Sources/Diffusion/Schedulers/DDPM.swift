/// Ancestral sampling: Ho, Jain and Abbeel, "Denoising Diffusion Probabilistic Models", 2020, algorithm 2.
///
/// With the estimate x0, a and a' the shares of signal at this timestep and at the next (1 after the last), and
/// b = 1 - a / a':
///
///     x' = sqrt(a') b / (1 - a) x0 + sqrt(a / a') (1 - a') / (1 - a) x + sigma z
///
/// Noise z is added at all timesteps but 0. Variances that a network predicts are refused.
struct DDPM: Scheduler {
    /// sigma^2.
    private enum Variance {
        /// (1 - a') / (1 - a) b: the posterior's for a fixed x0.
        case small
        /// The same, through its logarithm.
        case smallByLogarithm
        /// b.
        case large
    }

    let steps: Int
    let timesteps: [Float]
    let initialNoiseScale: Float = 1
    private let schedule: NoiseSchedule
    private let places: [Int]
    private let prediction: PredictionType
    private let clipping: Clipping
    private let variance: Variance
    private let images: Int

    init(_ plan: SchedulerPlan) throws {
        let keys = plan.keys
        schedule = try NoiseSchedule(
            keys, more: ["sigmoid": .sigmoid, "laplace": .laplace], rescales: true)
        prediction = try keys.prediction()
        clipping = try keys.clipping(clipsByDefault: true)
        // "fixed_large_log" is left out: the reference takes the root of a negative logarithm there.
        variance = try keys.choice(
            "variance_type", ["fixed_small": .small, "fixed_small_log": .smallByLogarithm, "fixed_large": .large],
            default: .small)
        let spaced = try keys.spacing(default: .leading).timesteps(
            plan, trainSteps: schedule.trainSteps, offset: try keys.stepsOffset())
        steps = plan.steps
        images = plan.images
        timesteps = spaced.map { Float($0) }
        places = spaced.map { Int($0) }
    }

    mutating func step<Failure: Error>(
        prediction output: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float] {
        let share = schedule.alphasCumprod[places[index]]
        let nextShare = index + 1 < places.count ? schedule.alphasCumprod[places[index + 1]] : 1
        let (rest, nextRest) = (1 - share, 1 - nextShare)
        let alpha = share / nextShare
        let beta = 1 - alpha

        var original = prediction.original(
            output, sample: sample, signal: share.squareRoot(), noise: rest.squareRoot())
        clipping(&original, images: images)

        sample = weighted(
            (nextShare.squareRoot() * beta / rest, original), (alpha.squareRoot() * nextRest / rest, sample))
        if places[index] > 0 {
            let posterior = max(nextRest / rest * beta, 1e-20)
            let deviation =
                switch variance {
                case .small: posterior.squareRoot()
                case .smallByLogarithm: exponential(0.5 * logarithm(posterior))
                case .large: beta.squareRoot()
                }
            sample = combine(sample, try noise()) { $0 + deviation * $1 }
        }
        return original
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        schedule.mix(original, noise, at: places[index])
    }
}

extension NoiseSchedule {
    /// A sample with the noise of a timestep: sqrt(a) x0 + sqrt(1 - a) e.
    func mix(_ original: [Float], _ noise: [Float], at timestep: Int) -> [Float] {
        let share = alphasCumprod[timestep]
        return weighted((share.squareRoot(), original), ((1 - share).squareRoot(), noise))
    }
}
