/// Byte-pair encoding (Sennrich et al., 2016): a word starts as its characters, and of all pairs of neighbours the one
/// that comes first in the table of merges is joined, the leftmost first, until no pair is in the table.
struct BytePairModel: TokenModel {
    /// How the model is set up, beyond its tables.
    struct Options: Sendable, Equatable {
        /// Put after a word's last character before that is looked up, such as `</w>`.
        var suffix = ""
        /// Stands for characters that are not in the vocabulary; without it they are left out.
        var unknown: Int?
        /// Unknown characters next to each other are one token.
        var fusesUnknown = false
        /// The token of each byte, for characters that are not in the vocabulary.
        var byteTokens: [Int]?
        /// A word that is a token is that token, whatever the merges make of it.
        var ignoresMerges = false
        /// Words that are one token each. They are in ASCII.
        var words: [String: Int] = [:]
    }

    let vocabulary: Vocabulary
    let merges: MergeTable
    let options: Options
    /// The tokens that are a single character, and those that are one with the suffix after it.
    private let inner: [Unicode.Scalar: Int]
    private let last: [Unicode.Scalar: Int]

    init(vocabulary: Vocabulary, merges: MergeTable, options: Options) {
        self.vocabulary = vocabulary
        self.merges = merges
        self.options = options
        var inner: [Unicode.Scalar: Int] = [:]
        var last: [Unicode.Scalar: Int] = [:]
        let suffix = Array(options.suffix.utf8)
        for id in 0..<vocabulary.count {
            let spelling = vocabulary.bytes(of: id)
            if spelling.count <= 4, let scalar = Self.single(spelling) { inner[scalar] = id }
            if !suffix.isEmpty, spelling.count > suffix.count, spelling.count <= 4 + suffix.count,
                spelling.suffix(suffix.count).elementsEqual(suffix),
                let scalar = Self.single(spelling.dropLast(suffix.count))
            {
                last[scalar] = id
            }
        }
        self.inner = inner
        self.last = suffix.isEmpty ? inner : last
    }

    private static func single(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        guard let first = scalars.first, scalars.count == 1 else { return nil }
        return first
    }

    func tokenize(_ word: Range<Int>, of text: NormalizedText, into tokens: inout [ModelToken]) {
        if options.ignoresMerges, let id = vocabulary.id(of: Array(text.string(of: word).utf8)) {
            tokens.append(ModelToken(id: id, range: word))
            return
        }
        if !options.words.isEmpty, text.scalars[word.lowerBound] == "<", let id = options.words[text.string(of: word)] {
            tokens.append(ModelToken(id: id, range: word))
            return
        }
        var symbols = self.symbols(of: word, in: text)
        merge(&symbols)
        var next = symbols.isEmpty ? -1 : 0
        while next >= 0 {
            let symbol = symbols[next]
            tokens.append(ModelToken(id: symbol.id, range: symbol.start..<symbol.end))
            next = symbol.next
        }
    }

    /// A part of a word, in a list linked both ways.
    private struct Symbol {
        var id: Int
        var start: Int
        var end: Int
        var previous: Int
        var next: Int
        var isGone = false
    }

    /// The word's characters, each its token.
    private func symbols(of word: Range<Int>, in text: NormalizedText) -> [Symbol] {
        var symbols: [Symbol] = []
        symbols.reserveCapacity(word.count)
        func append(_ id: Int, _ range: Range<Int>) {
            if let end = symbols.indices.last { symbols[end].next = symbols.count }
            symbols.append(
                Symbol(
                    id: id, start: range.lowerBound, end: range.upperBound, previous: symbols.count - 1, next: -1))
        }
        var fusesWithLast = false
        for position in word {
            let scalar = text.scalars[position]
            if let id = position == word.upperBound - 1 ? last[scalar] : inner[scalar] {
                append(id, position..<(position + 1))
                fusesWithLast = false
            } else if let byteTokens = options.byteTokens {
                for byte in UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter {
                    append(byteTokens[Int(byte)], position..<(position + 1))
                }
                fusesWithLast = false
            } else if let unknown = options.unknown {
                if fusesWithLast, options.fusesUnknown, let end = symbols.indices.last {
                    symbols[end].end = position + 1
                } else {
                    append(unknown, position..<(position + 1))
                }
                fusesWithLast = true
            }
        }
        return symbols
    }

    private func merge(_ symbols: inout [Symbol]) {
        guard symbols.count > 1 else { return }
        var queue = MergeQueue()
        for left in 0..<(symbols.count - 1) {
            guard let merge = merges[symbols[left].id, symbols[left + 1].id] else { continue }
            queue.push(MergeQueue.Entry(rank: merge.rank, position: left, id: merge.id))
        }
        while let entry = queue.pop() {
            let left = entry.position
            // An entry is out of date where one of its sides has been joined to something else meanwhile.
            guard !symbols[left].isGone, symbols[left].next >= 0 else { continue }
            let right = symbols[left].next
            guard merges[symbols[left].id, symbols[right].id]?.id == entry.id else { continue }
            symbols[left].id = entry.id
            symbols[left].end = symbols[right].end
            symbols[left].next = symbols[right].next
            symbols[right].isGone = true
            let after = symbols[left].next
            if after >= 0 {
                symbols[after].previous = left
                if let merge = merges[entry.id, symbols[after].id] {
                    queue.push(MergeQueue.Entry(rank: merge.rank, position: left, id: merge.id))
                }
            }
            let before = symbols[left].previous
            if before >= 0, let merge = merges[symbols[before].id, entry.id] {
                queue.push(MergeQueue.Entry(rank: merge.rank, position: before, id: merge.id))
            }
        }
    }
}
