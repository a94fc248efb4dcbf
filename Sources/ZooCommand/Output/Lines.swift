/// Buffered lines to an open file. What reaches the file ends with a whole line, unless a single line is longer than
/// the buffer, so that programs that read along never see half a record.
final class Lines {
    private let descriptor: Int32
    private let place: String
    private let flushesEachLine: Bool
    private let capacity: Int
    private var buffer: [UInt8] = []

    /// A writer to `descriptor`, which stays open.
    ///
    /// - Parameters:
    ///   - place: what the file is called in errors.
    ///   - flushesEachLine: true for a terminal or a program that waits for each answer.
    ///   - capacity: the number of bytes that are kept back at most.
    init(descriptor: Int32 = 1, called place: String = "standard output", flushesEachLine: Bool, capacity: Int = 65536)
    {
        self.descriptor = descriptor
        self.place = place
        self.flushesEachLine = flushesEachLine
        self.capacity = capacity
    }

    /// Adds `line` and a line feed.
    func write(_ line: String) throws(OutputError) {
        let bytes = line.utf8
        if buffer.count + bytes.count + 1 > capacity {
            try flush()
        }
        buffer.append(contentsOf: bytes)
        buffer.append(0x0A)
        if flushesEachLine || buffer.count >= capacity {
            try flush()
        }
    }

    /// Adds text to a line that goes on.
    func append(_ text: String) {
        buffer.append(contentsOf: text.utf8)
    }

    /// Writes out what is kept back. Call it before the command ends, and whenever a result should be seen.
    func flush() throws(OutputError) {
        guard !buffer.isEmpty else { return }
        // Given up in any case: after a failed write it is not known how much went out.
        defer { buffer.removeAll(keepingCapacity: true) }
        try writeAll(buffer, to: descriptor, called: place)
    }
}
