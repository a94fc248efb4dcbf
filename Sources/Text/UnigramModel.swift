/// A unigram language model (Kudo, 2018, "Subword Regularization"): of all ways to cut a text into pieces of the
/// vocabulary it takes the one whose probabilities have the greatest product.
///
/// What no piece spells is unknown, scalar by scalar, at a score of ten below the lowest; neighbours that are unknown
/// become one token, or bytes where the vocabulary has byte fallback.
struct UnigramModel: TokenModel {
    /// Whose arithmetic and rules to follow where the two references differ.
    enum Style: Sendable, Equatable {
        /// Hugging Face's tokenizers: sums in double precision; any piece can be found in a text.
        case tokenizers
        /// SentencePiece: sums in single precision, taken back to 0 when they leave ±100,000; control, unknown, byte
        /// and unused pieces are not found in a text, user-defined ones always win.
        case sentencePiece
    }

    let vocabulary: Vocabulary
    let style: Style
    /// The id of what is unknown.
    let unknownID: Int
    /// Each piece's score; sums of those that are found in texts.
    private let scores: [Double]
    private let unknownScore: Double
    private let trie: UnigramTrie
    /// The ids of the 256 bytes, where unknown text is spelled in them.
    private let byteIDs: [Int]?

    /// What the references subtract from the lowest score.
    private static let unknownPenalty = 10.0

    /// The model of `tokenizer.json`: pieces with their scores in the order of their ids.
    ///
    /// - Throws: ``SentencePieceWire/Failure`` where two pieces are spelled alike, a spelling is too long, a score is
    ///   not finite, or `unknownID` is no id.
    init(pieces: [(piece: String, score: Double)], unknownID: Int, hasByteFallback: Bool)
        throws(SentencePieceWire.Failure)
    {
        vocabulary = try Self.vocabulary(pieces.lazy.map(\.piece))
        style = .tokenizers
        guard pieces.indices.contains(unknownID) else {
            throw .init(expected: "an unk_id below \(pieces.count)", found: "\(unknownID)")
        }
        if let bad = pieces.firstIndex(where: { !$0.score.isFinite }) {
            throw .init(expected: "a finite score of piece \(bad)", found: "\(pieces[bad].score)")
        }
        self.unknownID = unknownID
        scores = pieces.map(\.score)
        unknownScore = (scores.min() ?? 0) - Self.unknownPenalty
        let vocabulary = vocabulary
        trie = UnigramTrie((0..<vocabulary.count).map { (vocabulary.bytes(of: $0), $0) })
        let bytes = (0...255).compactMap { vocabulary.id(of: SentencePieceModel.spelling(UInt8($0))) }
        byteIDs = hasByteFallback && bytes.count == 256 ? bytes : nil
    }

    /// The model of a SentencePiece file.
    ///
    /// - Throws: ``SentencePieceWire/Failure`` where two pieces are spelled alike, or none can be found in a text.
    init(_ model: SentencePieceModel) throws(SentencePieceWire.Failure) {
        vocabulary = try Self.vocabulary(model.pieces.lazy.map(\.text))
        style = .sentencePiece
        unknownID = model.unknownID
        let found = model.pieces.indices.filter { [.normal, .userDefined].contains(model.pieces[$0].kind) }
        guard !found.isEmpty else { throw .init(expected: "pieces of the normal type", found: "none") }
        scores = model.pieces.map {
            // 0.1 a byte more than a single byte, so that the longest wins; as in SentencePiece 0.2.3.
            $0.kind == .userDefined ? Double(Float(0.1 * Double($0.text.utf8.count - 1))) : Double($0.score)
        }
        let lowest = model.pieces.lazy.filter { $0.kind == .normal }.map(\.score).min() ?? .greatestFiniteMagnitude
        unknownScore = Double(lowest - Float(Self.unknownPenalty))
        let vocabulary = vocabulary
        trie = UnigramTrie(found.map { (vocabulary.bytes(of: $0), $0) })
        byteIDs =
            model.hasByteFallback
            ? (0...255).compactMap { vocabulary.id(of: SentencePieceModel.spelling(UInt8($0))) } : nil
    }

    private static func vocabulary(_ spellings: some Sequence<String>) throws(SentencePieceWire.Failure) -> Vocabulary {
        var vocabulary = Vocabulary()
        for spelling in spellings {
            guard vocabulary.count < Vocabulary.countLimit, spelling.utf8.count < SentencePieceModel.pieceLimit else {
                throw .init(
                    expected:
                        "at most \(Vocabulary.countLimit) pieces of less than \(SentencePieceModel.pieceLimit) bytes",
                    found: "\(spelling.utf8.count) bytes in piece \(vocabulary.count)")
            }
            guard vocabulary.append(spelling) else {
                throw .init(expected: "each piece once", found: "piece \(vocabulary.count) a second time")
            }
        }
        return vocabulary
    }

