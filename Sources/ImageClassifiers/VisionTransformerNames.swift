import Layers
import TensorCore

/// Where each layout keeps a Vision Transformer's tensors.
struct VisionTransformerNames {
    private let layout: CheckpointLayout
    private let configuration: VisionTransformer.Configuration
    private let w: Weights

    init(_ layout: CheckpointLayout, _ configuration: VisionTransformer.Configuration, _ w: Weights) {
        self.layout = layout
        self.configuration = configuration
        self.w = w
    }

    /// transformers' name of the model without its head.
    private var base: String { configuration.hasDistillationToken ? "deit" : "vit" }

    var patches: Weights {
        w(layout.name("\(base).embeddings.patch_embeddings.projection", "patch_embed.proj", "conv_proj"))
    }
    var norm: Weights {
        w(layout.name("\(base).layernorm", configuration.head == .meanOfPatches ? "fc_norm" : "norm", "encoder.ln"))
    }
    var head: Weights {
        w(layout.name(configuration.head == .distilled ? "cls_classifier" : "classifier", "head", "heads.head"))
    }
    var distillationHead: Weights { w(layout == .transformers ? "distillation_classifier" : "head_dist") }

    func classToken() throws(WeightError) -> [Float] {
        try vectors(layout.name("\(base).embeddings.cls_token", "cls_token", "class_token"), 1)
    }
    func distillationToken() throws(WeightError) -> [Float] {
        try vectors(layout == .transformers ? "\(base).embeddings.distillation_token" : "dist_token", 1)
    }
    func positions(_ tokens: Int) throws(WeightError) -> [Float] {
        let name = layout.name("\(base).embeddings.position_embeddings", "pos_embed", "encoder.pos_embedding")
        return try vectors(name, tokens)
    }
    private func vectors(_ name: String, _ tokens: Int) throws(WeightError) -> [Float] {
        try w.tensor(name, shape: [1, tokens, configuration.width]).floats
    }

    func block(_ index: Int) -> Block {
        Block(
            layout,
            layout == .torchvision
                ? w("encoder.layers.encoder_layer_\(index)")
                : w(layout.name("\(base).encoder.layer", "blocks", ""))(index))
    }

    struct Block {
        private let layout: CheckpointLayout
        private let w: Weights

        init(_ layout: CheckpointLayout, _ w: Weights) {
            self.layout = layout
            self.w = w
        }

        func places(bias: Bool) -> TransformerBlock.Places {
            TransformerBlock.Places(
                attentionNorm: attentionNorm, projections: projections(bias: bias), attentionOutput: attentionOutput,
                mlpNorm: mlpNorm, expand: expand, reduce: reduce)
        }

        private var attentionNorm: Weights { w(layout.name("layernorm_before", "norm1", "ln_1")) }
        private var attentionOutput: Weights {
            w(layout.name("attention.output.dense", "attn.proj", "self_attention.out_proj"))
        }
        private var mlpNorm: Weights { w(layout.name("layernorm_after", "norm2", "ln_2")) }
        private var expand: Weights { w(layout.name("intermediate.dense", "mlp.fc1", "mlp.0")) }
        private var reduce: Weights { w(layout.name("output.dense", "mlp.fc2", "mlp.3")) }

        private func projections(bias: Bool) -> SelfAttention.Projections {
            switch layout {
            case .transformers:
                let attention = w("attention.attention")
                return .separate(
                    query: attention("query"), key: attention("key"), value: attention("value"), bias: bias)
            case .timm:
                return .fused(w("attn.qkv"), bias: bias)
            case .torchvision:
                return .fusedParameters(w("self_attention"))
            }
        }
    }
}
