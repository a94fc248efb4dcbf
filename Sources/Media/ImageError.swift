/// A picture cannot be read, written or changed as asked.
///
/// ``description`` starts with the file's path where there is one; ``problem`` describes itself without it, for
/// callers that print the path themselves.
public struct ImageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public let problem: Problem
    /// The file, where the picture was to be read from one.
    public let path: String?

    /// An error, of a file or of bytes in memory.
    public init(_ problem: Problem, path: String? = nil) {
        self.problem = problem
        self.path = path
    }

    /// What can be wrong with a picture.
    public enum Problem: Sendable, Equatable, CustomStringConvertible {
        /// There is no file of this name.
        case notFound
        /// The name is a folder, a device, a pipe or a socket; `kind` says which.
        case notARegularFile(kind: String)
        /// The operating system's reason why the file cannot be read.
        case unreadable(reason: String)
        /// There are no bytes.
        case empty
        /// The bytes are of a type that is not read; `advice` says what to do.
        case unsupported(type: String, advice: String)
        /// The data contradicts its format. `reason` is the decoder's.
        case malformed(type: String, reason: String)
        /// The data ends before the picture does.
        case truncated(type: String)
        /// The picture is beyond a limit of ``ImageLimits``.
        case limit(type: String, reason: String)
        /// There is not enough memory for the picture.
        case outOfMemory(type: String)
        /// The caller asked for something that cannot be done with this picture.
        case request(reason: String)

        /// The sentence a person reads.
        public var description: String {
            switch self {
            case .notFound: "no such file"
            case .notARegularFile(let kind): "\(kind), not a picture file"
            case .unreadable(let reason): "cannot be read: \(reason)"
            case .empty: "the file is empty"
            case .unsupported(let type, let advice): "\(type) is not supported: \(advice)"
            case .malformed(let type, let reason): "damaged \(type) data: \(reason)"
            case .truncated(let type): "the \(type) data ends before the picture does"
            case .limit(let type, let reason): "the \(type) picture is too large: \(reason)"
            case .outOfMemory(let type): "not enough memory for the \(type) picture"
            case .request(let reason): reason
            }
        }
    }

    /// The sentence a person reads.
    public var description: String { path.map { "\($0): \(problem)" } ?? problem.description }
}
