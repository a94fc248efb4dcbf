/// A text with the words it was cut into. What no word covers, such as white space between them, is dropped.
struct PreTokenizedText: Sendable, Equatable {
    /// The text, rewritten where a step does that.
    var text: NormalizedText
    /// The words, in order, without overlaps.
    var words: [Range<Int>]
}

/// A step that cuts a text into the words that the model sees one by one, as the `pre_tokenizer` of `tokenizer.json`
/// names it.
protocol PreTokenizer: Sendable {
    /// Cuts a text, which may be rewritten first. Empty words are left out.
    func split(_ text: NormalizedText) -> PreTokenizedText
}

/// Steps one after another, each applied to every word of the one before.
struct PreTokenizerSequence: PreTokenizer {
    var steps: [any PreTokenizer]

    func split(_ text: NormalizedText) -> PreTokenizedText {
        var current = PreTokenizedText(text: text, words: text.isEmpty ? [] : [0..<text.count])
        for step in steps {
            var next = PreTokenizedText(text: NormalizedText(), words: [])
            next.text.reserveCapacity(current.text.count)
            for word in current.words {
                let part = step.split(current.text[word])
                let start = next.text.count
                next.text.append(part.text)
                for range in part.words { next.words.append((range.lowerBound + start)..<(range.upperBound + start)) }
            }
            current = next
        }
        return current
    }
}
