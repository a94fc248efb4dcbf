/// Reads the fields of one protocol-buffer message, checking every length against the bytes that are there.
///
/// The wire format: a field is a varint `number << 3 | kind`, then a varint (0), eight bytes (1), a length and that
/// many bytes (2), or four bytes (5). Groups (3, 4) have long been out of use and are refused.
struct SentencePieceWire {
    /// What a field holds.
    enum Value: Equatable {
        case varint(UInt64)
        case fixed64(UInt64)
        case bytes(Range<Int>)
        case fixed32(UInt32)
    }

    /// Why a message cannot be read.
    struct Failure: Error {
        /// What should have been there.
        var expected: String
        /// What was there.
        var found: String
    }

    /// The file.
    private let bytes: [UInt8]
    /// The next byte.
    private var position: Int
    /// Where the message ends.
    private let end: Int

    /// A reader of the message that lies at `range` of the file, which must be a range of `bytes`.
    init(_ bytes: [UInt8], _ range: Range<Int>) {
        self.bytes = bytes
        position = range.lowerBound
        end = range.upperBound
    }

    /// The next field; `nil` at the end of the message.
    mutating func next() throws(Failure) -> (number: Int, value: Value)? {
        guard position < end else { return nil }
        let start = position
        let key = try varint()
        let number = Int(key >> 3 & 0x1FFF_FFFF)
        guard number > 0, key >> 32 == 0 else {
            throw Failure(expected: "a field of a message", found: "the key \(key) at byte \(start)")
        }
        switch key & 7 {
        case 0: return (number, .varint(try varint()))
        case 1: return (number, .fixed64(try fixed(8)))
        case 2:
            let length = try varint()
            guard length <= UInt64(end - position) else {
                throw Failure(
                    expected: "at most \(end - position) bytes of field \(number) at byte \(start)",
                    found: "a length of \(length)")
            }
            let range = position..<(position + Int(length))
            position = range.upperBound
            return (number, .bytes(range))
        case 5: return (number, .fixed32(UInt32(truncatingIfNeeded: try fixed(4))))
        case let kind:
            throw Failure(
                expected: "a varint, fixed number or bytes in field \(number) at byte \(start)",
                found: "wire type \(kind)")
        }
    }

    private mutating func varint() throws(Failure) -> UInt64 {
        var value: UInt64 = 0
        let start = position
        for shift in stride(from: UInt64(0), to: 70, by: 7) {
            guard position < end else { break }
            let byte = bytes[position]
            position += 1
            // Bits beyond 64 are dropped, as protocol buffers do.
            value |= UInt64(byte & 0x7F) << shift
            if byte < 0x80 { return value }
        }
        throw Failure(
            expected: "a varint of at most ten bytes at byte \(start)",
            found: position < end ? "more" : "the end of the message")
    }

    private mutating func fixed(_ count: Int) throws(Failure) -> UInt64 {
        guard end - position >= count else {
            throw Failure(expected: "\(count) bytes at byte \(position)", found: "\(end - position)")
        }
        var value: UInt64 = 0
        for i in (0..<count).reversed() { value = value << 8 | UInt64(bytes[position + i]) }
        position += count
        return value
    }
}
