import Checkpoints

extension CatalogueID {
    /// Files that have broken readers, this project's or others'.
    var attackFiles: [HandMadeFile] {
        let good = entry("[2]", "[0,2]")
        return switch self {
        case .ST01: (0..<8).map { breaks(.lengthField, "\($0) bytes", [UInt8](repeating: 0, count: $0)) }
        case .ST02: [breaks(.json, "a header of no bytes", Bytes.file(length: 0, []))]
        case .ST03:
            [
                breaks(.headerWithinFile, "100,000,000", Bytes.file(length: 100_000_000, Bytes.counting(100))),
                breaks(.headerLimit, "100,000,001", Bytes.file(length: 100_000_001, Bytes.counting(100))),
                breaks(.headerLimit, "2^63", Bytes.file(length: 1 << 63, Bytes.counting(100))),
                breaks(.headerLimit, "2^64 - 1", Bytes.file(length: .max, Bytes.counting(100))),
                breaks(
                    .headerLimit, "2^64 - 8, 0 with the length itself",
                    Bytes.file(length: .max - 7, Bytes.counting(100))),
            ]
        case .ST04:
            (0..<Self.small.count).map { breaks(Self.ruleOfPrefix($0), "cut at \($0)", Array(Self.small.prefix($0))) }
        case .ST05:
            (1...16).map { sixteenth in
                let data = Array(Bytes.file(entries: entry("[32]", "[0,32]"), data: 32).dropLast(2 * sixteenth))
                return breaks(.fileLength, "\(sixteenth)/16 of the data missing", data)
            }
        case .ST06: [breaks(.fileLength, "a byte after the data", Self.small + [0])]
        case .ST07: textFiles
        case .ST08: duplicateFiles
        case .ST09: metadataFiles
        case .ST10: offsetFiles
        case .ST11: shapeFiles
        case .ST12:
            ["\"F33\"", "\"f32\"", "\"\"", "32", "null", "[\"F32\"]"].map { dtype in
                let text = "\"t\":{\"data_offsets\":[9,3],\"shape\":[7],\"dtype\":\(dtype)}"
                return breaks(.dtype, "dtype \(dtype)", Bytes.file(entries: text, data: 2))
            }
        case .ST13: sizeFiles
        case .ST14: []  // A million tensors: too large for a table, see `aMillionTensors`.
        case .ST15:
            [126, 127, 100_000].map { depth in
                let nested = String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
                let text = #""t":{"x":\#(nested),"dtype":"U8","shape":[2],"data_offsets":[0,2]}"#
                let bytes = Bytes.file(entries: text, data: 2)
                return depth == 126
                    ? loads("128 levels", ["t"], bytes) : breaks(.json, "\(depth + 2) levels", bytes)
            }
        case .ST16:
            [" ", "\n", "\t", "\r\n", String(repeating: " ", count: 4096)].map {
                loads("\($0.utf8.count) bytes of white space", ["t"], Bytes.file($0 + "{\(good)}", data: 2))
            } + [breaks(.json, "a form feed", Bytes.file("\u{0C}{\(good)}", data: 2))]
        case .ST17:
            (0..<8).map { shift in
                let header = "{\(entry("t", "F64", "[2]", "[0,16]"))}" + String(repeating: " ", count: shift)
                return loads("a header \(shift) bytes longer", ["t"], Bytes.file(header, data: 16))
            }
        case .ST23:
            ["F64", "F32", "F16", "BF16"].map { dtype in
                let text = entry("t", dtype, "[16]", "[0,\(dtype == "F64" ? 128 : dtype == "F32" ? 64 : 32)]")
                let count = dtype == "F64" ? 128 : dtype == "F32" ? 64 : 32
                return loads(
                    "NaN in \(dtype)", ["t"],
                    Bytes.file(Array("{\(text)}".utf8), data: [UInt8](repeating: 0xFF, count: count)))
            }
        default: []
        }
    }

    /// A file of two tensors, 8 + 160 + 12 bytes.
    static let small: [UInt8] = {
        let header =
            "{\"__metadata__\":{\"format\":\"pt\"},\(entry("a", "F32", "[2]", "[0,8]")),\(entry("b", "F16", "[2]", "[8,12]"))}"
        return Bytes.file(header + String(repeating: " ", count: 160 - header.utf8.count), data: 12)
    }()

