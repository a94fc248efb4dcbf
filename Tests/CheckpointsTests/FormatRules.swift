import Checkpoints

/// What is tested of the safetensors format: the reference reader's rules (R) and the catalogue of attacks (ST).
///
/// Every case has its hand-made files in ``files``, so that a rule without a test does not compile. The cases of
/// ``isAboutWriting`` or ``isAboutPaths`` have tests of their own instead.
enum CatalogueID: String, CaseIterable, Sendable, CustomStringConvertible {
    case R1, R2, R3, R4, R5, R6, R7, R8, R9, R10, R11, R12, R13, R14, R15, R16
    case ST01, ST02, ST03, ST04, ST05, ST06, ST07, ST08, ST09, ST10, ST11, ST12, ST13, ST14, ST15, ST16, ST17
    case ST19, ST20, ST22, ST23

    var description: String { rawValue }

    /// Byte-identical writing (R15, ST22) and writing over a file that is open (ST20).
    var isAboutWriting: Bool { [.R15, .ST20, .ST22].contains(self) }

    /// Pipes, folders, devices and loops of links in a file's place.
    var isAboutPaths: Bool { self == .ST19 }

    /// Every hand-made file.
    static let allFiles = allCases.flatMap { $0.files }

    /// The hand-made files of this case.
    var files: [HandMadeFile] {
        switch self {
        case .R1, .R2, .R3, .R4, .R5, .R6, .R7, .R8, .R9, .R10, .R11, .R12, .R13, .R14, .R16: ruleFiles
        case .R15, .ST19, .ST20, .ST22: []
        default: attackFiles
        }
    }

    func loads(_ what: String, _ names: [String], _ bytes: [UInt8]) -> HandMadeFile {
        HandMadeFile(id: self, what: what, bytes: bytes, verdict: .loads(names))
    }

    func breaks(_ rule: SafetensorsError.Rule, _ what: String, _ bytes: [UInt8]) -> HandMadeFile {
        HandMadeFile(id: self, what: what, bytes: bytes, verdict: .breaks(rule))
    }
}

