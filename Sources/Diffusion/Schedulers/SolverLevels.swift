import JSON

/// The timesteps and noise levels of DPM-Solver and UniPC, and the logarithms of signal-to-noise ratios that they
/// integrate over: Lu et al., "DPM-Solver: A Fast ODE Solver for Diffusion Probabilistic Model Sampling in Around 10
/// Steps", 2022, section 3.
struct SolverLevels: Sendable {
    /// One level: the factors of the finished sample and of noise in the sample there.
    struct Level {
        let signal: Float
        let noise: Float

        /// Half the logarithm of the signal-to-noise ratio.
        var lambda: Float { logarithm(signal) - logarithm(noise) }
    }

    let timesteps: [Float]
    /// One more than timesteps: the last is where sampling ends.
    let sigmas: [Float]
    /// Whether levels are a flow's times rather than noise in units of the signal.
    let isFlow: Bool
    /// Whether sampling ends without noise.
    let endsAtZero: Bool

    func level(_ index: Int) -> Level {
        let sigma = sigmas[index]
        if isFlow { return Level(signal: 1 - sigma, noise: sigma) }
        let signal = 1 / (sigma * sigma + 1).squareRoot()
        return Level(signal: signal, noise: sigma * signal)
    }

    /// Estimates the finished sample.
    ///
    /// - Parameters:
    ///   - type: what the network predicts.
    ///   - output: its prediction.
    ///   - sample: the sample.
    ///   - index: of the level.
    func original(_ type: PredictionType, _ output: [Float], sample: [Float], at index: Int) -> [Float] {
        if type == .flow { return combine(sample, output) { $0 - sigmas[index] * $1 } }
        let level = level(index)
        return type.original(output, sample: sample, signal: level.signal, noise: level.noise)
    }

    /// Estimates the noise; parameters as of ``original(_:_:sample:at:)``.
    func epsilon(_ type: PredictionType, _ output: [Float], sample: [Float], at index: Int) -> [Float] {
        let level = level(index)
        return type.epsilon(output, sample: sample, signal: level.signal, noise: level.noise)
    }

    /// A finished sample with the noise of a level.
    func mix(_ original: [Float], _ noise: [Float], at index: Int) -> [Float] {
        let level = level(index)
        return weighted((level.signal, original), (level.noise, noise))
    }
}

extension SolverLevels {
    /// What the two solvers do differently.
    struct Manner {
        /// Whether timesteps of Karras' spacing are always whole, rather than unless the schedule is a cosine.
        var roundsKarras: Bool
        /// Whether levels of a spacing of their own end with the least of them rather than of the network's.
        var endsWithOwnLeast: Bool
        /// Whether a flow's levels start from pure noise rather than one timestep below.
        var flowStartsAtOne: Bool
    }

    /// Places the levels.
    ///
    /// - Parameters:
    ///   - plan: steps and keys.
    ///   - schedule: the network's noise.
    ///   - last: behind the last timestep to be visited.
    ///   - spacing: of the levels.
    ///   - manner: the solver's.
    init(
        _ plan: SchedulerPlan, schedule: NoiseSchedule, last: Int? = nil, spacing: SigmaSpacing, manner: Manner
    ) throws {
        let keys = plan.keys
        let trainSteps = schedule.trainSteps
        let table = SigmaTable(schedule.sigmas)
        var places = try keys.spacing(default: .linspace).timesteps(
            plan, trainSteps: trainSteps, last: last, dropsLeast: true, offset: try keys.stepsOffset(),
            bounded: false)
        endsAtZero = try !keys.endsWithLeastSigma()
        let shift = try keys.double("flow_shift", in: 1e-3...1e3, default: 1)
        var end = table.least
        var levels: [Double]
        var flows = false
        switch spacing {
        case .timesteps: levels = places.map { table.sigma(at: $0) }
        case .flow:
            flows = true
            levels = Self.flowTimes(plan.steps, trainSteps, shift, startsAtOne: manner.flowStartsAtOne)
            if manner.flowStartsAtOne { try Self.stretch(&levels, keys) }
            places = levels.map { $0 * Double(trainSteps) }
        default:
            var bounds = try keys.sigmaBounds()
            if case .lambdas = spacing { bounds = SigmaBounds() }
            levels = spacing.sigmas(plan.steps, from: bounds.most ?? table.most, to: bounds.least ?? table.least)
            places = levels.map { table.timestep(at: $0) }
            let rounds =
                switch spacing {
                case .karras, .lambdas:
                    manner.roundsKarras
                        || keys.config.object["beta_schedule"]?.stringValue != "squaredcos_cap_v2"
                default: false
                }
            if rounds { places = places.map { $0.rounded(.toNearestOrEven) } }
        }
        if manner.endsWithOwnLeast, let own = levels.last {
            if case .timesteps = spacing {} else { end = own }
        }
        isFlow = flows
        sigmas = levels.map { Float($0) } + [endsAtZero ? 0 : Float(end)]
        // Timesteps are whole numbers here; what is left of a fraction is cut off.
        timesteps = places.map { Float($0.rounded(.towardZero)) }
    }

    private static func flowTimes(_ steps: Int, _ trainSteps: Int, _ shift: Double, startsAtOne: Bool) -> [Double] {
        let signals = evenly(steps + 1, from: 1, to: 1 / Double(trainSteps))
        let times = startsAtOne ? Array(signals.dropLast()) : signals.dropFirst().reversed().map { 1 - $0 }
        return times.map { FlowMatchEuler.shifted($0, shift, shift - 1) }
    }

    /// Stretches a flow's times so that the last is the given one, and keeps the first below 1, where a logarithm
    /// would be infinite.
    private static func stretch(_ times: inout [Double], _ keys: SchedulerKeys) throws(ConfigError) {
        if let terminal = try keys.config.optionalDouble("shift_terminal", in: 0...0.999), terminal != 0 {
            guard let last = times.last, last < 1 else {
                throw keys.config.failure("shift_terminal", expected: "0 or null with one step")
            }
            let scale = (1 - last) / (1 - terminal)
            times = times.map { 1 - (1 - $0) / scale }
        }
        if (times[0] - 1).magnitude < 1e-6 { times[0] -= 1e-6 }
    }
}
