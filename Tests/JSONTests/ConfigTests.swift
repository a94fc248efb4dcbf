import JSON
import Testing

private enum Activation { case gelu, silu }

private let text = """
    {
      "size": 768, "fraction": 768.0, "exponent": 1e3, "text": "768", "none": null, "zero": 0, "negative": -1,
      "huge": 2147483648, "wide": 9223372036854775808, "wider": 1000000000000000019884624838656, "eps": 1e-12,
      "flag": true, "act": "gelu", "kelvin": "\u{212A}", "list": [1, 2, 3], "mixed": [1, "2"], "numbers": [0.5, 1],
      "names": ["a", "b"], "cfg": {"inner": {"depth": "deep"}, "items": [{"k": 1}, {"k": "x"}]},
      "id2label": {"1": "dog", "0": "cat", "2": "cat"}, "long": "\(String(repeating: "y", count: 500))"
    }
    """

@Suite struct ConfigTests {
    private let config: Config

    init() throws { config = try Config(file: "config.json", bytes: Array(text.utf8)) }

    private func expect<Value>(
        _ description: String, sourceLocation: SourceLocation = #_sourceLocation, _ read: () throws -> Value
    ) {
        let error = #expect(throws: ConfigError.self, sourceLocation: sourceLocation) { _ = try read() }
        #expect(error?.description == description, sourceLocation: sourceLocation)
    }

    @Test func integers() throws {
        #expect(try config.int("size", in: 1...1000) == 768)
        #expect(try config.int("size", in: 768...768) == 768)
        #expect(try config.int("huge", in: 0...(1 << 40)) == 1 << 31)
        #expect(try config.int("absent", in: 1...10, default: 77) == 77)
        #expect(try config.int("none", in: 1...10, default: 7) == 7)
        #expect(try config.int("size", in: 1...1000, default: 7) == 768)
        #expect(try config.optionalInt("none", in: 1...10) == nil)
        #expect(try config.optionalInt("size", in: 1...1000) == 768)
        let expected = "expected an integer in 1...1000, found"
        expect("config.json: fraction: \(expected) 768.0, which is not written as an integer") {
            try config.int("fraction", in: 1...1000)
        }
        expect("config.json: exponent: \(expected) 1000.0, which is not written as an integer") {
            try config.int("exponent", in: 1...1000)
        }
        expect("config.json: text: \(expected) the string \"768\"") { try config.int("text", in: 1...1000) }
        expect("config.json: absent: \(expected) no such key") { try config.int("absent", in: 1...1000) }
        expect("config.json: none: \(expected) null") { try config.int("none", in: 1...1000) }
        expect("config.json: zero: \(expected) 0") { try config.int("zero", in: 1...1000) }
        expect("config.json: negative: \(expected) -1") { try config.int("negative", in: 1...1000, default: 5) }
        expect("config.json: huge: \(expected) 2147483648") { try config.optionalInt("huge", in: 1...1000) }
        expect("config.json: wide: \(expected) 9223372036854775808") { try config.int("wide", in: 1...1000) }
        expect("config.json: wider: \(expected) 1e+30") { try config.int("wider", in: 1...1000) }
        expect("config.json: flag: \(expected) true") { try config.int("flag", in: 1...1000) }
        expect("config.json: list: \(expected) [1,2,3]") { try config.int("list", in: 1...1000) }
    }

    @Test func doubles() throws {
        #expect(try config.double("eps", in: 0...1) == 1e-12)
        #expect(try config.double("size", in: 0...1000) == 768)
        #expect(try config.double("absent", in: 0...1, default: 0.5) == 0.5)
        #expect(try config.optionalDouble("none", in: 0...1) == nil)
        expect("config.json: negative: expected a number in 0.0...1.0, found -1") {
            try config.double("negative", in: 0...1)
        }
        expect("config.json: text: expected a number in 0.0...1.0, found the string \"768\"") {
            try config.double("text", in: 0...1, default: 1)
        }
    }

    @Test func boolsAndStrings() throws {
        #expect(try config.bool("flag"))
        #expect(try config.bool("absent", default: true))
        #expect(try config.optionalBool("none") == nil)
        #expect(try config.string("text") == "768")
        #expect(try config.string("absent", default: "x") == "x")
        #expect(try config.optionalString("none") == nil)
        expect("config.json: zero: expected true or false, found 0") { try config.bool("zero") }
        expect("config.json: size: expected a string, found 768") { try config.string("size") }
        expect("config.json: none: expected a string, found null") { try config.string("none") }
        expect(
            "config.json: long: expected true or false, found the string \"\(String(repeating: "y", count: 80))\"..."
        ) {
            try config.bool("long")
        }
    }

    @Test func choices() throws {
        let known = ["silu": Activation.silu, "gelu": .gelu]
        #expect(try config.choice("act", known) == .gelu)
        #expect(try config.choice("absent", known, default: .silu) == .silu)
        #expect(try config.optionalChoice("none", known) == nil)
        expect("config.json: text: expected one of \"gelu\", \"silu\", found the string \"768\"") {
            try config.choice("text", known)
        }
        expect("config.json: none: expected one of \"gelu\", \"silu\", found null") { try config.choice("none", known) }
        expect("config.json: kelvin: expected \"K\", found the string \"\u{212A}\"") {
            try config.choice("kelvin", ["K": 1])
        }
    }

