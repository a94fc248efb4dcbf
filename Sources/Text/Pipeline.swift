/// The steps from a text to its tokens, in the order of Hugging Face's tokenizers: added tokens are cut out, what is
/// between them is normalised, cut into words and given to the model, and the tokens the model is fed around a text are
/// put there.
struct Pipeline: Sendable {
    /// Rewrites the whole text before anything else, where the reference cleans texts before it tokenizes.
    var cleanUp: (any Normalizer)?
    /// Tokens that are found in the text as they are.
    var addedTokens: AddedTokens
    /// Rewrites what is between added tokens.
    var normalizer: (any Normalizer)?
    /// Cuts what is between added tokens into words; without it, each is one word.
    var preTokenizer: (any PreTokenizer)?
    /// Makes tokens of words.
    var model: any TokenModel
    /// What is put around a text.
    var template: Template
    /// The tokens that play a part.
    var roles = Roles()

    /// The tokens that play a part, and the limit, as the tokenizer's settings name them.
    struct Roles: Sendable, Equatable {
        var start: Int?
        var end: Int?
        var padding: Int?
        var unknown: Int?
        var lengthLimit: Int?
        /// Whether texts are filled up before their first token; `nil` as long as no file says.
        var padsLeft: Bool?
    }
}

extension Pipeline {
    /// The number of tokens, added ones included.
    var vocabularyCount: Int { max(model.vocabulary.count, addedTokens.idBound) }

    /// The id of a spelling.
    func id(of token: String) -> Int? { model.vocabulary.id(of: token) ?? addedTokens.id(of: token) }

    /// The spelling of an id.
    func token(_ id: Int) -> String? { addedTokens.token(id) ?? model.vocabulary.token(id) }

    /// The tokens of a text; `limit` cuts the text's own tokens so that the whole has no more.
    func encode(_ text: String, addsSpecials: Bool, limit: Int?) -> Encoding {
        var whole = NormalizedText(text)
        cleanUp?.normalize(&whole)
        var encoding = Encoding(ids: [], tokens: [], offsets: [])
        var found: [(position: Int, id: Int)] = []
        for piece in addedTokens.pieces(of: whole, normalizer: normalizer) {
            switch piece {
            case .token(let id, let range, let spelling):
                found.append((encoding.ids.count, id))
                encoding.append(id, spelling, range)
            case .text(let text):
                append(text, to: &encoding)
            }
        }
        // White space that an added token took along is trimmed as a word's is; then only the token's spelling is left.
        template.trim(&encoding)
        for (position, id) in found { encoding.tokens[position] = token(id) ?? "" }
        if let limit { encoding.cut(to: max(0, limit - (addsSpecials ? template.count : 0))) }
        template.finish(&encoding, addsSpecials: addsSpecials, spelling: token)
        return encoding
    }

    private func append(_ text: NormalizedText, to encoding: inout Encoding) {
        guard !text.isEmpty else { return }
        let cut = preTokenizer?.split(text) ?? PreTokenizedText(text: text, words: [0..<text.count])
        var tokens: [ModelToken] = []
        for word in cut.words { model.tokenize(word, of: cut.text, into: &tokens) }
        for token in tokens {
            encoding.append(token.id, self.token(token.id), cut.text.originalRange(of: token.range))
        }
    }
}

extension Encoding {
    mutating func append(_ id: Int, _ token: String?, _ offsets: Range<Int>) {
        ids.append(id)
        tokens.append(token ?? "")
        self.offsets.append(offsets)
    }

    fileprivate mutating func cut(to count: Int) {
        guard ids.count > count else { return }
        ids.removeSubrange(count...)
        tokens.removeSubrange(count...)
        offsets.removeSubrange(count...)
    }
}