extension CatalogueID {
    /// The rules of the reference reader, one by one.
    private var ruleFiles: [HandMadeFile] {
        let good = entry("[2]", "[0,2]")
        return switch self {
        case .R1: [breaks(.lengthField, "empty", []), breaks(.lengthField, "7 bytes", [2, 0, 0, 0, 0, 0, 0])]
        case .R2:
            [
                breaks(.headerLimit, "a header beyond the limit", Bytes.file(length: 100_000_001, [0x7B])),
                breaks(.headerWithinFile, "a header at the limit, not there", Bytes.file(length: 100_000_000, [0x7B])),
            ]
        case .R3:
            [
                breaks(.headerWithinFile, "one byte short", Bytes.file(length: 3, Array("{}".utf8))),
                loads("exactly there", [], Bytes.file(length: 2, Array("{}".utf8))),
            ]
        case .R4:
            [breaks(.utf8, "0xff in a name", Bytes.file(Array("{\"".utf8) + [0xFF] + Array("\":1}".utf8), data: []))]
        case .R5:
            [
                breaks(.json, "an open brace", Bytes.file("{")),
                breaks(.json, "a second value", Bytes.file("{} {}")),
                breaks(.json, "a comma after the last member", Bytes.file("{\(good),}", data: 2)),
                breaks(.json, "single quotes", Bytes.file("{'t':1}")),
                breaks(.json, "NaN", Bytes.file("{\"t\":NaN}")),
                breaks(.json, "a comment", Bytes.file("{/**/}")),
            ]
        case .R6:
            [
                loads("nothing but braces", [], Bytes.file("{}")),
                loads("white space after it", ["t"], Bytes.file("{\(good)} \t\r\n  ", data: 2)),
                breaks(.startsWithBrace, "a list", Bytes.file("[]")),
                breaks(.startsWithBrace, "null", Bytes.file("null")),
                breaks(.startsWithBrace, "a string", Bytes.file("\"{}\"")),
            ]
        case .R7: formFiles
        case .R8:
            [
                breaks(.layout, "not from 0 on", Bytes.file(entries: entry("[2]", "[1,3]"), data: 3)),
                breaks(
                    .layout, "a hole",
                    Bytes.file(entries: entry("a", "[2]", "[0,2]") + "," + entry("b", "[2]", "[3,5]"), data: 5)),
                breaks(
                    .layout, "an overlap",
                    Bytes.file(entries: entry("a", "[2]", "[0,2]") + "," + entry("b", "[2]", "[1,3]"), data: 3)),
                breaks(
                    .layout, "ten tensors in one place",
                    Bytes.file(
                        entries: (0..<10).map { entry("t\($0)", "F32", "[2,2]", "[0,16]") }.joined(separator: ","),
                        data: 16)),
            ]
        case .R9:
            [
                breaks(
                    .elementCount, "a dimension of 2^64 - 2",
                    Bytes.file(entries: entry("t", "I32", "[2,18446744073709551614]", "[0,16]"), data: 16)),
                breaks(
                    .elementCount, "2^63 elements",
                    Bytes.file(entries: entry("[4611686018427387904,2]", "[0,16]"), data: 16)),
                loads(
                    "a scalar has one element", ["t"], Bytes.file(entries: entry("t", "I32", "[]", "[0,4]"), data: 4)),
            ]
        case .R10:
            [
                breaks(
                    .byteCount, "2^62 bytes",
                    Bytes.file(entries: entry("t", "I32", "[1152921504606846976]", "[0,16]"), data: 16)),
                breaks(.byteCount, "half a byte", Bytes.file(entries: entry("t", "F4", "[3]", "[0,1]"), data: 1)),
                loads("three 4-bit pairs", ["t"], Bytes.file(entries: entry("t", "F4", "[6]", "[0,3]"), data: 3)),
            ]
        case .R11:
            [
                breaks(
                    .span, "4 integers in 4 bytes", Bytes.file(entries: entry("t", "I32", "[2,2]", "[0,4]"), data: 4)),
                breaks(
                    .span, "no elements in 4 bytes", Bytes.file(entries: entry("t", "I32", "[0]", "[0,4]"), data: 4)),
            ]
        case .R12:
            [
                breaks(.fileLength, "a byte too many", Bytes.file(entries: good, data: 3)),
                breaks(.fileLength, "a byte too few", Bytes.file(entries: good, data: 1)),
                breaks(.fileLength, "data without tensors", Bytes.file("{}", data: 1)),
            ]
        case .R13:
            StoredType.allCases.map { type in
                let text = entry("t", type.rawValue, "[8]", "[0,\(type.bitCount)]")
                return loads(type.rawValue, ["t"], Bytes.file(entries: text, data: type.bitCount))
            } + [breaks(.dtype, "F128", Bytes.file(entries: entry("t", "F128", "[1]", "[0,16]"), data: 16))]
        case .R14:
            [
                loads("[2,0]", ["t"], Bytes.file(entries: entry("t", "F32", "[2,0]", "[0,0]"))),
                loads("[0,0]", ["t"], Bytes.file(entries: entry("t", "F32", "[0,0]", "[0,0]"))),
                loads(
                    "an empty tensor between others", ["a", "b", "c"],
                    Bytes.file(
                        entries: [entry("a", "[1]", "[0,1]"), entry("b", "[0]", "[1,1]"), entry("c", "[1]", "[1,2]")]
                            .joined(separator: ","), data: 2)),
            ]
        case .R16:
            [
                loads("an empty name", [""], Bytes.file(entries: entry("", "[2]", "[0,2]"), data: 2)),
                loads("a path as a name", ["../../x"], Bytes.file(entries: entry("../../x", "[2]", "[0,2]"), data: 2)),
                loads("data at an odd place", ["t"], Bytes.file("{\(entry("t", "F64", "[1]", "[0,8]"))} ", data: 8)),
            ]
        default: []
        }
    }

    /// R7: the forms of entries and metadata.
    private var formFiles: [HandMadeFile] {
        let broken = [
            ("no dtype", #""t":{"shape":[2],"data_offsets":[0,2]}"#),
            ("no shape", #""t":{"dtype":"U8","data_offsets":[0,2]}"#),
            ("no offsets", #""t":{"dtype":"U8","shape":[2]}"#),
            ("an entry that is a list", #""t":["U8",[2],[0,2]]"#),
            ("an entry that is null", #""t":null"#),
            ("a negative dimension", entry("[-2]", "[0,2]")),
            ("a fraction", entry("[2.5]", "[0,2]")),
            ("a dimension as a float", entry("[2.0]", "[0,2]")),
            ("a dimension as a string", entry("[\"2\"]", "[0,2]")),
            ("a shape that is a number", entry("2", "[0,2]")),
            ("a shape that is null", entry("null", "[0,2]")),
            ("a nested shape", entry("[[2]]", "[0,2]")),
            ("offsets that are an object", entry("[2]", "{}")),
            ("a metadata number", #""__metadata__":{"a":1},"# + entry("[2]", "[0,2]")),
        ]
        return broken.map { breaks(.entryForm, $0.0, Bytes.file(entries: $0.1, data: 2)) } + [
            loads(
                "an unknown key, as the reference", ["t"],
                Bytes.file(entries: #""t":{"x":{"y":[1]},"dtype":"U8","shape":[2],"data_offsets":[0,2]}"#, data: 2)),
            loads(
                "metadata", ["t"],
                Bytes.file(entries: #""__metadata__":{"format":"pt"},"# + entry("[2]", "[0,2]"), data: 2)),
        ]
    }
}
