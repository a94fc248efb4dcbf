import Foundation
import TestSupport
import Testing
import Text

/// Tokenizer files and texts that have broken other readers, by the catalogue's names (see `Tests/README.md`).
@Suite struct CatalogueTests {
    /// A file that is refused, and words of the error.
    struct Case: Sendable, CustomTestStringConvertible {
        let id: String
        let vocabulary: String
        let merges: String
        let words: String
        var testDescription: String { id }

        init(_ id: String, vocabulary: String = #"{"a": 0, "b": 1, "ab": 2}"#, merges: String = "[]", _ words: String) {
            (self.id, self.vocabulary, self.merges, self.words) = (id, vocabulary, merges, words)
        }
    }

    private static func load(vocabulary: String, merges: String) throws -> Tokenizer {
        let folder = try TemporaryFolder()
        try folder.write(
            #"{"model": {"type": "BPE", "vocab": \#(vocabulary), "merges": \#(merges)}}"#, as: "tokenizer.json")
        return try Tokenizer(folder: folder.path)
    }

    static let cases: [Case] = [
        Case("TK01 empty vocabulary", vocabulary: "{}", "no token"),
        Case("TK01 id below 0", vocabulary: #"{"a": 0, "b": -1}"#, "-1"),
        Case("TK01 id beyond the count", vocabulary: #"{"a": 0, "b": 7}"#, "7 for"),
        Case("TK01 id of 2^63", vocabulary: #"{"a": 9223372036854775808}"#, "integer"),
        Case("TK01 id of 2^31", vocabulary: #"{"a": 2147483648}"#, "2147483648"),
        Case("TK01 id twice", vocabulary: #"{"a": 0, "b": 0}"#, "which is"),
        Case("TK01 gap", vocabulary: #"{"a": 0, "b": 2, "c": 3}"#, "at most 2"),
        Case("TK01 fraction", vocabulary: #"{"a": 0.5}"#, "integer"),
        Case("TK01 token twice", vocabulary: #"{"a": 0, "\u0061": 1}"#, "each token once"),
        Case("TK01 id as text", vocabulary: #"{"a": "0"}"#, "number"),
        Case(
            "TK01 token of 10 MB", vocabulary: #"{"a": 0, "\#(String(repeating: "x", count: 10_000_000))": 1}"#,
            "at most 65536 bytes"),
        Case("TK02 no part", merges: #"[""]"#, "a merge of two tokens"),
        Case("TK02 one part", merges: #"["a"]"#, "a merge of two tokens"),
        Case("TK02 three parts", merges: #"["a b ab"]"#, "a merge of two tokens"),
        Case("TK02 an empty list", merges: "[[]]", "a merge of two tokens"),
        Case("TK02 a list of three", merges: #"[["a", "b", "ab"]]"#, "a merge of two tokens"),
        Case("TK02 a list of numbers", merges: "[[0, 1]]", "string"),
        Case("TK02 an unknown token", merges: #"["a c"]"#, "\"c\""),
        Case("TK02 into an unknown token", merges: #"["b a"]"#, "\"ba\""),
    ]

    @Test(arguments: cases)
    func refused(hostile: Case) throws {
        let error = #expect(throws: TokenizerError.self) {
            try Self.load(vocabulary: hostile.vocabulary, merges: hostile.merges)
        }
        let words = error?.description ?? ""
        #expect(words.contains("tokenizer.json") && words.contains(hostile.words), "\(words.prefix(200))")
        #expect(words.utf8.count < 1000)
    }

    /// TK02: a million merges of a thousand letters.
    @Test(.timeLimit(.minutes(2))) func aMillionMerges() throws {
        let letters = (0..<1000).compactMap { Unicode.Scalar(0x4E00 + $0).map { String($0) } }
        var tokens: [String] = []
        var merges: [String] = []
        for (id, letter) in letters.enumerated() { tokens.append("\"\(letter)\":\(id)") }
        for left in letters {
            for right in letters {
                tokens.append("\"\(left)\(right)\":\(tokens.count)")
                merges.append("\"\(left) \(right)\"")
            }
        }
        let tokenizer = try Self.load(
            vocabulary: "{\(tokens.joined(separator: ","))}", merges: "[\(merges.joined(separator: ","))]")
        #expect(tokenizer.vocabularyCount == 1_001_000)
        // The first pair of the list goes first; what is left has no partner.
        let encoding = tokenizer.encode(letters[1] + letters[0] + letters[0])
        #expect(encoding.tokens == [letters[1], letters[0] + letters[0]])
    }

    /// TK03: twice the prose takes less than three times the processor's time.
    @Test(arguments: ["clip-open-clip", "gpt2-files", "bert-files", "clip-json-old"])
    func proseTakesLinearTime(_ name: String) throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path(name))
        let sentence =
            "It was the best of times, it was the worst of times; the age of wisdom &amp; foolishness (1859). "
        let prose = String(repeating: sentence, count: 480_000 / sentence.utf8.count)
        func seconds(_ text: String) -> Double {
            (0..<2).map { _ in
                var start = timespec()
                var end = timespec()
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
                _ = tokenizer.encode(text)
                clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
                return Double(end.tv_sec - start.tv_sec) + Double(end.tv_nsec - start.tv_nsec) / 1e9
            }.min() ?? 0
        }
        let (half, whole) = (seconds(String(prose.prefix(240_000))), seconds(prose))
        #expect(whole < 3 * half + 0.02, "\(half) s, \(whole) s")
    }

    /// TK05: texts that are nothing, nothing but spaces, or hold what is no letter, for every tokenizer.
    @Test(arguments: TokenizerFixtures.names)
    func oddTexts(_ name: String) throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path(name))
        let texts = [
            "", " ", "\n\t  \u{3000}", "\u{0}", "a\u{0}b", "\u{200D}", "\u{FEFF}", "\u{FFFD}", "\u{202E}abc",
            "\u{5E9}\u{5DC}\u{5D5}\u{5DD}", "e\u{301}\u{301}\u{301}", "\u{1F468}\u{200D}\u{1F469}\u{200D}\u{1F467}",
            "\u{1F1E9}\u{1F1EA}", "\u{10FFFF}", "\u{1}\u{7F}\u{9F}", String(repeating: "\u{301}", count: 500),
        ]
        for text in texts {
            let encoding = tokenizer.encode(text)
            let count = text.unicodeScalars.count
            #expect(encoding.ids.allSatisfy { (0..<tokenizer.vocabularyCount).contains($0) })
            #expect(encoding.offsets.allSatisfy { $0.upperBound <= count }, "\(text.debugDescription)")
            #expect(encoding.tokens.count == encoding.ids.count)
        }
    }

    /// TK05: bytes that are no UTF-8 are taken as a text with U+FFFD in their place, as any Swift string is.
    @Test func bytesThatAreNoText() throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path("gpt2-files"))
        let bytes: [UInt8] = [0x61, 0xFF, 0xED, 0xA0, 0x80, 0xC0, 0xAF, 0x62]
        #expect(tokenizer.encode(String(decoding: bytes, as: UTF8.self)).ids.count > 2)
    }

    private static func load(steps: String) throws -> Tokenizer {
        let folder = try TemporaryFolder()
        try folder.write(
            #"{\#(steps), "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#, as: "tokenizer.json")
        return try Tokenizer(folder: folder.path)
    }

    private static func sequence(_ key: String, _ step: String, _ count: Int) -> String {
        let list = Array(repeating: step, count: count).joined(separator: ", ")
        return #"{"type": "Sequence", "\#(key)": [\#(list)]}"#
    }

    /// TK06: steps that each make a text longer, one behind the other and inside of each other.
    @Test func stepsThatGrow() throws {
        // A trie of zeros, which has no rule, and a replacement of 33 characters, as many as the longest of NFKC has.
        let map = [0, 4, 0, 0] + [UInt8](repeating: 0, count: 1024) + [UInt8](repeating: 0x61, count: 33) + [0]
        let precompiled = #"{"type": "Precompiled", "precompiled_charsmap": "\#(Data(map).base64EncodedString())"}"#
        let bytes = #"{"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}"#
        let nested = Self.sequence("normalizers", Self.sequence("normalizers", #"{"type": "NFC"}"#, 40), 2)
        let nestedWords = Self.sequence(
            "pretokenizers", Self.sequence("pretokenizers", #"{"type": "WhitespaceSplit"}"#, 40), 2)
        let refused = [
            (#""normalizer": \#(Self.sequence("normalizers", precompiled, 2))"#, "64 times longer"),
            (#""normalizer": \#(nested)"#, "64 steps"),
            (#""pre_tokenizer": \#(Self.sequence("pretokenizers", bytes, 4))"#, "64 times longer"),
            (#""pre_tokenizer": \#(nestedWords)"#, "64 steps"),
        ]
        for (steps, words) in refused {
            let error = #expect(throws: TokenizerError.self) { try Self.load(steps: steps) }
            #expect(error?.description.contains(words) == true, "\(error?.description ?? "nothing")")
        }
        #expect(try Self.load(steps: #""normalizer": \#(precompiled)"#).encode("a").ids == [0])
        #expect(try Self.load(steps: #""pre_tokenizer": \#(bytes)"#).encode("a").ids == [0])
    }

    /// TK07: added tokens that are found in the normalised text, of any length and with the spaces before them.
    @Test(arguments: [1, 2, 3, 5, 8, 64, 1000])
    func addedTokensOfNormalizedTexts(length: Int) throws {
        let content = "<" + String(repeating: "x", count: length) + ">"
        let steps = #"""
            "normalizer": {"type": "Lowercase"},
            "added_tokens": [{"id": 1, "content": "\#(content)", "normalized": true, "lstrip": true}]
            """#
        let tokenizer = try Self.load(steps: steps)
        let text = String(repeating: "a  \(content.uppercased())", count: 20)
        let encoding = tokenizer.encode(text)
        #expect(encoding.ids == (0..<20).flatMap { _ in [0, 1] })
        #expect(encoding.tokens == (0..<20).flatMap { _ in ["a", content] })
        #expect(encoding.offsets.last?.upperBound == text.unicodeScalars.count)
    }
}
