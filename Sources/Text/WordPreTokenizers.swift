/// BERT's words: cut at white space, every punctuation character a word of its own.
struct BERTPreTokenizer: PreTokenizer {
    func split(_ text: NormalizedText) -> PreTokenizedText {
        var words: [Range<Int>] = []
        var start = 0
        for (position, scalar) in text.scalars.enumerated() {
            let isPunctuation = scalar.isPunctuationForBERT
            guard isPunctuation || scalar.isPatternSpace else { continue }
            if start < position { words.append(start..<position) }
            if isPunctuation { words.append(position..<(position + 1)) }
            start = position + 1
        }
        if start < text.count { words.append(start..<text.count) }
        return PreTokenizedText(text: text, words: words)
    }
}

/// Cuts at white space and nowhere else.
struct WhitespacePreTokenizer: PreTokenizer {
    func split(_ text: NormalizedText) -> PreTokenizedText {
        var words: [Range<Int>] = []
        var start = 0
        for (position, scalar) in text.scalars.enumerated() where scalar.isPatternSpace {
            if start < position { words.append(start..<position) }
            start = position + 1
        }
        if start < text.count { words.append(start..<text.count) }
        return PreTokenizedText(text: text, words: words)
    }
}