    @Test func lists() throws {
        #expect(try config.ints("list", count: 1...4, in: 0...9) == [1, 2, 3])
        #expect(try config.ints("size", count: 2...2, in: 1...1000, scalar: .repeated(2)) == [768, 768])
        #expect(try config.ints("list", count: 3...3, in: 0...9, scalar: .repeated(3)) == [1, 2, 3])
        #expect(try config.ints("absent", count: 2...2, in: 0...9, default: [4, 5]) == [4, 5])
        #expect(try config.optionalInts("none", count: 2...2, in: 0...9) == nil)
        #expect(try config.doubles("numbers", count: 2...2, in: 0...1) == [0.5, 1])
        #expect(try config.doubles("eps", count: 3...3, in: 0...1, scalar: .repeated(3)) == [1e-12, 1e-12, 1e-12])
        #expect(try config.doubles("absent", count: 1...1, in: 0...1, default: [0.25]) == [0.25])
        #expect(try config.strings("names", count: 0...Int.max) == ["a", "b"])
        #expect(try config.optionalStrings("none", count: 1...1) == nil)
        expect("config.json: size: expected a list of 2 integers, found 768") {
            try config.ints("size", count: 2...2, in: 1...1000)
        }
        expect("config.json: list: expected a list of 1...2 integers, found 3") {
            try config.ints("list", count: 1...2, in: 0...9)
        }
        expect("config.json: list[2]: expected an integer in 0...2, found 3") {
            try config.ints("list", count: 3...3, in: 0...2)
        }
        expect("config.json: mixed[1]: expected an integer in 0...2, found the string \"2\"") {
            try config.ints("mixed", count: 2...2, in: 0...2)
        }
        expect("config.json: size: expected an integer in 1...10, found 768") {
            try config.ints("size", count: 2...2, in: 1...10, scalar: .repeated(2))
        }
        expect("config.json: mixed[0]: expected a string, found 1") { try config.strings("mixed", count: 2...2) }
    }

    @Test func nestedObjects() throws {
        let inner = try config.object("cfg").object("inner")
        #expect(inner.keyPath == "cfg.inner")
        expect("config.json: cfg.inner.depth: expected an integer in 1...12, found the string \"deep\"") {
            try inner.int("depth", in: 1...12)
        }
        let items = try config.object("cfg").objects("items", count: 1...10)
        #expect(try items[0].int("k", in: 0...1) == 1)
        expect("config.json: cfg.items[1].k: expected an integer in 0...1, found the string \"x\"") {
            try items[1].int("k", in: 0...1)
        }
        expect("config.json: list: expected an object, found [1,2,3]") { try config.object("list") }
        expect("config.json: list[0]: expected an object, found 1") { try config.objects("list", count: 3...3) }
        #expect(try config.optionalObject("none") == nil)
        #expect(try config.optionalObject("absent") == nil)
        #expect(config.has("zero") && !config.has("none") && !config.has("absent"))
        #expect(config.value("none") == nil && config.value("zero") == 0)
        #expect(config.keys.first == "size" && config.keys.last == "long")
    }

    @Test func labels() throws {
        #expect(try config.labels("id2label", count: 3) == ["cat", "dog", "cat"])
        #expect(try config.optionalLabels("absent", count: 3) == nil)
        expect("config.json: id2label: expected labels for 4 classes, found 3") {
            try config.labels("id2label", count: 4)
        }
    }

    @Test(arguments: [
        (#"{"0":"a","2":"b"}"#, #"labels: expected the keys "0" to "1", found the key "2""#),
        (#"{"0":"a","01":"b"}"#, #"labels: expected the keys "0" to "1", found the key "01""#),
        (#"{"0":"a","-1":"b"}"#, #"labels: expected the keys "0" to "1", found the key "-1""#),
        (#"{"0":"a","+1":"b"}"#, #"labels: expected the keys "0" to "1", found the key "+1""#),
        (#"{"0":"a","x":"b"}"#, #"labels: expected the keys "0" to "1", found the key "x""#),
        (
            #"{"0":"a","99999999999999999999":"b"}"#,
            #"labels: expected the keys "0" to "1", found the key "99999999999999999999""#
        ),
        (#"{"0":"a","1":7}"#, #"labels.1: expected a string, found 7"#),
        (#"["a","b"]"#, #"labels: expected an object, found ["a","b"]"#),
    ])
    func damagedLabels(_ labels: String, _ message: String) throws {
        let config = try Config(file: "c.json", bytes: Array(#"{"labels":\#(labels)}"#.utf8))
        expect("c.json: \(message)") { try config.labels("labels", count: 2) }
    }

    /// CF03
    @Test func damagedFiles() {
        expect("c.json: line 2, byte 8: expected a value, found 'N'") {
            try Config(file: "c.json", bytes: Array("{\n\"eps\":NaN}".utf8))
        }
        expect("c.json: line 1, byte 20: the key \"model_type\" occurs twice in one object") {
            try Config(file: "c.json", bytes: Array(#"{"model_type":"vit","model_type":"vit"}"#.utf8))
        }
        expect("c.json: expected an object, found a list of 20") {
            try Config(
                file: "c.json", bytes: Array("[\(Array(repeating: "1", count: 20).joined(separator: ","))]".utf8))
        }
        expect("c.json: line 1, byte 5: a number beyond the range of a 64-bit float") {
            try Config(file: "c.json", bytes: Array(#"{"a":1e400}"#.utf8))
        }
        let bytes = [UInt8](repeating: 0x20, count: Config.byteLimit + 1)
        expect("c.json: line 1, byte 0: 1048577 bytes of JSON, the limit is 1048576") {
            try Config(file: "c.json", bytes: bytes)
        }
        expect("c.json: line 1, byte 768: nested deeper than 128 levels") {
            try Config(file: "c.json", bytes: Array(String(repeating: #"{"a": "#, count: 100_000).utf8))
        }
    }

    @Test func ownFailures() throws {
        let heads = config.failure("size", expected: "a multiple of num_attention_heads (7)")
        #expect(heads.description == "config.json: size: expected a multiple of num_attention_heads (7), found 768")
    }
}
