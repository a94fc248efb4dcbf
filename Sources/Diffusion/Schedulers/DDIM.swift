/// Implicit sampling: Song, Meng and Ermon, "Denoising Diffusion Implicit Models", 2020, equation 12.
///
/// With the estimates x0 and e of signal and noise, a' the share of signal one stride of timesteps further down:
///
///     x' = sqrt(a') x0 + sqrt(1 - a' - sigma^2) e + sigma z,
///     sigma = eta sqrt((1 - a') / (1 - a)) sqrt(1 - a / a')
///
/// With eta = 0, as is usual, no noise is drawn. The estimate of the noise is not changed where x0 is clipped.
struct DDIM: Scheduler {
    let steps: Int
    let timesteps: [Float]
    let initialNoiseScale: Float = 1
    private let schedule: NoiseSchedule
    private let places: [Int]
    private let prediction: PredictionType
    private let clipping: Clipping
    private let finalShare: Float
    private let eta: Float
    private let images: Int

    init(_ plan: SchedulerPlan, eta: Float) throws {
        let keys = plan.keys
        schedule = try NoiseSchedule(keys, rescales: true)
        prediction = try keys.prediction()
        clipping = try keys.clipping(clipsByDefault: true)
        finalShare = try keys.bool("set_alpha_to_one", default: true) ? 1 : schedule.alphasCumprod[0]
        let spaced = try keys.spacing(default: .leading).timesteps(
            plan, trainSteps: schedule.trainSteps, offset: try keys.stepsOffset())
        steps = plan.steps
        images = plan.images
        timesteps = spaced.map { Float($0) }
        places = spaced.map { Int($0) }
        self.eta = eta
    }

    mutating func step<Failure: Error>(
        prediction output: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float] {
        let next = places[index] - schedule.trainSteps / steps
        let share = schedule.alphasCumprod[places[index]]
        let nextShare = next >= 0 ? schedule.alphasCumprod[next] : finalShare
        let (signal, deviation) = (share.squareRoot(), (1 - share).squareRoot())

        var original = prediction.original(output, sample: sample, signal: signal, noise: deviation)
        let epsilon = prediction.epsilon(output, sample: sample, signal: signal, noise: deviation)
        clipping(&original, images: images)

        let variance = (1 - nextShare) / (1 - share) * (1 - share / nextShare)
        let sigma = eta * variance.squareRoot()
        let direction = (1 - nextShare - sigma * sigma).squareRoot()
        sample = weighted((nextShare.squareRoot(), original), (direction, epsilon))
        if eta > 0 { sample = combine(sample, try noise()) { $0 + sigma * $1 } }
        return original
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        schedule.mix(original, noise, at: places[index])
    }
}
