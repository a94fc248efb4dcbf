/// Canonical composition.
struct NFCNormalizer: Normalizer {
    func normalize(_ text: inout NormalizedText) { CanonicalForms.compose(&text) }
}

/// Canonical decomposition.
struct NFDNormalizer: Normalizer {
    func normalize(_ text: inout NormalizedText) { CanonicalForms.decompose(&text) }
}

/// Lower case, character by character: a final sigma is not told apart, as in Hugging Face's tokenizers.
struct LowercaseNormalizer: Normalizer {
    func normalize(_ text: inout NormalizedText) {
        text.replaceEach { scalar, append in
            if scalar.isASCII {
                append((0x41...0x5A).contains(scalar.value) ? Unicode.Scalar(UInt8(scalar.value + 32)) : scalar)
            } else {
                for lower in scalar.properties.lowercaseMapping.unicodeScalars { append(lower) }
            }
        }
    }
}

/// Cuts white space off the ends.
struct StripNormalizer: Normalizer {
    var left: Bool
    var right: Bool

    func normalize(_ text: inout NormalizedText) {
        var (start, end) = (0, text.count)
        if left { while start < end && text.scalars[start].isPatternSpace { start += 1 } }
        if right { while end > start && text.scalars[end - 1].isPatternSpace { end -= 1 } }
        if end - start < text.count { text = text[start..<end] }
    }
}

/// Puts a string before a text that is not empty.
struct PrependNormalizer: Normalizer {
    var content: [Unicode.Scalar]

    func normalize(_ text: inout NormalizedText) {
        guard let span = text.spans.first else { return }
        var result = NormalizedText()
        for scalar in content { result.append(scalar, span: span) }
        result.append(text)
        text = result
    }
}

/// Replaces each occurrence of a string, or each run of white space. What is put there stands for the last scalar that
/// was replaced.
struct ReplaceNormalizer: Normalizer {
    /// What is replaced.
    enum Pattern: Sendable, Equatable {
        /// A string that is not empty.
        case string([Unicode.Scalar])
        /// `\s+`
        case spaces
    }

    var pattern: Pattern
    var content: [Unicode.Scalar]

    func normalize(_ text: inout NormalizedText) {
        var result = NormalizedText()
        result.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            let length = matchLength(in: text.scalars, at: position)
            if length > 0 {
                let span = text.spans[position + length - 1]
                for scalar in content { result.append(scalar, span: span) }
                position += length
            } else {
                result.append(text.scalars[position], span: text.spans[position])
                position += 1
            }
        }
        text = result
    }

    private func matchLength(in scalars: [Unicode.Scalar], at start: Int) -> Int {
        switch pattern {
        case .string(let string):
            return scalars[start...].starts(with: string) ? string.count : 0
        case .spaces:
            var end = start
            while end < scalars.count && scalars[end].isPatternSpace { end += 1 }
            return end - start
        }
    }
}

/// BERT's clean-up (Devlin et al., 2019; `BertNormalizer` of Hugging Face's tokenizers).
struct BERTNormalizer: Normalizer, Equatable {
    /// Control characters are removed, all white space becomes a space.
    var cleansText = true
    /// Spaces are put around Chinese characters.
    var separatesChinese = true
    /// Decomposes and removes nonspacing marks.
    var stripsAccents = true
    /// Lower case.
    var lowercases = true

    func normalize(_ text: inout NormalizedText) {
        if cleansText || separatesChinese {
            text.replaceEach { scalar, append in
                if cleansText {
                    guard !scalar.isRemovedByBERT, scalar.value != 0 else { return }
                    if scalar.isPatternSpace { return append(" ") }
                }
                guard separatesChinese, scalar.isChineseForBERT else { return append(scalar) }
                append(" ")
                append(scalar)
                append(" ")
            }
        }
        if stripsAccents {
            CanonicalForms.decompose(&text)
            text.replaceEach { scalar, append in if !scalar.isStrippedAccent { append(scalar) } }
        }
        if lowercases { LowercaseNormalizer().normalize(&text) }
    }
}
