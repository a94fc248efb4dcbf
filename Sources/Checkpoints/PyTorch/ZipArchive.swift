import JSON

/// The directory of a zip archive whose records are stored as they are: where each record's bytes lie in the file.
///
/// Nothing is unpacked and no name becomes a path. The central directory counts; each record's own header must agree
/// with it on the name, and no two records share bytes.
struct ZipArchive {
    /// A record.
    struct Record {
        var name: String
        /// Where its bytes start in the file.
        var offset: Int
        var byteCount: Int
        var checksum: UInt32
        /// Whether the bytes are not the content but packed.
        var isCompressed: Bool
        /// Where its own header starts.
        fileprivate var headerOffset: Int
    }

    /// The records by name, sorted by the bytes of their names.
    let records: [Record]
    /// The first record's name as the directory has it; empty where there are none.
    let firstName: String
    private let table: NameTable
    private let source: ByteSource

    /// The start of every archive with records.
    static let magic: [UInt8] = [0x50, 0x4B, 0x03, 0x04]

    /// Reads the directory at the end of a file.
    init(_ source: ByteSource) throws(CheckpointError) {
        self.source = source
        let directory = try ZipDirectory(source)
        var reader = directory.reader
        var found: [Record] = []
        while found.count < directory.count {
            found.append(try Self.record(&reader, directory, source))
        }
        guard reader.place == directory.range.upperBound else {
            throw reader.failure(.archive, "the end of the directory after \(found.count) records", "more bytes")
        }
        firstName = found.first?.name ?? ""
        try Self.checkApart(found, directory, source)
        records = found.sorted { $0.name.precedesByBytes($1.name) }
        table = NameTable(sorted: records.map(\.name))
        for (first, second) in zip(records, records.dropFirst()) where first.name.hasSameBytes(as: second.name) {
            throw .pytorch(
                PyTorchError(
                    file: source.name, rule: .archive, expected: "each record once",
                    found: "\(first.name.quoted) twice", offset: second.headerOffset))
        }
    }

    /// A record by its name.
    subscript(name: String) -> Record? { table.position(of: name).map { records[$0] } }

    /// Checks that no record is packed: PyTorch packs none of a file of weights.
    func checkStored() throws(CheckpointError) {
        guard let packed = records.first(where: \.isCompressed) else { return }
        throw .pytorch(
            PyTorchError(
                file: source.name, rule: .archive, expected: "records stored as they are, as PyTorch writes them",
                found: "\(packed.name.quoted) compressed", offset: packed.offset))
    }

    /// Whether the writer was told not to compute checksums: it leaves all of them 0.
    var hasNoChecksums: Bool { records.allSatisfy { $0.checksum == 0 } }

    /// One entry of the directory, compared with the record's own header.
    private static func record(
        _ reader: inout BoundedReader, _ directory: ZipDirectory, _ source: ByteSource
    ) throws(CheckpointError) -> Record {
        let start = reader.place
        guard try reader.unsigned(4) == 0x0201_4B50 else {
            throw reader.failure(.archive, "an entry of the directory", "something else", at: start)
        }
        try reader.skip(4)
        let flags = try reader.unsigned(2)
        let method = try reader.unsigned(2)
        try reader.skip(4)
        let checksum = UInt32(truncatingIfNeeded: try reader.unsigned(4))
        var sizes = [try reader.unsigned(4), try reader.unsigned(4)]
        let (nameLength, extraLength, commentLength) = (
            try reader.unsigned(2), try reader.unsigned(2), try reader.unsigned(2)
        )
        let disk = try reader.unsigned(2)
        try reader.skip(6)
        var header = try reader.unsigned(4)
        guard nameLength <= PyTorchLimits.nameByteCount,
            let name = String(validating: try reader.bytes(Int(nameLength)), as: UTF8.self)
        else {
            throw reader.failure(
                .archive, "a name of at most \(PyTorchLimits.nameByteCount) bytes in UTF-8", "another", at: start)
        }
        let extra = BoundedReader(source, reader.place..<reader.place + Int(extraLength))
        try reader.skip(Int(extraLength) + Int(commentLength))
        // Fields that are full have their values in the extra field, in this order.
        var wide = try wideNumbers(extra)
        func widen(_ value: UInt64) throws(CheckpointError) -> UInt64 {
            guard value == 0xFFFF_FFFF else { return value }
            guard !wide.isEmpty else {
                throw reader.failure(.archive, "the wide size of \(name.quoted)", "none", at: start)
            }
            return wide.removeFirst()
        }
        sizes[1] = try widen(sizes[1])
        sizes[0] = try widen(sizes[0])
        header = try widen(header)
        guard flags & 1 == 0 else {
            throw reader.failure(.archive, "records that are not encrypted", "\(name.quoted), which is", at: start)
        }
        guard disk == 0, header < UInt64(directory.range.lowerBound), sizes[0] <= UInt64(directory.range.lowerBound)
        else {
            throw reader.failure(.archive, "\(name.quoted) before the directory", "another place", at: start)
        }
        var own = BoundedReader(source, Int(header)..<directory.range.lowerBound)
        guard try own.unsigned(4) == 0x0403_4B50 else {
            throw own.failure(.archive, "the header of \(name.quoted)", "something else", at: Int(header))
        }
        try own.skip(22)
        let (ownNameLength, ownExtraLength) = (try own.unsigned(2), try own.unsigned(2))
        guard ownNameLength == nameLength, try own.bytes(Int(nameLength)).elementsEqual(name.utf8) else {
            throw own.failure(.archive, "the header of \(name.quoted)", "that of another record", at: Int(header))
        }
        try own.skip(Int(ownExtraLength))
        let offset = own.place
        try own.skip(Int(sizes[0]))
        return Record(
            name: name, offset: offset, byteCount: Int(sizes[0]), checksum: checksum,
            isCompressed: method != 0 || sizes[0] != sizes[1], headerOffset: Int(header))
    }

    /// The numbers of the extra field for large archives (id 1).
    private static func wideNumbers(_ extra: BoundedReader) throws(CheckpointError) -> [UInt64] {
        var extra = extra
        while extra.remaining >= 4 {
            let (id, length) = (try extra.unsigned(2), Int(try extra.unsigned(2)))
            guard id == 1 else {
                try extra.skip(length)
                continue
            }
            var numbers: [UInt64] = []
            while numbers.count < length / 8 { numbers.append(try extra.unsigned(8)) }
            return numbers
        }
        return []
    }

    /// Checks that no two records share bytes.
    private static func checkApart(
        _ records: [Record], _ directory: ZipDirectory, _ source: ByteSource
    ) throws(CheckpointError) {
        var end = 0
        for record in records.sorted(by: { $0.headerOffset < $1.headerOffset }) {
            guard record.headerOffset >= end else {
                throw .pytorch(
                    PyTorchError(
                        file: source.name, rule: .archive, expected: "records apart from each other",
                        found: "\(record.name.quoted) within another", offset: record.headerOffset))
            }
            end = record.offset + record.byteCount
        }
    }
}
