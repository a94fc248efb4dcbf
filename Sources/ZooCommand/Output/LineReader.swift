import Glibc

/// The lines of a text file or of standard input, one after the other as they come in.
///
/// A line ends at a line feed and nowhere else: a carriage return belongs to the text, and so does Unicode's line
/// separator. What follows the last line feed is a line where it is not empty.
struct LineReader: Sequence, IteratorProtocol {
    /// A line, or why there is none.
    struct Line {
        /// Its number, from 1.
        let number: Int
        /// What it says; a failure where it is not UTF-8.
        let text: Result<String, Failure>
    }

    /// The longest line, in bytes.
    static let longestLine = 1 << 30

    /// What messages call the file.
    let name: String
    private let file: OpenFile
    private var buffer: [UInt8] = []
    /// Where the next line starts in the buffer.
    private var start = 0
    /// What has been searched for a line feed.
    private var searched = 0
    private var number = 0
    private var isAtEnd = false

    /// Opens a file; `-` is standard input.
    ///
    /// - Throws: ``InputError``.
    init(_ path: InputPath) throws(InputError) {
        if path == InputPath("-") {
            name = "standard input"
            file = OpenFile(descriptor: 0, closes: false)
        } else {
            name = path.shown
            let descriptor = path.withCString { open($0, O_RDONLY | O_CLOEXEC) }
            guard descriptor >= 0 else { throw InputError(path: path, reason: .system(errno)) }
            file = OpenFile(descriptor: descriptor, closes: true)
            var status = stat()
            if fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFDIR {
                throw InputError(path: path, reason: .system(EISDIR))
            }
        }
    }

    /// The next line; `nil` at the end, and where the process was asked to end. An error of reading is the last line.
    mutating func next() -> Line? {
        while true {
            if let end = buffer[searched...].firstIndex(of: 0x0A) {
                defer { (start, searched) = (end + 1, end + 1) }
                return line(buffer[start..<end])
            }
            searched = buffer.count
            guard !isAtEnd else {
                guard start < buffer.count else { return nil }
                defer { start = buffer.count }
                return line(buffer[start...])
            }
            guard buffer.count - start <= LineReader.longestLine else {
                return last(Failure("longer than \(Format.bytes(LineReader.longestLine))", .badData))
            }
            if let code = fill() { return last(Failure(systemMessage(code), .inputOutput)) }
        }
    }

    /// Whether a whole line has come in already, or the end.
    var hasLine: Bool { isAtEnd || buffer[searched...].contains(0x0A) }

    /// Where a line stands, for messages: `labels.txt:3`.
    func place(of line: Line) -> String { "\(name):\(line.number)" }

    private mutating func line(_ bytes: ArraySlice<UInt8>) -> Line {
        number += 1
        guard let text = String(validating: bytes, as: UTF8.self) else {
            return Line(number: number, text: .failure(Failure("not UTF-8; save the file in UTF-8", .badData)))
        }
        return Line(number: number, text: .success(text))
    }

    /// Nothing comes after this.
    private mutating func last(_ failure: Failure) -> Line {
        (buffer, start, searched, isAtEnd) = ([], 0, 0, true)
        number += 1
        return Line(number: number, text: .failure(failure))
    }

    /// Reads on; the `errno` where that failed.
    private mutating func fill() -> Int32? {
        buffer.removeFirst(start)
        searched -= start
        start = 0
        var chunk = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(file.descriptor, &chunk, chunk.count)
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

    /// An open file that is closed when nobody reads it any more.
    private final class OpenFile {
        let descriptor: Int32
        private let closes: Bool

        init(descriptor: Int32, closes: Bool) { (self.descriptor, self.closes) = (descriptor, closes) }

        deinit { if closes { close(descriptor) } }
    }
}
