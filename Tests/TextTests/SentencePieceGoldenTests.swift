import Testing
import Text

/// Ids and offsets against transformers, for every kind of folder that comes from SentencePiece.
@Suite struct SentencePieceGoldenTests {
    @Test(arguments: SentencePieceFixtures.folders)
    func equalsTheReference(_ folder: String) throws {
        let fixtures = try SentencePieceFixtures()
        let expected = try #require(fixtures.expected(folder))
        let tokenizer = try Tokenizer(folder: SentencePieceFixtures.path(folder))
        #expect(tokenizer.vocabularyCount == expected.count)
        #expect(tokenizer.paddingID == expected.padding)
        #expect(tokenizer.endID == expected.end)
        #expect(fixtures.lines.count > 30 && expected.ids.count == fixtures.lines.count)
        for (position, line) in fixtures.lines.enumerated() {
            let encoding = tokenizer.encode(line)
            #expect(encoding.ids == expected.ids[position], "\(line.unicodeScalars.map(\.value))")
            let cut = try tokenizer.encode(line, limit: fixtures.cut, truncates: true)
            #expect(cut.ids == expected.cut[position], "\(line.unicodeScalars.map(\.value)) cut")
            if let offsets = expected.offsets {
                #expect(
                    encoding.offsets.flatMap { [$0.lowerBound, $0.upperBound] } == offsets[position],
                    "\(line.unicodeScalars.map(\.value))")
            }
        }
    }

    @Test(arguments: SentencePieceFixtures.folders)
    func tokensAndOffsetsGoWithTheIDs(_ folder: String) throws {
        let tokenizer = try Tokenizer(folder: SentencePieceFixtures.path(folder))
        for line in try SentencePieceFixtures().lines {
            let encoding = tokenizer.encode(line)
            let count = line.unicodeScalars.count
            #expect(encoding.tokens == encoding.ids.map { tokenizer.token($0) ?? "none" })
            #expect(encoding.offsets.count == encoding.ids.count)
            #expect(encoding.offsets.allSatisfy { 0 <= $0.lowerBound && $0.upperBound <= count })
            let bare = tokenizer.encode(line, addsSpecials: false)
            #expect(bare.ids.count <= encoding.ids.count)
        }
    }

    /// SigLIP's tokenizer gives no offsets; what ours stand for can be seen.
    @Test func offsetsOfSiglipAreTheTextsOwn() throws {
        let tokenizer = try Tokenizer(folder: SentencePieceFixtures.path("siglip"))
        let text = "  A, photo…  ﬁ!"
        let scalars = Array(text.unicodeScalars)
        let encoding = tokenizer.encode(text, addsSpecials: false)
        let parts = encoding.offsets.map { String(String.UnicodeScalarView(scalars[$0])) }
        #expect(parts.joined().filter { $0.isLetter || $0 == "…" }.count >= 7)
        // White space belongs to the token after it.
        #expect(encoding.offsets.first?.lowerBound == 0)
        #expect(zip(encoding.offsets, encoding.offsets.dropFirst()).allSatisfy { $0.lowerBound <= $1.lowerBound })
    }

    @Test func paddingAndEndOfSiglipAreOne() throws {
        let tokenizer = try Tokenizer(folder: SentencePieceFixtures.path("siglip"))
        #expect(tokenizer.paddingID == tokenizer.id(of: "</s>"))
        #expect(tokenizer.lengthLimit == 64)
        #expect(tokenizer.startID == nil)
        #expect(throws: TokenizerError.self) {
            try tokenizer.encode("a photo of a cat", limit: 4, truncates: false)
        }
    }

    /// One word of 100,000 letters, all known, all unknown, or a mixture: each is a pass over the text.
    @Test(arguments: ["siglip", "siglip2", "xlm-roberta"])
    func longWordsTakeLinearTime(_ folder: String) throws {
        let tokenizer = try Tokenizer(folder: SentencePieceFixtures.path(folder))
        for letter in ["a", "字", "ﬁ"] {
            let encoding = tokenizer.encode(String(repeating: letter, count: 100_000))
            #expect(encoding.ids.count <= 400_002)
        }
    }
}
