import Glibc

/// Paths from an open file, one a line or each ended by a zero byte, as they come in.
struct PathList: Sendable {
    /// No path of the system is longer (`PATH_MAX`).
    static let longestPath = 4096

    private let descriptor: Int32
    private let name: InputPath
    private let separator: UInt8
    private var buffer: [UInt8] = []
    private var start = 0
    private var line = 0
    private var isAtEnd = false

    /// The list that `descriptor` gives. Lines are separated by line feeds, or by zeros where `isNullSeparated`.
    init(descriptor: Int32 = 0, called name: String = "standard input", isNullSeparated: Bool) {
        self.descriptor = descriptor
        self.name = InputPath(name)
        separator = isNullSeparated ? 0 : 0x0A
    }

    /// The next path; empty lines are passed over; nil at the end. An error of reading is the end, too.
    mutating func next() -> Result<InputPath, InputError>? {
        while true {
            if let end = buffer[start...].firstIndex(of: separator) {
                defer { start = end + 1 }
                guard let result = take(buffer[start..<end]) else { continue }
                return result
            }
            if isAtEnd || buffer.count - start > PathList.longestPath {
                defer { start = buffer.count }
                guard let result = take(buffer[start...]) else { return nil }
                // What follows an endless line is not looked at: it is no list of paths.
                isAtEnd = true
                return result
            }
            if let code = fill() {
                isAtEnd = true
                return .failure(InputError(path: name, reason: .system(code)))
            }
        }
    }

    /// One line as a path; nil for an empty one.
    private mutating func take(_ bytes: ArraySlice<UInt8>) -> Result<InputPath, InputError>? {
        line += 1
        guard !bytes.isEmpty else { return nil }
        guard bytes.count <= PathList.longestPath else {
            return .failure(InputError(path: name, reason: .pathTooLong(line: line)))
        }
        guard !bytes.contains(0) else { return .failure(InputError(path: name, reason: .zeroInPath(line: line))) }
        return .success(InputPath(bytes))
    }

    /// Reads on; the `errno` where that failed. A read that a signal breaks off is the end where it asks to end.
    private mutating func fill() -> Int32? {
        buffer.removeFirst(start)
        start = 0
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count > 0 {
                buffer += chunk[..<count]
                return nil
            }
            if count == 0 || errno == EINTR && Interruption.exitCode != nil {
                isAtEnd = true
                return nil
            }
            guard errno == EINTR else { return errno }
        }
    }
}
