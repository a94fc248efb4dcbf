public import Checkpoints

/// A checkpoint of a whole pipeline in one file cannot be used.
public enum SingleFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file cannot be read.
    case checkpoint(CheckpointError)
    /// A tensor is missing, has another shape or type than the layout says, or is none of the layout's.
    case tensor(file: String, tensor: String, expected: String, found: String)
    /// The tensors together are not those of a pipeline that is supported, or contradict each other.
    case contents(file: String, expected: String, found: String)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .checkpoint(let error): error.description
        case .tensor(let file, let tensor, let expected, let found):
            "\(file): tensor \(tensor): expected \(expected), found \(found)"
        case .contents(let file, let expected, let found): "\(file): expected \(expected), found \(found)"
        }
    }
}
