import JSON

/// DPM-Solver and DPM-Solver++, multistep: Lu et al., "DPM-Solver", 2022, and "DPM-Solver++: Fast Solver for Guided
/// Sampling of Diffusion Probabilistic Models", 2022 (algorithm 2 is order 2 with `midpoint`); with fresh noise after
/// "SDE-DPM-Solver++", its appendix.
///
/// With signal and noise factors a and s, lambda = log(a / s) and h = lambda' - lambda, order 1 of DPM-Solver++ is
///
///     x' = s' / s x - a' (e^-h - 1) D0
///
/// where D0 is the estimate of the finished sample; higher orders add differences D1, D2 of the estimates before it.
/// DPM-Solver uses estimates of the noise in its place: x' = a' / a x - s' (e^h - 1) D0.
struct DPMSolver: Scheduler {
    private enum Algorithm {
        case noise, data, noiseStochastic, dataStochastic

        var isStochastic: Bool { self == .noiseStochastic || self == .dataStochastic }
        var estimatesData: Bool { self == .data || self == .dataStochastic }
    }

    let steps: Int
    let timesteps: [Float]
    let initialNoiseScale: Float = 1
    private let levels: SolverLevels
    private let prediction: PredictionType
    private let clipping: Clipping
    private let algorithm: Algorithm
    private let order: Int
    private let isHeun: Bool
    private let lowersOrder: Bool
    private let endsWithEuler: Bool
    private let images: Int
    /// The last estimates, newest first, at most three.
    private var history: [[Float]] = []

    init(_ plan: SchedulerPlan) throws {
        let keys = plan.keys
        try keys.refuse("use_dynamic_shifting", because: "it takes a shift by the picture's size")
        let schedule = try NoiseSchedule(keys, rescales: true, keepsLast: true)
        let clipped = try keys.double(
            "lambda_min_clipped", in: -Double.greatestFiniteMagnitude...1e6, default: -Double.greatestFiniteMagnitude)
        levels = try SolverLevels(
            plan, schedule: schedule, last: schedule.lambdas.count { $0 >= Float(clipped) },
            spacing: keys.sigmaSpacing(others: [("use_lu_lambdas", .lambdas), ("use_flow_sigmas", .flow)]),
            manner: .init(roundsKarras: false, endsWithOwnLeast: false, flowStartsAtOne: false))
        algorithm = try keys.choice(
            "algorithm_type",
            [
                "dpmsolver": .noise, "dpmsolver++": .data, "sde-dpmsolver": .noiseStochastic,
                "sde-dpmsolver++": .dataStochastic, "deis": .data,
            ], default: .data)
        // The reference's own check comes before it takes DEIS for DPM-Solver++.
        let isDEIS = keys.config.object["algorithm_type"]?.stringValue == "deis"
        if levels.endsAtZero, isDEIS || !algorithm.estimatesData {
            throw keys.config.failure("final_sigmas_type", expected: "\"sigma_min\" with this algorithm_type")
        }
        prediction = try keys.prediction(
            algorithm.estimatesData ? [.epsilon, .sample, .velocity, .flow] : [.epsilon, .sample, .velocity])
        order = try keys.int("solver_order", in: algorithm == .noiseStochastic ? 1...2 : 1...3, default: 2)
        isHeun = try keys.choice(
            "solver_type", ["midpoint": false, "heun": true, "logrho": false, "bh1": false, "bh2": false],
            default: false)
        clipping = try keys.thresholding()
        lowersOrder = try keys.bool("lower_order_final", default: true)
        endsWithEuler = try keys.bool("euler_at_final", default: false)
        // Variances of other schedulers do not matter here, but half of a network's output would.
        _ = try keys.config.optionalChoice(
            "variance_type",
            ["fixed_small": 0, "fixed_small_log": 0, "fixed_large": 0, "fixed_large_log": 0])
        steps = plan.steps
        images = plan.images
        timesteps = levels.timesteps
    }

