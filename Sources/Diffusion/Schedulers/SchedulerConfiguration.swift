public import JSON

/// A model's `scheduler_config.json`.
///
/// A key that is absent has the default of the class that reads it, which need not be the class that wrote the file: so
/// does the reference's `from_config`. Keys of other schedulers are passed over, as there; so are those that start with
/// an underscore. A key of no scheduler at all is refused, since nobody can tell what it was meant to change.
public struct SchedulerConfiguration: Sendable {
    /// The scheduler that the file names.
    public let kind: SchedulerKind
    let config: Config

    /// Reads a file.
    ///
    /// - Parameters:
    ///   - file: what messages call it.
    ///   - bytes: all of the file's. Minus infinity may be written as Python writes it, `-Infinity`, which is what
    ///     DPM-Solver's `lambda_min_clipped` is by default.
    /// - Throws: ``SchedulerError/configuration(_:)``, ``SchedulerError/unknown(_:)``.
    public init(file: String, bytes: [UInt8]) throws(SchedulerError) {
        let config: Config
        do { config = try Config(file: file, bytes: Self.withFiniteNumbers(bytes)) } catch {
            throw .configuration(error)
        }
        try self.init(config)
    }

    /// Takes an object that was read.
    ///
    /// - Parameter config: the outermost object of the file.
    /// - Throws: ``SchedulerError/configuration(_:)``, ``SchedulerError/unknown(_:)``.
    public init(_ config: Config) throws(SchedulerError) {
        let name: String
        do {
            name = try config.string("_class_name")
            try Self.refuseUnknownKeys(config)
        } catch { throw .configuration(error) }
        kind = try SchedulerKind(named: name)
        self.config = config
    }

    /// The same with a key's value set, as `from_config(config, key=value)` does.
    ///
    /// - Parameters:
    ///   - key: a key of a scheduler.
    ///   - value: its value.
    /// - Throws: as ``init(_:)``.
    public func setting(_ key: String, to value: JSONValue) throws(SchedulerError) -> SchedulerConfiguration {
        var object = config.object
        object[key] = value
        return try SchedulerConfiguration(Config(file: config.file, object: object))
    }

    /// Makes a scheduler for one run.
    ///
    /// - Parameters:
    ///   - kind: the scheduler; `nil` takes the file's. A network that was trained for a flow is not given to another
    ///     scheduler than ``SchedulerKind/flowMatchEuler``, nor another network to that one.
    ///   - steps: how many, 1 to the number of timesteps that the network was trained for; some schedulers take fewer.
    ///   - eta: the part of ancestral noise in DDIM, 0 to 1; others pass it over, as the reference's pipelines do.
    ///   - images: how many images lie one after the other in a sample. Only dynamic thresholding, which looks at each
    ///     by itself, needs to know.
    /// - Throws: ``SchedulerError``.
    public func makeScheduler(
        _ kind: SchedulerKind? = nil, steps: Int, eta: Float = 0, images: Int = 1
    ) throws(SchedulerError) -> any Scheduler {
        precondition(images > 0 && (0...1).contains(eta), "images from 1 on, eta in 0...1")
        let wanted = kind ?? self.kind
        guard (wanted == .flowMatchEuler) == (self.kind == .flowMatchEuler) else {
            throw .configuration(
                config.failure(
                    "_class_name", expected: "a scheduler that \(wanted.shortName) can stand in for",
                    found: self.kind.rawValue))
        }
        let plan = SchedulerPlan(keys: SchedulerKeys(config: config), kind: wanted, steps: steps, images: images)
        let trainSteps: Int
        do { trainSteps = try plan.keys.trainSteps() } catch { throw .configuration(error) }
        guard (1...trainSteps).contains(steps) else {
            throw .steps(steps, scheduler: wanted.rawValue, allowed: 1...trainSteps)
        }
        do {
            return switch wanted {
            case .ddpm: try DDPM(plan)
            case .ddim: try DDIM(plan, eta: eta)
            case .pndm: try PNDM(plan)
            case .lms: try LMS(plan)
            case .euler: try Euler(plan)
            case .eulerAncestral: try EulerAncestral(plan)
            case .heun: try Heun(plan)
            case .dpmSolver: try DPMSolver(plan)
            case .uniPC: try UniPC(plan)
            case .lcm: try LCM(plan)
            case .flowMatchEuler: try FlowMatchEuler(plan)
            }
        } catch let error as SchedulerError { throw error } catch let error as ConfigError {
            throw .configuration(error)
        } catch {
            preconditionFailure("\(error) is of no type that schedulers throw")
        }
    }

