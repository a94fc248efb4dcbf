import Layers
import TensorCore

/// Where each layout keeps a Vision Transformer's tensors.
struct VisionTransformerNames {
    private let layout: CheckpointLayout
    private let configuration: VisionTransformer.Configuration
    private let w: Weights
    /// The model without its head.
    private let base: Weights

    init(_ layout: CheckpointLayout, _ configuration: VisionTransformer.Configuration, _ w: Weights) {
        self.layout = layout
        self.configuration = configuration
        self.w = w
        base = layout == .transformers && !configuration.isBare ? w(configuration.family.rawValue) : w
    }

    var patches: Weights {
        base(layout.name("embeddings.patch_embeddings.projection", "patch_embed.proj", "conv_proj"))
    }
    var normBefore: Weights { w("norm_pre") }
    var norm: Weights {
        base(layout.name("layernorm", configuration.poolsBeforeNorm ? "fc_norm" : "norm", "encoder.ln"))
    }
    var head: Weights {
        w(layout.name(configuration.head == .distilled ? "cls_classifier" : "classifier", "head", "heads.head"))
    }
    var distillationHead: Weights { w(layout == .transformers ? "distillation_classifier" : "head_dist") }

    /// The tokens before the patches, in their order.
    func prefixTokens() throws(WeightError) -> [Float] {
        var tokens: [Float] = []
        if configuration.hasClassToken {
            tokens += try vectors(layout.name("embeddings.cls_token", "cls_token", "class_token"), 1)
        }
        if configuration.hasDistillationToken {
            tokens += try vectors(layout.name("embeddings.distillation_token", "dist_token", ""), 1)
        }
        if configuration.registerCount > 0 {
            let name = layout.name("embeddings.register_tokens", "reg_token", "")
            tokens += try vectors(name, configuration.registerCount)
        }
        return tokens
    }
    func positions(_ tokens: Int) throws(WeightError) -> [Float] {
        try vectors(layout.name("embeddings.position_embeddings", "pos_embed", "encoder.pos_embedding"), tokens)
    }
    private func vectors(_ name: String, _ tokens: Int) throws(WeightError) -> [Float] {
        try base.tensor(name, shape: [1, tokens, configuration.width]).floats
    }

    func block(_ index: Int) -> Block {
        let place =
            layout == .torchvision
            ? w("encoder.layers.encoder_layer_\(index)") : base(layout.name("encoder.layer", "blocks", ""))(index)
        return Block(layout, configuration, place)
    }

    struct Block {
        private let layout: CheckpointLayout
        private let configuration: VisionTransformer.Configuration
        private let w: Weights
        private let isDINOv2: Bool

        init(_ layout: CheckpointLayout, _ configuration: VisionTransformer.Configuration, _ w: Weights) {
            self.layout = layout
            self.configuration = configuration
            self.w = w
            isDINOv2 = [.dinov2, .dinov2WithRegisters].contains(configuration.family)
        }

        func places() throws(WeightError) -> TransformerBlock.Places {
            var places = TransformerBlock.Places(
                attentionNorm: attentionNorm, projections: projections, attentionOutput: attentionOutput,
                mlpNorm: mlpNorm, expand: expand, reduce: reduce)
            places.isGated = configuration.isGated
            if configuration.hasHeadNorms {
                places.headNorms = SelfAttention.HeadNorms(
                    query: w("attn.q_norm"), key: w("attn.k_norm"), epsilon: configuration.epsilon)
            }
            if configuration.hasLayerScale {
                let names = isDINOv2 ? ("layer_scale1.lambda1", "layer_scale2.lambda1") : ("ls1.gamma", "ls2.gamma")
                places.attentionScale = try w.vector(names.0, configuration.width)
                places.mlpScale = try w.vector(names.1, configuration.width)
            }
            return places
        }

        private var attentionNorm: Weights { w(layout.name(isDINOv2 ? "norm1" : "layernorm_before", "norm1", "ln_1")) }
        private var attentionOutput: Weights {
            w(layout.name("attention.output.dense", "attn.proj", "self_attention.out_proj"))
        }
        private var mlpNorm: Weights { w(layout.name(isDINOv2 ? "norm2" : "layernorm_after", "norm2", "ln_2")) }
        private var expand: Weights {
            guard isDINOv2 else { return w(layout.name("intermediate.dense", "mlp.fc1", "mlp.0")) }
            return w(configuration.isGated ? "mlp.weights_in" : "mlp.fc1")
        }
        private var reduce: Weights {
            guard isDINOv2 else { return w(layout.name("output.dense", "mlp.fc2", "mlp.3")) }
            return w(configuration.isGated ? "mlp.weights_out" : "mlp.fc2")
        }

        private var projections: SelfAttention.Projections {
            switch layout {
            case .transformers:
                let attention = w("attention.attention")
                return .separate(
                    query: attention("query"), key: attention("key"), value: attention("value"),
                    bias: configuration.hasQKVBias)
            case .timm:
                return .fused(w("attn.qkv"), bias: configuration.hasQKVBias)
            case .torchvision:
                return .fusedParameters(w("self_attention"))
            }
        }
    }
}
