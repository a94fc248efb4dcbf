public import Checkpoints

/// A checkpoint of a whole pipeline in one file cannot be used.
public enum SingleFileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The file cannot be read.
    case checkpoint(CheckpointError)
    /// A tensor is missing, has another shape or type than the layout says, or is none of the layout's.
    case tensor(file: String, tensor: String, expected: String, found: String)
    /// The tensors together are not those of a pipeline that is supported, or contradict each other.
    case contents(file: String, expected: String, found: String)
    /// There is no tokenizer, which a file of weights does not hold, in the folders that were searched.
    case noTokenizer(file: String, searched: [String])

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .checkpoint(let error): error.description
        case .tensor(let file, let tensor, let expected, let found):
            "\(file): tensor \(tensor): expected \(expected), found \(found)"
        case .contents(let file, let expected, let found): "\(file): expected \(expected), found \(found)"
        case .noTokenizer(let file, let searched):
            "\(file): expected a tokenizer beside the file, which holds none itself, found no vocab.json with merges.txt "
                + "and no tokenizer.json in \(searched.joined(separator: " or ")); put CLIP's there, or name their "
                + "folder (--tokenizer)"
        }
    }
}
