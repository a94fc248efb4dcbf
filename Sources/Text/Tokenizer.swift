/// Turns text into the numbers that a text encoder takes, exactly as the library does that its model was trained with.
public struct Tokenizer: Sendable {
    /// The steps.
    let pipeline: Pipeline

    /// Reads the tokenizer of a model's folder.
    ///
    /// What is read: `tokenizer.json`; or `vocab.json` with `merges.txt`; or `vocab.txt`; or `spiece.model`; or
    /// `bpe_simple_vocab_16e6.txt.gz`; and `tokenizer_config.json`, `special_tokens_map.json`, `added_tokens.json`,
    /// `open_clip_config.json` and the `model_type` of `config.json` where they are there.
    ///
    /// - Parameters:
    ///   - folder: where the files lie.
    ///   - rules: the library whose rules hold where the files serve two.
    /// - Throws: ``TokenizerError`` where a file is missing, damaged, contradicts another, or asks for what is not
    ///   supported.
    public init(folder: String, rules: Rules = .automatic) throws(TokenizerError) {
        pipeline = try Self.pipeline(folder: folder, rules: rules)
    }

    /// A tokenizer of given steps.
    init(pipeline: Pipeline) { self.pipeline = pipeline }

    /// The tokens of a text of any length, without padding.
    ///
    /// - Parameters:
    ///   - text: any text.
    ///   - addsSpecials: whether the tokens that the model is fed around a text, such as start and end, are there.
    public func encode(_ text: String, addsSpecials: Bool = true) -> Encoding {
        pipeline.encode(text, addsSpecials: addsSpecials, limit: nil)
    }

    /// The tokens of a text, with those that the model is fed around it, for a model that takes `limit` tokens.
    ///
    /// A longer text is cut as the reference cuts it: tokens are dropped from the end of the text, and what stands
    /// around it, such as the end token, stays.
    ///
    /// - Throws: ``TokenizerError/tooLong(tokens:limit:text:)`` where the text has more tokens and `truncates` is
    ///   `false`, or where not even the tokens around an empty text fit.
    public func encode(_ text: String, limit: Int, truncates: Bool) throws(TokenizerError) -> Encoding {
        let whole = pipeline.encode(text, addsSpecials: true, limit: nil)
        guard whole.ids.count > limit else { return whole }
        guard truncates, limit >= pipeline.template.count else {
            throw .tooLong(tokens: whole.ids.count, limit: limit, text: text.quoted)
        }
        return pipeline.encode(text, addsSpecials: true, limit: limit)
    }

    /// The number of tokens, added ones included; ids are below it.
    public var vocabularyCount: Int { pipeline.vocabularyCount }
    /// The token that fills up short texts.
    public var paddingID: Int? { pipeline.roles.padding }
    /// Whether short texts are filled up before their first token instead of after their last.
    public var padsLeft: Bool { pipeline.roles.padsLeft ?? false }
    /// The token before a text.
    public var startID: Int? { pipeline.roles.start }
    /// The token after a text.
    public var endID: Int? { pipeline.roles.end }
    /// The token for what the vocabulary cannot spell.
    public var unknownID: Int? { pipeline.roles.unknown }
    /// The most tokens a text may have, specials included, where the tokenizer's files name such a limit.
    public var lengthLimit: Int? { pipeline.roles.lengthLimit }

    /// The id of a token, spelled as the vocabulary spells it.
    public func id(of token: String) -> Int? { pipeline.id(of: token) }
    /// How the vocabulary spells a token.
    public func token(_ id: Int) -> String? { pipeline.token(id) }
}
