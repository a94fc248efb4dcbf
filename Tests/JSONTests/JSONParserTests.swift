import JSON
import Testing

/// Texts that RFC 8259 allows, with the value they stand for.
private let accepted: [(String, JSONValue)] = [
    ("null", nil), ("true", true), ("false", false), (" \t\r\n0 \t\r\n", 0),
    ("[]", []), ("{}", [:]), ("[[]]", [[]]), ("[ ]", []), ("{ }", [:]), (#""""#, ""),
    ("[1,2 , 3]", [1, 2, 3]), ("[null,1,\"1\",{}]", [nil, 1, "1", [:]]),
    (#"{"a":{"b":[true]}}"#, ["a": ["b": [true]]]), (#"{"":0}"#, ["": 0]),
    (#"{"a":1,"b":2}"#, ["a": 1, "b": 2]), (#"{"a":"b"  ,"é":"é"}"#, ["a": "b", "é": "é"]),
    ("0", 0), ("-0", 0), ("-1", -1), ("10", 10), ("123456789", 123_456_789),
    ("9223372036854775807", .number(.int(.max))), ("-9223372036854775808", .number(.int(.min))),
    ("9223372036854775808", .number(.unsigned(1 << 63))), ("18446744073709551615", .number(.unsigned(.max))),
    ("18446744073709551616", 18446744073709551616.0), ("-9223372036854775809", -9223372036854775808.0),
    ("1000000000000000019884624838656", 1e30),
    ("1.0", 1.0), ("1e1", 10.0), ("1E1", 10.0), ("1e+1", 10.0), ("1e-1", 0.1), ("0e1", 0.0), ("0.1", 0.1),
    ("-0.0", .number(.double(-0.0))), ("1.5e300", 1.5e300), ("4.9e-324", JSONValue(Double.leastNonzeroMagnitude)),
    ("1e-400", 0.0),
    ("2.2250738585072011e-308", JSONValue(Double(bitPattern: 0x000F_FFFF_FFFF_FFFF))), ("0.1e1", 1.0),
    ("123.456e78", 123.456e78),
    ("1.7976931348623157e308", .number(.double(.greatestFiniteMagnitude))),
    (#""\"\\\/\b\f\n\r\t""#, "\"\\/\u{8}\u{C}\n\r\t"), (#""\u0041\u00e9\u20AC""#, "Aé€"),
    (#""\ud83d\ude00""#, "😀"), (#""\uDBFF\uDFFF""#, "\u{10FFFF}"), (#""\u0000""#, "\0"), (#""\uFFFF""#, "\u{FFFF}"),
    (
        "\"\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}\"",
        "\u{7F}\u{80}\u{7FF}\u{800}\u{FFFF}\u{10000}\u{10FFFF}"
    ),
    ("\"\u{2028}\u{2029}\u{FEFF}\"", "\u{2028}\u{2029}\u{FEFF}"), (#""a\u0041b\n""#, "aAb\n"),
    (#"["\u0060\u012a\u12AB"]"#, ["`\u{12A}\u{12AB}"]),
    ("\"\(String(repeating: "x", count: 5000))\"", .string(String(repeating: "x", count: 5000))),
    // Composed and decomposed, and the Kelvin sign and K, are different keys: bytes count.
    ("{\"\u{E9}\":1,\"e\u{301}\":2,\"K\":3,\"\u{212A}\":4}", ["\u{E9}": 1, "e\u{301}": 2, "K": 3, "\u{212A}": 4]),
]

/// Texts that must be refused, with the byte offset the error names.
private let rejected: [(String, Int)] = [
    ("", 0), (" ", 1), ("[", 1), ("{", 1), ("]", 0), ("}", 0), ("[1", 2), ("[1,", 3), ("[1,]", 3), ("[,1]", 1),
    ("[1,,2]", 3), ("[1 2]", 3), ("[1:2]", 2), ("[1}", 2), ("{\"a\"", 4), ("{\"a\":", 5), ("{\"a\":1", 6),
    ("{\"a\":1,", 7), ("{\"a\":1,}", 7), ("{,}", 1), ("{\"a\" 1}", 5), ("{\"a\",1}", 4), ("{a:1}", 1), ("{'a':1}", 1),
    ("{1:1}", 1), ("{\"a\":1 \"b\":2}", 7), ("{\"a\":}", 5), ("{\"a\":1]", 6), ("{\"a\"::1}", 5), ("[]]", 2),
    ("1 2", 2),
    ("{}x", 2), ("[1]\0", 3), ("// c\n1", 0), ("/**/1", 0), ("[1]//", 3),
    ("nul", 0), ("nulll", 4), ("True", 0), ("tru", 0), ("NaN", 0), ("Infinity", 0), ("-Infinity", 1), ("[NaN]", 1),
    ("+1", 0), (".5", 0), ("-.5", 1), ("1.", 2), ("1.e1", 2), ("1e", 2), ("1e+", 3), ("1.5.5", 3), ("01", 0),
    ("-01", 1),
    ("00", 0), ("0x1", 1), ("1_000", 1), ("-", 1), ("--1", 1), ("1a", 1), ("1e1.5", 3), ("١", 0), ("１", 0),
    ("1e400", 0), ("-1e400", 0), ("[1e999999999999]", 1), ("9" + String(repeating: "0", count: 400), 0),
    ("1." + String(repeating: "0", count: 2000), 0),
    (#"""#, 1), (#""a"#, 2), (#""\""#, 3), (#""\"#, 1), (#""\x""#, 1), (#""\u""#, 4), (#""\u12""#, 6),
    (#""\u123g""#, 1),
    (#""\u+123""#, 1), (#""\U0041""#, 1), (#""\'""#, 1), (#""\ud800""#, 1), (#""\udc00""#, 1), (#""\ud800x""#, 1),
    (#""\ud800\n""#, 1), (#""\ud800\u0041""#, 1), (#""\ud800\ud800""#, 1), (#""ab\ud83d""#, 3), ("'a'", 0),
    ("\"\n\"", 1), ("\"\t\"", 1), ("\"a\0\"", 2), ("\"\u{1F}\"", 1), ("\u{A0}1", 0), ("\u{0C}1", 0), ("\u{FEFF}1", 0),
    (#"{"a":1,"a":1}"#, 7), (#"{"a":1, "\u0061":2}"#, 8), (#"[{"b":{"a":1,"c":2,"a":3}}]"#, 19),
    (#"{"1":1,"2":2,"3":3,"4":4,"5":5,"6":6,"7":7,"8":8,"9":9,"10":10,"3":3}"#, 63),
]

/// Byte sequences that are not UTF-8, put between quotes.
private let invalidUTF8: [[UInt8]] = [
    [0x80], [0xBF], [0xC0, 0x80], [0xC0, 0xAF], [0xC1, 0xBF], [0xC2], [0xC2, 0x41], [0xE0, 0x80, 0x80],
    [0xE0, 0x9F, 0xBF],
    [0xE2, 0x82], [0xE2, 0x82, 0x41], [0xED, 0xA0, 0x80], [0xED, 0xBF, 0xBF], [0xF0, 0x80, 0x80, 0x80],
    [0xF0, 0x8F, 0xBF, 0xBF],
    [0xF0, 0x9F, 0x98], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xF8, 0x88, 0x80, 0x80, 0x80], [0xFE],
    [0xFF],
]

@Suite struct JSONParserTests {
    @Test(arguments: accepted)
    func accepts(_ text: String, _ value: JSONValue) throws {
        #expect(try JSONValue.parse(text) == value)
    }

    @Test(arguments: rejected)
    func rejects(_ text: String, _ offset: Int) {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse(text) }
        #expect(error?.offset == offset, "\(error.map(String.init(describing:)) ?? "no error") for \(text.prefix(60))")
    }

    @Test(arguments: invalidUTF8)
    func rejectsInvalidUTF8(_ bytes: [UInt8]) {
        let error = #expect(throws: JSONError.self) { try JSONValue.parse([0x22, 0x61] + bytes + [0x22]) }
        #expect(error == JSONError(.invalidUTF8, offset: 2, line: 1))
    }

    @Test func rejectsOtherEncodings() {
        let utf16: [UInt8] = [0xFF, 0xFE, 0x5B, 0x00, 0x5D, 0x00]
        #expect(throws: JSONError(.unexpected(found: "the byte 255", expected: "a value"), offset: 0, line: 1)) {
            try JSONValue.parse(utf16)
        }
        #expect(throws: JSONError(.byteOrderMark, offset: 0, line: 1)) { try JSONValue.parse("\u{FEFF}{}") }
    }

    @Test func errorsNameTheLine() {
        #expect(throws: JSONError(.unexpected(found: "'}'", expected: "a value"), offset: 16, line: 3)) {
            try JSONValue.parse("{\n  \"a\": 1,\n\"b\":}")
        }
    }

    @Test func depthIsLimited() throws {
        func nested(_ levels: Int) -> String {
            String(repeating: "[", count: levels) + String(repeating: "]", count: levels)
        }
        _ = try JSONValue.parse(nested(128))
        #expect(throws: JSONError(.tooDeep(limit: 128), offset: 128, line: 1)) { try JSONValue.parse(nested(129)) }
        #expect(throws: JSONError(.tooDeep(limit: 128), offset: 128, line: 1)) { try JSONValue.parse(nested(100_000)) }
        #expect(throws: JSONError.self) { try JSONValue.parse(String(repeating: #"{"a":"#, count: 100_000)) }
        #expect(throws: JSONError(.tooDeep(limit: 2), offset: 2, line: 1)) {
            try JSONValue.parse("[[[]]]", limits: JSONLimits(depth: 2))
        }
        // Levels are those open at once, not those opened in all.
        _ = try JSONValue.parse("[" + Array(repeating: "[]", count: 1000).joined(separator: ",") + "]")
    }

    @Test func sizeIsLimited() throws {
        _ = try JSONValue.parse("[10]", limits: JSONLimits(byteCount: 4))
        #expect(throws: JSONError(.tooLarge(bytes: 4, limit: 3), offset: 0, line: 1)) {
            try JSONValue.parse("[10]", limits: JSONLimits(byteCount: 3))
        }
    }

    @Test func numbersRoundToNearest() throws {
        for text in ["0.1", "3.141592653589793", "5e-324", "1.7976931348623157e308", "9007199254740993.0", "1e23"] {
            #expect(try JSONValue.parse(text).doubleValue == Double(text))
        }
    }

    @Test func everyTruncationIsRefused() throws {
        let text = Array(#"{"a":[1,-2.5e3,true,null],"é":{"\u00e9\n":"\ud83d\ude00","b":{}},"c":false}"#.utf8)
        _ = try JSONValue.parse(text)
        for length in 0..<text.count {
            #expect(throws: JSONError.self) { try JSONValue.parse(Array(text[..<length])) }
        }
    }

    /// Damaged texts must end in a value or an error; a value must survive writing and reading.
    @Test func damageNeverTraps() throws {
        let text = Array(
            #"{"a":[1,-2.5e3,true,null],"é":{"\u00e9\n":"\ud83d\ude00","b":{}},"c":18446744073709551615}"#.utf8)
        var state: UInt64 = 0x5EED
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        var valid = 0
        for _ in 0..<20_000 {
            var damaged = text
            for _ in 0...random(3) {
                let place = random(damaged.count)
                switch random(3) {
                case 0: damaged[place] ^= 1 << UInt8(random(8))
                case 1: damaged.remove(at: place)
                default: damaged.insert(damaged[random(damaged.count)], at: place)
                }
            }
            guard let value = try? JSONValue.parse(damaged) else { continue }
            valid += 1
            #expect(try JSONValue.parse(value.serialized()) == value)
        }
        #expect(valid > 100)
    }

    @Test func manyKeysAreFoundAndDistinct() throws {
        let count = 20_000
        let text = "{" + (0..<count).map { "\"key.\($0)\":\($0)" }.joined(separator: ",") + "}"
        let object = try #require(try JSONValue.parse(text).objectValue)
        #expect(object.count == count)
        #expect((0..<count).allSatisfy { object["key.\($0)"]?.intValue == $0 })
        #expect(object["key.\(count)"] == nil)
        #expect(object.keys.first == "key.0")
        let repeated = text.dropLast() + ",\"key.77\":0}"
        #expect(throws: JSONError.self) { try JSONValue.parse(String(repeated)) }
    }

    @Test func objectsCanBeEdited() {
        var object: JSONObject = ["a": 1, "b": 2]
        object["b"] = 3
        object["c"] = 4
        object["a"] = nil
        object["absent"] = nil
        #expect(object == ["b": 3, "c": 4])
        #expect(object != ["c": 4, "b": 3])
        for i in 0..<50 { object["k\(i)"] = JSONValue(i) }
        object["k7"] = nil
        #expect(object["k7"] == nil && object["k49"] == 49 && object.count == 51)
        #expect(!object.append(key: "b", value: 9) && object["b"] == 3)
    }
}
