public import Layers
public import TensorCore

/// MobileNetV2, a small convolutional classifier of inverted residual blocks.
///
/// Sandler et al., *MobileNetV2: Inverted Residuals and Linear Bottlenecks* (2018, arXiv:1801.04381), tables 1 and 2.
/// Layouts: transformers' `MobileNetV2ForImageClassification`; timm's `mobilenetv2_*`; torchvision's `mobilenet_v2`.
public struct MobileNetV2: ClassifierNetwork {
    /// One row of the paper's table 2.
    struct Row: Sendable, Equatable {
        var expansion: Double
        var width: Int
        var repeats: Int
        var stride: Int
    }

    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels of the input.
        public var channels = 3
        /// Channels after the first convolution.
        public var stemWidth: Int
        /// The blocks in order, the first one without an expansion.
        var blocks: [BlockConfiguration]
        /// Channels after the last convolution.
        public var headWidth: Int
        /// The activation after every convolution but the last of a block.
        public var activation = Activation.relu6
        /// Whether the input is padded as TensorFlow does it.
        public var hasSamePadding = false
        /// The epsilon of the batch norms.
        public var epsilon = 1e-5
        /// Number of classes.
        public var classCount: Int
    }

    /// A block as configured.
    struct BlockConfiguration: Sendable, Equatable {
        var width: Int
        /// Channels between the block's convolutions; `nil` where the block does not expand.
        var expandedWidth: Int?
        var stride: Int
        var dilation = 1
        /// Stage and number within it, as timm counts.
        var stage: Int
        var number: Int
    }

    /// Channels of the input.
    public let channels: Int
    /// Number of classes.
    public let classCount: Int
    private let stem: Convolution?  // where it is not the first block's expansion
    private let blocks: [InvertedResidual]
    private let lastHalving: Int  // the block from which on maps are smallest
    private let last: Convolution
    private let head: Linear

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        let names = MobileNetV2Names(layout, w, blocks: c.blocks)
        channels = c.channels
        classCount = c.classCount
        let stem = try Convolution(
            c.channels, c.stemWidth, kernel: 3, stride: 2, padding: c.hasSamePadding ? .same : .symmetric(1),
            bias: false, norm: BatchNorm(c.stemWidth, epsilon: c.epsilon, names.stem.norm), activation: c.activation,
            names.stem.convolution)
        // A first block that does not expand, and has no use for its input again, takes the stem for its expansion.
        let isExpansion = c.blocks.first.map { $0.expandedWidth == nil && $0.width != c.stemWidth } ?? false
        self.stem = isExpansion ? nil : stem
        var blocks: [InvertedResidual] = []
        var width = c.stemWidth
        for (index, block) in c.blocks.enumerated() {
            let stem = isExpansion && index == 0 ? stem : nil
            blocks.append(try Self.block(width, block, c, names.block(index), stem: stem))
            width = block.width
        }
        self.blocks = blocks
        lastHalving = c.blocks.lastIndex { $0.stride > 1 } ?? 0
        last = try Convolution(
            width, c.headWidth, kernel: 1, bias: false,
            norm: BatchNorm(c.headWidth, epsilon: c.epsilon, names.last.norm), activation: c.activation,
            names.last.convolution)
        head = try Linear(c.headWidth, c.classCount, names.head)
    }

    /// Any image will do: every window is padded.
    public func refusal(height: Int, width: Int) -> String? { nil }

    /// Eight large images, or many small ones: their last maps are small, and so is the work on one.
    public func imagesAtATime(height: Int, width: Int) -> Int { 8 * imagesInCaches(height: height, width: width) }

    /// Classifies `[B, H, W, channels]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        // Pictures that are whole a thread's share have no rows that two threads expand.
        var x = inCaches(pixels, atLeast: 2, ws) { pixels in
            var x = stem?(pixels, ws) ?? pixels  // [b, H/2, W/2, 32], if not in the first block
            for index in 0..<lastHalving { x = block(index, x, ws) }  // H/4, H/8, H/16
            return x
        }
        for index in lastHalving..<blocks.count { x = block(index, x, ws) }  // H/32
        x = last(x, ws)  // [B, H/32, W/32, 1280]
        let features = ws.meanOverPixels(x)  // [B, 1280]
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
    }

    private func block(_ index: Int, _ x: Tensor, _ ws: Workspace) -> Tensor {
        blocks[index](x, as: blocks.dtype(after: index, before: last, ws), ws)
    }

    /// Reads a block; there is no activation after the projection, and the input is added where shapes allow.
    private static func block(
        _ inputs: Int, _ block: BlockConfiguration, _ c: Configuration, _ names: MobileNetV2Names.Block,
        stem: Convolution? = nil
    ) throws(WeightError) -> InvertedResidual {
        func norm(_ width: Int, _ w: Weights) throws(WeightError) -> BatchNorm {
            try BatchNorm(width, epsilon: c.epsilon, w)
        }
        let inner = block.expandedWidth ?? inputs
        let expand =
            block.expandedWidth == nil
            ? stem
            : try Convolution(
                inputs, inner, kernel: 1, bias: false, norm: norm(inner, names.expand.norm),
                activation: c.activation, names.expand.convolution)
        let depthwise = try Convolution(
            inner, inner, kernel: 3, stride: block.stride,
            padding: c.hasSamePadding ? .same : .symmetric(block.dilation), dilation: block.dilation, groups: inner,
            bias: false, norm: norm(inner, names.depthwise.norm), activation: c.activation,
            names.depthwise.convolution)
        let project = try Convolution(
            inner, block.width, kernel: 1, bias: false, norm: norm(block.width, names.project.norm),
            names.project.convolution)
        return InvertedResidual(
            expand: expand, depthwise: depthwise, project: project,
            hasResidual: block.stride == 1 && inputs == block.width && names.mayHaveResidual)
    }
}

/// The multiple of `divisor` nearest to `value`, at least `minimum`, and no less than 90 % of the value (or another
/// share of it): how the MobileNet papers' reference code rounds channels.
func roundedChannels(_ value: Double, divisor: Int = 8, minimum: Int? = nil, share: Double = 0.9) -> Int {
    let rounded = max(minimum ?? divisor, Int(value + Double(divisor) / 2) / divisor * divisor)
    return Double(rounded) < share * value ? rounded + divisor : rounded
}
