public import Layers
public import TensorCore

/// RegNet, a residual network whose widths follow a quantised line.
///
/// Radosavovic et al., *Designing Network Design Spaces* (2020, arXiv:2003.13678), section 3.3 and appendix; RegNetY is
/// RegNetX with squeeze-and-excitation (section 4).
/// Layouts: transformers' `RegNetForImageClassification`; timm's `regnetx_*` and `regnety_*`; torchvision's
/// `regnet_x_*` and `regnet_y_*`.
public struct RegNet: ClassifierNetwork {
    /// One stage: blocks of one width, the first of which halves the image.
    struct Stage: Sendable, Equatable {
        var width: Int
        var depth: Int
        /// Groups of the 3x3 convolutions.
        var groups: Int
    }

    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels of the input.
        public var channels = 3
        /// Channels after the stem.
        public var stemWidth: Int
        var stages: [Stage]
        /// Channels of a block's squeeze, as a fraction of the block's input; `nil` where there is none (RegNetX).
        public var squeeze: Double?
        /// The activation after every convolution and every block.
        public var activation = Activation.relu
        /// Whether the first stage halves the image, too.
        public var downsamplesFirstStage = true
        /// Number of classes.
        public var classCount: Int
    }

    /// Channels of the input.
    public let channels: Int
    /// Number of classes.
    public let classCount: Int
    private let stem: Convolution
    private let stages: [[Block]]
    private let head: Linear

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        let names = RegNetNames(layout, w, squeezes: c.squeeze != nil)
        channels = c.channels
        classCount = c.classCount
        stem = try Convolution(
            c.channels, c.stemWidth, kernel: 3, stride: 2, padding: .symmetric(1), bias: false,
            norm: BatchNorm(c.stemWidth, names.stem.norm), activation: c.activation, names.stem.convolution)
        var (stages, width): ([[Block]], Int) = ([], c.stemWidth)
        for (index, stage) in c.stages.enumerated() {
            var blocks: [Block] = []
            for number in 0..<stage.depth {
                let halves = number == 0 && (index > 0 || c.downsamplesFirstStage)
                blocks.append(try Block(width, stage, stride: halves ? 2 : 1, c, names.block(index, number)))
                width = stage.width
            }
            stages.append(blocks)
        }
        self.stages = stages
        head = try Linear(width, c.classCount, names.head)
    }

    /// Any image will do: every window is padded.
    public func refusal(height: Int, width: Int) -> String? { nil }

    /// Classifies `[B, H, W, channels]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = stem(pixels, ws)  // [B, H/2, W/2, 32]
        for stage in stages {
            for block in stage { x = block(x, ws) }  // H/4, H/8, H/16, H/32
        }
        let features = ws.meanOverPixels(x)  // [B, C]
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
    }

    /// The paper's figure 4: 1x1, grouped 3x3, squeeze-and-excitation, 1x1, and the shortcut added.
    private struct Block: Sendable {
        private let first: Convolution
        private let second: Convolution
        private let gate: SqueezeExcitation?
        private let third: Convolution
        private let shortcut: Convolution?

        init(
            _ inputs: Int, _ stage: Stage, stride: Int, _ c: Configuration, _ names: RegNetNames.Block
        ) throws(WeightError) {
            let width = stage.width
            func convolution(
                _ inputs: Int, kernel: Int, stride: Int = 1, groups: Int = 1, _ activation: Activation,
                _ place: RegNetNames.Place
            ) throws(WeightError) -> Convolution {
                try Convolution(
                    inputs, width, kernel: kernel, stride: stride, padding: .symmetric(kernel / 2), groups: groups,
                    bias: false, norm: BatchNorm(width, place.norm), activation: activation, place.convolution)
            }
            first = try convolution(inputs, kernel: 1, c.activation, names.first)
            second = try convolution(
                width, kernel: 3, stride: stride, groups: stage.groups, c.activation, names.second)
            gate =
                try c.squeezedWidth(inputs).map { (squeezed) throws(WeightError) in
                    try SqueezeExcitation(
                        width, squeezed, activation: .relu, gate: .sigmoid, reduce: names.squeeze,
                        expand: names.excite)
                }
            third = try convolution(width, kernel: 1, c.activation, names.third)
            shortcut =
                stride == 1 && inputs == width
                ? nil : try convolution(inputs, kernel: 1, stride: stride, .none, names.shortcut)
        }

        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
            let residual = shortcut.map { $0(x, ws) } ?? x
            let y = second(first(x, ws), ws)
            guard let gate else { return third(y, residual: residual, ws) }
            return third(y, times: gate(y, ws), residual: residual, ws)
        }
    }
}

/// Where each layout keeps RegNet's tensors.
private struct RegNetNames {
    /// A convolution and its batch norm.
    typealias Place = (convolution: Weights, norm: Weights)

    private let layout: CheckpointLayout
    private let w: Weights
    private let squeezes: Bool

    init(_ layout: CheckpointLayout, _ w: Weights, squeezes: Bool) {
        self.layout = layout
        self.w = w
        self.squeezes = squeezes
    }

    var stem: Place { place(w(layout.name("regnet.embedder.embedder", "stem", "stem"))) }
    var head: Weights { w(layout.name("classifier.1", "head.fc", "fc")) }

    private func place(_ w: Weights) -> Place {
        (w(layout.name("convolution", "conv", "0")), w(layout.name("normalization", "bn", "1")))
    }

    func block(_ stage: Int, _ number: Int) -> Block {
        switch layout {
        case .transformers:
            let b = w("regnet.encoder.stages")(stage)("layers")(number)
            // The third convolution comes after squeeze-and-excitation, where there is such a layer.
            return Block(
                first: place(b("layer.0")), second: place(b("layer.1")), third: place(b("layer")(squeezes ? 3 : 2)),
                shortcut: place(b("shortcut")), squeeze: b("layer.2.attention.0"), excite: b("layer.2.attention.2"))
        case .timm:
            let b = w("s\(stage + 1)")("b\(number + 1)")
            return Block(
                first: place(b("conv1")), second: place(b("conv2")), third: place(b("conv3")),
                shortcut: place(b("downsample")), squeeze: b("se.fc1"), excite: b("se.fc2"))
        case .torchvision:
            let b = w("trunk_output.block\(stage + 1).block\(stage + 1)-\(number)")
            return Block(
                first: place(b("f.a")), second: place(b("f.b")), third: place(b("f.c")), shortcut: place(b("proj")),
                squeeze: b("f.se.fc1"), excite: b("f.se.fc2"))
        }
    }

    struct Block {
        let first: Place
        let second: Place
        let third: Place
        let shortcut: Place
        let squeeze: Weights
        let excite: Weights
    }
}
