import Checkpoints
import Testing

/// A safetensors file written by hand, and what a reader must make of it.
struct HandMadeFile: Sendable, CustomTestStringConvertible {
    /// What a reader must say.
    enum Verdict: Sendable {
        /// The file is fine and has these tensors.
        case loads([String])
        /// The file breaks a rule.
        case breaks(SafetensorsError.Rule)
    }

    var id: CatalogueID
    var what: String
    var bytes: [UInt8]
    var verdict: Verdict

    var testDescription: String { "\(id): \(what)" }
}

/// Bytes of hand-made files.
enum Bytes {
    /// A file whose length field says `length`, followed by what is given.
    static func file(length: UInt64, _ rest: [UInt8]) -> [UInt8] {
        (0..<8).map { UInt8(truncatingIfNeeded: length >> (8 * UInt64($0))) } + rest
    }

    /// A file of a header and data.
    static func file(_ header: [UInt8], data: [UInt8]) -> [UInt8] {
        file(length: UInt64(header.count), header + data)
    }

    /// A file of a header and `count` bytes of data, 1, 2, 3 ... .
    static func file(_ header: String, data count: Int = 0) -> [UInt8] {
        file(Array(header.utf8), data: counting(count))
    }

    /// A file of the entries between the header's braces.
    static func file(entries: String, data count: Int = 0) -> [UInt8] { file("{\(entries)}", data: count) }

    /// 1, 2, 3 ... , starting again after 255.
    static func counting(_ count: Int) -> [UInt8] { (0..<count).map { UInt8(truncatingIfNeeded: $0 + 1) } }

    /// The bytes that hexadecimal digits stand for.
    static func hex(_ digits: String) -> [UInt8] {
        var bytes: [UInt8] = []
        var rest = Substring(digits)
        while rest.count >= 2 {
            bytes.append(UInt8(rest.prefix(2), radix: 16) ?? 0)
            rest = rest.dropFirst(2)
        }
        return bytes
    }
}

/// The text of one entry of a header.
func entry(_ name: String, _ dtype: String, _ shape: String, _ offsets: String) -> String {
    "\"\(name)\":{\"dtype\":\"\(dtype)\",\"shape\":\(shape),\"data_offsets\":\(offsets)}"
}

/// The text of one entry of bytes.
func entry(_ name: String, _ shape: String, _ offsets: String) -> String { entry(name, "U8", shape, offsets) }

/// The text of an entry `t` of bytes.
func entry(_ shape: String, _ offsets: String) -> String { entry("t", "U8", shape, offsets) }
