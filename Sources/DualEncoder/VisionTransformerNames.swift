import Layers
import TensorCore

/// Where each layout keeps the tensors of an image tower.
struct VisionTransformerNames {
    private enum Style { case transformers, openCLIP, timm }

    private let style: Style
    private let configuration: VisionTransformer.Configuration
    /// The checkpoint's root.
    private let root: Weights
    /// The tower.
    private let w: Weights

    init(_ layout: DualEncoderLayout, _ configuration: VisionTransformer.Configuration, _ root: Weights) {
        self.configuration = configuration
        self.root = root
        switch (layout, configuration.naming) {
        case (.transformers, _):
            style = .transformers
            // A tower without a projection is also stored with nothing before its names.
            w = root.has("embeddings.patch_embedding.weight") ? root : root("vision_model")
        case (.openCLIP, .layout):
            style = .openCLIP
            w = root("visual")
        case (.openCLIP, .timm):
            style = .timm
            w = root("visual.trunk")
        }
    }

    private func pick<T>(_ transformers: T, _ openCLIP: T, _ timm: T) -> T {
        switch style {
        case .transformers: transformers
        case .openCLIP: openCLIP
        case .timm: timm
        }
    }

    var patches: Weights { w(pick("embeddings.patch_embedding", "conv1", "patch_embed.proj")) }
    /// transformers spells it so.
    var preNorm: Weights { w(pick("pre_layrnorm", "ln_pre", "norm_pre")) }
    var norm: Weights { w(pick("post_layernorm", "ln_post", "norm")) }

    /// The class token, `[1, width]`.
    func classToken() throws(WeightError) -> Tensor {
        let name = pick("embeddings.class_embedding", "class_embedding", "cls_token")
        return Tensor(try w.vector(name, configuration.width), shape: Shape(1, configuration.width))
    }

    func positions() throws(WeightError) -> [Float] {
        let name = pick("embeddings.position_embedding.weight", "positional_embedding", "pos_embed")
        let shape = [configuration.positionCount, configuration.width]
        return try w.tensor(name, shape: style == .timm ? [1] + shape : shape).floats
    }

    /// transformers resizes position embeddings while it computes, open_clip and timm while they load.
    var resampling: Resampling.Method {
        style == .transformers ? .bicubic(alignCorners: false) : .bicubicAntialiased
    }

    func projection(_ outputs: Int) throws(WeightError) -> Linear {
        switch style {
        case .transformers: try Linear(configuration.width, outputs, bias: false, root("visual_projection"))
        case .openCLIP, .timm: try Linear(configuration.width, outputs, transposed: "proj", w)
        }
    }

    var attentionPooling: AttentionPooling.Places {
        let head = w(pick("head", "attn_pool", "attn_pool"))
        guard style == .timm else {
            return AttentionPooling.Places(
                probe: (head, "probe"), projections: .fusedParameters(head("attention")),
                output: head("attention.out_proj"), norm: head("layernorm"), expand: head("mlp.fc1"),
                reduce: head("mlp.fc2"))
        }
        return AttentionPooling.Places(
            probe: (head, "latent"), projections: .queryAndPair(query: head("q"), pair: head("kv")),
            output: head("proj"), norm: head("norm"), expand: head("mlp.fc1"), reduce: head("mlp.fc2"))
    }

    func block(_ index: Int) -> TransformerBlock.Places {
        switch style {
        case .transformers: .transformers(w("encoder.layers")(index))
        case .openCLIP: .openCLIP(w("transformer.resblocks")(index))
        case .timm: .timm(w("blocks")(index))
        }
    }
}

extension TransformerBlock.Places {
    /// A block of transformers' CLIP and SigLIP.
    static func transformers(_ w: Weights) -> Self {
        let attention = w("self_attn")
        return Self(
            attentionNorm: w("layer_norm1"),
            projections: .separate(
                query: attention("q_proj"), key: attention("k_proj"), value: attention("v_proj"), bias: true),
            attentionOutput: attention("out_proj"), mlpNorm: w("layer_norm2"), expand: w("mlp.fc1"),
            reduce: w("mlp.fc2"))
    }

    /// A block of OpenAI's CLIP.
    static func openCLIP(_ w: Weights) -> Self {
        Self(
            attentionNorm: w("ln_1"), projections: .fusedParameters(w("attn")), attentionOutput: w("attn.out_proj"),
            mlpNorm: w("ln_2"), expand: w("mlp.c_fc"), reduce: w("mlp.c_proj"))
    }

    /// A block of timm's.
    static func timm(_ w: Weights) -> Self {
        Self(
            attentionNorm: w("norm1"), projections: .fused(w("attn.qkv"), bias: true), attentionOutput: w("attn.proj"),
            mlpNorm: w("norm2"), expand: w("mlp.fc1"), reduce: w("mlp.fc2"))
    }
}
