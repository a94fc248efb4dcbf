import Layers

/// Where each layout keeps ConvNeXt's tensors.
struct ConvNeXtNames {
    private let layout: CheckpointLayout
    private let w: Weights
    /// transformers' name of the network.
    private let base: Weights

    init(_ layout: CheckpointLayout, isSecond: Bool, _ w: Weights) {
        self.layout = layout
        self.w = w
        base = w(layout == .transformers ? (isSecond ? "convnextv2" : "convnext") : "")
    }

    var stem: Weights { base(layout.name("embeddings.patch_embeddings", "stem.0", "features.0.0")) }
    var stemNorm: Weights { base(layout.name("embeddings.layernorm", "stem.1", "features.0.1")) }
    var norm: Weights { base(layout.name("layernorm", "head.norm", "classifier.0")) }
    var head: Weights { w(layout.name("classifier", "head.fc", "classifier.2")) }

    func stage(_ index: Int) -> Stage {
        // torchvision counts the layers between stages as stages of their own.
        layout == .torchvision
            ? Stage(layout: layout, downsampling: w("features")(2 * index), blocks: w("features")(2 * index + 1))
            : Stage(layout: layout, base(layout.name("encoder.stages", "stages", ""))(index))
    }

    struct Stage {
        private let layout: CheckpointLayout
        private let downsampling: Weights
        private let blocks: Weights

        init(layout: CheckpointLayout, downsampling: Weights, blocks: Weights) {
            self.layout = layout
            self.downsampling = downsampling
            self.blocks = blocks
        }

        init(layout: CheckpointLayout, _ w: Weights) {
            self.init(
                layout: layout, downsampling: w(layout.name("downsampling_layer", "downsample", "")),
                blocks: w(layout.name("layers", "blocks", "")))
        }

        /// The norm that comes before the convolution that halves the image.
        var downsamplingNorm: Weights { downsampling(0) }
        /// The convolution that halves the image.
        var downsamplingConvolution: Weights { downsampling(1) }
        func block(_ number: Int) -> Block { Block(layout, blocks(number)) }
    }

    struct Block {
        private let layout: CheckpointLayout
        private let w: Weights

        init(_ layout: CheckpointLayout, _ w: Weights) {
            self.layout = layout
            self.w = w
        }

        var depthwise: Weights { w(layout.name("dwconv", "conv_dw", "block.0")) }
        var norm: Weights { w(layout.name("layernorm", "norm", "block.2")) }
        var expand: Weights { w(layout.name("pwconv1", "mlp.fc1", "block.3")) }
        /// Whether the response norm's tensors have four dimensions.
        var hasPictureNorm: Bool { layout == .transformers }
        var responseNorm: Weights { w(layout.name("grn", "mlp.grn", "")) }
        var reduce: Weights { w(layout.name("pwconv2", "mlp.fc2", "block.5")) }

        func layerScale(_ width: Int) throws(WeightError) -> [Float] {
            let name = layout.name("layer_scale_parameter", "gamma", "layer_scale")
            return try w.tensor(name, shape: layout == .torchvision ? [width, 1, 1] : [width]).floats
        }
    }
}
