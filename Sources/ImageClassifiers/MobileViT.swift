public import Layers
public import TensorCore

/// MobileViT, MobileNetV2's blocks with transformers over patches in between.
///
/// Mehta and Rastegari, *MobileViT: Light-weight, General-purpose, and Mobile-friendly Vision Transformer* (2021,
/// arXiv:2110.02178), figure 1b and table 4.
/// Layouts: transformers' `MobileViTForImageClassification`; timm's `mobilevit_xxs`, `mobilevit_xs` and `mobilevit_s`.
public struct MobileViT: ClassifierNetwork {
    /// A stage as configured: inverted residual blocks, the first of which may halve the picture, and then perhaps a
    /// transformer.
    struct StageConfiguration: Sendable, Equatable {
        var width: Int
        var blockCount = 1
        var stride = 2
        /// Between the taps of the first block's depthwise convolution.
        var dilation = 1
        var transformer: TransformerConfiguration?
    }

    /// A transformer as configured.
    struct TransformerConfiguration: Sendable, Equatable {
        var width: Int
        /// The width between a block's two linear layers.
        var hiddenWidth: Int
        var depth: Int
    }

    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels of the input.
        public var channels = 3
        /// Channels after the first convolution.
        public var stemWidth: Int
        var stages: [StageConfiguration]
        /// Channels of the last feature map.
        public var lastWidth: Int
        /// Channels between an inverted residual block's convolutions, as a factor of its input's.
        public var expansion: Double
        /// Side of the dense convolutions' kernels around a transformer.
        public var kernel = 3
        /// Side of the patches.
        public var patchSize = 2
        /// Heads of the attention.
        public var heads = 4
        /// Whether queries, keys and values have biases.
        public var hasQKVBias = true
        /// The activation after every convolution but a block's last, and between linear layers.
        public var activation = Activation.silu
        /// The epsilon of the layer norms; the batch norms have 1e-5.
        public var epsilon = 1e-5
        /// Number of classes.
        public var classCount: Int
    }

    /// Channels of the input.
    public let channels: Int
    /// Number of classes.
    public let classCount: Int
    private let stem: Convolution
    private let stages: [Stage]
    private let last: Convolution
    private let head: Linear

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        let names = MobileViTNames(layout, w)
        channels = c.channels
        classCount = c.classCount
        stem = try Self.convolution(c.channels, c.stemWidth, kernel: 3, stride: 2, c.activation, names.stem)
        var stages: [Stage] = []
        var width = c.stemWidth
        for (index, stage) in c.stages.enumerated() {
            stages.append(try Stage(width, stage, c, names.stage(index, hasTransformer: stage.transformer != nil)))
            width = stage.width
        }
        self.stages = stages
        last = try Self.convolution(width, c.lastWidth, kernel: 1, c.activation, names.last)
        head = try Linear(c.lastWidth, c.classCount, names.head)
    }

    /// Any image will do: every window is padded.
    public func refusal(height: Int, width: Int) -> String? { nil }

    /// Classifies `[B, H, W, channels]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = stem(pixels, ws)  // [B, H/2, W/2, 16]
        for stage in stages { x = stage(x, ws) }  // H/2, H/4, H/8, H/16, H/32
        x = last(x, ws)  // [B, H/32, W/32, 640]
        let features = ws.meanOverPixels(x)  // [B, 640]
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
    }

    /// A padded convolution and its batch norm.
    fileprivate static func convolution(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, dilation: Int = 1, groups: Int = 1,
        _ activation: Activation, _ place: MobileViTNames.Place
    ) throws(WeightError) -> Convolution {
        try Convolution(
            inputs, outputs, kernel: kernel, stride: stride, padding: .symmetric(kernel / 2 * dilation),
            dilation: dilation, groups: groups, bias: false, norm: BatchNorm(outputs, place.norm),
            activation: activation, place.convolution)
    }

    private struct Stage: Sendable {
        private let blocks: [InvertedResidual]
        private let transformer: TransformerLayer?

        init(_ inputs: Int, _ stage: StageConfiguration, _ c: Configuration, _ names: MobileViTNames.Stage)
            throws(WeightError)
        {
            var blocks: [InvertedResidual] = []
            for number in 0..<stage.blockCount {
                let isFirst = number == 0
                blocks.append(
                    try MobileViT.invertedResidual(
                        isFirst ? inputs : stage.width, stage.width, stride: isFirst ? stage.stride : 1,
                        dilation: isFirst ? stage.dilation : 1, c, names.block(number)))
            }
            self.blocks = blocks
            if let transformer = stage.transformer {
                self.transformer = try TransformerLayer(stage.width, transformer, c, names.transformer)
            } else {
                transformer = nil
            }
        }

        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
            var x = x
            for block in blocks { x = block(x, ws) }
            return transformer.map { $0(x, ws) } ?? x
        }
    }

    /// Reads an inverted residual; there is no activation after the projection, and the input is added where shapes
    /// allow.
    private static func invertedResidual(
        _ inputs: Int, _ outputs: Int, stride: Int, dilation: Int, _ c: Configuration,
        _ names: MobileViTNames.InvertedResidual
    ) throws(WeightError) -> InvertedResidual {
        let inner = roundedChannels((Double(inputs) * c.expansion).rounded(.toNearestOrEven))
        return InvertedResidual(
            expand: try convolution(inputs, inner, kernel: 1, c.activation, names.expand),
            depthwise: try convolution(
                inner, inner, kernel: 3, stride: stride, dilation: dilation, groups: inner, c.activation,
                names.depthwise),
            project: try convolution(inner, outputs, kernel: 1, .none, names.project),
            hasResidual: stride == 1 && inputs == outputs)
    }

    /// The paper's MobileViT block: a convolution sees a pixel's neighbours, the transformer all pixels of the same
    /// place in their patches, and a last convolution the result beside the input.
    private struct TransformerLayer: Sendable {
        private let local: Convolution
        private let embed: Convolution
        private let blocks: [TransformerBlock]
        private let norm: LayerNorm
        private let project: Convolution
        private let fuse: Convolution
        private let patchSize: Int

        init(
            _ width: Int, _ transformer: TransformerConfiguration, _ c: Configuration,
            _ names: MobileViTNames.Transformer
        ) throws(WeightError) {
            let inner = transformer.width
            patchSize = c.patchSize
            local = try MobileViT.convolution(width, width, kernel: c.kernel, c.activation, names.local)
            embed = try Convolution(width, inner, kernel: 1, bias: false, names.embed)
            var blocks: [TransformerBlock] = []
            for number in 0..<transformer.depth {
                blocks.append(
                    try TransformerBlock(
                        inner, heads: c.heads, hiddenWidth: transformer.hiddenWidth, activation: c.activation,
                        epsilon: c.epsilon, names.block(number, hasQKVBias: c.hasQKVBias)))
            }
            self.blocks = blocks
            norm = try LayerNorm(inner, epsilon: c.epsilon, names.norm)
            project = try MobileViT.convolution(inner, width, kernel: 1, c.activation, names.project)
            fuse = try MobileViT.convolution(2 * width, width, kernel: c.kernel, c.activation, names.fuse)
        }

        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
            let (height, width) = (x.shape[1], x.shape[2])
            let (rows, columns) = (wholePatches(height), wholePatches(width))
            var y = resized(embed(local(x, ws), ws), rows, columns, ws)
            y = ws.unfolded(y, side: patchSize)  // [B * 4, H/2 * W/2, D]
            for block in blocks { y = block(y, ws) }
            y = ws.folded(norm(y, ws), side: patchSize, height: rows, width: columns)
            y = project(resized(y, height, width, ws), ws)  // [B, H, W, C]
            return fuse(ws.sideBySide(x, y), ws)
        }

        private func wholePatches(_ pixels: Int) -> Int { (pixels + patchSize - 1) / patchSize * patchSize }

        /// Pictures that no whole number of patches covers are resized, there and back.
        private func resized(_ x: Tensor, _ height: Int, _ width: Int, _ ws: Workspace) -> Tensor {
            let (from, across) = (x.shape[1], x.shape[2])
            guard from != height || across != width else { return x }
            return ws.resampled(
                x,
                Resampling(
                    .bilinear(alignCorners: false), height: from, width: across, outputHeight: height,
                    outputWidth: width))
        }
    }
}