    /// The schedulers that this model can be sampled with: those that can be made of this file for ten steps, or for as
    /// many as there are timesteps.
    public var supportedSchedulers: [SchedulerKind] {
        let trainSteps = (try? SchedulerKeys(config: config).trainSteps()) ?? 10
        return SchedulerKind.allCases.filter { kind in
            do throws(SchedulerError) {
                _ = try makeScheduler(kind, steps: min(10, trainSteps))
                return true
            } catch { return false }
        }
    }

    /// Keys that diffusers' schedulers have, and a few of its older versions that never changed a step.
    private static let knownKeys: Set<String> = [
        "algorithm_type", "base_image_seq_len", "base_shift", "beta_end", "beta_schedule", "beta_start", "clip_sample",
        "clip_sample_range", "disable_corrector", "dynamic_thresholding_ratio", "euler_at_final", "final_sigmas_type",
        "flow_shift", "interpolation_type", "invert_sigmas", "lambda_min_clipped", "lower_order_final",
        "max_image_seq_len", "max_shift", "num_train_timesteps", "original_inference_steps", "predict_x0",
        "prediction_type", "rescale_betas_zero_snr", "rho", "sample_max_value", "set_alpha_to_one", "shift",
        "shift_terminal", "sigma_data", "sigma_max", "sigma_min", "sigma_schedule", "skip_prk_steps", "solver_order",
        "solver_p", "solver_type", "steps_offset", "stochastic_sampling", "tensor_format", "thresholding",
        "time_shift_type", "timestep_scaling", "timestep_spacing", "timestep_type", "timestep_values", "trained_betas",
        "use_beta_sigmas", "use_dynamic_shifting", "use_exponential_sigmas", "use_flow_sigmas", "use_karras_sigmas",
        "use_lu_lambdas", "variance_type",
    ]

    private static func refuseUnknownKeys(_ config: Config) throws(ConfigError) {
        for key in config.keys {
            // The reference would pass over the keys that this one lists.
            let isIgnored = key.utf8.first == UInt8(ascii: "_") && key != "_use_default_values"
            // Once a key of DDPM; networks for which it is false predict what the reference no longer takes from it.
            if key == "predict_epsilon" {
                guard try config.bool(key) else {
                    throw config.failure(key, expected: "true; prediction_type says otherwise what is predicted")
                }
                continue
            }
            guard isIgnored || knownKeys.contains(key) else {
                throw config.failure(key, expected: "keys of schedulers only")
            }
        }
    }

    /// `-Infinity` outside of strings as the least finite number, which no logarithm comes near.
    private static func withFiniteNumbers(_ bytes: [UInt8]) -> [UInt8] {
        let word = Array("-Infinity".utf8)
        var result: [UInt8] = []
        var (index, isText) = (0, false)
        while index < bytes.count {
            if !isText, bytes[index] == word[0], bytes[index...].starts(with: word) {
                result += Array("-1.7976931348623157e308".utf8)
                index += word.count
                continue
            }
            if isText, bytes[index] == UInt8(ascii: "\\"), index + 1 < bytes.count {
                result.append(bytes[index])
                index += 1
            } else if bytes[index] == UInt8(ascii: "\"") {
                isText.toggle()
            }
            result.append(bytes[index])
            index += 1
        }
        return result
    }
}

/// What a scheduler is made from.
struct SchedulerPlan {
    let keys: SchedulerKeys
    let kind: SchedulerKind
    let steps: Int
    let images: Int
}