    private static func ruleOfPrefix(_ count: Int) -> SafetensorsError.Rule {
        count < 8 ? .lengthField : count < 168 ? .headerWithinFile : .fileLength
    }

    private var textFiles: [HandMadeFile] {
        func named(_ name: [UInt8]) -> [UInt8] {
            let tail = "\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]}}"
            return Bytes.file(Array("{\"".utf8) + name + Array(tail.utf8), data: [1, 2])
        }
        return [
            breaks(.utf8, "0xff", named([0xFF])),
            breaks(.utf8, "an overlong slash", named([0xC0, 0xAF])),
            breaks(.utf8, "a surrogate in UTF-8", named([0xED, 0xA0, 0x80])),
            breaks(.utf8, "beyond U+10FFFF", named([0xF4, 0x90, 0x80, 0x80])),
            breaks(.utf8, "a cut sequence", named([0xE2, 0x82])),
            breaks(.json, "an escaped lone surrogate", named(Array(#"\ud800"#.utf8))),
            breaks(.json, "an unescaped NUL", named([0])),
            loads("an escaped NUL", ["\0"], named(Array(#"\u0000"#.utf8))),
            loads("an escaped pair", ["😀"], named(Array(#"\ud83d\ude00"#.utf8))),
            breaks(.json, "a byte order mark", Bytes.file("\u{FEFF}{\(entry("[2]", "[0,2]"))}", data: 2)),
            breaks(.json, "UTF-16", Bytes.file("{}".utf8.flatMap { [$0, 0] }, data: [])),
            breaks(.limit, "a name of 1025 bytes", named([UInt8](repeating: 0x61, count: 1025))),
            loads(
                "a name of 1024 bytes", [String(repeating: "a", count: 1024)],
                named([UInt8](repeating: 0x61, count: 1024))),
        ]
    }

    private var duplicateFiles: [HandMadeFile] {
        func file(_ entries: String...) -> [UInt8] { Bytes.file(entries: entries.joined(separator: ","), data: 2) }
        return [
            breaks(.duplicateName, "different", file(entry("a", "[1]", "[0,1]"), entry("a", "[1]", "[1,2]"))),
            breaks(.duplicateName, "identical", file(entry("a", "[2]", "[0,2]"), entry("a", "[2]", "[0,2]"))),
            breaks(.duplicateName, "by an escape", file(entry("a", "[1]", "[0,1]"), entry(#"\u0061"#, "[1]", "[1,2]"))),
            loads(
                "canonically equal names are different names", ["e\u{301}", "\u{E9}"],
                file(entry("\u{E9}", "[1]", "[0,1]"), entry("e\u{301}", "[1]", "[1,2]"))),
            breaks(
                .entryForm, "dtype twice", file(#""a":{"dtype":"U8","dtype":"U8","shape":[2],"data_offsets":[0,2]}"#)),
            breaks(
                .entryForm, "shape twice", file(#""a":{"dtype":"U8","shape":[2],"shape":[2],"data_offsets":[0,2]}"#)),
            breaks(
                .entryForm, "offsets twice",
                file(#""a":{"dtype":"U8","shape":[2],"data_offsets":[0,2],"data_offsets":[0,2]}"#)),
            breaks(
                .duplicateName, "metadata twice",
                file(#""__metadata__":{}"#, #""__metadata__":{}"#, entry("[2]", "[0,2]"))),
            breaks(
                .entryForm, "a metadata key twice", file(#""__metadata__":{"a":"1","a":"1"}"#, entry("[2]", "[0,2]"))),
        ]
    }

    private var metadataFiles: [HandMadeFile] {
        func file(_ value: String) -> [UInt8] {
            Bytes.file(entries: "\"__metadata__\":\(value),\(entry("[2]", "[0,2]"))", data: 2)
        }
        return [
            loads("empty", ["t"], file("{}")),
            loads("null", ["t"], file("null")),
            loads("a long value", ["t"], file("{\"a\":\"\(String(repeating: "x", count: 1 << 20))\"}")),
            breaks(.entryForm, "a number", file("{\"a\":1}")),
            breaks(.entryForm, "a null value", file("{\"a\":null}")),
            breaks(.entryForm, "nested", file("{\"a\":{\"b\":\"c\"}}")),
            breaks(.entryForm, "a list", file("[]")),
            breaks(.entryForm, "a string", file("\"pt\"")),
        ]
    }

    private var offsetFiles: [HandMadeFile] {
        let two = entry("a", "[1]", "[0,1]") + ","
        let refused: [(SafetensorsError.Rule, String, String)] = [
            (.layout, "a hole", two + entry("b", "[1]", "[2,3]")),
            (.layout, "an overlap", two + entry("b", "[1]", "[0,1]")),
            (.layout, "an end before the begin", entry("[1]", "[1,0]")),
            (.entryForm, "negative", entry("[1]", "[-1,0]")), (.entryForm, "1.0", entry("[1]", "[0,1.0]")),
            (.entryForm, "1e1", entry("[10]", "[0,1e1]")), (.entryForm, "a string", entry("[1]", "[0,\"1\"]")),
            (.entryForm, "three", entry("[1]", "[0,1,2]")), (.entryForm, "one", entry("[1]", "[0]")),
            (.entryForm, "none", entry("[1]", "[]")), (.layout, "2^63", entry("[1]", "[0,9223372036854775808]")),
            (.entryForm, "2^64", entry("[1]", "[0,18446744073709551616]")),
            (.span, "2^63 - 1", entry("[1]", "[0,9223372036854775807]")),
            (.entryForm, "minus zero as a float", entry("[1]", "[-0.0,1]")),
        ]
        return refused.map { breaks($0.0, $0.1, Bytes.file(entries: $0.2, data: 1)) } + [
            loads(
                "not in order", ["a", "b"],
                Bytes.file(entries: entry("b", "[1]", "[1,2]") + "," + entry("a", "[1]", "[0,1]"), data: 2))
        ]
    }

    private var shapeFiles: [HandMadeFile] {
        let refused: [(SafetensorsError.Rule, String)] = [
            (.elementCount, "[4294967296,4294967296]"), (.elementCount, "[2147483648,8589934592]"),
            (.elementCount, "[9223372036854775808,2]"), (.elementCount, "[9223372036854775808,4,0]"),
            (.elementCount, "[0,9223372036854775808,4]"), (.elementCount, "[0,4611686018427387904,4]"),
            (.elementCount, "[4611686018427387904,4,0]"), (.entryForm, "[-1]"), (.entryForm, "[1.5]"),
            (.limit, "[\(Array(repeating: "1", count: 9).joined(separator: ","))]"),
            (.limit, "[\(Array(repeating: "1", count: 65).joined(separator: ","))]"),
            (.limit, "[\(Array(repeating: "1", count: 1_000_000).joined(separator: ","))]"),
        ]
        return refused.map { breaks($0.0, String($0.1.prefix(40)), Bytes.file(entries: entry($0.1, "[0,0]"))) } + [
            loads("[]", ["t"], Bytes.file(entries: entry("[]", "[0,1]"), data: 1)),
            loads(
                "8 dimensions", ["t"],
                Bytes.file(
                    entries: entry("[\(Array(repeating: "1", count: 8).joined(separator: ","))]", "[0,1]"), data: 1)),
        ]
    }

    /// The size one byte off for every type, and types of less than a byte that do not fill one.
    private var sizeFiles: [HandMadeFile] {
        var files: [HandMadeFile] = []
        for type in StoredType.allCases {
            for count in [type.bitCount - 1, type.bitCount + 1] {
                let text = entry("t", type.rawValue, "[8]", "[0,\(count)]")
                files.append(
                    breaks(.span, "8 \(type.rawValue) in \(count) bytes", Bytes.file(entries: text, data: count)))
            }
        }
        for (type, counts) in [("F4", [1, 3]), ("F6_E2M3", [1, 2, 3, 5]), ("F6_E3M2", [1, 2, 3, 6])] {
            for count in counts {
                files.append(
                    breaks(
                        .byteCount, "\(count) \(type)",
                        Bytes.file(entries: entry("t", type, "[\(count)]", "[0,1]"), data: 1)))
            }
        }
        return files
    }
}
