/// Liu, Ren, Lin and Zhao, "Pseudo Numerical Methods for Diffusion Models on Manifolds", 2022.
///
/// The transfer of equation 11 from the share of signal a to a', with an estimate e of the noise:
///
///     x' = sqrt(a' / a) x - (a' - a) e / (a sqrt(1 - a') + sqrt(a (1 - a) a'))
///
/// e is a linear multistep combination of the last four predictions (equation 12). The first three steps are pseudo
/// Runge-Kutta steps of four calls each (equation 13); or, with `skip_prk_steps`, steps of lower order, the first of
/// which is taken twice.
struct PNDM: Scheduler {
    let steps: Int
    let timesteps: [Float]
    let initialNoiseScale: Float = 1
    private let schedule: NoiseSchedule
    private let places: [Int]
    private let prediction: PredictionType
    private let finalShare: Float
    private let stride: Int
    /// How many of the calls belong to Runge-Kutta steps.
    private let rungeKuttaCalls: Int

    private var calls = 0
    /// The last predictions, at most four.
    private var history: [[Float]] = []
    /// The prediction of a Runge-Kutta step so far.
    private var sum: [Float]?
    /// The sample at the start of a step of several calls.
    private var start: [Float]?

    init(_ plan: SchedulerPlan) throws {
        let keys = plan.keys
        schedule = try NoiseSchedule(keys)
        prediction = try keys.prediction([.epsilon, .velocity])
        finalShare = try keys.bool("set_alpha_to_one", default: false) ? 1 : schedule.alphasCumprod[0]
        let skips = try keys.bool("skip_prk_steps", default: false)
        let least = skips ? 1 : 4
        guard plan.steps >= least else {
            throw SchedulerError.steps(
                plan.steps, scheduler: plan.kind.rawValue, allowed: least...max(least, schedule.trainSteps))
        }
        steps = plan.steps
        stride = schedule.trainSteps / plan.steps
        let spaced = try keys.spacing(default: .leading).timesteps(
            plan, trainSteps: schedule.trainSteps, offset: try keys.stepsOffset())
        let descending = spaced.map { Int($0) }
        if skips {
            // The second timestep, or the only one, twice.
            let repeated = descending.count > 1 ? [descending[1]] : []
            places = descending.prefix(1) + repeated + descending.dropFirst()
            rungeKuttaCalls = 0
        } else {
            // Each of the first three steps looks at its start, twice at its middle, and at its end.
            var calls: [Int] = []
            for step in 0..<3 {
                let middle = descending[step + 1] + stride / 2
                calls += [descending[step], middle, middle, descending[step + 1]]
            }
            rungeKuttaCalls = calls.count
            places = calls + descending[3...]
        }
        timesteps = places.map { Float($0) }
    }

    mutating func step<Failure: Error>(
        prediction output: [Float], at index: Int, sample: inout [Float], noise: () throws(Failure) -> [Float]
    ) throws(Failure) -> [Float] {
        let share = schedule.alphasCumprod[places[index]]
        let original = prediction.original(
            output, sample: sample, signal: share.squareRoot(), noise: (1 - share).squareRoot())
        sample =
            calls < rungeKuttaCalls
            ? rungeKutta(output, at: places[index], sample) : multistep(output, at: places[index], sample)
        calls += 1
        return original
    }

    /// One of the four calls of a pseudo Runge-Kutta step.
    private mutating func rungeKutta(_ output: [Float], at timestep: Int, _ sample: [Float]) -> [Float] {
        let next = timestep - (calls % 2 == 0 ? stride / 2 : 0)
        var estimate = output
        switch calls % 4 {
        case 0:
            history.append(output)
            start = sample
            sum = output.map { 1 / 6 * $0 }
        case 1, 2: sum = sum.map { combine($0, output) { $0 + 1 / 3 * $1 } }
        default:
            estimate = sum.map { combine($0, output) { $0 + 1 / 6 * $1 } } ?? output
            sum = nil
        }
        return transfer(start ?? sample, from: places[calls / 4 * 4], to: next, estimate)
    }

    /// A linear multistep step of as many predictions as there are.
    private mutating func multistep(_ output: [Float], at timestep: Int, _ sample: [Float]) -> [Float] {
        var (from, to, base, estimate) = (timestep, timestep - stride, sample, output)
        if calls != 1 {
            history = history.suffix(3) + [output]
        } else {
            // The first step once more, now with the prediction at its end.
            (from, to) = (timestep + stride, timestep)
        }
        let last = history.count - 1
        switch history.count {
        case 1 where calls == 0: start = sample
        case 1 where calls == 1:
            estimate = combine(output, history[last]) { ($0 + $1) / 2 }
            base = start ?? sample
            start = nil
        case 2: estimate = combine(history[last], history[last - 1]) { (3 * $0 - $1) / 2 }
        case 3:
            estimate = weighted((23, history[last]), (-16, history[last - 1]), (5, history[last - 2])).map { $0 / 12 }
        case 4:
            estimate = weighted(
                (55, history[last]), (-59, history[last - 1]), (37, history[last - 2]), (-9, history[last - 3])
            ).map { 1 / 24 * $0 }
        default: break
        }
        return transfer(base, from: from, to: to, estimate)
    }

    private func transfer(_ sample: [Float], from timestep: Int, to next: Int, _ output: [Float]) -> [Float] {
        let share = schedule.alphasCumprod[min(timestep, schedule.trainSteps - 1)]
        let nextShare = next >= 0 ? schedule.alphasCumprod[next] : finalShare
        let (rest, nextRest) = (1 - share, 1 - nextShare)
        let epsilon = prediction.epsilon(
            output, sample: sample, signal: share.squareRoot(), noise: rest.squareRoot())
        let factor = (nextShare / share).squareRoot()
        let divisor = share * nextRest.squareRoot() + (share * rest * nextShare).squareRoot()
        return combine(sample, epsilon) { factor * $0 - (nextShare - share) * $1 / divisor }
    }

    func addNoise(to original: [Float], noise: [Float], at index: Int) -> [Float] {
        schedule.mix(original, noise, at: places[index])
    }
}
