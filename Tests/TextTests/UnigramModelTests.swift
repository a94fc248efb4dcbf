import Testing

@testable import Text

/// The best way to cut a text, unknown text, and the two references' ways to count.
@Suite struct UnigramModelTests {
    private func cut(_ model: UnigramModel, _ text: String) -> [(Int, Range<Int>)] {
        let text = NormalizedText(text)
        var tokens: [ModelToken] = []
        model.tokenize(0..<text.count, of: text, into: &tokens)
        return tokens.map { ($0.id, $0.range) }
    }

    private func ids(_ model: UnigramModel, _ text: String) -> [Int] { cut(model, text).map(\.0) }

    private func model(_ pieces: [(String, Double)], bytes: Bool = false) throws -> UnigramModel {
        try UnigramModel(pieces: pieces.map { (piece: $0.0, score: $0.1) }, unknownID: 0, hasByteFallback: bytes)
    }

    @Test func theGreatestSumWins() throws {
        let model = try model([
            ("<unk>", 0), ("a", 0), ("b", 0), ("c", 0), ("d", 0), ("cd", 1), ("ab", 2), ("abc", 5), ("abcd", 10),
        ])
        #expect(ids(model, "abcdacd") == [8, 1, 5])
        #expect(ids(model, "abab") == [6, 6])
        #expect(ids(model, "") == [])
    }

    /// Of "a|bc" and "ab|c" at the same score the one whose last piece starts first stays.
    @Test func tiesGoToTheEarlierStart() throws {
        let model = try model([("<unk>", 0), ("a", -1), ("b", -9), ("c", -1), ("ab", -1), ("bc", -1)])
        #expect(ids(model, "abc") == [1, 5])
    }

    @Test func unknownNeighboursAreOneToken() throws {
        let model = try model([("<unk>", 0), ("a", -1)])
        let tokens = cut(model, "xya字é")
        #expect(tokens.map(\.0) == [0, 1, 0])
        #expect(tokens.map(\.1) == [0..<2, 2..<3, 3..<5])
    }

    @Test func unknownTextIsSpelledInBytes() throws {
        var pieces: [(String, Double)] = [("<unk>", 0), ("a", -1)]
        for byte in UInt8.min...UInt8.max { pieces.append((SentencePieceModel.spelling(byte), -20)) }
        let tokens = cut(try model(pieces, bytes: true), "aé")
        #expect(tokens.map(\.0) == [1, 2 + 0xC3, 2 + 0xA9])
        #expect(tokens.map(\.1) == [0..<1, 1..<2, 1..<2])
    }

    /// Canonically equal spellings are two pieces.
    @Test func spellingsAreBytes() throws {
        let model = try model([("<unk>", 0), ("e\u{301}", -1), ("\u{E9}", -1)])
        #expect(ids(model, "\u{E9}e\u{301}") == [2, 1])
    }

    @Test func refusesWhatCannotBe() throws {
        #expect(throws: SentencePieceWire.Failure.self) { try model([]) }
        #expect(throws: SentencePieceWire.Failure.self) { try model([("a", 0), ("a", 0)]) }
        #expect(throws: SentencePieceWire.Failure.self) { try model([("a", .nan)]) }
        #expect(throws: SentencePieceWire.Failure.self) { try model([("a", -.infinity)]) }
    }

    /// Scores may be of any size: sums that overflow still give a way through the text.
    @Test func hugeScoresGiveSomeWay() throws {
        let model = try model([("<unk>", 0), ("a", -1e308), ("b", 1e308), ("ab", -1e308)])
        #expect(cut(model, "abxabab").last?.1.upperBound == 7)
    }

    /// Pairs of what a file has and what tokenizers 0.23.3 writes after reading it.
    @Test(arguments: [
        (-7.3150177001953125, -7.315017700195312), (-7.3708367347717285, -7.370836734771728),
        (-7.6823015213012695, -7.682301521301269), (-7.794380187988281, -7.794380187988281), (0, 0), (-20, -20),
        (-1.5, -1.5), (1e-5, 1e-5), (2.5e300, 2.5e300), (-1e-300, -1e-300),
    ])
    func scoresAreReadAsTheReferenceReadsThem(_ written: Double, _ read: Double) {
        #expect(UnigramScores.asTokenizersRead(written) == read)
    }

    @Test func theTrieFindsWhatIsInIt() {
        let words = ["a", "ab", "abc", "b", "é", "éa", "字"]
        let trie = UnigramTrie(words.enumerated().map { (Array($1.utf8)[...], $0) })
        for (id, word) in words.enumerated() {
            var node: Int? = UnigramTrie.root
            for byte in word.utf8 { node = node.flatMap { trie.child(of: $0, byte) } }
            #expect(node.flatMap { trie.id(at: $0) } == id)
        }
        #expect(trie.child(of: UnigramTrie.root, UInt8(ascii: "c")) == nil)
        #expect(UnigramTrie([]).child(of: UnigramTrie.root, 97) == nil)
    }
}
