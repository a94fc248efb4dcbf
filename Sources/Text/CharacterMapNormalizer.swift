/// The normalizer `Precompiled` of `tokenizer.json`: SentencePiece's rules the way Hugging Face's tokenizers apply
/// them.
///
/// A grapheme of less than six bytes that starts with a rule is replaced as a whole by that rule's text, the shortest
/// rule winning, whatever else the grapheme holds; otherwise each of its scalars is replaced alone. That is not what
/// SentencePiece does ("A" + ring + acute loses the acute), but it is what the models' users get.
struct CharacterMapNormalizer: Normalizer {
    /// The rules.
    let map: CharacterMap

    /// Graphemes of this many bytes and more are rewritten scalar by scalar.
    private static let graphemeLimit = 6

    func normalize(_ text: inout NormalizedText) {
        var result = CharacterMapRewriting(text)
        var bytes: [UInt8] = []
        var changed = false
        for grapheme in text.string {
            let scalars = grapheme.unicodeScalars
            bytes.removeAll(keepingCapacity: true)
            bytes.append(contentsOf: grapheme.utf8)
            if bytes.count < Self.graphemeLimit, let match = match(bytes, 0..<bytes.count) {
                result.replace(scalars.count, by: map[match.replacement])
                changed = true
                continue
            }
            var start = 0
            for scalar in scalars {
                let end = start + UTF8.width(scalar)
                if let match = match(bytes, start..<end) {
                    result.replace(1, by: map[match.replacement])
                    changed = true
                } else {
                    result.keep(scalar)
                }
                start = end
            }
        }
        if changed { text = result.text }
    }

    private func match(_ bytes: [UInt8], _ range: Range<Int>) -> CharacterMap.Match? {
        bytes.withUnsafeBufferPointer { map.shortestMatch(UnsafeBufferPointer(rebasing: $0[range]), at: 0) }
    }
}

/// A text being rewritten, aligned with the one before as Hugging Face's tokenizers align it.
///
/// The scalars of a replacement stand one by one for those they replace, further ones for the scalar before them. What
/// is removed counts as part of the scalar that was written last; where none was, at the start of a text, it is lost,
/// and the whole text stands for what lies that far before it. Offsets are meant to equal theirs, so this does the
/// same.
private struct CharacterMapRewriting {
    /// A scalar with its change: 1 puts it in, 0 or less puts it in the place of one and removes as many more.
    private var changes: [(scalar: Unicode.Scalar, change: Int)] = []
    private let source: NormalizedText

    init(_ source: NormalizedText) {
        self.source = source
        changes.reserveCapacity(source.count)
    }

    mutating func keep(_ scalar: Unicode.Scalar) { changes.append((scalar, 0)) }

    mutating func replace(_ count: Int, by bytes: ArraySlice<UInt8>) {
        var written = 0
        for scalar in String(decoding: bytes, as: UTF8.self).unicodeScalars {
            changes.append((scalar, written < count ? 0 : 1))
            written += 1
        }
        if written < count, !changes.isEmpty { changes[changes.count - 1].change -= count - written }
    }

    /// The text as it is now.
    var text: NormalizedText {
        var result = NormalizedText()
        result.reserveCapacity(changes.count)
        let start = source.spans.first?.lowerBound ?? 0
        // The next scalar of the source; never behind its end, since no more is taken than there was.
        var next = 0
        for (scalar, change) in changes {
            if change > 0 || next >= source.count {
                result.append(scalar, span: next > 0 ? source.spans[next - 1] : start..<start)
            } else {
                result.append(scalar, span: source.spans[next])
                next = min(next + 1 - change, source.count)
            }
        }
        return result
    }
}
