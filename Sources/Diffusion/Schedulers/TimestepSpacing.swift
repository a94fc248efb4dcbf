/// Which of the timesteps of training are visited (Lin et al., "Common Diffusion Noise Schedules and Sample Steps are
/// Flawed", 2023, table 2).
enum TimestepSpacing: Sendable {
    /// Both ends and evenly between.
    case linspace
    /// Multiples of a whole number from 0 on.
    case leading
    /// Evenly, the last one among them.
    case trailing

    /// Timesteps, the largest first.
    ///
    /// - Parameters:
    ///   - plan: the steps, and whom to name in errors.
    ///   - trainSteps: the network's.
    ///   - last: behind the last timestep that is to be visited; `nil` for `trainSteps`.
    ///   - dropsLeast: whether one more is placed, and the least of them left out.
    ///   - rounds: whether ``linspace`` is rounded, half to even.
    ///   - offset: what is added to ``leading``.
    ///   - bounded: whether timesteps beyond the last one are an error.
    func timesteps(
        _ plan: SchedulerPlan, trainSteps: Int, last: Int? = nil, dropsLeast: Bool = false, rounds: Bool = true,
        offset: Int, bounded: Bool = true
    ) throws(SchedulerError) -> [Double] {
        let end = last ?? trainSteps
        let places = plan.steps + (dropsLeast && self != .trailing ? 1 : 0)
        // With fewer timesteps than places some would be visited twice, where no method has a slope.
        guard places <= end else {
            let most = max(1, end - (places - plan.steps))
            throw .steps(plan.steps, scheduler: plan.kind.rawValue, allowed: 1...most)
        }
        var result: [Double]
        switch self {
        case .linspace:
            result = evenly(places, from: 0, to: Double(end - 1)).reversed()
            if rounds { result = result.map { $0.rounded(.toNearestOrEven) } }
            if dropsLeast { result.removeLast() }
        case .leading:
            let ratio = end / places
            result = (0..<places).reversed().map { Double($0 * ratio) }
            if dropsLeast { result.removeLast() }
            result = result.map { $0 + Double(offset) }
        case .trailing:
            // One more than was asked for may come of rounding; it is 0 or next to it, its timestep -1.
            let ratio = Double(trainSteps) / Double(plan.steps)
            let stride = Double(end) - (Double(end) - ratio)
            let count = Int((Double(end) / ratio).rounded(.up))
            result = (0..<count).map { (Double(end) - Double($0) * stride).rounded(.toNearestOrEven) - 1 }
        }
        for timestep in result where timestep < 0 || (bounded && timestep > Double(trainSteps - 1)) {
            throw .timestep(
                Int(timestep), scheduler: plan.kind.rawValue, steps: plan.steps, allowed: 0...trainSteps - 1)
        }
        return result
    }
}

/// `numpy.linspace`: of one point, the start.
func evenly(_ count: Int, from start: Double, to end: Double) -> [Double] {
    guard count > 1 else { return Array(repeating: start, count: count) }
    let step = (end - start) / Double(count - 1)
    return (0..<count).map { $0 == count - 1 ? end : Double($0) * step + start }
}
