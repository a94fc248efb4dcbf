/// Reads the table of an index, never past its end.
struct TableReader {
    private let table: [UInt8]
    private let end: Int
    private let file: String
    private var place = 0

    /// - Parameters:
    ///   - table: the table and the zeros after it.
    ///   - end: where the table ends.
    ///   - file: what messages call the file.
    init(_ table: [UInt8], end: Int, file: String) {
        self.table = table
        self.end = end
        self.file = file
    }

    /// The next length and as many bytes, 1 to ``IndexDescription/textLimit``.
    mutating func bytes(_ what: String) throws(VectorIndexError) -> [UInt8] {
        let count = Int(try integer(UInt32.self, what))
        return try bytes(count, what)
    }

    /// The next length and as many bytes of UTF-8.
    mutating func string(_ what: String) throws(VectorIndexError) -> String {
        guard let text = String(validating: try bytes(what), as: UTF8.self) else {
            throw failure("the \(what) in UTF-8", "something else")
        }
        return text
    }

    /// The next entries, in order, none twice.
    mutating func entries(_ count: Int) throws(VectorIndexError) -> [IndexEntry] {
        guard count <= (end - place) / IndexLayout.leastEntryBytes else {
            throw failure("\(count) entries", "\(end - place) bytes of table for them")
        }
        var entries: [IndexEntry] = []
        entries.reserveCapacity(count)
        for number in 0..<count {
            let length = Int(try integer(UInt32.self, "entry \(number)"))
            let size = try integer(Int64.self, "entry \(number)")
            let modified = try integer(Int64.self, "entry \(number)")
            let entry = IndexEntry(
                path: try bytes(length, "path of entry \(number)"), size: Int(size), modified: Int(modified)
            )
            guard entry.hasPlainPath, entry.size >= 0 else {
                throw failure("a path below the folder and its size in entry \(number)", "something else")
            }
            if let last = entries.last, !last.path.lexicographicallyPrecedes(entry.path) {
                throw failure("paths in order, each once", "others at entry \(number)")
            }
            entries.append(entry)
        }
        return entries
    }

    /// Checks that nothing but zeros is left.
    func finish() throws(VectorIndexError) {
        guard place == end else { throw failure("the end of the table", "\(end - place) more bytes") }
        guard table[end...].allSatisfy({ $0 == 0 }) else {
            throw failure("zeros after the table", "something else")
        }
    }

    private mutating func bytes(_ count: Int, _ what: String) throws(VectorIndexError) -> [UInt8] {
        guard (1...IndexDescription.textLimit).contains(count) else {
            throw failure("the \(what) in 1 to \(IndexDescription.textLimit) bytes", "\(count)")
        }
        guard count <= end - place else { throw failure("the \(what)", "the end of the table") }
        defer { place += count }
        return Array(table[place..<place + count])
    }

    private mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type, _ what: @autoclosure () -> String
    ) throws(VectorIndexError) -> Value {
        let size = MemoryLayout<Value>.size
        guard size <= end - place else { throw failure("the \(what())", "the end of the table") }
        defer { place += size }
        return table.littleEndian(type, at: place)
    }

    private func failure(_ expected: String, _ found: String) -> VectorIndexError {
        .format(file: file, expected: expected, found: found)
    }
}

extension [UInt8] {
    /// The number at a place.
    func littleEndian<Value: FixedWidthInteger>(_: Value.Type, at place: Int) -> Value {
        precondition(place >= 0 && place + MemoryLayout<Value>.size <= count)
        return withUnsafeBytes {
            Value(littleEndian: $0.loadUnaligned(fromByteOffset: place, as: Value.self))
        }
    }
}