    mutating func step<Failure: Error>(
        prediction output: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float] {
        let (original, estimate) = estimates(output, sample, at: index)
        history.insert(estimate, at: 0)
        if history.count > max(2, order) { history.removeLast() }

        let left = timesteps.count - index
        let isShort = timesteps.count < 15
        var order = min(order, history.count)
        if left == 1, endsWithEuler || (lowersOrder && isShort) || levels.endsAtZero { order = 1 }
        if left == 2, lowersOrder, isShort { order = min(order, 2) }
        let factors = factors(at: index, order: order)
        var result = weighted((factors.sample, sample), (factors.estimates[0], history[0]))
        for (factor, difference) in zip(factors.estimates.dropFirst(), differences(at: index, order: order)) {
            result = combine(result, difference) { $0 + factor * $1 }
        }
        if algorithm.isStochastic { result = combine(result, try noise()) { $0 + factors.noise * $1 } }
        sample = result
        return original
    }

    /// The estimates of the finished sample and of what the algorithm integrates.
    private func estimates(
        _ output: [Float], _ sample: [Float], at index: Int
    ) -> (original: [Float], integrated: [Float]) {
        if algorithm.estimatesData {
            var original = levels.original(prediction, output, sample: sample, at: index)
            clipping(&original, images: images)
            return (original, original)
        }
        var epsilon = levels.epsilon(prediction, output, sample: sample, at: index)
        let level = levels.level(index)
        var original = combine(sample, epsilon) { ($0 - level.noise * $1) / level.signal }
        if case .dynamic = clipping {
            clipping(&original, images: images)
            epsilon = combine(sample, original) { ($0 - level.signal * $1) / level.noise }
        }
        return (original, epsilon)
    }

    /// The first and second differences of the last estimates in lambda.
    private func differences(at index: Int, order: Int) -> [[Float]] {
        guard order > 1 else { return [] }
        let lambda = levels.level(index).lambda
        let step = levels.level(index + 1).lambda - lambda
        let near = (lambda - levels.level(index - 1).lambda) / step
        let slope = combine(history[0], history[1]) { 1 / near * ($0 - $1) }
        guard order > 2 else { return [slope] }
        let far = (levels.level(index - 1).lambda - levels.level(index - 2).lambda) / step
        let olderSlope = combine(history[1], history[2]) { 1 / far * ($0 - $1) }
        return [
            combine(slope, olderSlope) { $0 + near / (near + far) * ($0 - $1) },
            combine(slope, olderSlope) { 1 / (near + far) * ($0 - $1) },
        ]
    }

    /// What sample, estimates and noise are multiplied by.
    private func factors(at index: Int, order: Int) -> (sample: Float, estimates: [Float], noise: Float) {
        let (from, to) = (levels.level(index), levels.level(index + 1))
        let h = to.lambda - from.lambda
        // The integral of the exponential, and with the powers 1 and 2 of the distance beside it.
        let first, second, third, factor: Float
        switch algorithm {
        case .data:
            let growth = exponential(-h) - 1
            factor = to.signal
            (first, second, third) = (-growth, growth / h + 1, -((growth + h) / (h * h) - 0.5))
        case .noise:
            let growth = exponential(h) - 1
            factor = to.noise
            (first, second, third) = (-growth, -(growth / h - 1), -((growth - h) / (h * h) - 0.5))
        case .dataStochastic:
            let growth = 1 - exponential(-2 * h)
            factor = to.signal
            (first, second, third) = (
                growth, growth / (-2 * h) + 1, (growth - 2 * h) / (2 * h * (2 * h)) - 0.5
            )
        case .noiseStochastic:
            let growth = exponential(h) - 1
            factor = 2 * to.noise
            (first, second, third) = (-growth, -(growth / h - 1), 0)
        }
        var estimates = [factor * first]
        if order == 2, !isHeun { estimates.append(0.5 * (factor * first)) }
        if order == 2, isHeun { estimates.append(factor * second) }
        if order == 3 { estimates += [factor * second, factor * third] }
        return switch algorithm {
        case .data: (to.noise / from.noise, estimates, 0)
        case .noise: (to.signal / from.signal, estimates, 0)
        case .dataStochastic:
            (
                to.noise / from.noise * exponential(-h), estimates,
                to.noise * (1 - exponential(-2 * h)).squareRoot()
            )
        case .noiseStochastic:
            (to.signal / from.signal, estimates, to.noise * (exponential(2 * h) - 1).squareRoot())
        }
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        levels.mix(original, noise, at: index)
    }
}
