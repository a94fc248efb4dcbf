import Arguments
import Glibc

/// The path of an input, byte for byte as the system knows it: names of files need not be UTF-8.
struct InputPath: Sendable, Hashable {
    /// The bytes, without a terminating zero.
    let bytes: [UInt8]

    init(_ bytes: some Sequence<UInt8>) {
        self.bytes = Array(bytes)
    }

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    /// The path for JSON and messages to programs; what is not UTF-8 is repaired.
    var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The path for people, fit for a terminal.
    var shown: String { printable(text) }

    /// The path that an argument means.
    ///
    /// The words of the command line come as text, in which bytes that are not UTF-8 have been repaired; the file of
    /// such a name is found only by its raw bytes, which are looked up among `rawWords`.
    init(argument: String, rawWords: [[UInt8]]) {
        let raw =
            argument.unicodeScalars.contains("\u{FFFD}")
            ? rawWords.first { String(decoding: $0, as: UTF8.self) == argument } : nil
        bytes = raw ?? Array(argument.utf8)
    }

    /// The words of the process's command line as they are, the program's name first.
    static func processWords() -> [[UInt8]] {
        (0..<Int(CommandLine.argc)).compactMap { index in
            CommandLine.unsafeArgv[index].map { word in
                Array(UnsafeBufferPointer(start: word, count: strlen(word))).map(UInt8.init(bitPattern:))
            }
        }
    }

    /// Calls `body` with the path as C wants it. A path with a zero inside does not exist for the system.
    func withCString<R>(_ body: (UnsafePointer<CChar>) -> R) -> R {
        (bytes.map(CChar.init(bitPattern:)) + [0]).withUnsafeBufferPointer { buffer in
            // The buffer holds a byte at least.
            guard let base = buffer.baseAddress else { return body("") }
            return body(base)
        }
    }

    /// The path of `name` in this folder.
    func appending(_ name: [UInt8]) -> InputPath {
        InputPath(bytes + (bytes.last == slash ? [] : [slash]) + name)
    }

    /// Whether the name ends in a dot and one of `extensions` (lower case), in any case of letters.
    func hasExtension(in extensions: [String]) -> Bool {
        guard let dot = bytes.lastIndex(of: UInt8(ascii: ".")), !bytes[dot...].contains(slash) else { return false }
        let found = bytes[(dot + 1)...].map { (0x41...0x5A).contains($0) ? $0 + 0x20 : $0 }
        return extensions.contains { $0.utf8.elementsEqual(found) }
    }
}

/// The byte between the names of a path.
let slash = UInt8(ascii: "/")

/// An input that cannot be had.
struct InputError: Error, Equatable, CustomStringConvertible {
    /// Why.
    enum Reason: Equatable {
        /// Opening or reading failed with this `errno`.
        case system(Int32)
        /// More bytes than may be read.
        case tooLarge(limit: Int)
        /// A path of the list is longer than any path can be.
        case pathTooLong(line: Int)
        /// A path of the list holds a zero byte, so the list is separated by zeros.
        case zeroInPath(line: Int)
    }

    /// What it is about.
    let path: InputPath
    let reason: Reason

    /// The exit code for it where it is the only input.
    var exitCode: ExitCode {
        switch reason {
        case .system(ENOENT), .system(ENOTDIR), .system(EACCES), .system(ELOOP), .system(ENAMETOOLONG): .inputNotFound
        case .system(EISDIR): .badData
        case .system: .inputOutput
        case .tooLarge, .pathTooLong, .zeroInPath: .badData
        }
    }

    /// What is wrong, without the path.
    var message: String {
        switch reason {
        case .system(let code): systemMessage(code)
        case .tooLarge(let limit): "larger than \(Format.bytes(limit))"
        case .pathTooLong(let line): "line \(line) is longer than \(PathList.longestPath) bytes"
        case .zeroInPath(let line): "line \(line) holds a zero byte (are the paths separated by zeros? use --null)"
        }
    }

    var description: String { "\(path.shown): \(message)" }
}

extension InputPath {
    /// The bytes of the file.
    ///
    /// - Parameter limit: the number of bytes that are read at most; a larger file is refused before it is read.
    func contents(limit: Int) throws(InputError) -> [UInt8] {
        let descriptor = withCString { open($0, O_RDONLY | O_CLOEXEC) }
        guard descriptor >= 0 else { throw InputError(path: self, reason: .system(errno)) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw InputError(path: self, reason: .system(errno)) }
        let size = Int(status.st_size)
        guard size <= limit else { throw InputError(path: self, reason: .tooLarge(limit: limit)) }
        // A pipe states no size, and a file may grow meanwhile: read until the end is seen.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(size)
        var chunk = [UInt8](repeating: 0, count: min(1 << 20, max(4096, size + 1)))
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            guard count != 0 else { return bytes }
            if count < 0 {
                guard errno != EINTR || Interruption.exitCode != nil else { continue }
                throw InputError(path: self, reason: .system(errno))
            }
            guard count <= limit - bytes.count else { throw InputError(path: self, reason: .tooLarge(limit: limit)) }
            bytes += chunk[..<count]
        }
    }
}
