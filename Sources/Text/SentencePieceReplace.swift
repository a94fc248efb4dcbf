/// The normalizer `Replace` of `tokenizer.json` for the expressions that published SentencePiece tokenizers have beside
/// `\s+`: ` {2,}`, and a bracketed set of literal characters.
///
/// Expressions are never run as such; one that is not known is not supported.
struct SentencePieceReplace: Normalizer, Equatable {
    /// What is replaced.
    enum Pattern: Sendable, Equatable {
        /// ` {2,}`
        case repeatedSpaces
        /// A single character of a set, such as `[!"#]`.
        case anyOf(Set<Unicode.Scalar>)
    }

    let pattern: Pattern
    let content: [Unicode.Scalar]

    /// - Returns: `nil` where the expression is not known.
    init?(regex: String, content: [Unicode.Scalar]) {
        self.content = content
        if regex.utf8.elementsEqual(" {2,}".utf8) {
            pattern = .repeatedSpaces
        } else if let set = Self.literals(regex) {
            pattern = .anyOf(set)
        } else {
            return nil
        }
    }

    /// The members of a bracketed set of ASCII characters and ranges; `nil` where it is negated or has anything else.
    private static func literals(_ regex: String) -> Set<Unicode.Scalar>? {
        let scalars = Array(regex.unicodeScalars)
        guard scalars.count > 2, scalars.first == "[", scalars.last == "]", scalars[1] != "^" else { return nil }
        // Each member, and whether it was escaped.
        var members: [(scalar: Unicode.Scalar, isEscaped: Bool)] = []
        var position = 1
        while position < scalars.count - 1 {
            let isEscaped = scalars[position] == "\\"
            if isEscaped { position += 1 }
            let scalar = scalars[position]
            // An escaped letter or digit is a class, an escaped bracket at the end leaves the set open, and an open
            // bracket or two ampersands make a set of sets.
            guard scalar.isASCII, position < scalars.count - 1, !isEscaped || scalar.isASCIIPunctuation,
                isEscaped || scalar != "[" && scalar != "]" && !(scalar == "&" && scalars[position + 1] == "&")
            else { return nil }
            members.append((scalar, isEscaped))
            position += 1
        }
        var set = Set<Unicode.Scalar>()
        position = 0
        while position < members.count {
            let first = members[position].scalar
            if position + 2 < members.count, members[position + 1].scalar == "-", !members[position + 1].isEscaped {
                let last = members[position + 2].scalar
                guard first <= last else { return nil }
                for value in first.value...last.value { if let scalar = Unicode.Scalar(value) { set.insert(scalar) } }
                position += 3
            } else {
                set.insert(first)
                position += 1
            }
        }
        return set
    }

    func normalize(_ text: inout NormalizedText) {
        var result = NormalizedText()
        result.reserveCapacity(text.count)
        var position = 0
        while position < text.count {
            let length = matchLength(text.scalars, position)
            if length > 0 {
                let span = text.spans[position + length - 1]
                for scalar in content { result.append(scalar, span: span) }
            } else {
                result.append(text.scalars[position], span: text.spans[position])
            }
            position += max(1, length)
        }
        text = result
    }

    private func matchLength(_ scalars: [Unicode.Scalar], _ start: Int) -> Int {
        switch pattern {
        case .anyOf(let set): return set.contains(scalars[start]) ? 1 : 0
        case .repeatedSpaces:
            var end = start
            while end < scalars.count, scalars[end] == " " { end += 1 }
            return end - start >= 2 ? end - start : 0
        }
    }
}
