/// The file format of an index, version 1. Everything is little-endian.
///
/// | bytes | what |
/// |---|---|
/// | 0 ..< 8 | `ZOOINDEX` in ASCII |
/// | 8 ..< 12 | the version, 1 (unsigned, 32 bits) |
/// | 12 ..< 16 | numbers in a vector, the width (unsigned, 32 bits) |
/// | 16 ..< 24 | vectors, the count (unsigned, 64 bits) |
/// | 24 ..< 32 | bytes of the table (unsigned, 64 bits) |
/// | 32 ..< 64 | zeros |
/// | 64 ... | the table, then zeros up to a multiple of 64 |
/// | then | the vectors: count x width fp32 numbers, row by row, each row of length 1; nothing follows |
///
/// The table holds the model's name, its identity and the folder, each as a length (unsigned, 32 bits) and bytes, then
/// one entry a vector: the length of its path (unsigned, 32 bits), the file's size and its time of change in
/// nanoseconds since 1970 (signed, 64 bits each), and the path's bytes. Entries are in the bytewise order of their
/// paths, none of which comes twice. Name and identity are UTF-8.
struct IndexLayout {
    static let magic = Array("ZOOINDEX".utf8)
    static let version: UInt32 = 1
    static let headerBytes = 64
    static let alignment = 64
    /// A length, a size, a time and a path of one byte.
    static let leastEntryBytes = 4 + 8 + 8 + 1
    /// How far the square of a vector's length may be from 1: rounding of fp32 is a thousandth of it.
    static let lengthTolerance: Float = 1e-3

    /// Numbers in a vector.
    let width: Int
    /// Vectors.
    let count: Int
    /// Bytes of the table.
    let tableBytes: Int
    /// Where the vectors start.
    let vectorsOffset: Int
    /// Bytes of the whole file.
    let fileBytes: Int

    /// - Returns: `nil` where no file can be so large.
    init?(width: Int, count: Int, tableBytes: Int) {
        guard width > 0, count >= 0, tableBytes >= 0 else { return nil }
        let (row, overflow) = width.multipliedReportingOverflow(by: 4)
        let (vectors, overflow2) = row.multipliedReportingOverflow(by: count)
        let (end, overflow3) = tableBytes.addingReportingOverflow(Self.headerBytes + Self.alignment - 1)
        let start = end / Self.alignment * Self.alignment
        let (bytes, overflow4) = start.addingReportingOverflow(vectors)
        guard !overflow, !overflow2, !overflow3, !overflow4 else { return nil }
        self.width = width
        self.count = count
        self.tableBytes = tableBytes
        vectorsOffset = start
        fileBytes = bytes
    }

    /// Bytes of a vector.
    var rowBytes: Int { width * 4 }

    /// The first bytes of a file.
    var header: [UInt8] {
        var bytes = Self.magic
        bytes.append(littleEndian: Self.version)
        bytes.append(littleEndian: UInt32(truncatingIfNeeded: width))
        bytes.append(littleEndian: UInt64(count))
        bytes.append(littleEndian: UInt64(tableBytes))
        bytes.append(contentsOf: repeatElement(0, count: Self.headerBytes - bytes.count))
        return bytes
    }

    /// The table of an index.
    static func table(_ description: IndexDescription, _ entries: [IndexEntry]) -> [UInt8] {
        var bytes: [UInt8] = []
        for text in [
            Array(description.model.utf8), Array(description.identity.utf8), description.folder,
        ] {
            bytes.append(littleEndian: UInt32(truncatingIfNeeded: text.count))
            bytes += text
        }
        for entry in entries {
            bytes.append(littleEndian: UInt32(truncatingIfNeeded: entry.path.count))
            bytes.append(littleEndian: Int64(entry.size))
            bytes.append(littleEndian: Int64(entry.modified))
            bytes += entry.path
        }
        return bytes
    }
}

extension [UInt8] {
    mutating func append(littleEndian value: some FixedWidthInteger) {
        Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
    }
}

/// Whether a row has length 1, within rounding; never where a number is not finite.
func isNormalized(_ row: UnsafeBufferPointer<Float>) -> Bool {
    var sums = SIMD16<Float>()
    var place = 0
    while place + 16 <= row.count {
        let values = UnsafeRawPointer(row.baseAddress.unsafelyUnwrapped + place).loadUnaligned(
            as: SIMD16<Float>.self)
        sums += values * values
        place += 16
    }
    var total = sums.sum()
    while place < row.count {
        total += row[place] * row[place]
        place += 1
    }
    return abs(total - 1) <= IndexLayout.lengthTolerance
}
