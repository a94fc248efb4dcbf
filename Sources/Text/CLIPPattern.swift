/// The pattern by which CLIP cuts a text into words:
/// `'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+` (openai/CLIP, clip/simple_tokenizer.py), with special
/// tokens as alternatives before the others. White space is in no word.
struct CLIPPattern: PreTokenizer {
    /// Spellings that are one word each.
    var specials: [[Unicode.Scalar]] = []
    /// Whether upper and lower case are the same. Texts are in lower case by then, so what is left of that is the long
    /// s (U+017F), which is an s, and the iota subscript (U+0345), a mark whose capital is a letter: it is in no word.
    var ignoresCase = false

    /// The pattern as `tokenizer.json` spells it, without and with the special tokens.
    static let spelling = #"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"#
    static let spellingWithSpecials = #"<\|startoftext\|>|<\|endoftext\|>|"# + spelling

    /// The pattern as transformers' CLIPTokenizer has it.
    static let withSpecials = CLIPPattern(
        specials: ["<|startoftext|>", "<|endoftext|>"].map { Array($0.unicodeScalars) })

    func split(_ text: NormalizedText) -> PreTokenizedText {
        let scalars = ignoresCase ? text.scalars.map { $0 == "\u{17F}" ? "s" : $0 } : text.scalars
        var words: [Range<Int>] = []
        var start = 0
        while start < scalars.count {
            let end = endOfWord(in: scalars, original: text.scalars, from: start)
            if let end { words.append(start..<end) }
            start = end ?? start + 1
        }
        return PreTokenizedText(text: text, words: words)
    }

    private static let iotaSubscript: Unicode.Scalar = "\u{345}"

    private func endOfWord(in scalars: [Unicode.Scalar], original: [Unicode.Scalar], from start: Int) -> Int? {
        for special in specials where scalars[start...].starts(with: special) { return start + special.count }
        if let end = Contraction.end(in: scalars, from: start) { return end }
        if ignoresCase, original[start] == Self.iotaSubscript { return nil }
        let kind = ScalarKind(original[start])
        switch kind {
        case .space: return nil
        case .number: return start + 1
        case .letter, .other:
            var end = start + 1
            while end < original.count && ScalarKind(original[end]) == kind {
                if ignoresCase, original[end] == Self.iotaSubscript { break }
                end += 1
            }
            return end
        }
    }
}
