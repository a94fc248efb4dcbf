import Checkpoints
public import JSON
public import Layers
public import TensorCore

/// ConvNeXt, a convolutional classifier with the proportions of a transformer, and ConvNeXt V2, whose blocks have a
/// global response norm in place of the layer scale.
///
/// Liu et al., *A ConvNet for the 2020s* (2022, arXiv:2201.03545), section 2 and figure 4; Woo et al., *ConvNeXt V2:
/// Co-designing and Scaling ConvNets with Masked Autoencoders* (2023, arXiv:2301.00808), figure 5 and table 8.
/// Layouts: transformers' `ConvNextForImageClassification` and `ConvNextV2ForImageClassification`; timm's
/// `convnext_tiny` to `convnext_large` and `convnextv2_*`; torchvision's `convnext_tiny` to `convnext_large`.
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
        /// Whether blocks have a global response norm: the second version.
        public var hasResponseNorm = false
        /// Whether a block's linear layers are kept as 1x1 convolutions.
        public var isConvolutional = false
        /// The epsilon of the last norm; the others have 1e-6.
        public var finalEpsilon = 1e-6
        /// Number of classes.
        public var classCount: Int

        /// What a size's name stands for.
        private struct Variant {
            var depths: [Int]
            var widths: [Int]
            var isSecond = false
            var isConvolutional = false
        }

        /// The sizes of both versions, by name.
        private static let sizes = [
            "tiny": Variant(depths: [3, 3, 9, 3], widths: [96, 192, 384, 768]),
            "small": Variant(depths: [3, 3, 27, 3], widths: [96, 192, 384, 768]),
            "base": Variant(depths: [3, 3, 27, 3], widths: [128, 256, 512, 1024]),
            "large": Variant(depths: [3, 3, 27, 3], widths: [192, 384, 768, 1536]),
        ]
        /// The sizes of the second version alone; timm builds the small ones of convolutions.
        private static let secondSizes = [
            "atto": Variant(depths: [2, 2, 6, 2], widths: [40, 80, 160, 320], isConvolutional: true),
            "femto": Variant(depths: [2, 2, 6, 2], widths: [48, 96, 192, 384], isConvolutional: true),
            "pico": Variant(depths: [2, 2, 6, 2], widths: [64, 128, 256, 512], isConvolutional: true),
            "nano": Variant(depths: [2, 2, 8, 2], widths: [80, 160, 320, 640], isConvolutional: true),
            "huge": Variant(depths: [3, 3, 27, 3], widths: [352, 704, 1408, 2816]),
        ]

        private static func variants(_ layout: CheckpointLayout) -> [String: Variant] {
            var result: [String: Variant] = [:]
            for (size, variant) in sizes { result["convnext_\(size)"] = variant }
            guard layout == .timm else { return result }
            for (size, variant) in sizes.merging(secondSizes, uniquingKeysWith: { $1 }) {
                result["convnextv2_\(size)"] = variant
                result["convnextv2_\(size)"]?.isSecond = true
            }
            return result
        }

        /// Reads a configuration of any of the layouts.
        public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
            switch layout {
            case .transformers:
                channels = try config.int("num_channels", in: 1...64, default: 3)
                patchSize = try config.int("patch_size", in: 1...256)
                widths = try config.ints("hidden_sizes", count: 1...16, in: 1...65536)
                depths = try config.ints("depths", count: widths.count...widths.count, in: 1...1000)
                _ = try config.optionalInt("num_stages", in: widths.count...widths.count)
                activation = try config.activation("hidden_act")
                hasResponseNorm = try config.choice("model_type", ["convnext": false, "convnextv2": true])
                if hasResponseNorm {
                    hasLayerScale = false
                } else {
                    hasLayerScale = try config.double("layer_scale_init_value", in: -1e6...1e6) > 0
                }
                finalEpsilon = try config.double("layer_norm_eps", in: 0...1)
                classCount = try config.classCount()
            case .timm, .torchvision:
                let variant = try config.choice("architecture", Self.variants(layout))
                (hasResponseNorm, hasLayerScale) = (variant.isSecond, !variant.isSecond)
                isConvolutional = variant.isConvolutional
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
        let names = ConvNeXtNames(layout, isSecond: c.hasResponseNorm, w)
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
            _ inputs: Int, _ outputs: Int, depth: Int, isFirst: Bool, _ c: Configuration, _ names: ConvNeXtNames.Stage
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

    /// 7x7 depthwise convolution, norm, and two linear layers around an activation and, in the second version, a
    /// response norm; x + scale * f(x).
    private struct Block: Sendable {
        private let depthwise: Convolution
        private let norm: LayerNorm
        private let expand: Linear
        private let responseNorm: ResponseNorm?
        private let reduce: Linear

        init(_ width: Int, _ c: Configuration, _ names: ConvNeXtNames.Block) throws(WeightError) {
            depthwise = try Convolution(
                width, width, kernel: 7, padding: .symmetric(3), groups: width, names.depthwise)
            norm = try LayerNorm(width, epsilon: ConvNeXt.epsilon, names.norm)
            expand = try Linear(
                width, 4 * width, activation: c.activation, isConvolution: c.isConvolutional, names.expand)
            responseNorm =
                c.hasResponseNorm
                ? try ResponseNorm(
                    4 * width, epsilon: ConvNeXt.epsilon, isPicture: names.hasPictureNorm, names.responseNorm) : nil
            reduce = try Linear(
                4 * width, width, scale: c.hasLayerScale ? try names.layerScale(width) : nil,
                isConvolution: c.isConvolutional, names.reduce)
        }

        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
            var y = expand(norm(depthwise(x, ws), ws), ws)  // [B, H, W, 4C]
            if let responseNorm { y = responseNorm(y, ws, inPlace: true) }
            return reduce(y, residual: x, ws)
        }
    }
}
