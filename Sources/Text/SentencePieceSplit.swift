/// The pre-tokenizer `Split` of `tokenizer.json` with a string for its pattern: cuts a text at each place where the
/// string stands.
struct SentencePieceSplit: PreTokenizer, Equatable {
    /// What becomes of the string.
    enum Behavior: Sendable, Equatable {
        /// It is left out.
        case removed
        /// It is a word of its own.
        case isolated
        /// It ends the word before.
        case mergedWithPrevious
        /// It starts the word after.
        case mergedWithNext
        /// Neighbouring ones are one word.
        case contiguous
    }

    /// The string, never empty.
    let pattern: [Unicode.Scalar]
    let behavior: Behavior

    func split(_ text: NormalizedText) -> PreTokenizedText {
        var words: [Range<Int>] = []
        var start = 0
        var position = 0
        /// Whether the last word is the pattern, alone.
        var endsWithMatch = false
        func close(_ end: Int) {
            guard start < end else { return }
            words.append(start..<end)
            endsWithMatch = false
        }
        while position + pattern.count <= text.count {
            guard text.scalars[position..<(position + pattern.count)].elementsEqual(pattern) else {
                position += 1
                continue
            }
            let end = position + pattern.count
            switch behavior {
            case .removed: close(position)
            case .isolated:
                close(position)
                words.append(position..<end)
            case .contiguous:
                close(position)
                if endsWithMatch, let last = words.popLast() {
                    words.append(last.lowerBound..<end)
                } else {
                    words.append(position..<end)
                }
                endsWithMatch = true
            case .mergedWithPrevious: close(end)
            case .mergedWithNext:
                close(position)
                start = position
                position = end
                continue
            }
            start = end
            position = end
        }
        close(text.count)
        return PreTokenizedText(text: text, words: words)
    }
}
