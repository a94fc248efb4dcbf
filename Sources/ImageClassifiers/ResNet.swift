import Checkpoints
public import JSON
public import Layers
public import TensorCore

/// ResNet, a convolutional classifier with residual blocks.
///
/// He et al., *Deep Residual Learning for Image Recognition* (2015, arXiv:1512.03385), sections 3.3 and 4.1. Bottleneck
/// blocks put the stride on the 3x3 convolution, the variant known as v1.5, unless the configuration says otherwise.
/// Layouts: transformers' `ResNetForImageClassification`; timm's and torchvision's `resnet18` to `resnet152`.
public struct ResNet: ClassifierNetwork {
    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels of the input.
        public var channels = 3
        /// Channels after the stem.
        public var stemWidth = 64
        /// Channels after each stage.
        public var widths: [Int]
        /// Blocks in each stage.
        public var depths: [Int]
        /// Whether blocks are 1x1, 3x3, 1x1 rather than two 3x3 convolutions.
        public var isBottleneck: Bool
        /// The activation after each block; inside of blocks it is ReLU.
        public var activation = Activation.relu
        /// Whether the first stage halves the image, too.
        public var downsamplesFirstStage = false
        /// Whether a bottleneck's stride is on its first convolution, as in the paper (v1).
        public var downsamplesInBottleneck = false
        /// Number of classes.
        public var classCount: Int

        static let variants: [String: (isBottleneck: Bool, depths: [Int])] = [
            "resnet18": (false, [2, 2, 2, 2]), "resnet34": (false, [3, 4, 6, 3]), "resnet50": (true, [3, 4, 6, 3]),
            "resnet101": (true, [3, 4, 23, 3]), "resnet152": (true, [3, 8, 36, 3]),
        ]

