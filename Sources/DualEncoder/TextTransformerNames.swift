import Layers
import TensorCore

/// Where each layout keeps the tensors of a text tower.
struct TextTransformerNames {
    private let isTransformers: Bool
    private let configuration: TextTransformer.Configuration
    /// The checkpoint's root.
    private let root: Weights
    /// The tower.
    private let w: Weights

    init(_ layout: DualEncoderLayout, _ configuration: TextTransformer.Configuration, _ root: Weights) {
        isTransformers = layout == .transformers
        self.configuration = configuration
        self.root = root
        switch layout {
        case .transformers:
            // A tower without a projection is also stored with nothing before its names.
            w = root.has("embeddings.token_embedding.weight") ? root : root("text_model")
        case .openCLIP:
            w = root(configuration.prefix)
        }
    }

    var tokens: Weights { w(isTransformers ? "embeddings.token_embedding" : "token_embedding") }
    var norm: Weights { w(isTransformers ? "final_layer_norm" : "ln_final") }

    func positions() throws(WeightError) -> Tensor {
        try w.tensor(
            isTransformers ? "embeddings.position_embedding.weight" : "positional_embedding",
            shape: [configuration.contextLength, configuration.width])
    }

    func block(_ index: Int) -> TransformerBlock.Places {
        isTransformers ? .transformers(w("encoder.layers")(index)) : .openCLIP(w("transformer.resblocks")(index))
    }

    func projection() throws(WeightError) -> Linear? {
        let width = configuration.width
        switch (configuration.projection, isTransformers) {
        case (.none, _): return nil
        case (.matrix(let outputs), true): return try Linear(width, outputs, bias: false, root("text_projection"))
        case (.matrix(let outputs), false): return try Linear(width, outputs, transposed: "text_projection", w)
        case (.linear(let outputs), true): return try Linear(width, outputs, w("head"))
        case (.linear(let outputs), false): return try Linear(width, outputs, w("text_projection"))
        }
    }
}
