import JSON

/// The timesteps and noise levels of the schedulers that count noise in units of the signal: x = x0 + sigma e.
struct NoiseLevels {
    var timesteps: [Float]
    /// One more than timesteps: the last is where sampling ends.
    var sigmas: [Float]
    /// The noise level that sampling starts from, as the reference states it: with leading timesteps, of noise and
    /// signal together.
    let initialNoiseScale: Float

    /// Places the levels.
    ///
    /// - Parameters:
    ///   - plan: steps and keys.
    ///   - schedule: the network's noise.
    ///   - spacing: of the levels; other than ``SigmaSpacing/timesteps`` it decides the timesteps, too.
    ///   - bounds: the file's bounds, read only where the spacing has use for them.
    ///   - interpolatesLogarithms: levels even in the logarithm in place of those of the timesteps.
    ///   - endsWithLeast: whether the last level is the least of the network's rather than 0.
    init(
        _ plan: SchedulerPlan, schedule: NoiseSchedule, spacing: SigmaSpacing,
        bounds: (SigmaSpacing) throws(ConfigError) -> SigmaBounds = { _ in SigmaBounds() },
        interpolatesLogarithms: Bool = false, endsWithLeast: Bool = false
    ) throws {
        let table = SigmaTable(schedule.sigmas)
        let timestepSpacing = try plan.keys.spacing(default: .linspace)
        var places = try timestepSpacing.timesteps(
            plan, trainSteps: schedule.trainSteps, rounds: false, offset: try plan.keys.stepsOffset(), bounded: false
        ).map { Double(Float($0)) }
        var levels = places.map { table.sigma(at: $0) }
        if interpolatesLogarithms {
            let (least, most) = (logarithm(Float(table.least)), logarithm(Float(table.most)))
            levels = NoiseSchedule.evenly(plan.steps + 1, from: most, to: least).map { Double(exponential($0)) }
        }
        if case .timesteps = spacing {
        } else {
            let bounds = try bounds(spacing)
            let (most, least) = (bounds.most ?? levels[0], bounds.least ?? levels[levels.count - 1])
            levels = spacing.sigmas(plan.steps, from: most, to: least)
            places = levels.map { table.timestep(at: $0) }
        }
        levels.append(endsWithLeast ? table.least : 0)
        timesteps = places.map { Float($0) }
        sigmas = levels.map { Float($0) }
        let most = sigmas.max() ?? 0
        if case .leading = timestepSpacing {
            initialNoiseScale = (most * most + 1).squareRoot()
        } else {
            initialNoiseScale = most
        }
    }
}

/// Divides a sample x0 + sigma e by its standard deviation, as the network has seen samples.
func scaleByLevel(_ sample: inout [Float], _ sigma: Float) {
    let divisor = (sigma * sigma + 1).squareRoot()
    for index in sample.indices { sample[index] /= divisor }
}
