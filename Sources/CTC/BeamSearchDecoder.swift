/// The most likely text over all ways to say it: a prefix beam search with, if wanted, a language model and words that
/// are preferred.
///
/// Which hypotheses are joined, scored and dropped is what pyctcdecode 0.5.0 does: texts are joined that have the same
/// words, the same beginning of a word and the same last token; a language model scores a word when it ends, and an
/// unknown beginning is marked down before. The result does not depend on anything but the input. As there, the
/// vocabulary's unknown token is written as U+2047.
///
/// Differences: every 1-gram but `<s>`, `</s>` and `<unk>` is a known word, with a back-off weight or without; where
/// the language model's words are written in the other case than the vocabulary's letters, they are looked up in it.
public struct BeamSearchDecoder: Sendable {
    /// How many hypotheses are kept, and which.
    public struct Options: Sendable, Equatable {
        /// The most hypotheses kept after a frame, at least 1.
        public var width = 100
        /// Hypotheses this much below the best are dropped; a natural logarithm, at most 0.
        public var beamMargin = -10.0
        /// Tokens of a frame below this log-probability are not followed, but for the best one.
        public var tokenMargin = -5.0
        /// Whether hypotheses that no longer differ in what a language model sees are one: faster, but alternatives get
        /// lost.
        public var prunesHistory = false
        /// The language model's weight beside the network's, 0...100.
        public var weight = 0.5
        /// What every word adds, as a natural logarithm; only with a language model.
        public var wordBonus = 1.5
        /// What a word that the language model lacks adds to its logarithm to base 10.
        public var unknownOffset = -10.0
        /// Whether a text starts and ends a sentence for the language model.
        public var scoresBoundaries = true
        /// What a preferred word adds, as a natural logarithm.
        public var hotwordWeight = 10.0

        /// The defaults of pyctcdecode.
        public init() {}
    }

    /// The vocabulary.
    public let vocabulary: CTCVocabulary
    /// How many hypotheses are kept, and which.
    public let options: Options
    let scorer: WordScorer?
    let hotwords: Hotwords
    let speller: Speller
    /// What each token appends to a word, in scalars.
    let pieces: [[Unicode.Scalar]]

    /// The most hypotheses that may be kept.
    public static let widthLimit = 10_000

    /// A decoder.
    ///
    /// - Parameters:
    ///   - vocabulary: the tokens; pieces of several letters are taken, word pieces marked `##` or U+2581 are not.
    ///   - options: the numbers of the search.
    ///   - languageModel: an n-gram model over words.
    ///   - hotwords: words that are preferred; a phrase's words count each for itself.
    /// - Throws: ``CTCError/option(name:expected:found:)`` where a number is out of range, the vocabulary has word
    ///   pieces, or the language model is of another alphabet;
    ///   ``CTCError/unspellable(text:missing:)`` where a preferred word cannot be written.
    public init(
        _ vocabulary: CTCVocabulary, options: Options = Options(), languageModel: NGramModel? = nil,
        hotwords: [String] = []
    ) throws(CTCError) {
        try Self.check(options)
        self.vocabulary = vocabulary
        self.options = options
        speller = Speller(vocabulary)
        if let piece = vocabulary.tokens.first(where: { $0.hasPrefix("##") || $0.hasPrefix("\u{2581}") }) {
            throw .option(
                name: "beam search", expected: "a vocabulary of letters",
                found: "the word piece \(CTCError.excerpt(piece))")
        }
        pieces = vocabulary.displays.enumerated().map { id, display in
            id == vocabulary.unknown ? ["\u{2047}"] : Array(display.text.unicodeScalars)
        }
        for (display, piece) in zip(vocabulary.displays, pieces) where !display.isSpace && !display.isBlank {
            guard !piece.contains(where: \.isPythonSpace) else {
                throw .option(
                    name: "beam search", expected: "no white space in a token but the delimiter",
                    found: CTCError.excerpt(display.text))
            }
        }
        if let languageModel {
            let letters = vocabulary.displays.indices.filter {
                !vocabulary.specials.contains($0) && !vocabulary.displays[$0].isSpace
            }
            scorer = try WordScorer(
                languageModel, weight: options.weight, bonus: options.wordBonus, unknownOffset: options.unknownOffset,
                letters: letters.map { vocabulary.displays[$0].text })
        } else {
            scorer = nil
        }
        var spelled: [String] = []
        for word in hotwords.flatMap(\.wordsLikePython) {
            let (tokens, missing) = speller.spell(word)
            guard missing.isEmpty else { throw .unspellable(text: word, missing: Array(missing.prefix(12))) }
            spelled.append(tokens.map { vocabulary.displays[$0].text }.joined())
        }
        self.hotwords = Hotwords(spelled, weight: options.hotwordWeight)
    }

    /// What was said in these frames.
    ///
    /// Words have the frames that the search saw them in; their score is the mean probability of their characters on
    /// the best path within these frames. The log-probability is the score by which the search chose: the network's,
    /// and the weighted language model's and preferred words' where there are some.
    public func decode(_ emissions: Emissions) -> Transcript {
        var search = StreamingBeamSearchDecoder(self, isLive: false)
        _ = search.add(emissions)
        _ = search.finish()
        return search.transcript
    }

    /// What a token appends to a word.
    func piece(_ token: Int) -> [Unicode.Scalar] {
        pieces.indices.contains(token) ? pieces[token] : Array(vocabulary.display(token).text.unicodeScalars)
    }

    private static func check(_ options: Options) throws(CTCError) {
        guard (1...widthLimit).contains(options.width) else {
            throw .option(name: "beam", expected: "1...\(widthLimit)", found: "\(options.width)")
        }
        let numbers = [
            ("beam margin", options.beamMargin, -1e6...0), ("token margin", options.tokenMargin, -1e6...0),
            ("language model weight", options.weight, 0...100), ("word bonus", options.wordBonus, -1000...1000),
            ("unknown offset", options.unknownOffset, -1000...0),
            ("hotword weight", options.hotwordWeight, -1000...1000),
        ]
        for (name, value, range) in numbers where !range.contains(value) {
            throw .option(name: name, expected: "\(range.lowerBound)...\(range.upperBound)", found: "\(value)")
        }
    }
}
