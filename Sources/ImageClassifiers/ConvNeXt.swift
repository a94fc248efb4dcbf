import Checkpoints
public import JSON
public import Layers
public import TensorCore

/// ConvNeXt, a convolutional classifier with the proportions of a transformer.
///
/// Liu et al., *A ConvNet for the 2020s* (2022, arXiv:2201.03545), section 2 and figure 4.
/// Layouts: transformers' `ConvNextForImageClassification`; timm's and torchvision's `convnext_tiny` to
/// `convnext_large`.
public struct ConvNeXt: ClassifierNetwork {
    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels of the input.
        public var channels = 3
        /// Side of the stem's patches.
        public var patchSize = 4
        /// Channels of each stage.
        public var widths: [Int]
        /// Blocks in each stage.
        public var depths: [Int]
        /// The activation between a block's two linear layers.
        public var activation = Activation.gelu
        /// Whether blocks have a layer scale.
        public var hasLayerScale = true
        /// The epsilon of the last norm; the others have 1e-6.
        public var finalEpsilon = 1e-6
        /// Number of classes.
        public var classCount: Int

        static let variants: [String: (depths: [Int], widths: [Int])] = [
            "convnext_tiny": ([3, 3, 9, 3], [96, 192, 384, 768]),
            "convnext_small": ([3, 3, 27, 3], [96, 192, 384, 768]),
            "convnext_base": ([3, 3, 27, 3], [128, 256, 512, 1024]),
            "convnext_large": ([3, 3, 27, 3], [192, 384, 768, 1536]),
        ]

