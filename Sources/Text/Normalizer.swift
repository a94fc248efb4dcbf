/// A step that rewrites a text before it is cut into words, as the `normalizer` of `tokenizer.json` names it.
protocol Normalizer: Sendable {
    /// Rewrites the text, keeping what each scalar stands for. The text is what lies between two added tokens, which
    /// may be all of it.
    func normalize(_ text: inout NormalizedText)
}

/// Steps one after another.
struct NormalizerSequence: Normalizer {
    var steps: [any Normalizer]

    func normalize(_ text: inout NormalizedText) {
        for step in steps { step.normalize(&text) }
    }
}
