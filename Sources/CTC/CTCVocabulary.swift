/// The tokens of a network's outputs, and how they become text: what `Wav2Vec2CTCTokenizer` of transformers knows.
public struct CTCVocabulary: Sendable {
    /// The tokens by their numbers. Numbers that no file gives a token show the unknown token, as in transformers.
    public let tokens: [String]
    /// The number of the token that stands for "nothing new": CTC's blank, which is the padding token.
    public let blank: Int
    /// The number of the token between words.
    public let delimiter: Int?
    /// The number of the token for what the vocabulary lacks.
    public let unknown: Int?
    /// The languages of a nested vocabulary, sorted; empty where there is but one vocabulary.
    public let languages: [String]
    /// The language in use, of a nested vocabulary.
    public let language: String?
    /// What the delimiter becomes in a text, `replace_word_delimiter_char`.
    public let delimiterText: String
    /// Whether texts are written in small letters, `do_lower_case`.
    public let lowercases: Bool
    /// Whether spaces before marks are taken out of texts, `clean_up_tokenization_spaces`.
    public let cleansUp: Bool
    /// The numbers of the tokens that are no text: padding, start, end, unknown and the like, without the delimiter.
    public let specials: Set<Int>

    /// What a token shows in a text, and how it counts.
    struct Display: Sendable {
        var text: String
        /// Tokens of the same spelling have the same class, and neighbours of one class are one character.
        var spelling: Int
        var isBlank: Bool
        var isSpace: Bool
    }
    let displays: [Display]
    private let beyond: Display

    /// A vocabulary of given tokens.
    ///
    /// - Parameters:
    ///   - tokens: the tokens by their numbers.
    ///   - blank: the number of CTC's blank.
    ///   - delimiter: the number of the token between words.
    ///   - unknown: the number of the unknown token.
    ///   - specials: further tokens that are no text.
    ///   - lowercases: whether texts are given in lower case.
    ///   - cleansUp: whether spaces before punctuation and contractions are taken out of texts.
    ///   - delimiterText: what stands for the delimiter in a text.
    /// - Throws: ``CTCError/option(name:expected:found:)`` where a number is none of a token, there are more than 2^20
    ///   tokens, or one is longer than 1024 bytes.
    public init(
        tokens: [String], blank: Int, delimiter: Int? = nil, unknown: Int? = nil, specials: Set<Int> = [],
        delimiterText: String = " ", lowercases: Bool = false, cleansUp: Bool = false
    ) throws(CTCError) {
        try self.init(
            tokens: tokens, blank: blank, delimiter: delimiter, unknown: unknown, specials: specials,
            delimiterText: delimiterText, lowercases: lowercases, cleansUp: cleansUp, languages: [], language: nil)
    }

    init(
        tokens: [String], blank: Int, delimiter: Int?, unknown: Int?, specials: Set<Int>, delimiterText: String,
        lowercases: Bool, cleansUp: Bool, languages: [String], language: String?
    ) throws(CTCError) {
        guard tokens.count <= Self.countLimit, !tokens.contains(where: { $0.utf8.count > Self.tokenLimit }) else {
            throw .option(
                name: "tokens", expected: "at most \(Self.countLimit) of at most \(Self.tokenLimit) bytes",
                found: "\(tokens.count)")
        }
        let named = [("blank", blank), ("delimiter", delimiter), ("unknown", unknown)]
        for (name, id) in named {
            if let id, !tokens.indices.contains(id) {
                throw .option(name: name, expected: "the number of one of \(tokens.count) tokens", found: "\(id)")
            }
        }
        self.tokens = tokens
        self.blank = blank
        self.delimiter = delimiter
        self.unknown = unknown
        self.languages = languages
        self.language = language
        self.delimiterText = delimiterText
        self.lowercases = lowercases
        self.cleansUp = cleansUp
        self.specials = specials.union([blank]).union(unknown.map { [$0] } ?? []).subtracting(
            delimiter.map { [$0] } ?? [])
        var classes: [[UInt8]: Int] = [:]
        func display(_ token: String) -> Display {
            let spelling = classes[Array(token.utf8), default: classes.count]
            classes[Array(token.utf8)] = spelling
            let isDelimiter = delimiter.map { tokens[$0].utf8.elementsEqual(token.utf8) } ?? false
            let text = isDelimiter ? delimiterText : token
            return Display(
                text: text, spelling: spelling, isBlank: tokens[blank].utf8.elementsEqual(token.utf8),
                isSpace: text.utf8.elementsEqual(delimiterText.utf8))
        }
        displays = tokens.map(display)
        beyond = display(unknown.map { tokens[$0] } ?? "")
    }

    /// The most tokens.
    public static let countLimit = 1 << 20
    /// The longest token, in bytes.
    public static let tokenLimit = 1024

    /// What a number shows; numbers beyond the tokens show the unknown token, or nothing where there is none.
    func display(_ id: Int) -> Display { displays.indices.contains(id) ? displays[id] : beyond }

    /// The text of characters in a row: white space at both ends taken off, then small letters and clean-up where the
    /// folder asks for them.
    func finished(_ characters: String) -> String {
        written(characters.strippedLikePython)
    }

    /// Small letters and clean-up where the folder asks for them.
    func written(_ characters: String) -> String {
        let text = lowercases ? characters.lowercasedLikePython : characters
        return cleansUp ? text.cleanedUp : text
    }
}
