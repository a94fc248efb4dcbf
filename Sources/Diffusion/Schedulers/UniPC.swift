import JSON

/// Predictor and corrector of one family: Zhao, Bai, Rao, Zhou and Lu, "UniPC: A Unified Predictor-Corrector Framework
/// for Fast Sampling of Diffusion Models", 2023, algorithms 5 to 8.
///
/// Both integrate over lambda as DPM-Solver does (`predict_x0`: as DPM-Solver++) and differ in whether the estimate at
/// the end of the step takes part. The prediction for a sample therefore first corrects that sample, and then leads on
/// from it. The weights of the estimates solve R(h) rho = b(h) / B(h), where B(h) is h (`bh1`) or e^h - 1 (`bh2`).
struct UniPC: Scheduler {
    let steps: Int
    let timesteps: [Float]
    let initialNoiseScale: Float = 1
    private let levels: SolverLevels
    private let prediction: PredictionType
    private let clipping: Clipping
    private let order: Int
    private let estimatesData: Bool
    private let dividesByStep: Bool
    private let lowersOrder: Bool
    private let uncorrected: Set<Int>
    private let images: Int
    /// The last estimates, newest first, as many as the order.
    private var history: [[Float]] = []
    /// Where the last step began, and its order.
    private var last: (sample: [Float], order: Int)?

    init(_ plan: SchedulerPlan) throws {
        let keys = plan.keys
        try keys.refuse("use_dynamic_shifting", because: "it takes a shift by the picture's size")
        guard !keys.config.has("solver_p") else {
            throw keys.config.failure("solver_p", expected: "null, since only its own predictor is known")
        }
        let schedule = try NoiseSchedule(keys, rescales: true, keepsLast: true)
        let spacing = try keys.sigmaSpacing(others: [("use_flow_sigmas", .flow)])
        if keys.config.has("shift_terminal"), case .flow = spacing {
        } else if keys.config.has("shift_terminal") {
            throw keys.config.failure("shift_terminal", expected: "null without use_flow_sigmas")
        }
        levels = try SolverLevels(
            plan, schedule: schedule, spacing: spacing,
            manner: .init(roundsKarras: true, endsWithOwnLeast: true, flowStartsAtOne: true))
        estimatesData = try keys.bool("predict_x0", default: true)
        prediction = try keys.prediction(
            estimatesData ? [.epsilon, .sample, .velocity, .flow] : [.epsilon, .sample, .velocity])
        order = try keys.int("solver_order", in: 1...3, default: 2)
        dividesByStep = try keys.choice(
            "solver_type", ["bh1": true, "bh2": false, "midpoint": false, "heun": false, "logrho": false],
            default: false)
        lowersOrder = try keys.bool("lower_order_final", default: true)
        clipping = try keys.thresholding()
        uncorrected =
            keys.config.object["disable_corrector"] == nil
            ? [] : Set(try keys.config.ints("disable_corrector", count: 0...1_000, in: 0...100_000))
        // Without noise lambda is infinite: the reference gives no numbers there.
        if levels.endsAtZero, dividesByStep || !estimatesData {
            throw keys.config.failure(
                "final_sigmas_type", expected: "\"sigma_min\" with solver_type \"bh1\" or without predict_x0")
        }
        if levels.endsAtZero, !lowersOrder, order > 1, plan.steps > 1 {
            throw keys.config.failure("lower_order_final", expected: "true where final_sigmas_type is \"zero\"")
        }
        steps = plan.steps
        images = plan.images
        timesteps = levels.timesteps
    }

    mutating func step<Failure: Error>(
        prediction output: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float] {
        var original = levels.original(prediction, output, sample: sample, at: index)
        var estimate = original
        if estimatesData {
            clipping(&original, images: images)
            estimate = original
        } else {
            estimate = levels.epsilon(prediction, output, sample: sample, at: index)
        }
        if index > 0, !uncorrected.contains(index - 1), let last {
            sample = update(last.sample, from: index - 1, order: last.order, ending: estimate)
        }
        history.insert(estimate, at: 0)
        if history.count > order { history.removeLast() }
        var order = min(order, history.count)
        if lowersOrder { order = min(order, timesteps.count - index) }
        last = (sample, order)
        sample = update(sample, from: index, order: order, ending: nil)
        return original
    }

