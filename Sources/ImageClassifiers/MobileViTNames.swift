import Layers

/// Where transformers and timm keep MobileViT's tensors.
struct MobileViTNames {
    /// A convolution and its batch norm.
    typealias Place = (convolution: Weights, norm: Weights)

    private let isTimm: Bool
    private let w: Weights

    init(_ layout: CheckpointLayout, _ w: Weights) {
        isTimm = layout == .timm
        self.w = w
    }

    var stem: Place { Self.pair(w(isTimm ? "stem" : "mobilevit.conv_stem"), isTimm) }
    var last: Place { Self.pair(w(isTimm ? "final_conv" : "mobilevit.conv_1x1_exp"), isTimm) }
    var head: Weights { w(isTimm ? "head.fc" : "classifier") }

    /// A stage's place; transformers has a layout of its own for stages that have a transformer.
    func stage(_ index: Int, hasTransformer: Bool) -> Stage {
        Stage(
            isTimm: isTimm, hasTransformer: hasTransformer, w: w(isTimm ? "stages" : "mobilevit.encoder.layer")(index))
    }

    fileprivate static func pair(_ w: Weights, _ isTimm: Bool) -> Place {
        isTimm ? (w("conv"), w("bn")) : (w("convolution"), w("normalization"))
    }

    struct Stage {
        fileprivate let isTimm: Bool
        fileprivate let hasTransformer: Bool
        fileprivate let w: Weights

        func block(_ number: Int) -> InvertedResidual {
            let place = isTimm ? w(number) : hasTransformer ? w("downsampling_layer") : w("layer")(number)
            let parts = isTimm ? ["conv1_1x1", "conv2_kxk", "conv3_1x1"] : ["expand_1x1", "conv_3x3", "reduce_1x1"]
            return InvertedResidual(
                expand: MobileViTNames.pair(place(parts[0]), isTimm),
                depthwise: MobileViTNames.pair(place(parts[1]), isTimm),
                project: MobileViTNames.pair(place(parts[2]), isTimm))
        }

        var transformer: Transformer { Transformer(isTimm: isTimm, w: isTimm ? w(1) : w) }
    }

    struct InvertedResidual {
        let expand: Place
        let depthwise: Place
        let project: Place
    }

    struct Transformer {
        fileprivate let isTimm: Bool
        fileprivate let w: Weights

        var local: Place { MobileViTNames.pair(w("conv_kxk"), isTimm) }
        var embed: Weights { w(isTimm ? "conv_1x1" : "conv_1x1.convolution") }
        var norm: Weights { w(isTimm ? "norm" : "layernorm") }
        var project: Place { MobileViTNames.pair(w(isTimm ? "conv_proj" : "conv_projection"), isTimm) }
        var fuse: Place { MobileViTNames.pair(w(isTimm ? "conv_fusion" : "fusion"), isTimm) }

        func block(_ number: Int, hasQKVBias: Bool) -> TransformerBlock.Places {
            if isTimm {
                let place = w("transformer")(number)
                return TransformerBlock.Places(
                    attentionNorm: place("norm1"), projections: .fused(place("attn.qkv"), bias: hasQKVBias),
                    attentionOutput: place("attn.proj"), mlpNorm: place("norm2"), expand: place("mlp.fc1"),
                    reduce: place("mlp.fc2"))
            }
            let place = w("transformer.layer")(number)
            let attention = place("attention.attention")
            return TransformerBlock.Places(
                attentionNorm: place("layernorm_before"),
                projections: .separate(
                    query: attention("query"), key: attention("key"), value: attention("value"), bias: hasQKVBias),
                attentionOutput: place("attention.output.dense"), mlpNorm: place("layernorm_after"),
                expand: place("intermediate.dense"), reduce: place("output.dense"))
        }
    }
}
