/// What transformers' `SiglipTokenizer` (5.23) does around SentencePiece.
///
/// Before a text is looked at, U+2581 becomes a space and one U+2581 is put before it. What is between special tokens
/// is made lower case, loses ASCII's punctuation, and has its white space joined and trimmed. Each such piece is given
/// to SentencePiece with `<unk>` before it, and as many tokens are dropped from the front as `<unk>` alone has; so a
/// piece that does not start the text is not cut as one that does.
enum SentencePieceSiglip {
    /// The space SentencePiece writes.
    static let space: Unicode.Scalar = "\u{2581}"

    /// The step before special tokens are cut out.
    struct Prefix: Normalizer {
        /// Tokens before which no U+2581 is put: the reference drops the token it makes there.
        let specials: [[Unicode.Scalar]]

        func normalize(_ text: inout NormalizedText) {
            let content = text.scalars.drop { $0.isPythonSpace || $0 == SentencePieceSiglip.space }
            let startsWithSpecial = specials.contains { content.starts(with: $0) }
            text.replaceEach { scalar, append in append(scalar == SentencePieceSiglip.space ? " " : scalar) }
            guard !startsWithSpecial else { return }
            var result = NormalizedText()
            result.reserveCapacity(text.count + 1)
            result.append(SentencePieceSiglip.space, span: 0..<0)
            result.append(text)
            text = result
        }
    }

    /// The step between special tokens.
    struct Canonicalization: Normalizer {
        let lowercases: Bool

        func normalize(_ text: inout NormalizedText) {
            if lowercases { text.lowercaseAsPython() }
            var result = NormalizedText()
            result.reserveCapacity(text.count)
            var pendingSpace: Range<Int>?
            for (scalar, span) in zip(text.scalars, text.spans) {
                if scalar.isASCIIPunctuation { continue }
                if scalar.isPythonSpace {
                    if pendingSpace == nil { pendingSpace = span }
                    continue
                }
                if let space = pendingSpace, !result.isEmpty { result.append(" ", span: space) }
                pendingSpace = nil
                result.append(scalar, span: span)
            }
            text = result
        }
    }

    /// Puts the spelling of the unknown token before a text, standing for nothing.
    struct UnknownPrefix: Normalizer {
        let unknown: [Unicode.Scalar]

        func normalize(_ text: inout NormalizedText) {
            let start = text.spans.first?.lowerBound ?? 0
            var result = NormalizedText()
            result.reserveCapacity(text.count + unknown.count)
            for scalar in unknown { result.append(scalar, span: start..<start) }
            result.append(text)
            text = result
        }
    }

    /// SentencePiece's tokens without the first `dropped`.
    struct Model: TokenModel {
        let base: UnigramModel
        let dropped: Int

        /// - Parameter normalizer: what SentencePiece does to a text.
        init(base: UnigramModel, normalizer: SentencePieceNormalizer, unknown: String) {
            self.base = base
            var text = NormalizedText(unknown)
            normalizer.normalize(&text)
            var tokens: [ModelToken] = []
            base.tokenize(0..<text.count, of: text, into: &tokens)
            dropped = tokens.count
        }

        var vocabulary: Vocabulary { base.vocabulary }

        func tokenize(_ word: Range<Int>, of text: NormalizedText, into tokens: inout [ModelToken]) {
            var all: [ModelToken] = []
            base.tokenize(word, of: text, into: &all)
            tokens.append(contentsOf: all.count >= dropped ? all[dropped...] : all[...])
        }
    }
}

extension Unicode.Scalar {
    /// Python's `str.isspace` and `\s`: Unicode's white space and the four separators of ASCII.
    var isPythonSpace: Bool { properties.isWhitespace || (0x1C...0x1F).contains(value) }

    /// Python's `string.punctuation`: what ASCII has beside letters, digits, spaces and controls.
    var isASCIIPunctuation: Bool {
        switch value {
        case 0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E: true
        default: false
        }
    }
}

extension NormalizedText {
    /// Lower case as Python's `str.lower` has it: full mappings, and a capital sigma at the end of a word becomes
    /// U+03C2 (Unicode 3.13, `Final_Sigma`).
    mutating func lowercaseAsPython() {
        var result = NormalizedText()
        result.reserveCapacity(count)
        for (position, scalar) in scalars.enumerated() {
            let span = spans[position]
            if scalar.value < 0x80 {
                let isCapital = (0x41...0x5A).contains(scalar.value)
                result.append(isCapital ? Unicode.Scalar(UInt8(scalar.value + 0x20)) : scalar, span: span)
            } else if scalar.value == 0x3A3 {
                result.append(isFinalSigma(position) ? "\u{3C2}" : "\u{3C3}", span: span)
            } else {
                for lower in scalar.properties.lowercaseMapping.unicodeScalars { result.append(lower, span: span) }
            }
        }
        self = result
    }

    /// Whether a cased letter comes before a place, and none after, skipping what has no case to speak of.
    private func isFinalSigma(_ position: Int) -> Bool {
        var before = position - 1
        while before >= 0, scalars[before].properties.isCaseIgnorable { before -= 1 }
        guard before >= 0, scalars[before].properties.isCased else { return false }
        var after = position + 1
        while after < count, scalars[after].properties.isCaseIgnorable { after += 1 }
        return after == count || !scalars[after].properties.isCased
    }
}
