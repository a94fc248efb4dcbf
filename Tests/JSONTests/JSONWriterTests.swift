import JSON
import Testing

@Suite struct JSONWriterTests {
    /// Expected texts are those of Python's `json.dumps(value, ensure_ascii=False, separators=(",", ":"))`.
    @Test(
        arguments: [
            (nil, "null"), (true, "true"), (0, "0"), (-17, "-17"), (1.0, "1.0"), (0.1, "0.1"), (1e30, "1e+30"),
            (1e-5, "1e-05"),
            (123456.789, "123456.789"), (.number(.unsigned(.max)), "18446744073709551615"),
            (JSONValue(Double.leastNonzeroMagnitude), "5e-324"), (.number(.int(.min)), "-9223372036854775808"),
            (.number(.double(.nan)), "null"), (.number(.double(-.infinity)), "null"), (JSONValue(Float.nan), "null"),
            (JSONValue(Float(0.1)), "0.1"), (JSONValue(Float(1) / 3), "0.33333334"), (JSONValue(-0.0), "-0.0"),
            ([], "[]"), ([:], "{}"), ([1, [2, []], [:]], "[1,[2,[]],{}]"),
            (["b": 1, "a": [true, nil]], #"{"b":1,"a":[true,null]}"#),
            ("\"\\/\u{8}\u{C}\n\r\t", #""\"\\/\b\f\n\r\t""#),
            ("\0\u{1}\u{F}\u{10}\u{1F}\u{7F}", "\"\\u0000\\u0001\\u000f\\u0010\\u001f\u{7F}\""),
            ("é€😀\u{2028}", "\"é€😀\u{2028}\""),
        ] as [(JSONValue, String)])
    func writes(_ value: JSONValue, _ text: String) {
        #expect(value.serialized() == text)
        #expect(value.serializedBytes() == Array(text.utf8))
    }

    /// As `json.dumps(value, indent=2)`.
    @Test func writesPretty() {
        let value: JSONValue = ["a": [1, 2.5, []], "b": [:], "c": ["d": nil]]
        #expect(
            value.serialized(pretty: true) == """
                {
                  "a": [
                    1,
                    2.5,
                    []
                  ],
                  "b": {},
                  "c": {
                    "d": null
                  }
                }
                """)
    }

    @Test func numbersReadBackTheSame() throws {
        var state: UInt64 = 42
        for _ in 0..<10_000 {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            let number = Double(bitPattern: state)
            guard number.isFinite else { continue }
            let value = JSONValue(number)
            #expect(try JSONValue.parse(value.serialized()) == value)
            let single = Float(bitPattern: UInt32(truncatingIfNeeded: state >> 32))
            guard single.isFinite else { continue }
            #expect(try JSONValue.parse(JSONValue(single).serialized()).doubleValue.map { Float($0) } == single)
        }
    }
}
