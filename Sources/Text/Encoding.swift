/// What a tokenizer makes of a text.
public struct Encoding: Sendable, Equatable {
    /// The tokens' numbers in the vocabulary.
    public var ids: [Int]
    /// The tokens as the vocabulary spells them.
    public var tokens: [String]
    /// The part of the text that each token stands for, counted in Unicode scalars; empty at 0 for tokens that stand
    /// for nothing in the text, such as start and end.
    public var offsets: [Range<Int>]

    /// An encoding of the given parts, one of each a token.
    public init(ids: [Int], tokens: [String], offsets: [Range<Int>]) {
        (self.ids, self.tokens, self.offsets) = (ids, tokens, offsets)
    }
}