    func tokenize(_ word: Range<Int>, of text: NormalizedText, into tokens: inout [ModelToken]) {
        guard !word.isEmpty else { return }
        let scalars = Array(text.scalars[word])
        let path =
            switch style {
            case .tokenizers: bestPath(scalars, Double.self)
            case .sentencePiece: bestPath(scalars, Float.self)
            }
        var start = 0
        for (position, end) in path.ends.enumerated() {
            let isUnknown = path.ids[position] == unknownID
            let continues = isUnknown && position + 1 < path.ids.count && path.ids[position + 1] == unknownID
            // SentencePiece spells unknown scalars in bytes one by one, which gives the same bytes as a run of them.
            if continues && (style == .tokenizers || byteIDs == nil) { continue }
            let range = (word.lowerBound + start)..<(word.lowerBound + end)
            if isUnknown {
                appendUnknown(scalars[start..<end], range, &tokens)
            } else {
                tokens.append(ModelToken(id: path.ids[position], range: range))
            }
            start = end
        }
    }

    /// Text that no piece spells; yet joined it may be a piece that is not found in texts.
    private func appendUnknown(_ scalars: ArraySlice<Unicode.Scalar>, _ range: Range<Int>, _ tokens: inout [ModelToken])
    {
        let bytes = scalars.flatMap { Array(UTF8.encode($0) ?? .init()) }
        if style == .sentencePiece, byteIDs == nil, let id = vocabulary.id(of: bytes) {
            tokens.append(ModelToken(id: id, range: range))
        } else if let byteIDs, style == .sentencePiece || vocabulary.id(of: bytes) == nil {
            for byte in bytes { tokens.append(ModelToken(id: byteIDs[Int(byte)], range: range)) }
        } else {
            tokens.append(ModelToken(id: vocabulary.id(of: bytes) ?? unknownID, range: range))
        }
    }
}

extension UnigramModel {
    /// The end of the best way to reach a place in the text.
    private struct Step<Score: BinaryFloatingPoint> {
        var score: Score = 0
        /// Where its last piece starts; -1 where no piece ends.
        var start = -1
        var id = -1

        /// Takes a way to this place if it is better than the one so far.
        @inline(__always)
        mutating func offer(_ score: Score, _ start: Int, _ id: Int) {
            guard self.start < 0 || score > self.score else { return }
            (self.score, self.start, self.id) = (score, start, id)
        }
    }

    /// Where SentencePiece takes sums back to 0, so that they keep their precision in long texts.
    private static let resetThreshold = 100_000.0

    /// Viterbi's algorithm, from left to right, a piece from each place at a time: the pieces' ids and ends.
    ///
    /// It looks at no more than the longest piece's bytes from each place. Of equally good ways the one whose last
    /// piece starts first stays.
    private func bestPath<Score: BinaryFloatingPoint>(_ scalars: [Unicode.Scalar], _: Score.Type) -> (
        ids: [Int], ends: [Int]
    ) {
        let unknownScore = Score(unknownScore)
        let threshold = Score(Self.resetThreshold)
        var steps = [Step<Score>](repeating: Step(), count: scalars.count + 1)
        var frontier = 0
        for start in scalars.indices {
            if style == .sentencePiece, steps[start].score.magnitude > threshold {
                let offset = steps[start].score
                for place in start...max(start, frontier) where place == start || steps[place].start >= 0 {
                    steps[place].score -= offset
                }
            }
            let before = steps[start].score
            var isSpelled = false
            var node = UnigramTrie.root
            var end = start
            search: while end < scalars.count {
                for byte in UTF8.encode(scalars[end]) ?? .init() {
                    guard let child = trie.child(of: node, byte) else { break search }
                    node = child
                }
                end += 1
                guard let id = trie.id(at: node) else { continue }
                steps[end].offer(before + Score(scores[id]), start, id)
                frontier = max(frontier, end)
                if end == start + 1 { isSpelled = true }
            }
            if !isSpelled {
                steps[start + 1].offer(before + unknownScore, start, unknownID)
                frontier = max(frontier, start + 1)
            }
        }
        var ids: [Int] = []
        var ends: [Int] = []
        var end = scalars.count
        while end > 0 {
            ids.append(steps[end].id)
            ends.append(end)
            end = steps[end].start
        }
        ids.reverse()
        ends.reverse()
        return (ids, ends)
    }
}