        /// Reads a configuration of any of the layouts.
        public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
            switch layout {
            case .transformers:
                channels = try config.int("num_channels", in: 1...64, default: 3)
                stemWidth = try config.int("embedding_size", in: 1...8192)
                widths = try config.ints("hidden_sizes", count: 1...16, in: 1...65536)
                depths = try config.ints("depths", count: widths.count...widths.count, in: 1...1000)
                isBottleneck = try config.choice("layer_type", ["basic": false, "bottleneck": true])
                activation = try config.activation("hidden_act")
                downsamplesFirstStage = try config.bool("downsample_in_first_stage", default: false)
                downsamplesInBottleneck = try config.bool("downsample_in_bottleneck", default: false)
                classCount = try config.classCount()
                guard !isBottleneck || widths.allSatisfy({ $0 % 4 == 0 }) else {
                    throw config.failure("hidden_sizes", expected: "multiples of 4 for bottleneck blocks")
                }
            case .timm, .torchvision:
                let variant = try config.choice("architecture", Self.variants)
                let arguments = try config.modelArguments(known: ["layers", "channels"])
                isBottleneck = variant.isBottleneck
                depths = try arguments.ints("layers", count: 4...4, in: 1...1000, default: variant.depths)
                let planes = try arguments.ints("channels", count: 4...4, in: 1...8192, default: [64, 128, 256, 512])
                widths = planes.map { [isBottleneck] in isBottleneck ? 4 * $0 : $0 }
                classCount = try config.int("num_classes", in: 1...1_000_000)
            }
        }
    }

    /// Channels of the input.
    public let channels: Int
    /// Number of classes.
    public let classCount: Int
    private let stem: Convolution  // conv1, bn1
    private let blocks: [Block]  // layer1 ... layer4
    private let earlyBlocks: Int  // of layer1 and layer2
    private let head: Linear  // fc

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        let names = Names(layout, w)
        channels = c.channels
        classCount = c.classCount
        stem = try Convolution(
            c.channels, c.stemWidth, kernel: 7, stride: 2, padding: .symmetric(3), bias: false,
            norm: BatchNorm(c.stemWidth, names.stemNorm), activation: c.activation, names.stem)
        var blocks: [Block] = []
        var width = c.stemWidth
        for (stage, (stageWidth, depth)) in zip(c.widths, c.depths).enumerated() {
            for index in 0..<depth {
                let halves = index == 0 && (stage > 0 || c.downsamplesFirstStage)
                blocks.append(
                    try Block(width, stageWidth, stride: halves ? 2 : 1, c, names.block(stage, index)))
                width = stageWidth
            }
        }
        self.blocks = blocks
        earlyBlocks = c.depths.prefix(2).reduce(0, +)
        head = try Linear(width, c.classCount, names.head)
    }

    /// Any image will do: every window is padded.
    public func refusal(height: Int, width: Int) -> String? { nil }

    /// Classifies `[B, H, W, channels]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = inCaches(pixels, ws) { pixels in
            var x = stem(pixels, as: dtype(into: 0, ws), ws)  // [b, H/2, W/2, 64]
            x = ws.pooled(x, .maximum, window: Window(3, stride: 2, padding: 1))  // [b, H/4, W/4, 64]
            for index in 0..<earlyBlocks { x = blocks[index](x, as: dtype(into: index + 1, ws), ws) }  // H/4, H/8
            return x
        }
        for index in earlyBlocks..<blocks.count {
            x = blocks[index](x, as: dtype(into: index + 1, ws), ws)  // H/16, H/32
        }
        let features = ws.meanOverPixels(x)  // [B, C]
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
    }

    /// What the input of a block is held as: brain floats between layers that multiply such.
    private func dtype(into index: Int, _ ws: Workspace) -> DType {
        guard index < blocks.count, blocks[index].isInBrainFloats(ws) else { return .float32 }
        let isGiven = index == 0 ? stem.givesBrainFloats(ws) : blocks[index - 1].isInBrainFloats(ws)
        return isGiven ? .bfloat16 : .float32
    }

    /// Four large images: the last two stages hold most of the weights.
    public func imagesAtATime(height: Int, width: Int) -> Int { 4 * imagesInCaches(height: height, width: width) }

    /// A residual block: activation(F(x) + shortcut(x)), the paper's equation 2 and figure 5.
    private struct Block: Sendable {
        private let convolutions: [Convolution]
        private let shortcut: Convolution?

        init(
            _ inputs: Int, _ outputs: Int, stride: Int, _ c: Configuration, _ names: Names.Block
        ) throws(WeightError) {
            func convolution(
                _ index: Int, _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, _ activation: Activation
            ) throws(WeightError) -> Convolution {
                try Convolution(
                    inputs, outputs, kernel: kernel, stride: stride, padding: .symmetric(kernel / 2), bias: false,
                    norm: BatchNorm(outputs, names.norm(index)), activation: activation, names.convolution(index))
            }
            if c.isBottleneck {
                let inner = outputs / 4
                let (first, second) = c.downsamplesInBottleneck ? (stride, 1) : (1, stride)
                convolutions = [
                    try convolution(0, inputs, inner, kernel: 1, stride: first, .relu),
                    try convolution(1, inner, inner, kernel: 3, stride: second, .relu),
                    try convolution(2, inner, outputs, kernel: 1, stride: 1, c.activation),
                ]
            } else {
                convolutions = [
                    try convolution(0, inputs, outputs, kernel: 3, stride: stride, .relu),
                    try convolution(1, outputs, outputs, kernel: 3, stride: 1, c.activation),
                ]
            }
            guard stride != 1 || inputs != outputs else {
                shortcut = nil
                return
            }
            shortcut = try Convolution(
                inputs, outputs, kernel: 1, stride: stride, bias: false, norm: BatchNorm(outputs, names.shortcutNorm),
                names.shortcut)
        }

        /// Whether all layers multiply brain floats.
        func isInBrainFloats(_ ws: Workspace) -> Bool {
            convolutions.allSatisfy { $0.takesBrainFloats(ws) } && shortcut?.takesBrainFloats(ws) ?? true
        }

        func callAsFunction(_ x: Tensor, as dtype: DType, _ ws: Workspace) -> Tensor {
            let inner: DType = isInBrainFloats(ws) ? .bfloat16 : .float32
            let residual = shortcut.map { $0(x, as: inner, ws) } ?? x
            var y = x
            for convolution in convolutions.dropLast() { y = convolution(y, as: inner, ws) }
            return convolutions[convolutions.count - 1](y, residual: residual, as: dtype, ws)
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

        private var isTransformers: Bool { layout == .transformers }
        var stem: Weights { isTransformers ? w("resnet.embedder.embedder.convolution") : w("conv1") }
        var stemNorm: Weights { isTransformers ? w("resnet.embedder.embedder.normalization") : w("bn1") }
        var head: Weights { isTransformers ? w("classifier.1") : w("fc") }

        func block(_ stage: Int, _ index: Int) -> Block {
            isTransformers
                ? Block(isTransformers: true, w("resnet.encoder.stages")(stage)("layers")(index))
                : Block(isTransformers: false, w("layer\(stage + 1)")(index))
        }

        struct Block {
            private let isTransformers: Bool
            private let w: Weights

            init(isTransformers: Bool, _ w: Weights) {
                self.isTransformers = isTransformers
                self.w = w
            }

            func convolution(_ index: Int) -> Weights {
                isTransformers ? w("layer")(index)("convolution") : w("conv\(index + 1)")
            }
            func norm(_ index: Int) -> Weights {
                isTransformers ? w("layer")(index)("normalization") : w("bn\(index + 1)")
            }
            var shortcut: Weights { isTransformers ? w("shortcut.convolution") : w("downsample.0") }
            var shortcutNorm: Weights { isTransformers ? w("shortcut.normalization") : w("downsample.1") }
        }
    }
}
