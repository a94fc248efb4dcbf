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

    private var isDeiT: Bool { configuration.hasDistillationToken }
    /// transformers' name of the model without its head.
    private var base: Weights { w(isDeiT ? "deit" : "vit") }

    private func place(_ transformers: String, _ timm: String, _ torchvision: String) -> Weights {
        switch layout {
        case .transformers: base(transformers)
        case .timm: w(timm)
        case .torchvision: w(torchvision)
        }
    }

    var patches: Weights { place("embeddings.patch_embeddings.projection", "patch_embed.proj", "conv_proj") }
    var norm: Weights { place("layernorm", configuration.head == .meanOfPatches ? "fc_norm" : "norm", "encoder.ln") }

    var head: Weights {
        switch layout {
        case .transformers: w(configuration.head == .distilled ? "cls_classifier" : "classifier")
        case .timm: w("head")
        case .torchvision: w("heads.head")
        }
    }
    var distillationHead: Weights { w(layout == .transformers ? "distillation_classifier" : "head_dist") }

    func classToken() throws(WeightError) -> [Float] {
        let shape = [1, 1, configuration.width]
        switch layout {
        case .transformers: return try base("embeddings").tensor("cls_token", shape: shape).floats
        case .timm: return try w.tensor("cls_token", shape: shape).floats
        case .torchvision: return try w.tensor("class_token", shape: shape).floats
        }
    }
    func distillationToken() throws(WeightError) -> [Float] {
        let shape = [1, 1, configuration.width]
        return layout == .transformers
            ? try base("embeddings").tensor("distillation_token", shape: shape).floats
            : try w.tensor("dist_token", shape: shape).floats
    }
    func positions(_ tokens: Int) throws(WeightError) -> [Float] {
        let shape = [1, tokens, configuration.width]
        switch layout {
        case .transformers: return try base("embeddings").tensor("position_embeddings", shape: shape).floats
        case .timm: return try w.tensor("pos_embed", shape: shape).floats
        case .torchvision: return try w("encoder").tensor("pos_embedding", shape: shape).floats
        }
    }

    func block(_ index: Int) -> Block {
        switch layout {
        case .transformers: Block(layout: layout, w: base("encoder.layer")(index))
        case .timm: Block(layout: layout, w: w("blocks")(index))
        case .torchvision: Block(layout: layout, w: w("encoder.layers.encoder_layer_\(index)"))
        }
    }

    struct Block {
        let layout: CheckpointLayout
        let w: Weights

        private func place(_ transformers: String, _ timm: String, _ torchvision: String) -> Weights {
            switch layout {
            case .transformers: w(transformers)
            case .timm: w(timm)
            case .torchvision: w(torchvision)
            }
        }

        var attentionNorm: Weights { place("layernorm_before", "norm1", "ln_1") }
        var attentionOutput: Weights { place("attention.output.dense", "attn.proj", "self_attention.out_proj") }
        var mlpNorm: Weights { place("layernorm_after", "norm2", "ln_2") }
        var expand: Weights { place("intermediate.dense", "mlp.fc1", "mlp.0") }
        var reduce: Weights { place("output.dense", "mlp.fc2", "mlp.3") }

        func projections(bias: Bool) -> SelfAttention.Projections {
            switch layout {
            case .transformers:
                let attention = w("attention.attention")
                return .separate(query: attention("query"), key: attention("key"), value: attention("value"), bias: bias)
            case .timm:
                return .fused(w("attn.qkv"), bias: bias)
            case .torchvision:
                return .fusedParameters(w("self_attention"))
            }
        }
    }
}
