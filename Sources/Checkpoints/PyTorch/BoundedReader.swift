/// Reads a stretch of a file from its start to its end, never beyond, through a window of a few kilobytes.
struct BoundedReader {
    /// The next byte's place in the file.
    private(set) var place: Int
    /// Where the stretch ends.
    let end: Int
    let source: ByteSource

    private var window: [UInt8] = []
    private var windowStart = 0

    private static let windowByteCount = 1 << 14

    /// A reader of `range`, which is cut off where the file ends.
    init(_ source: ByteSource, _ range: Range<Int>) {
        self.source = source
        end = min(range.upperBound, source.count)
        place = min(range.lowerBound, end)
    }

    /// Bytes that are left.
    var remaining: Int { end - place }

    /// The next byte.
    mutating func byte() throws(CheckpointError) -> UInt8 {
        guard place < end else { throw truncated(1) }
        let index = place - windowStart
        if index >= 0, index < window.count {
            place += 1
            return window[index]
        }
        let count = min(Self.windowByteCount, remaining)
        do { window = try source.bytes(at: place, count: count) } catch { throw .file(error) }
        windowStart = place
        place += 1
        return window[0]
    }

    /// The next bytes; their number is checked before memory is taken for them.
    mutating func bytes(_ count: Int) throws(CheckpointError) -> [UInt8] {
        guard count >= 0, count <= remaining else { throw truncated(count) }
        let index = place - windowStart
        defer { place += count }
        if index >= 0, index + count <= window.count { return Array(window[index..<index + count]) }
        if count < Self.windowByteCount / 4 {
            var result: [UInt8] = []
            let start = place
            while result.count < count { result.append(try byte()) }
            place = start
            return result
        }
        do { return try source.bytes(at: place, count: count) } catch { throw .file(error) }
    }

    /// The next `count` bytes as an unsigned number, lowest byte first; at most 8.
    mutating func unsigned(_ count: Int) throws(CheckpointError) -> UInt64 {
        var value: UInt64 = 0
        for index in 0..<count { value |= UInt64(try byte()) << UInt64(8 * index) }
        return value
    }

    /// Passes over bytes.
    mutating func skip(_ count: Int) throws(CheckpointError) {
        guard count >= 0, count <= remaining else { throw truncated(count) }
        place += count
    }

    /// A line without its line feed, of at most `limit` bytes.
    mutating func line(limit: Int) throws(CheckpointError) -> [UInt8] {
        var line: [UInt8] = []
        while true {
            let next = try byte()
            if next == 0x0A { return line }
            guard line.count < limit else {
                throw failure(.limit, "a name of at most \(limit) bytes", "a longer one")
            }
            line.append(next)
        }
    }

    /// An error about a byte of the file; the next one where no other is given.
    func failure(
        _ rule: PyTorchError.Rule, _ expected: String, _ found: String, at offset: Int? = nil
    ) -> CheckpointError {
        .pytorch(
            PyTorchError(
                file: source.name, rule: rule, expected: expected, found: found, offset: offset ?? place))
    }

    private func truncated(_ count: Int) -> CheckpointError {
        failure(.truncated, "\(count) more byte\(count == 1 ? "" : "s")", "\(remaining)")
    }
}
