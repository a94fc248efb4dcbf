public import Files

/// An index of vectors cannot be read, written or searched.
public enum VectorIndexError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A file cannot be read or written.
    case file(FileError)
    /// A file breaks a rule of the format.
    case format(file: String, expected: String, found: String)
    /// A query or an entry does not fit the index.
    case mismatch(expected: String, found: String)
    /// The vectors do not fit into memory.
    case memory(file: String, bytes: Int)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .format(let file, let expected, let found): "\(file): expected \(expected), found \(found)"
        case .mismatch(let expected, let found): "the index has \(expected), not \(found)"
        case .memory(let file, let bytes):
            "\(file): the system has no memory for \(bytes) bytes of vectors"
        }
    }
}
