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
        let levels = (0..<order).map { sigmas[index - $0] }
        var change = [Float](repeating: 0, count: sample.count)
        for (place, derivative) in derivatives.prefix(order).enumerated() {
            let weight = Float(Self.integral(of: place, among: levels, from: sigma, to: sigmas[index + 1]))
            change = combine(change, derivative) { $0 + weight * $1 }
        }
        sample = combine(sample, change) { $0 + $1 }
        return original
    }

    /// The integral of the polynomial that is 1 at one of the levels and 0 at the others.
    ///
    /// Two points would be enough, were the polynomial not rounded: where levels lie far apart the weights are large
    /// and nearly cancel, and its rounding shows. The reference evaluates it in single precision at QUADPACK's 21
    /// points.
    private static func integral(of place: Int, among levels: [Float], from start: Float, to end: Float) -> Double {
        let middle = 0.5 * (Double(start) + Double(end))
        let half = 0.5 * (Double(end) - Double(start))
        func polynomial(_ offset: Double) -> Double {
            let tau = Float(middle + half * offset)
            var product: Float = 1
            for other in levels.indices where other != place {
                product *= (tau - levels[other]) / (levels[place] - levels[other])
            }
            return Double(product)
        }
        return half
            * GaussKronrod.points.reduce(GaussKronrod.middleWeight * polynomial(0)) { sum, point in
                sum + point.weight * (polynomial(-point.offset) + polynomial(point.offset))
            }
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        weighted((1, original), (sigmas[index], noise))
    }
}

/// The rule of 21 points of Gauss and Kronrod on -1...1 (Piessens et al., "QUADPACK", 1983), which lie on either side
/// of the middle.
private enum GaussKronrod {
    static let middleWeight = 0.149_445_554_002_916_9
    static let points: [(offset: Double, weight: Double)] = [
        (0.995_657_163_025_808_1, 0.011_694_638_867_371_874), (0.973_906_528_517_171_7, 0.032_558_162_307_964_725),
        (0.930_157_491_355_708_2, 0.054_755_896_574_351_995), (0.865_063_366_688_984_5, 0.075_039_674_810_919_96),
        (0.780_817_726_586_416_9, 0.093_125_454_583_697_6), (0.679_409_568_299_024_4, 0.109_387_158_802_297_64),
        (0.562_757_134_668_604_7, 0.123_491_976_262_065_85), (0.433_395_394_129_247_2, 0.134_709_217_311_473_34),
        (0.294_392_862_701_460_2, 0.142_775_938_577_060_09), (0.148_874_338_981_631_22, 0.147_739_104_901_338_49),
    ]
}
