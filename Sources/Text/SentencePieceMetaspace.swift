/// The pre-tokenizer `Metaspace` of `tokenizer.json`: spaces become a visible character, one is put before the text,
/// and a word starts at each.
struct SentencePieceMetaspace: PreTokenizer, Equatable {
    /// Where a replacement is put before a text that does not start with one.
    enum Prefix: Sendable, Equatable {
        /// Before every piece of text.
        case always
        /// Before the piece at the start of the whole text only.
        case first
        /// Nowhere.
        case never
    }

    /// What spaces become, U+2581 in all published models.
    var replacement: Unicode.Scalar = "\u{2581}"
    var prefix = Prefix.always
    /// Whether words are cut at all.
    var splits = true

    func split(_ text: NormalizedText) -> PreTokenizedText {
        var result = NormalizedText()
        result.reserveCapacity(text.count + 1)
        if let first = text.scalars.first, let span = text.spans.first, first != " ", first != replacement {
            let atStart = span.lowerBound == 0
            // It stands for what the first scalar stands for, as in the reference.
            if prefix == .always || prefix == .first && atStart { result.append(replacement, span: span) }
        }
        for (scalar, span) in zip(text.scalars, text.spans) {
            result.append(scalar == " " ? replacement : scalar, span: span)
        }
        guard splits else { return PreTokenizedText(text: result, words: result.isEmpty ? [] : [0..<result.count]) }
        var words: [Range<Int>] = []
        var start = 0
        for position in result.scalars.indices where position > start && result.scalars[position] == replacement {
            words.append(start..<position)
            start = position
        }
        if start < result.count { words.append(start..<result.count) }
        return PreTokenizedText(text: result, words: words)
    }
}
