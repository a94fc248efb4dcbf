import Files
import JSON

/// The tables of a model as its files list them, with the lines they stand on, before they are checked against each
/// other.
struct ModelTables: Sendable {
    /// A token with its number.
    struct Entry: Sendable {
        var token: String
        var id: Int
        var line: Int
    }

    /// A merge: two tokens that become one.
    struct Pair: Sendable {
        var left: String
        var right: String
        var line: Int
    }

    /// A piece of a unigram model with its score, the logarithm of its probability.
    struct Piece: Sendable, Equatable {
        var piece: String
        var score: Double
    }

    /// The file of the tokens.
    var file: String
    /// The tokens in the order of the file.
    var entries: [Entry] = []
    /// The merges in the order of their file.
    var merges: [Pair] = []
    /// The file of the merges.
    var mergeFile: String

    /// The tokens as a vocabulary whose ids are `0 ..< count`.
    ///
    /// - Parameter added: tokens that may fill holes, by id.
    /// - Throws: ``TokenizerError/format(file:line:expected:found:)`` for ids below 0, holes, and for ids or tokens
    ///   that occur twice.
    func vocabulary(added: [AddedTokens.Token] = []) throws(TokenizerError) -> Vocabulary {
        guard !entries.isEmpty else {
            throw .format(file: file, line: nil, expected: "a vocabulary", found: "no token")
        }
        guard entries.count <= Vocabulary.countLimit else {
            throw .format(
                file: file, line: nil, expected: "at most \(Vocabulary.countLimit) tokens", found: "\(entries.count)")
        }
        var order = [Int?](repeating: nil, count: entries.count + added.count)
        for (position, entry) in entries.enumerated() {
            guard order.indices.contains(entry.id) else {
                throw .format(
                    file: file, line: entry.line,
                    expected: "ids without holes from 0 on, so at most \(order.count - 1)",
                    found: "\(entry.id) for \(entry.token.quoted)")
            }
            if let other = order[entry.id] {
                throw .format(
                    file: file, line: entry.line, expected: "an id of its own for \(entry.token.quoted)",
                    found: "\(entry.id), which is \(entries[other].token.quoted)")
            }
            order[entry.id] = position
        }
        let highest = order.lastIndex { $0 != nil } ?? 0
        let fillings = Dictionary(added.map { ($0.id, $0) }) { first, _ in first }
        var vocabulary = Vocabulary(capacity: highest + 1)
        for id in 0...highest {
            if let position = order[id] {
                try append(entries[position], to: &vocabulary)
            } else if let token = fillings[id] {
                try append(Entry(token: token.content, id: id, line: 0), to: &vocabulary)
            } else {
                throw .format(
                    file: file, line: nil, expected: "a token for each id in 0...\(highest)", found: "none for \(id)")
            }
        }
        return vocabulary
    }

    private func append(_ entry: Entry, to vocabulary: inout Vocabulary) throws(TokenizerError) {
        let line = entry.line > 0 ? entry.line : nil
        guard entry.token.utf8.count <= Vocabulary.tokenLimit else {
            throw .format(
                file: file, line: line, expected: "tokens of at most \(Vocabulary.tokenLimit) bytes",
                found: "\(entry.token.utf8.count)")
        }
        guard vocabulary.append(entry.token) else {
            throw .format(
                file: file, line: line, expected: "each token once",
                found: "\(entry.token.quoted) with \(entry.id) and \(vocabulary.id(of: entry.token) ?? -1)")
        }
    }

    /// The merges as a table over the vocabulary.
    ///
    /// - Throws: ``TokenizerError/format(file:line:expected:found:)`` for a merge of, or into, what is no token.
    func mergeTable(_ vocabulary: Vocabulary) throws(TokenizerError) -> MergeTable {
        var table = MergeTable(capacity: merges.count)
        for (rank, merge) in merges.enumerated() {
            let left = try id(of: merge.left, vocabulary, merge)
            let right = try id(of: merge.right, vocabulary, merge)
            let whole = try id(of: merge.left + merge.right, vocabulary, merge)
            table[left, right] = MergeTable.Merge(rank: rank, id: whole)
        }
        return table
    }

    private func id(of token: String, _ vocabulary: Vocabulary, _ merge: Pair) throws(TokenizerError) -> Int {
        guard let id = vocabulary.id(of: token) else {
            throw .format(
                file: mergeFile, line: merge.line, expected: "a merge of tokens into a token of the vocabulary",
                found: "\(token.quoted) in the merge of \(merge.left.quoted) and \(merge.right.quoted)")
        }
        return id
    }
}

extension String {
    /// The text in quotes for a message, control characters escaped, a long text cut.
    var quoted: String {
        let longest = 80
        guard utf8.count > longest else { return JSONValue.string(self).serialized() }
        return JSONValue.string(String(String.UnicodeScalarView(unicodeScalars.prefix(longest)))).serialized() + "..."
    }
}
