import JSON

/// Reads the keys of `scheduler_config.json`.
///
/// An absent key has the reference's default. So has `null` where the reference's default is `None`; elsewhere `null`
/// is refused, since the reference would take it for false, or fail.
struct SchedulerKeys {
    let config: Config

    func bool(_ key: String, default value: Bool) throws(ConfigError) -> Bool {
        config.object[key] == nil ? value : try config.bool(key)
    }

    func int(_ key: String, in range: ClosedRange<Int>, default value: Int) throws(ConfigError) -> Int {
        config.object[key] == nil ? value : try config.int(key, in: range)
    }

    func double(_ key: String, in range: ClosedRange<Double>, default value: Double) throws(ConfigError) -> Double {
        config.object[key] == nil ? value : try config.double(key, in: range)
    }

    func choice<Value>(_ key: String, _ known: [String: Value], default value: Value) throws(ConfigError) -> Value {
        config.object[key] == nil ? value : try config.choice(key, known)
    }

    /// Refuses a switch that is on.
    ///
    /// - Parameters:
    ///   - key: of a truth value that is `false` by default.
    ///   - reason: what would be needed.
    func refuse(_ key: String, because reason: String) throws(ConfigError) {
        guard try bool(key, default: false) else { return }
        throw config.failure(key, expected: "false, since \(reason)")
    }

    func trainSteps() throws(ConfigError) -> Int { try int("num_train_timesteps", in: 2...100_000, default: 1000) }

    func stepsOffset() throws(ConfigError) -> Int { try int("steps_offset", in: 0...100_000, default: 0) }

    func spacing(default value: TimestepSpacing) throws(ConfigError) -> TimestepSpacing {
        try choice(
            "timestep_spacing", ["linspace": .linspace, "leading": .leading, "trailing": .trailing], default: value)
    }

    /// What the network predicts, among what a scheduler takes.
    func prediction(
        _ known: Set<PredictionType> = [.epsilon, .sample, .velocity]
    ) throws(ConfigError) -> PredictionType {
        var names: [String: PredictionType] = [:]
        for type in known { names[type.rawValue] = type }
        return try choice("prediction_type", names, default: .epsilon)
    }

    /// Clipping of the estimate of the finished sample, for schedulers that have both kinds of it.
    func clipping(clipsByDefault: Bool) throws(ConfigError) -> Clipping {
        let range = try double("clip_sample_range", in: 0...1e6, default: 1)
        let clips = try bool("clip_sample", default: clipsByDefault)
        if case .dynamic(let ratio, let most) = try thresholding() { return .dynamic(ratio: ratio, most: most) }
        return clips ? .range(Float(range)) : .none
    }

    /// Dynamic thresholding, for schedulers that have this alone.
    func thresholding() throws(ConfigError) -> Clipping {
        let ratio = try double("dynamic_thresholding_ratio", in: 0...1, default: 0.995)
        let most = try double("sample_max_value", in: 1e-6...1e6, default: 1)
        let isOn = try bool("thresholding", default: false)
        return isOn ? .dynamic(ratio: Float(ratio), most: Float(most)) : .none
    }

    /// The one way of spacing noise levels that is switched on.
    ///
    /// - Parameter others: switches of this scheduler beyond the three common ones.
    func sigmaSpacing(
        others: [(String, SigmaSpacing)] = []
    ) throws(ConfigError) -> SigmaSpacing {
        var found: (key: String, spacing: SigmaSpacing)?
        let common: [(String, SigmaSpacing)] = [
            ("use_karras_sigmas", .karras), ("use_exponential_sigmas", .exponential), ("use_beta_sigmas", .beta),
        ]
        for (key, spacing) in common + others where try bool(key, default: false) {
            // The reference refuses two of the common ones and has an order among the others; which one was meant
            // cannot be told.
            if let found { throw config.failure(key, expected: "false together with \(found.key)") }
            found = (key, spacing)
        }
        return found?.spacing ?? .timesteps
    }

    /// The ends of the noise levels where the file gives them; the reference looks for these keys in whatever file.
    func sigmaBounds() throws(ConfigError) -> SigmaBounds {
        let bounds = SigmaBounds(
            least: try config.optionalDouble("sigma_min", in: 1e-6...1e6),
            most: try config.optionalDouble("sigma_max", in: 1e-6...1e6))
        if let least = bounds.least, let most = bounds.most, least >= most {
            throw config.failure("sigma_max", expected: "more than sigma_min, which is \(least)")
        }
        return bounds
    }

    /// Whether the noise levels end with the least that the network was trained for rather than with none.
    func endsWithLeastSigma() throws(ConfigError) -> Bool {
        try choice("final_sigmas_type", ["zero": false, "sigma_min": true], default: false)
    }
}
