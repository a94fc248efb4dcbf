public import Layers
public import TensorCore

/// MobileNetV3, MobileNetV2's blocks with squeeze-and-excitation and hard activations, laid out by search.
///
/// Howard et al., *Searching for MobileNetV3* (2019, arXiv:1905.02244), tables 1 and 2.
/// Layouts: timm's `mobilenetv3_large_*` and `mobilenetv3_small_*`; torchvision's `mobilenet_v3_large` and `_small`.
public struct MobileNetV3: ClassifierNetwork {
    /// A block as configured.
    struct BlockConfiguration: Sendable, Equatable {
        var kernel: Int
        /// Channels between the block's convolutions.
        var expandedWidth: Int
        var hasExpansion: Bool
        var width: Int
        /// Channels of the squeeze-and-excitation's bottleneck; `nil` where the block has none.
        var squeezedWidth: Int?
        var activation: Activation
        var stride: Int
        /// Stage and number within it, as timm counts.
        var stage: Int
        var number: Int
    }

    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels after the first convolution.
        public var stemWidth: Int
        var blocks: [BlockConfiguration]
        /// Channels of the last feature map.
        public var lastWidth: Int
        /// Pooled features.
        public var featureWidth: Int
        /// The epsilon of the batch norms.
        public var epsilon: Double
        /// Number of classes.
        public var classCount: Int
    }

    /// Channels of the input.
    public let channels = 3
    /// Number of classes.
    public let classCount: Int
    private let stem: Convolution
    private let blocks: [InvertedResidual]
    private let lastHalving: Int  // the block from which on maps are smallest
    private let last: Convolution
    private let features: Linear
    private let head: Linear

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        let names = MobileNetV3Names(layout, w, blocks: c.blocks)
        classCount = c.classCount
        stem = try Convolution(
            3, c.stemWidth, kernel: 3, stride: 2, padding: .symmetric(1), bias: false,
            norm: BatchNorm(c.stemWidth, epsilon: c.epsilon, names.stem.norm), activation: .hardswish,
            names.stem.convolution)
        var blocks: [InvertedResidual] = []
        var width = c.stemWidth
        for (index, block) in c.blocks.enumerated() {
            blocks.append(try Self.block(width, block, epsilon: c.epsilon, names.block(index)))
            width = block.width
        }
        self.blocks = blocks
        lastHalving = c.blocks.lastIndex { $0.stride > 1 } ?? 0
        last = try Convolution(
            width, c.lastWidth, kernel: 1, bias: false,
            norm: BatchNorm(c.lastWidth, epsilon: c.epsilon, names.last.norm), activation: .hardswish,
            names.last.convolution)
        features = try Linear(
            c.lastWidth, c.featureWidth, activation: .hardswish, isConvolution: layout == .timm, names.features)
        head = try Linear(c.featureWidth, c.classCount, names.head)
    }

    /// Any image will do: every window is padded.
    public func refusal(height: Int, width: Int) -> String? { nil }

    /// Eight large images, or many small ones: their last maps are small, and so is the work on one.
    public func imagesAtATime(height: Int, width: Int) -> Int { 8 * imagesInCaches(height: height, width: width) }

    /// Classifies `[B, H, W, 3]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        // The gates of one are too little work for two threads, and pictures that are whole a thread's share have no
        // rows that two threads expand.
        var x = inCaches(pixels, atLeast: 4, ws) { pixels in
            var x = stem(pixels, ws)  // [b, H/2, W/2, 16]
            for index in 0..<lastHalving { x = block(index, x, ws) }  // H/4, H/8, H/16
            return x
        }
        for index in lastHalving..<blocks.count { x = block(index, x, ws) }  // H/32
        x = last(x, ws)  // [B, H/32, W/32, 960]
        let features = features(ws.meanOverPixels(x), ws)  // [B, 960] to [B, 1280]
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
    }

    private func block(_ index: Int, _ x: Tensor, _ ws: Workspace) -> Tensor {
        blocks[index](x, as: blocks.dtype(after: index, before: last, ws), ws)
    }

    /// Reads a block: expansion, depthwise convolution, squeeze-and-excitation, projection (the paper's figure 4).
    private static func block(
        _ inputs: Int, _ block: BlockConfiguration, epsilon: Double, _ names: MobileNetV3Names.Block
    ) throws(WeightError) -> InvertedResidual {
        let inner = block.expandedWidth
        let expand =
            block.hasExpansion
            ? try Convolution(
                inputs, inner, kernel: 1, bias: false, norm: BatchNorm(inner, epsilon: epsilon, names.expand.norm),
                activation: block.activation, names.expand.convolution) : nil
        let depthwise = try Convolution(
            inner, inner, kernel: block.kernel, stride: block.stride, padding: .symmetric(block.kernel / 2),
            groups: inner, bias: false, norm: BatchNorm(inner, epsilon: epsilon, names.depthwise.norm),
            activation: block.activation, names.depthwise.convolution)
        var gate: SqueezeExcitation?
        if let squeezed = block.squeezedWidth {
            gate = try SqueezeExcitation(
                inner, squeezed, activation: .relu, gate: .hardsigmoid, reduce: names.squeeze, expand: names.excite)
        }
        let project = try Convolution(
            inner, block.width, kernel: 1, bias: false,
            norm: BatchNorm(block.width, epsilon: epsilon, names.project.norm), names.project.convolution)
        return InvertedResidual(
            expand: expand, depthwise: depthwise, gate: gate, project: project,
            hasResidual: block.stride == 1 && inputs == block.width)
    }
}
