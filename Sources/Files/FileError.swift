import Glibc

/// A file or folder cannot be used.
public struct FileError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What went wrong.
    public enum Reason: Sendable, Equatable {
        /// The system refused, with this `errno`.
        case system(code: Int32)
        /// A folder, pipe, device or socket where a file is needed.
        case notRegular
        /// More bytes than allowed.
        case tooLarge(bytes: Int, limit: Int)
        /// The file's size, time of change or identity is no longer what it was when it was opened.
        case changed
        /// The file ends before the bytes that were there when it was opened.
        case shortened(at: Int)
        /// No path can be so: it is empty or holds a NUL.
        case invalidPath
    }

    /// The path as it was given.
    public var path: String
    /// What was attempted, such as "open".
    public var operation: String
    /// What went wrong.
    public var reason: Reason

    /// A failed operation.
    public init(path: String, operation: String, reason: Reason) {
        self.path = path
        self.operation = operation
        self.reason = reason
    }

    /// Whether there is nothing at the path.
    public var isNotFound: Bool { reason == .system(code: ENOENT) || reason == .system(code: ENOTDIR) }

    /// The sentence a person reads.
    public var description: String { "\(path.isEmpty ? "\"\"" : path): cannot \(operation): \(cause)" }

    /// The reason in words.
    package var cause: String {
        switch reason {
        case .system(let code): strerror(code).map { String(cString: $0) } ?? "error \(code)"
        case .notRegular: "not a regular file"
        case .tooLarge(let bytes, let limit): "\(bytes) bytes, the limit is \(limit)"
        case .changed: "it was changed since it was opened"
        case .shortened(let offset): "it was cut short at byte \(offset) since it was opened"
        case .invalidPath: "a path must not be empty or contain NUL"
        }
    }

    /// The failure that `errno` tells of.
    package static func last(_ operation: String, _ path: String) -> FileError {
        FileError(path: path, operation: operation, reason: .system(code: errno))
    }

    /// Refuses what C would read as another path.
    package static func check(_ path: String, for operation: String) throws(FileError) {
        guard !path.isEmpty, !path.utf8.contains(0) else {
            throw FileError(path: path, operation: operation, reason: .invalidPath)
        }
    }
}
