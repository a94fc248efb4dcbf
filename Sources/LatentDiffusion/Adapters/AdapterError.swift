public import Checkpoints
public import TensorCore

/// A file of adapters or embeddings cannot be used with a model.
public enum AdapterError: Error, Sendable, CustomStringConvertible {
    /// The file cannot be read.
    case checkpoint(CheckpointError)
    /// A tensor or an entry of the file does not fit the model, or is of a kind that is not supported.
    case key(file: String, key: String, expected: String, found: String)
    /// The file as a whole is not what is needed.
    case contents(file: String, expected: String, found: String)
    /// The strength that a file was asked for with is no number.
    case strength(file: String, found: String)
    /// A tensor's bytes could not be read.
    case unreadable(TensorReadError)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .checkpoint(let error): error.description
        case .key(let file, let key, let expected, let found): "\(file): \(key): expected \(expected), found \(found)"
        case .contents(let file, let expected, let found): "\(file): expected \(expected), found \(found)"
        case .strength(let file, let found): "\(file): expected a finite number as its weight, found \(found)"
        case .unreadable(let error): error.description
        }
    }
}