    /// One step.
    ///
    /// - Parameters:
    ///   - sample: at its start.
    ///   - index: of the level there.
    ///   - order: how many of the last estimates take part.
    ///   - ending: the estimate at its end, for the corrector.
    private func update(_ sample: [Float], from index: Int, order: Int, ending: [Float]?) -> [Float] {
        let (from, to) = (levels.level(index), levels.level(index + 1))
        let h = to.lambda - from.lambda
        let newest = history[0]

        // Places of the older estimates in units of the step, and the slopes to them.
        var places: [Float] = []
        var slopes: [[Float]] = []
        for age in 1..<max(order, 1) {
            let place = (levels.level(index - age).lambda - from.lambda) / h
            places.append(place)
            slopes.append(combine(history[age], newest) { ($0 - $1) / place })
        }
        places.append(1)

        let signed = estimatesData ? -h : h
        let growth = exponentialMinusOne(signed)
        let divisor = dividesByStep ? signed : growth
        let weights = weights(places, signed: signed, growth: growth, divisor: divisor, corrects: ending != nil)
        var change: [Float]?
        for (weight, slope) in zip(weights, slopes) {
            change = change.map { combine($0, slope) { $0 + weight * $1 } } ?? slope.map { weight * $0 }
        }
        if let ending {
            let slope = combine(ending, newest) { $0 - $1 }
            let weight = weights[weights.count - 1]
            change = change.map { combine($0, slope) { $0 + weight * $1 } } ?? slope.map { weight * $0 }
        }
        let keep = estimatesData ? to.noise / from.noise : to.signal / from.signal
        let factor = estimatesData ? to.signal : to.noise
        let result = combine(sample, newest) { keep * $0 - factor * growth * $1 }
        guard let change else { return result }
        return combine(result, change) { $0 - factor * divisor * $1 }
    }

    /// The weights of the slopes; the last one is that of the estimate at the end of the step.
    private func weights(
        _ places: [Float], signed: Float, growth: Float, divisor: Float, corrects: Bool
    ) -> [Float] {
        // Order 1 of the corrector and 2 of the predictor are taken as 1/2 whatever the equations say.
        let order = places.count
        if corrects ? order == 1 : order <= 2 { return [0.5] }
        let size = corrects ? order : order - 1
        var rows: [[Float]] = []
        var phi = growth / signed - 1
        var factorial: Float = 1
        for power in 1...size {
            var row = places.prefix(size).map { place in
                (1..<power).reduce(Float(1)) { product, _ in product * place }
            }
            row.append(phi * factorial / divisor)
            rows.append(row)
            factorial *= Float(power + 1)
            phi = phi / signed - 1 / factorial
        }
        return solve(rows)
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        levels.mix(original, noise, at: index)
    }
}

/// Solves linear equations by elimination with the largest pivot of each column.
///
/// - Parameter equations: as many rows as unknowns, each with its right side at the end.
/// - Returns: the unknowns; not finite where there is no single solution.
func solve(_ equations: [[Float]]) -> [Float] {
    var rows = equations
    let count = rows.count
    for column in 0..<count {
        let pivot = (column..<count).max { rows[$0][column].magnitude < rows[$1][column].magnitude } ?? column
        rows.swapAt(column, pivot)
        for row in column + 1..<max(count, column + 1) {
            let factor = rows[row][column] / rows[column][column]
            for place in column...count { rows[row][place] -= factor * rows[column][place] }
        }
    }
    var result = [Float](repeating: 0, count: count)
    for row in (0..<count).reversed() {
        var value = rows[row][count]
        for place in row + 1..<max(count, row + 1) { value -= rows[row][place] * result[place] }
        result[row] = value / rows[row][row]
    }
    return result
}
