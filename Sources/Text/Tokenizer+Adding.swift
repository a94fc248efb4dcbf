extension Tokenizer {
    /// The tokenizer with another token that fills up short texts, whatever its files say.
    ///
    /// - Parameter id: of the token, 0 to ``vocabularyCount`` - 1.
    public func padding(with id: Int) -> Tokenizer {
        precondition((0..<vocabularyCount).contains(id))
        var pipeline = pipeline
        pipeline.roles.padding = id
        return Tokenizer(pipeline: pipeline)
    }

    /// The tokenizer with further tokens, found in texts as they are written once both are normalised; their ids follow
    /// ``vocabularyCount`` in order. It is what `add_tokens` of transformers does with plain strings.
    ///
    /// - Parameter contents: the tokens' spellings.
    /// - Throws: ``TokenizerError/format(file:line:expected:found:)`` for a spelling that is empty, too long, or a
    ///   token already, and for one that texts cannot hold: what it becomes when it is normalised is another token, or
    ///   nothing.
    public func adding(_ contents: [String]) throws(TokenizerError) -> Tokenizer {
        func failure(_ expected: String, _ content: String) -> TokenizerError {
            .format(file: "added tokens", line: nil, expected: expected, found: content.quoted)
        }
        var added = pipeline.addedTokens.tokens
        var next = vocabularyCount
        let first = next
        for content in contents {
            guard !content.isEmpty, content.unicodeScalars.count <= AddedTokens.lengthLimit else {
                throw failure("a token of 1 to \(AddedTokens.lengthLimit) characters", content)
            }
            let isNew =
                pipeline.id(of: content) == nil
                && !added[pipeline.addedTokens.tokens.count...].contains {
                    $0.content.utf8.elementsEqual(content.utf8)
                }
            guard isNew, next < Vocabulary.countLimit else { throw failure("a token that is not there yet", content) }
            added.append(AddedTokens.Token(content: content, id: next, isNormalized: true))
            next += 1
        }
        let length = added.reduce(0) { $0 + $1.content.utf8.count }
        guard length <= AddedTokens.totalLimit else {
            throw failure("spellings of at most \(AddedTokens.totalLimit) bytes together", "\(length)")
        }
        var pipeline = pipeline
        pipeline.addedTokens = AddedTokens(added, normalizer: pipeline.normalizer)
        for (index, content) in contents.enumerated() {
            let ids = pipeline.encode(content, addsSpecials: false, limit: nil).ids
            guard ids == [first + index] else { throw failure("a token that is found where it is written", content) }
        }
        return Tokenizer(pipeline: pipeline)
    }
}
