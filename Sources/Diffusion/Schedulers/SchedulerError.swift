public import JSON

/// A scheduler cannot be made as asked.
public enum SchedulerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// `scheduler_config.json` cannot be read, or asks for what this scheduler does not do.
    case configuration(ConfigError)
    /// A name of no known scheduler.
    case unknown(String)
    /// A number of steps that the scheduler cannot take.
    case steps(Int, scheduler: String, allowed: ClosedRange<Int>)
    /// The spacing of timesteps leads outside of those that the network was trained for.
    case timestep(Int, scheduler: String, steps: Int, allowed: ClosedRange<Int>)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .configuration(let error): "\(error)"
        case .unknown(let name):
            "\(JSONValue.string(name).serialized()) is no known scheduler; known are "
                + SchedulerKind.allCases.map { "\($0.shortName) (\($0.rawValue))" }.joined(separator: ", ")
        case .steps(let steps, let scheduler, let allowed):
            "\(steps) steps: \(scheduler) takes \(allowed) with this configuration"
        case .timestep(let timestep, let scheduler, let steps, let allowed):
            "timestep_spacing and steps_offset lead \(scheduler) in \(steps) steps to timestep \(timestep), but the "
                + "network knows \(allowed); choose another number of steps or another spacing"
        }
    }
}
