public import Layers
public import TensorCore

/// EfficientNet and EfficientNetV2, inverted residual blocks whose depth, width and input grow together.
///
/// Tan and Le, *EfficientNet: Rethinking Model Scaling for Convolutional Neural Networks* (2019, arXiv:1905.11946),
/// table 1 and section 3.3; *EfficientNetV2: Smaller Models and Faster Training* (2021, arXiv:2104.00298), table 4.
/// Layouts: transformers' `EfficientNetForImageClassification`; timm's `efficientnet_b*`, `tf_efficientnet_b*`,
/// `efficientnetv2_*` and `tf_efficientnetv2_*`; torchvision's `efficientnet_b*` and `efficientnet_v2_*`.
public struct EfficientNet: ClassifierNetwork {
    /// What a block's first convolution is.
    enum Kind: Sendable {
        /// The only one: a dense convolution, and nothing after it.
        case plain
        /// A dense convolution that widens, before a projection: the second paper's Fused-MBConv.
        case fused
        /// Depthwise between expansion and projection, with squeeze-and-excitation: MBConv.
        case inverted
    }

    /// A block as configured.
    struct BlockConfiguration: Sendable, Equatable {
        var kind: Kind
        var kernel: Int
        var stride: Int
        var padding: Convolution.Padding
        /// Channels between the block's convolutions.
        var expandedWidth: Int
        /// Whether an inverted block has a convolution that widens.
        var hasExpansion: Bool
        /// Channels of the squeeze-and-excitation's bottleneck, of inverted blocks.
        var squeezedWidth: Int
        var width: Int
        /// Whether the input is added to the result.
        var hasResidual: Bool
        /// Stage and number within it, as timm counts.
        var stage: Int
        var number: Int
    }

    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels of the input.
        public var channels = 3
        /// Channels after the first convolution.
        public var stemWidth: Int
        /// How the first convolution is padded.
        public var stemPadding: Convolution.Padding
        var blocks: [BlockConfiguration]
        /// Channels of the last feature map.
        public var lastWidth: Int
        /// The activation of all convolutions but a block's last.
        public var activation = Activation.silu
        /// The epsilon of the batch norms.
        public var epsilon: Double
        /// Number of classes.
        public var classCount: Int
    }

    /// Channels of the input.
    public let channels: Int
    /// Number of classes.
    public let classCount: Int
    private let smallestSide: Int
    private let stem: Convolution
    private let blocks: [Block]
    private let last: Convolution
    private let head: Linear

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        let names = EfficientNetNames(layout, w, blocks: c.blocks)
        channels = c.channels
        classCount = c.classCount
        smallestSide = c.smallestSide
        stem = try Convolution(
            c.channels, c.stemWidth, kernel: 3, stride: 2, padding: c.stemPadding, bias: false,
            norm: BatchNorm(c.stemWidth, epsilon: c.epsilon, names.stem.norm), activation: c.activation,
            names.stem.convolution)
        var blocks: [Block] = []
        var width = c.stemWidth
        for (index, block) in c.blocks.enumerated() {
            blocks.append(try Block(width, block, c, names.block(index)))
            width = block.width
        }
        self.blocks = blocks
        last = try Convolution(
            width, c.lastWidth, kernel: 1, bias: false,
            norm: BatchNorm(c.lastWidth, epsilon: c.epsilon, names.last.norm), activation: c.activation,
            names.last.convolution)
        head = try Linear(c.lastWidth, c.classCount, names.head)
    }

    /// Where windows are padded unevenly, a small image would leave them nothing.
    public func refusal(height: Int, width: Int) -> String? {
        min(height, width) >= smallestSide ? nil : "sides of at least \(smallestSide) pixels"
    }

    /// Classifies `[B, H, W, channels]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = stem(pixels, ws)  // [B, H/2, W/2, 32]
        for block in blocks { x = block(x, ws) }  // H/4, H/8, H/16, H/32
        x = last(x, ws)  // [B, H/32, W/32, 1280]
        let features = ws.meanOverPixels(x)  // [B, 1280]
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
    }

    /// One block of any kind (the second paper's figure 2).
    private enum Block: Sendable {
        /// One convolution; the activation comes before the sum.
        case plain(Convolution, hasResidual: Bool)
        /// A dense convolution that widens, and a 1x1.
        case fused(expand: Convolution, project: Convolution, hasResidual: Bool)
        case inverted(InvertedResidual)

        init(
            _ inputs: Int, _ block: BlockConfiguration, _ c: Configuration, _ names: EfficientNetNames.Block
        ) throws(WeightError) {
            let inner = block.expandedWidth
            func norm(_ width: Int, _ w: Weights) throws(WeightError) -> BatchNorm {
                try BatchNorm(width, epsilon: c.epsilon, w)
            }
            func dense(_ width: Int) throws(WeightError) -> Convolution {
                try Convolution(
                    inputs, width, kernel: block.kernel, stride: block.stride, padding: block.padding, bias: false,
                    norm: norm(width, names.expand.norm), activation: c.activation, names.expand.convolution)
            }
            func projection() throws(WeightError) -> Convolution {
                try Convolution(
                    inner, block.width, kernel: 1, bias: false, norm: norm(block.width, names.project.norm),
                    names.project.convolution)
            }
            switch block.kind {
            case .plain:
                self = .plain(try dense(block.width), hasResidual: block.hasResidual)
            case .fused:
                self = .fused(
                    expand: try dense(inner), project: try projection(), hasResidual: block.hasResidual)
            case .inverted:
                let expand =
                    block.hasExpansion
                    ? try Convolution(
                        inputs, inner, kernel: 1, bias: false, norm: norm(inner, names.expand.norm),
                        activation: c.activation, names.expand.convolution) : nil
                let depthwise = try Convolution(
                    inner, inner, kernel: block.kernel, stride: block.stride, padding: block.padding, groups: inner,
                    bias: false, norm: norm(inner, names.depthwise.norm), activation: c.activation,
                    names.depthwise.convolution)
                let gate = try SqueezeExcitation(
                    inner, block.squeezedWidth, activation: c.activation, gate: .sigmoid, reduce: names.squeeze,
                    expand: names.excite)
                self = .inverted(
                    InvertedResidual(
                        expand: expand, depthwise: depthwise, gate: gate, project: try projection(),
                        hasResidual: block.hasResidual))
            }
        }

        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
            switch self {
            case .plain(let convolution, let hasResidual):
                let y = convolution(x, ws)
                return hasResidual ? ws.added(y, x) : y
            case .fused(let expand, let project, let hasResidual):
                return project(expand(x, ws), residual: hasResidual ? x : nil, ws)
            case .inverted(let block):
                return block(x, ws)
            }
        }
    }
}
