/// Tokens that are found in a text as they are, before the model sees it: `added_tokens` of `tokenizer.json`.
struct AddedTokens: Sendable {
    /// One of them.
    struct Token: Sendable, Equatable {
        /// The spelling.
        var content: String
        /// The number.
        var id: Int
        /// Found in the normalised text, not in the text as it was given.
        var isNormalized = false
        /// Found only where no letter, digit or underscore touches it.
        var isWord = false
        /// Takes the white space before it along.
        var stripsLeft = false
        /// Takes the white space after it along.
        var stripsRight = false
    }

    /// A piece of a text.
    enum Piece: Sendable {
        /// An added token, with its place in the original, and how it was found there, which may be with white space.
        case token(Int, Range<Int>, String)
        /// What is between added tokens, normalised.
        case text(NormalizedText)
    }

    /// The longest spelling, in scalars.
    static let lengthLimit = 1024
    /// The most bytes of all spellings together.
    static let totalLimit = 1 << 20

    /// In the order of their ids, which are distinct.
    let tokens: [Token]
    private let verbatim: SpellingTree
    private let normalized: SpellingTree

    /// - Parameter normalizer: what the spellings of normalised tokens go through, as the texts do.
    init(_ tokens: [Token] = [], normalizer: (any Normalizer)? = nil) {
        self.tokens = tokens.sorted { $0.id < $1.id }
        var verbatim = SpellingTree()
        var normalized = SpellingTree()
        for (position, token) in self.tokens.enumerated() {
            var content = NormalizedText(token.content)
            if token.isNormalized {
                normalizer?.normalize(&content)
                normalized.insert(content.scalars, position)
            } else {
                verbatim.insert(content.scalars, position)
            }
        }
        self.verbatim = verbatim
        self.normalized = normalized
    }

    /// One more than the highest id.
    var idBound: Int { (tokens.last?.id ?? -1) + 1 }

    /// The id of a spelling.
    func id(of content: String) -> Int? {
        tokens.first { $0.content.utf8.elementsEqual(content.utf8) }?.id
    }

    /// The spelling of an id.
    func token(_ id: Int) -> String? {
        var (low, high) = (0, tokens.count)
        while low < high {
            let middle = (low + high) / 2
            if tokens[middle].id < id { low = middle + 1 } else { high = middle }
        }
        return low < tokens.count && tokens[low].id == id ? tokens[low].content : nil
    }

    /// Cuts a text into added tokens and what is between them: tokens of the given text first, then those of the
    /// normalised rest.
    func pieces(of text: NormalizedText, normalizer: (any Normalizer)?) -> [Piece] {
        var pieces: [Piece] = []
        for part in parts(of: text, verbatim) {
            guard part.token == nil else {
                pieces.append(piece(part, of: text))
                continue
            }
            var rest = part.range.count == text.count ? text : text[part.range]
            normalizer?.normalize(&rest)
            for part in parts(of: rest, normalized) { pieces.append(piece(part, of: rest)) }
        }
        return pieces
    }

    /// A part of a text, and the place in `tokens` of the token it is.
    private struct Part {
        var token: Int?
        var range: Range<Int>
    }

    private func piece(_ part: Part, of text: NormalizedText) -> Piece {
        if let token = part.token {
            return .token(tokens[token].id, text.originalRange(of: part.range), text.string(of: part.range))
        }
        return .text(part.range.count == text.count ? text : text[part.range])
    }

    private func parts(of text: NormalizedText, _ tree: SpellingTree) -> [Part] {
        guard !tree.isEmpty else { return text.isEmpty ? [] : [Part(token: nil, range: 0..<text.count)] }
        let scalars = text.scalars
        var parts: [Part] = []
        var covered = 0
        var position = 0
        while position < scalars.count {
            guard let match = tree.longest(in: scalars, at: position) else {
                position += 1
                continue
            }
            let token = tokens[match.value]
            var (start, end) = (position, position + match.length)
            position = end
            if token.isWord {
                let touchesLeft = start > 0 && scalars[start - 1].isWordCharacter
                let touchesRight = end < scalars.count && scalars[end].isWordCharacter
                guard !touchesLeft, !touchesRight else { continue }
            }
            if token.stripsLeft { while start > covered && scalars[start - 1].isPatternSpace { start -= 1 } }
            if token.stripsRight { while end < scalars.count && scalars[end].isPatternSpace { end += 1 } }
            if covered < start { parts.append(Part(token: nil, range: covered..<start)) }
            parts.append(Part(token: match.value, range: max(start, covered)..<end))
            covered = end
            position = max(position, end)
        }
        if covered < scalars.count { parts.append(Part(token: nil, range: covered..<scalars.count)) }
        return parts
    }
}

/// Spellings in a tree of their scalars, for finding the longest that starts at a place.
struct SpellingTree: Sendable {
    private struct Node: Sendable {
        var children: [Unicode.Scalar: Int] = [:]
        var value: Int?
    }

    private var nodes = [Node()]

    /// Whether there is no spelling.
    var isEmpty: Bool { nodes.count == 1 }

    /// Enters a spelling; the first of two equal ones stays. An empty one is never found.
    mutating func insert(_ spelling: [Unicode.Scalar], _ value: Int) {
        guard !spelling.isEmpty else { return }
        var node = 0
        for scalar in spelling {
            if let child = nodes[node].children[scalar] {
                node = child
            } else {
                nodes.append(Node())
                nodes[node].children[scalar] = nodes.count - 1
                node = nodes.count - 1
            }
        }
        if nodes[node].value == nil { nodes[node].value = value }
    }

    /// The longest spelling that starts at a place.
    func longest(in scalars: [Unicode.Scalar], at start: Int) -> (value: Int, length: Int)? {
        var node = 0
        var position = start
        var found: (value: Int, length: Int)?
        while position < scalars.count, let child = nodes[node].children[scalars[position]] {
            node = child
            position += 1
            if let value = nodes[node].value { found = (value, position - start) }
        }
        return found
    }
}
