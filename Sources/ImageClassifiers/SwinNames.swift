import Layers

/// Where each layout keeps Swin's tensors.
struct SwinNames {
    private let layout: CheckpointLayout
    private let w: Weights

    init(_ layout: CheckpointLayout, _ w: Weights) {
        self.layout = layout
        self.w = w
    }

    var patches: Weights {
        w(layout.name("swin.embeddings.patch_embeddings.projection", "patch_embed.proj", "features.0.0"))
    }
    var patchNorm: Weights { w(layout.name("swin.embeddings.norm", "patch_embed.norm", "features.0.2")) }
    var norm: Weights { w(layout.name("swin.layernorm", "norm", "norm")) }
    var head: Weights { w(layout.name("classifier", "head.fc", "head")) }

    /// The merging of patches before stage `index`, which transformers counts to the stage before.
    func merging(before index: Int) -> Weights {
        switch layout {
        case .transformers: w("swin.encoder.layers")(index - 1)("downsample")
        case .timm: w("layers")(index)("downsample")
        case .torchvision: w("features")(2 * index)
        }
    }

    func block(_ number: Int, of stage: Int) -> Block {
        switch layout {
        case .transformers: Block(layout, w("swin.encoder.layers")(stage)("blocks")(number))
        case .timm: Block(layout, w("layers")(stage)("blocks")(number))
        case .torchvision: Block(layout, w("features")(2 * stage + 1)(number))
        }
    }

    struct Block {
        private let layout: CheckpointLayout
        private let w: Weights

        init(_ layout: CheckpointLayout, _ w: Weights) {
            self.layout = layout
            self.w = w
        }

        var attentionNorm: Weights { w(layout.name("layernorm_before", "norm1", "norm1")) }
        var attention: Weights { w(layout.name("attention.self", "attn", "attn")) }
        var attentionOutput: Weights { w(layout.name("attention.output.dense", "attn.proj", "attn.proj")) }
        var mlpNorm: Weights { w(layout.name("layernorm_after", "norm2", "norm2")) }
        var expand: Weights { w(layout.name("intermediate.dense", "mlp.fc1", "mlp.0")) }
        var reduce: Weights { w(layout.name("output.dense", "mlp.fc2", "mlp.3")) }

        func projections(bias: Bool) -> SelfAttention.Projections {
            guard layout == .transformers else { return .fused(attention("qkv"), bias: bias) }
            return .separate(
                query: attention("query"), key: attention("key"), value: attention("value"), bias: bias)
        }
    }
}
