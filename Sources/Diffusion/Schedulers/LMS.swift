import JSON

/// Linear multistep (Adams-Bashforth) of order 4 over noise levels: Karras et al., "Elucidating the Design Space of
/// Diffusion-Based Generative Models", 2022, in the form of Katherine Crowson's k-diffusion.
///
/// With derivatives d = (x - x0) / sigma at the last levels, and for each the polynomial that is 1 at its level and 0
/// at the others, x' = x + sum of d times the polynomial's integral from this level to the next.
struct LMS: Scheduler {
    private static let order = 4

    let steps: Int
    let timesteps: [Float]
    let initialNoiseScale: Float
    private let sigmas: [Float]
    private let prediction: PredictionType
    /// Newest first.
    private var derivatives: [[Float]] = []

    init(_ plan: SchedulerPlan) throws {
        let levels = try NoiseLevels(
            plan, schedule: NoiseSchedule(plan.keys), spacing: plan.keys.sigmaSpacing(),
            bounds: { spacing throws(ConfigError) in
                // Of this class, Karras' spacing is the one that passes over the file's bounds.
                if case .karras = spacing { SigmaBounds() } else { try plan.keys.sigmaBounds() }
            })
        prediction = try plan.keys.prediction()
        (steps, timesteps, sigmas) = (plan.steps, levels.timesteps, levels.sigmas)
        initialNoiseScale = levels.initialNoiseScale
    }

    func scaleInput(_ sample: inout [Float], at index: Int) { scaleByLevel(&sample, sigmas[index]) }

    mutating func step<Failure: Error>(
        prediction output: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float] {
        let sigma = sigmas[index]
        let original = prediction.original(output, sample: sample, sigma: sigma)
        derivatives.insert(combine(sample, original) { ($0 - $1) / sigma }, at: 0)
        if derivatives.count > Self.order { derivatives.removeLast() }

        let order = min(index + 1, Self.order)
        let levels = (0..<order).map { Double(sigmas[index - $0]) }
        var change = [Float](repeating: 0, count: sample.count)
        for (place, derivative) in derivatives.prefix(order).enumerated() {
            let weight = Float(
                Self.integral(of: place, among: levels, from: Double(sigma), to: Double(sigmas[index + 1])))
            change = combine(change, derivative) { $0 + weight * $1 }
        }
        sample = combine(sample, change) { $0 + $1 }
        return original
    }

    /// The integral of the polynomial that is 1 at one of the levels and 0 at the others, by Gauss' rule of two points,
    /// which is exact up to the third degree.
    private static func integral(of place: Int, among levels: [Double], from start: Double, to end: Double) -> Double {
        let (middle, half) = ((start + end) / 2, (end - start) / 2)
        let distance = half / 3.0.squareRoot()
        return [middle - distance, middle + distance].reduce(0) { sum, tau in
            var product = 1.0
            for other in levels.indices where other != place {
                product *= (tau - levels[other]) / (levels[place] - levels[other])
            }
            return sum + product * half
        }
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        weighted((1, original), (sigmas[index], noise))
    }
}
