/// Checked reading of integers and ranges in a file's bytes: nothing is read outside of `range`.
struct ByteReader {
    /// Whether integers have their low byte first.
    enum Endianness { case little, big }

    let bytes: [UInt8]
    let range: Range<Int>

    init(_ bytes: [UInt8], _ range: Range<Int>? = nil) {
        self.bytes = bytes
        self.range = (range ?? 0..<bytes.count).clamped(to: 0..<bytes.count)
    }

    var count: Int { range.count }

    /// The byte at `offset` from the start of the range; `nil` outside of it.
    func byte(_ offset: Int) -> UInt8? {
        offset >= 0 && offset < count ? bytes[range.lowerBound + offset] : nil
    }

    /// An unsigned integer of `width` bytes, at most 4.
    func integer(_ offset: Int, width: Int, _ endianness: Endianness) -> Int? {
        guard offset >= 0, width <= count, offset <= count - width else { return nil }
        var value = 0
        for k in 0..<width {
            let place = endianness == .big ? k : width - 1 - k
            value = value << 8 | Int(bytes[range.lowerBound + offset + place])
        }
        return value
    }

    /// Whether the ASCII `text` is at `offset`.
    func has(_ text: StaticString, at offset: Int = 0) -> Bool {
        let length = text.utf8CodeUnitCount
        guard offset >= 0, length <= count, offset <= count - length else { return false }
        return text.withUTF8Buffer { bytes[(range.lowerBound + offset)...].starts(with: $0) }
    }

    /// The part of `length` bytes at `offset`; `nil` where it is not wholly inside.
    func part(_ offset: Int, _ length: Int) -> ByteReader? {
        guard offset >= 0, length >= 0, length <= count, offset <= count - length else { return nil }
        let start = range.lowerBound + offset
        return ByteReader(bytes, start..<start + length)
    }

    /// The first position of `byte` from `offset` on.
    func firstIndex(of byte: UInt8, from offset: Int) -> Int? {
        guard offset >= 0, offset < count else { return nil }
        return bytes[(range.lowerBound + offset)..<range.upperBound].firstIndex(of: byte).map { $0 - range.lowerBound }
    }
}
