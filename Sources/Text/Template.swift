/// What is put around a text's tokens, and how their offsets are trimmed: the `post_processor` of `tokenizer.json`.
struct Template: Sendable, Equatable {
    /// Tokens before the text.
    var before: [Int] = []
    /// Tokens after the text.
    var after: [Int] = []
    /// Steps that take the spaces of byte-level tokens out of their offsets, in order; each says whether the first
    /// token's space was put there by `add_prefix_space`.
    var trims: [Bool] = []
    /// What comes after the text is left out where the text ends with it already.
    var endsOnce = false

    /// The number of tokens around a text.
    var count: Int { before.count + after.count }

    /// Takes spaces out of the offsets.
    func trim(_ encoding: inout Encoding) {
        for addsPrefixSpace in trims { Self.trim(&encoding, addsPrefixSpace: addsPrefixSpace) }
    }

    /// Puts the tokens around a text's own.
    func finish(_ encoding: inout Encoding, addsSpecials: Bool, spelling: (Int) -> String?) {
        guard addsSpecials else { return }
        var result = Encoding(ids: [], tokens: [], offsets: [])
        for id in before { result.append(id, spelling(id), 0..<0) }
        result.ids += encoding.ids
        result.tokens += encoding.tokens
        result.offsets += encoding.offsets
        if endsOnce, !after.isEmpty, encoding.ids.suffix(after.count).elementsEqual(after) {
            encoding = result
            return
        }
        for id in after { result.append(id, spelling(id), 0..<0) }
        encoding = result
    }

    private static func trim(_ encoding: inout Encoding, addsPrefixSpace: Bool) {
        for position in encoding.ids.indices {
            let scalars = encoding.tokens[position].unicodeScalars
            var leading = scalars.prefix { isSpace($0) }.count
            let trailing = scalars.reversed().prefix { isSpace($0) }.count
            var offsets = encoding.offsets[position]
            if leading > 0 {
                if addsPrefixSpace && (position == 0 || offsets.lowerBound == 0) { leading -= 1 }
                offsets = min(offsets.lowerBound + leading, offsets.upperBound)..<offsets.upperBound
            }
            if trailing > 0 && offsets.upperBound >= trailing {
                offsets = offsets.lowerBound..<max(offsets.upperBound - trailing, offsets.lowerBound)
            }
            encoding.offsets[position] = offsets
        }
    }

    /// A space in the byte-level alphabet ("Ġ"), or white space as such.
    private static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.value == 0x120 || scalar.properties.isWhitespace
    }
}
