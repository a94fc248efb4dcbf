import Checkpoints
import Glibc
import JSON

/// What has been embedded so far, beside the file that it will become: after the process was killed at any moment, the
/// same command goes on from the last whole record.
///
/// The file starts with one line of JSON, the manifest, which binds it to the model, the options and the inputs.
/// Records follow, one an input, in order: the payload's length (unsigned, 32 bits) and its hash (FNV-1a, 64 bits),
/// both little-endian, then the payload: a byte 1 and the vector's fp32 numbers, or a byte 2, the exit code as a byte
/// and the message of a failure. What does not add up at the end, because writing it was cut short, is cut off. The
/// open file is locked, so that two processes never write one.
final class EmbeddingJournal {
    /// What came of the inputs so far.
    private(set) var tally = FailureTally()
    /// Numbers in each vector; 0 as long as there is none.
    private(set) var width = 0
    /// Vectors so far.
    var rows: Int { tally.total - tally.failed }

    private let path: String
    private let descriptor: Int32
    private let manifestBytes: Int
    private let limit: Int

    /// The longest record: a vector of this many numbers, or a message of as many bytes.
    private static let recordLimit = 1 << 26
    private static let recordHeader = 12

    /// Opens or begins a journal.
    ///
    /// - Parameters:
    ///   - manifest: what the records must be of.
    ///   - limit: the number of inputs.
    ///   - restarts: whether one of something else is thrown away; it is an error otherwise.
    /// - Throws: ``Failure``.
    init(_ path: String, manifest: JSONObject, limit: Int, restarts: Bool) throws(Failure) {
        self.path = path
        self.limit = limit
        let line = JSONValue.object(manifest).serializedBytes() + [0x0A]
        manifestBytes = line.count
        descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
        guard descriptor >= 0 else { throw Self.failure(path) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            throw Failure("\(path): another process is writing it", .inputOutput)
        }
        if restarts { try cut(to: 0) }
        let start = try bytes(at: 0, upTo: line.count)
        let holdsNothing = try hasOnlyManifest()
        if start == line {
            try readRecords()
        } else if line.starts(with: start) || holdsNothing {
            // Nothing yet, or killed while the manifest was written; or a command that came to nothing.
            try cut(to: 0)
            try write(line)
        } else {
            throw Failure(
                "\(path) was begun with \(Self.difference(try bytes(at: 0, upTo: 1 << 20), manifest)); "
                    + "finish it with the command that began it, or throw it away with --restart", .usage)
        }
    }

    deinit {
        // A child process that is being started meanwhile shares the descriptor until it runs its program: closing
        // alone would leave the lock with it.
        flock(descriptor, LOCK_UN)
        close(descriptor)
    }

    /// Whether the file ends with its first line.
    private func hasOnlyManifest() throws(Failure) -> Bool {
        let start = try bytes(at: 0, upTo: 1 << 20)
        return start.firstIndex(of: 0x0A) == start.count - 1
    }

    /// Adds what came of the next inputs; it is in the file when this returns.
    func append(_ outcomes: [Result<[Float], Failure>]) throws(Failure) {
        var records: [UInt8] = []
        for outcome in outcomes {
            let payload: [UInt8]
            switch outcome {
            case .success(let vector):
                guard width == 0 || vector.count == width else {
                    throw Failure("a vector of \(vector.count) numbers after one of \(width)", .internalError)
                }
                payload = [1] + vector.withUnsafeBytes { Array($0) }
            case .failure(let failure):
                payload = [2, UInt8(truncatingIfNeeded: failure.exitCode.rawValue)] + Array(failure.message.utf8)
            }
            withUnsafeBytes(of: UInt32(payload.count).littleEndian) { records += $0 }
            withUnsafeBytes(of: Self.hash(payload[...]).littleEndian) { records += $0 }
            records += payload
            note(outcome)
        }
        try write(records)
    }

