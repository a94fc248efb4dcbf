/// A token of the model, with its place in the text that the model was given.
struct ModelToken: Sendable, Equatable {
    /// The number in the vocabulary.
    var id: Int
    /// The scalars of the normalised text it stands for.
    var range: Range<Int>
}

/// The step that turns words into tokens, as the `model` of `tokenizer.json` names it.
protocol TokenModel: Sendable {
    /// The tokens the model knows.
    var vocabulary: Vocabulary { get }

    /// Appends the tokens of one word.
    ///
    /// It must take time proportional to the word's length, up to a logarithm, and must not recurse over it.
    func tokenize(_ word: Range<Int>, of text: NormalizedText, into tokens: inout [ModelToken])
}
