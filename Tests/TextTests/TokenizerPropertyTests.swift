import TestSupport
import Testing
import Text

/// What holds for any text.
@Suite struct TokenizerPropertyTests {
    /// Texts of characters that tokenizers stumble over, from a seed.
    static let texts: [String] = {
        var generator = SeededGenerator(seed: 7)
        let letters = "aZ é\u{301}ß1½日한👍🏽ſÂâ€™\u{345}&;#x<|>'[m"
        let others = "\u{200D}\u{0}\u{FEFF}\u{FFFD}\u{E000}\u{10FFFF}\u{1B}\n\r\t\u{85}"
        let pool = Array((letters + others).unicodeScalars)
        return (0..<300).map { _ in
            var view = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 0...40, using: &generator) {
                view.append(pool[Int.random(in: 0..<pool.count, using: &generator)])
            }
            return String(view)
        }
    }()

    /// TK05
    @Test(arguments: TokenizerFixtures.names)
    func offsetsLieInTheText(_ name: String) throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path(name))
        for text in Self.texts {
            let count = text.unicodeScalars.count
            let encoding = tokenizer.encode(text, addsSpecials: false)
            var start = 0
            for (id, offsets) in zip(encoding.ids, encoding.offsets) {
                #expect((0..<tokenizer.vocabularyCount).contains(id))
                #expect(offsets.upperBound <= count, "\(text.debugDescription)")
                #expect(offsets.lowerBound >= start, "\(text.debugDescription)")
                start = offsets.lowerBound
            }
        }
    }

    /// Bytes go through a byte-level vocabulary unharmed.
    @Test func gpt2SpellsEveryText() throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path("gpt2-files"))
        var bytes: [Unicode.Scalar: UInt8] = [:]
        var next: UInt32 = 256
        for byte in UInt8.min...UInt8.max {
            if (0x21...0x7E).contains(byte) || (0xA1...0xAC).contains(byte) || byte >= 0xAE {
                bytes[Unicode.Scalar(byte)] = byte
            } else {
                bytes[try #require(Unicode.Scalar(next))] = byte
                next += 1
            }
        }
        for text in Self.texts {
            let tokens = tokenizer.encode(text).tokens
            let spelled = tokens.flatMap { token in token.unicodeScalars.compactMap { bytes[$0] } }
            #expect(spelled == Array(text.utf8), "\(text.debugDescription)")
        }
    }

    @Test func canonicallyEqualTextsAreDifferentTexts() throws {
        let gpt2 = try Tokenizer(folder: TokenizerFixtures.path("gpt2-files"))
        #expect(gpt2.encode("\u{E9}").ids != gpt2.encode("e\u{301}").ids)
        let clip = try Tokenizer(folder: TokenizerFixtures.path("clip-files"))
        #expect(clip.encode("\u{E9}").ids == clip.encode("e\u{301}").ids)
    }

    @Test func oneTokenizerServesManyTasks() async throws {
        let tokenizer = try Tokenizer(folder: TokenizerFixtures.path("clip-open-clip"))
        let lines = try TokenizerFixtures.lines()
        let expected = lines.map { tokenizer.encode($0).ids }
        try await withThrowingTaskGroup(of: Bool.self) { group in
            for _ in 0..<8 { group.addTask { lines.map { tokenizer.encode($0).ids } == expected } }
            for try await same in group { #expect(same) }
        }
    }
}
