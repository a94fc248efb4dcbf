import Files

/// An index on disk: its table, read and checked when it is opened, and its vectors, read as they are asked for.
public struct IndexFile: Sendable {
    /// The file.
    public let path: String
    /// Model, folder and width.
    public let description: IndexDescription
    /// The origin of each vector, in the bytewise order of the paths.
    public let entries: [IndexEntry]

    let layout: IndexLayout
    private let file: RegularFile

    /// Opens an index and checks everything but the vectors.
    ///
    /// - Throws: ``VectorIndexError`` where the file cannot be read, is cut short, too long or breaks another rule of
    ///   the format. What a file claims is checked against its size before memory is taken for it.
    public init(_ path: String) throws(VectorIndexError) {
        let file: RegularFile
        do { file = try RegularFile(path) } catch { throw .file(error) }
        let layout = try Self.layout(of: file)
        let table = try Self.bytes(
            of: file, at: IndexLayout.headerBytes, count: layout.vectorsOffset - IndexLayout.headerBytes)
        var reader = TableReader(table, end: layout.tableBytes, file: path)
        description = IndexDescription(
            model: try reader.string("model's name"), identity: try reader.string("model's identity"),
            folder: try reader.bytes("folder"), width: layout.width)
        entries = try reader.entries(layout.count)
        try reader.finish()
        self.path = path
        self.file = file
        self.layout = layout
    }

    /// The vectors `rows`, one after the other.
    ///
    /// - Precondition: the range lies within the entries.
    /// - Throws: ``VectorIndexError``, also where a vector does not have length 1.
    public func vectors(_ rows: Range<Int>) throws(VectorIndexError) -> [Float] {
        // Empty arrays share one storage, into which the standard library would write below from every thread.
        guard !rows.isEmpty else { return [] }
        var failure: VectorIndexError?
        let values = [Float](unsafeUninitializedCapacity: rows.count * layout.width) { buffer, count in
            do throws(VectorIndexError) {
                count = rows.count * layout.width
                try read(rows, into: UnsafeMutableBufferPointer(rebasing: buffer[..<count]))
            } catch { failure = error }
        }
        if let failure { throw failure }
        return values
    }

    /// Reads and checks the vectors `rows`; may be called from several threads.
    func read(_ rows: Range<Int>, into values: UnsafeMutableBufferPointer<Float>)
        throws(VectorIndexError)
    {
        precondition(
            rows.lowerBound >= 0 && rows.upperBound <= layout.count, "rows \(rows) of \(layout.count)")
        precondition(
            values.count == rows.count * layout.width, "\(values.count) numbers for \(rows.count) rows")
        // All machines that the project runs on are little-endian, as the file is.
        do {
            try file.read(
                at: layout.vectorsOffset + rows.lowerBound * layout.rowBytes,
                into: UnsafeMutableRawBufferPointer(values))
        } catch { throw .file(error) }
        for row in 0..<rows.count {
            let start = row * layout.width
            guard isNormalized(UnsafeBufferPointer(rebasing: values[start..<start + layout.width])) else {
                throw .format(
                    file: path, expected: "vectors of length 1",
                    found: "another in place \(rows.lowerBound + row)")
            }
        }
    }

    /// What the header says, checked against the size of the file.
    private static func layout(of file: RegularFile) throws(VectorIndexError) -> IndexLayout {
        guard file.size >= IndexLayout.headerBytes else {
            throw .format(
                file: file.path, expected: "an index, \(IndexLayout.headerBytes) bytes or more",
                found: "\(file.size) bytes")
        }
        let header = try bytes(of: file, at: 0, count: IndexLayout.headerBytes)
        guard header.starts(with: IndexLayout.magic) else {
            throw .format(
                file: file.path, expected: "an index, which starts with ZOOINDEX", found: "another start")
        }
        let version = header.littleEndian(UInt32.self, at: 8)
        guard version == IndexLayout.version else {
            throw .format(
                file: file.path, expected: "version \(IndexLayout.version)", found: "version \(version)")
        }
        let width = Int(header.littleEndian(UInt32.self, at: 12))
        guard (1...IndexDescription.widthLimit).contains(width) else {
            throw .format(
                file: file.path, expected: "a width of 1 to \(IndexDescription.widthLimit)",
                found: "\(width)")
        }
        let (count, table) = (
            header.littleEndian(UInt64.self, at: 16), header.littleEndian(UInt64.self, at: 24)
        )
        guard header[32...].allSatisfy({ $0 == 0 }) else {
            throw .format(
                file: file.path, expected: "zeros at the end of the header", found: "something else")
        }
        guard let count = Int(exactly: count), let table = Int(exactly: table),
            let layout = IndexLayout(width: width, count: count, tableBytes: table)
        else {
            throw .format(
                file: file.path, expected: "fewer than 2^63 bytes",
                found: "\(count) vectors, \(table) bytes of table")
        }
        guard layout.fileBytes == file.size else {
            throw .format(
                file: file.path, expected: "\(layout.fileBytes) bytes for \(count) vectors of \(width)",
                found: "\(file.size)")
        }
        return layout
    }

    private static func bytes(of file: RegularFile, at offset: Int, count: Int)
        throws(VectorIndexError) -> [UInt8]
    {
        do { return try file.bytes(at: offset, count: count) } catch { throw .file(error) }
    }
}
