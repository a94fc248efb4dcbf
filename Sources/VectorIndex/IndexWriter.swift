import Files

/// Writes an index: first what is known of it, then its vectors one after the other. The path shows the old file until
/// ``finish()``; without it nothing is left behind.
public struct IndexWriter: ~Copyable {
    private let layout: IndexLayout
    private var file: AtomicFile
    private var buffer: [UInt8] = []
    private var written = 0

    /// Vectors are written once so many bytes of them have come together.
    private static let bufferBytes = 1 << 20

    /// Starts a file.
    ///
    /// - Parameters:
    ///   - path: where the index goes.
    ///   - description: what is known of the vectors.
    ///   - entries: the origin of each vector that will be appended, in the bytewise order of their paths.
    /// - Throws: ``VectorIndexError`` where no index can be so, or the file cannot be written.
    public init(
        _ path: String, description: IndexDescription, entries: [IndexEntry]
    ) throws(VectorIndexError) {
        let (layout, table) = try Self.layout(description, entries)
        self.init(layout, try Self.start(path, layout, table))
    }

    private init(_ layout: IndexLayout, _ file: consuming AtomicFile) {
        self.layout = layout
        self.file = file
    }

    /// Appends the vectors of the next entries.
    ///
    /// - Parameter rows: whole vectors of length 1, such as ``normalized(_:)`` gives.
    /// - Throws: ``VectorIndexError`` where they have another length, are too many, or cannot be written.
    public mutating func append(_ rows: [Float]) throws(VectorIndexError) {
        let (count, rest) = rows.count.quotientAndRemainder(dividingBy: layout.width)
        guard rest == 0, count <= layout.count - written else {
            throw .mismatch(
                expected: "\(layout.count - written) more vectors of \(layout.width)",
                found: "\(rows.count) numbers")
        }
        let areNormalized = rows.withUnsafeBufferPointer { values in
            (0..<count).allSatisfy { row in
                isNormalized(
                    UnsafeBufferPointer(rebasing: values[row * layout.width..<(row + 1) * layout.width]))
            }
        }
        guard areNormalized else { throw .mismatch(expected: "vectors of length 1", found: "another") }
        rows.withUnsafeBytes { buffer.append(contentsOf: $0) }
        written += count
        if buffer.count >= Self.bufferBytes { try flush() }
    }

    /// Puts the file under its name.
    ///
    /// - Throws: ``VectorIndexError`` where vectors are missing, or the file cannot be written.
    public consuming func finish() throws(VectorIndexError) {
        guard written == layout.count else {
            throw .mismatch(expected: "\(layout.count) vectors", found: "\(written)")
        }
        try flush()
        do { try file.commit() } catch { throw .file(error) }
    }

    private static func layout(
        _ description: IndexDescription, _ entries: [IndexEntry]
    ) throws(VectorIndexError) -> (IndexLayout, table: [UInt8]) {
        if let refusal = description.refusal {
            throw .mismatch(expected: refusal.expected, found: refusal.found)
        }
        for (number, entry) in entries.enumerated() {
            guard entry.hasPlainPath, entry.size >= 0 else {
                throw .mismatch(
                    expected: "paths below its folder",
                    found: "\(String(decoding: entry.path, as: UTF8.self))")
            }
            guard number == 0 || entries[number - 1].path.lexicographicallyPrecedes(entry.path) else {
                throw .mismatch(
                    expected: "paths in order, each once",
                    found: "\(String(decoding: entry.path, as: UTF8.self))")
            }
        }
        let table = IndexLayout.table(description, entries)
        guard
            let layout = IndexLayout(
                width: description.width, count: entries.count, tableBytes: table.count)
        else { throw .mismatch(expected: "fewer than 2^63 bytes", found: "\(entries.count) vectors") }
        return (layout, table)
    }

    private static func start(
        _ path: String, _ layout: IndexLayout, _ table: [UInt8]
    ) throws(VectorIndexError) -> AtomicFile {
        do throws(FileError) {
            let file = try AtomicFile(path)
            try file.append(layout.header)
            try file.append(table)
            try file.append([UInt8](repeating: 0, count: layout.vectorsOffset - IndexLayout.headerBytes - table.count))
            return file
        } catch { throw .file(error) }
    }

    private mutating func flush() throws(VectorIndexError) {
        do { try file.append(buffer) } catch { throw .file(error) }
        buffer.removeAll(keepingCapacity: true)
    }
}
