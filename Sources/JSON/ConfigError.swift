/// A configuration file cannot be used as it is.
public enum ConfigError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file is not JSON in the strict sense, or exceeds a limit.
    case syntax(file: String, JSONError)
    /// A value is missing or is not what is needed. `keyPath` is empty for the file's outermost value.
    case value(file: String, keyPath: String, expected: String, found: String)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .syntax(let file, let error): "\(file): \(error)"
        case .value(let file, "", let expected, let found): "\(file): expected \(expected), found \(found)"
        case .value(let file, let path, let expected, let found):
            "\(file): \(path): expected \(expected), found \(found)"
        }
    }
}