        /// Reads a configuration of any of the layouts.
        public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
            switch layout {
            case .transformers:
                channels = try config.int("num_channels", in: 1...64, default: 3)
                patchSize = try config.int("patch_size", in: 1...256)
                widths = try config.ints("hidden_sizes", count: 1...16, in: 1...65536)
                depths = try config.ints("depths", count: widths.count...widths.count, in: 1...1000)
                activation = try config.activation("hidden_act")
                hasLayerScale = try config.double("layer_scale_init_value", in: -1e6...1e6) > 0
                finalEpsilon = try config.double("layer_norm_eps", in: 0...1)
                classCount = try config.classCount()
            case .timm, .torchvision:
                let variant = try config.choice("architecture", Self.variants)
                let arguments = try config.modelArguments(known: ["depths", "dims"])
                depths = try arguments.ints("depths", count: 1...16, in: 1...1000, default: variant.depths)
                widths = try arguments.ints(
                    "dims", count: depths.count...depths.count, in: 1...65536, default: variant.widths)
                classCount = try config.int("num_classes", in: 1...1_000_000)
            }
        }
    }

    /// Channels of the input.
    public let channels: Int
    /// Number of classes.
    public let classCount: Int
    private let smallestSide: Int
    private let stem: Convolution  // stem.0
    private let stemNorm: LayerNorm  // stem.1
    private let stages: [Stage]
    private let norm: LayerNorm  // head.norm
    private let head: Linear  // head.fc

    private static let epsilon = 1e-6

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        let names = Names(layout, w)
        channels = c.channels
        classCount = c.classCount
        smallestSide = c.patchSize << (c.widths.count - 1)
        stem = try Convolution(c.channels, c.widths[0], kernel: c.patchSize, stride: c.patchSize, names.stem)
        stemNorm = try LayerNorm(c.widths[0], epsilon: Self.epsilon, names.stemNorm)
        var stages: [Stage] = []
        var width = c.widths[0]
        for (index, (stageWidth, depth)) in zip(c.widths, c.depths).enumerated() {
            stages.append(try Stage(width, stageWidth, depth: depth, isFirst: index == 0, c, names.stage(index)))
            width = stageWidth
        }
        self.stages = stages
        norm = try LayerNorm(width, epsilon: c.finalEpsilon, names.norm)
        head = try Linear(width, c.classCount, names.head)
    }

    /// There is no batch norm and nothing else to leave over.
    public static func ignores(_ name: String) -> Bool { false }

    /// Nothing is padded on the way down, so an image must be as large as one pixel of the last stage.
    public func refusal(height: Int, width: Int) -> String? {
        min(height, width) >= smallestSide ? nil : "sides of at least \(smallestSide) pixels"
    }

    /// Classifies `[B, H, W, channels]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = stemNorm(stem(pixels, ws), ws)  // [B, H/4, W/4, 96]
        for stage in stages { x = stage(x, ws) }  // H/4, H/8, H/16, H/32
        let features = norm(ws.meanOverPixels(x), ws)  // [B, C]
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
    }

    /// Blocks of one resolution, after a convolution that halves it.
    private struct Stage: Sendable {
        private let downsampling: (norm: LayerNorm, convolution: Convolution)?
        private let blocks: [Block]

        init(
            _ inputs: Int, _ outputs: Int, depth: Int, isFirst: Bool, _ c: Configuration, _ names: Names.Stage
        ) throws(WeightError) {
            if isFirst {
                downsampling = nil
            } else {
                downsampling = (
                    try LayerNorm(inputs, epsilon: ConvNeXt.epsilon, names.downsamplingNorm),
                    try Convolution(inputs, outputs, kernel: 2, stride: 2, names.downsamplingConvolution)
                )
            }
            var blocks: [Block] = []
            for index in 0..<depth { blocks.append(try Block(outputs, c, names.block(index))) }
            self.blocks = blocks
        }

        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
            var x = x
            if let downsampling { x = downsampling.convolution(downsampling.norm(x, ws), ws) }
            for block in blocks { x = block(x, ws) }
            return x
        }
    }

    /// 7x7 depthwise convolution, norm, and two linear layers around an activation; x + scale * f(x).
    private struct Block: Sendable {
        private let depthwise: Convolution
        private let norm: LayerNorm
        private let expand: Linear
        private let reduce: Linear

        init(_ width: Int, _ c: Configuration, _ names: Names.Block) throws(WeightError) {
            depthwise = try Convolution(
                width, width, kernel: 7, padding: .symmetric(3), groups: width, names.depthwise)
            norm = try LayerNorm(width, epsilon: ConvNeXt.epsilon, names.norm)
            expand = try Linear(width, 4 * width, activation: c.activation, names.expand)
            reduce = try Linear(
                4 * width, width, scale: c.hasLayerScale ? try names.layerScale(width) : nil, names.reduce)
        }

        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
            reduce(expand(norm(depthwise(x, ws), ws), ws), residual: x, ws)  // [B, H, W, 4C] in between
        }
    }

    /// Where each layout keeps its tensors.
    private struct Names {
        private let layout: CheckpointLayout
        private let w: Weights

        init(_ layout: CheckpointLayout, _ w: Weights) {
            self.layout = layout
            self.w = w
        }

        var stem: Weights { w(layout.name("convnext.embeddings.patch_embeddings", "stem.0", "features.0.0")) }
        var stemNorm: Weights { w(layout.name("convnext.embeddings.layernorm", "stem.1", "features.0.1")) }
        var norm: Weights { w(layout.name("convnext.layernorm", "head.norm", "classifier.0")) }
        var head: Weights { w(layout.name("classifier", "head.fc", "classifier.2")) }

        func stage(_ index: Int) -> Stage {
            // torchvision counts the layers between stages as stages of their own.
            layout == .torchvision
                ? Stage(layout: layout, downsampling: w("features")(2 * index), blocks: w("features")(2 * index + 1))
                : Stage(layout: layout, w(layout.name("convnext.encoder.stages", "stages", ""))(index))
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
            var reduce: Weights { w(layout.name("pwconv2", "mlp.fc2", "block.5")) }

            func layerScale(_ width: Int) throws(WeightError) -> [Float] {
                let name = layout.name("layer_scale_parameter", "gamma", "layer_scale")
                return try w.tensor(name, shape: layout == .torchvision ? [width, 1, 1] : [width]).floats
            }
        }
    }
}