    /// Calls `body` with the outcome of each input, in order.
    func forEach(_ body: (Int, Result<[Float], Failure>) throws -> Void) throws {
        var place = manifestBytes
        for index in 0..<tally.total {
            guard let record = try record(at: place) else {
                throw Failure("\(path): it was changed meanwhile", .inputOutput)
            }
            try body(index, record.outcome)
            place = record.end
        }
    }

    /// Takes the file away: what it was for is done.
    func remove() { unlink(path) }

    private func note(_ outcome: Result<[Float], Failure>) {
        switch outcome {
        case .success(let vector):
            width = vector.count
            tally.add(nil)
        case .failure(let failure): tally.add(failure)
        }
    }

    /// Takes note of the whole records and cuts off what comes after them.
    private func readRecords() throws(Failure) {
        var place = manifestBytes
        while tally.total < limit, let record = try record(at: place) {
            if case .success(let vector) = record.outcome, width != 0, vector.count != width { break }
            note(record.outcome)
            place = record.end
        }
        try cut(to: place)
    }

    /// The record at a place; `nil` where there is no whole one.
    private func record(at place: Int) throws(Failure) -> (outcome: Result<[Float], Failure>, end: Int)? {
        let header = try bytes(at: place, upTo: Self.recordHeader)
        guard header.count == Self.recordHeader else { return nil }
        let count = header[..<4].reversed().reduce(0) { $0 << 8 | Int($1) }
        guard (1...Self.recordLimit).contains(count) else { return nil }
        let payload = try bytes(at: place + header.count, upTo: count)
        guard payload.count == count,
            header[4...].reversed().reduce(UInt64(0), { $0 << 8 | UInt64($1) }) == Self.hash(payload[...])
        else { return nil }
        let end = place + header.count + count
        switch payload[0] {
        case 1 where count > 1 && (count - 1) % 4 == 0:
            let vector = payload.withUnsafeBytes { raw in
                stride(from: 1, to: count, by: 4).map {
                    Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: UInt32.self)))
                }
            }
            return (.success(vector), end)
        case 2 where count > 1:
            guard let code = ExitCode(rawValue: Int32(payload[1])) else { return nil }
            return (.failure(Failure(String(decoding: payload[2...], as: UTF8.self), code)), end)
        default: return nil
        }
    }

    /// FNV-1a, 64 bits (Fowler, Noll, Vo).
    private static func hash(_ bytes: ArraySlice<UInt8>) -> UInt64 {
        bytes.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
    }

    private func bytes(at offset: Int, upTo count: Int) throws(Failure) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var done = 0
        while done < count {
            let got = bytes.withUnsafeMutableBytes {
                pread(descriptor, $0.baseAddress?.advanced(by: done), count - done, off_t(offset + done))
            }
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else { throw Self.failure(path) }
            if got == 0 { break }
            done += got
        }
        bytes.removeLast(count - done)
        return bytes
    }

    private func write(_ bytes: [UInt8]) throws(Failure) {
        do { try writeAll(bytes, to: descriptor, called: path) } catch { throw Failure(error) }
    }

    /// Makes the file end at a place, and what is written come after it.
    private func cut(to size: Int) throws(Failure) {
        guard ftruncate(descriptor, off_t(size)) == 0, lseek(descriptor, off_t(size), SEEK_SET) >= 0 else {
            throw Self.failure(path)
        }
    }

    private static func failure(_ path: String) -> Failure {
        Failure("\(path): \(systemMessage(errno))", .inputOutput)
    }

    /// What tells a file's manifest from the expected one.
    private static func difference(_ file: [UInt8], _ manifest: JSONObject) -> String {
        let line = Array(file.prefix { $0 != 0x0A })
        guard let found = try? JSONValue.parse(line), found["format"] == manifest["format"] else {
            return "something else than vectors, or by another version"
        }
        let words = [
            ("model", "another model"), ("identity", "other files of the model"), ("options", "other options"),
            ("arithmetic", "another instruction set or another --dtype"), ("inputs", "other inputs"),
            ("list", "other inputs"),
            ("files", "other files under the same names"), ("shard", "another shard"),
        ]
        return words.first { found[$0.0] != manifest[$0.0] }?.1 ?? "something else"
    }
}
