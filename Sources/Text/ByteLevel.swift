/// The byte-level alphabet of GPT-2 (Radford et al., 2019), and the words it is used on.
///
/// Every byte of the UTF-8 text is written as one visible character: printable bytes of Latin-1 as themselves, the 68
/// others, in order, as U+0100 and up. So a space is "Ġ".
struct ByteLevelPreTokenizer: PreTokenizer {
    /// Puts a space before a text that does not start with one.
    var addsPrefixSpace: Bool
    /// Cuts by GPT-2's pattern first.
    var usesPattern: Bool

    /// The character of each byte.
    static let alphabet: [Unicode.Scalar] = {
        var next: UInt32 = 256
        return (UInt8.min...UInt8.max).map { byte in
            switch byte {
            case 0x21...0x7E, 0xA1...0xAC, 0xAE...0xFF: return Unicode.Scalar(byte)
            default:
                defer { next += 1 }
                return Unicode.Scalar(next) ?? " "
            }
        }
    }()

    func split(_ text: NormalizedText) -> PreTokenizedText {
        var text = text
        if addsPrefixSpace, let first = text.scalars.first, first != " " {
            PrependNormalizer(content: [" "]).normalize(&text)
        }
        let words = usesPattern ? GPT2Pattern.words(in: text.scalars) : text.isEmpty ? [] : [0..<text.count]
        var result = PreTokenizedText(text: NormalizedText(), words: [])
        result.text.reserveCapacity(text.count)
        result.words.reserveCapacity(words.count)
        for word in words {
            let start = result.text.count
            for position in word {
                let span = text.spans[position]
                for byte in UTF8.encode(text.scalars[position]) ?? UTF8.encodedReplacementCharacter {
                    result.text.append(Self.alphabet[Int(byte)], span: span)
                }
            }
            result.words.append(start..<result.text.count)
        }
        return result
    }
}

/// The pattern by which GPT-2 cuts a text into words (openai/gpt-2, src/encoder.py):
/// `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`. Every scalar is in one word.
enum GPT2Pattern {
    static func words(in scalars: [Unicode.Scalar]) -> [Range<Int>] {
        var words: [Range<Int>] = []
        var start = 0
        while start < scalars.count {
            let end = endOfWord(in: scalars, from: start)
            words.append(start..<end)
            start = end
        }
        return words
    }

    private static func endOfWord(in scalars: [Unicode.Scalar], from start: Int) -> Int {
        if let end = Contraction.end(in: scalars, from: start) { return end }
        let first = scalars[start] == " " && start + 1 < scalars.count ? start + 1 : start
        let kind = ScalarKind(scalars[first])
        if kind != .space {
            var end = first + 1
            while end < scalars.count && ScalarKind(scalars[end]) == kind { end += 1 }
            return end
        }
        var end = start
        while end < scalars.count && scalars[end].isPatternSpace { end += 1 }
        // The last of the white space before a word belongs to what follows, unless it is all there is.
        return end < scalars.count && end > start + 1 ? end - 1 : end
    }
}

/// What a pattern tells apart.
enum ScalarKind: Sendable {
    case letter, number, space, other

    init(_ scalar: Unicode.Scalar) {
        if scalar.isPatternLetter {
            self = .letter
        } else if scalar.isPatternNumber {
            self = .number
        } else {
            self = scalar.isPatternSpace ? .space : .other
        }
    }
}

/// The English endings that the patterns cut off: `'s|'t|'re|'ve|'m|'ll|'d`.
enum Contraction {
    /// Where the ending stops that starts at a place; `nil` where there is none.
    static func end(in scalars: [Unicode.Scalar], from start: Int) -> Int? {
        guard scalars[start] == "'", start + 1 < scalars.count else { return nil }
        switch scalars[start + 1] {
        case "s", "t", "m", "d": return start + 2
        case "r", "v": return start + 2 < scalars.count && scalars[start + 2] == "e" ? start + 3 : nil
        case "l": return start + 2 < scalars.count && scalars[start + 2] == "l" ? start + 3 : nil
        default: return nil
        }
    }
}
