public import JSON
public import Layers
public import TensorCore

/// Inception-v3, Inception modules whose large kernels are taken apart into rows and columns.
///
/// Szegedy et al., *Rethinking the Inception Architecture for Computer Vision* (2015, arXiv:1512.00567), table 1 and
/// figures 5 to 7 and 10. The classifier in the middle of the network serves training alone; its tensors may be there
/// and are not read.
/// Layouts: timm's and torchvision's `inception_v3`.
public struct InceptionV3: ClassifierNetwork {
    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        var widths: FixedWidths
        /// Whether images come with ImageNet's mean and deviation and are brought to 0.5.
        public var transformsInput: Bool
        /// Number of classes.
        public var classCount: Int

        /// Reads a configuration of timm's or torchvision's layout.
        public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
            _ = try config.choice("architecture", ["inception_v3": ()])
            var known: Set = [FixedWidths.key, "aux_logits"]
            if layout == .torchvision { known.insert(InputTransform.key) }
            let arguments = try config.modelArguments(known: known)
            widths = try FixedWidths(arguments)
            transformsInput =
                layout == .torchvision ? try arguments.bool(InputTransform.key, default: false) : false
            _ = try arguments.optionalBool("aux_logits")  // for training alone
            classCount = try config.int("num_classes", in: 1...1_000_000)
        }
    }

    private typealias Plan = InceptionModule.Plan
    private typealias Step = InceptionModule.Step

    private static let trainingTensors = Set(
        auxiliaryTensors("AuxLogits", convolutions: ["conv0", "conv1"], linear: ["fc"]))

    /// Channels of the input.
    public let channels = 3
    /// Number of classes.
    public let classCount: Int
    private let transform: InputTransform?
    private let stem: [Convolution]
    private let modules: [InceptionModule]
    private let head: Linear  // fc

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        classCount = c.classCount
        transform = c.transformsInput ? InputTransform(w) : nil
        let n = c.widths
        stem = [
            try Convolution(
                inception: channels, n(32), kernel: (3, 3), stride: 2, pads: false, w("Conv2d_1a_3x3")),
            try Convolution(inception: n(32), n(32), kernel: (3, 3), pads: false, w("Conv2d_2a_3x3")),
            try Convolution(inception: n(32), n(64), kernel: (3, 3), w("Conv2d_2b_3x3")),
            try Convolution(inception: n(64), n(80), kernel: (1, 1), w("Conv2d_3b_1x1")),
            try Convolution(inception: n(80), n(192), kernel: (3, 3), pads: false, w("Conv2d_4a_3x3")),
        ]
        let plans: [(name: String, plans: [Plan], halves: Bool)] = [
            ("Mixed_5b", Self.squares(pooled: 32), false), ("Mixed_5c", Self.squares(pooled: 64), false),
            ("Mixed_5d", Self.squares(pooled: 64), false), ("Mixed_6a", Self.firstReduction, true),
            ("Mixed_6b", Self.lines(128), false), ("Mixed_6c", Self.lines(160), false),
            ("Mixed_6d", Self.lines(160), false), ("Mixed_6e", Self.lines(192), false),
            ("Mixed_7a", Self.secondReduction, true), ("Mixed_7b", Self.forks, false), ("Mixed_7c", Self.forks, false),
        ]
        var (modules, width): ([InceptionModule], Int) = ([], n(192))
        for (name, plans, halves) in plans {
            let module = try InceptionModule(
                width, plans, window: halves ? Window(3, stride: 2) : Window(1), n, w(name))
            modules.append(module)
            width = module.width
        }
        self.modules = modules
        head = try Linear(width, c.classCount, w("fc"))
    }

    /// The counters of batch norms, and what serves training alone.
    public static func ignores(_ name: String) -> Bool { isBatchCounter(name) || trainingTensors.contains(name) }

    /// Much of the network does not pad; it must leave a pixel.
    public func refusal(height: Int, width: Int) -> String? {
        min(height, width) >= 75 ? nil : "sides of at least 75 pixels"
    }

    /// Classifies `[B, H, W, 3]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = transform.map { $0(pixels, ws) } ?? pixels  // [B, 299, 299, 3]
        for convolution in stem[..<3] { x = convolution(x, ws) }  // [B, 147, 147, 64]
        x = ws.pooled(x, .maximum, window: Window(3, stride: 2))
        for convolution in stem[3...] { x = convolution(x, ws) }  // [B, 71, 71, 192]
        x = ws.pooled(x, .maximum, window: Window(3, stride: 2))
        for module in modules { x = module(x, ws) }  // [B, 35, 35, 288], [B, 17, 17, 768], [B, 8, 8, 2048]
        let features = ws.meanOverPixels(x)  // [B, 2048]
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
    }

    private static let average = InceptionModule.PoolingStep(kind: .averageWithPadding, window: Window(3, padding: 1))
    private static let halving = InceptionModule.PoolingStep(kind: .maximum, window: Window(3, stride: 2))

    /// The paper's figure 5, with one 5x5 kernel left whole.
    private static func squares(pooled: Int) -> [Plan] {
        [
            Plan(Step("branch1x1", 64)), Plan(Step("branch5x5_1", 48), Step("branch5x5_2", 64, 5, 5)),
            Plan(Step("branch3x3dbl_1", 64), Step("branch3x3dbl_2", 96, 3, 3), Step("branch3x3dbl_3", 96, 3, 3)),
            Plan(Step("branch_pool", pooled), pooling: average),
        ]
    }

    /// The paper's figure 10: from 35x35 to 17x17.
    private static let firstReduction = [
        Plan(Step("branch3x3", 384, 3, 3, stride: 2)),
        Plan(
            Step("branch3x3dbl_1", 64), Step("branch3x3dbl_2", 96, 3, 3), Step("branch3x3dbl_3", 96, 3, 3, stride: 2)),
        Plan(pooling: halving),
    ]

    /// The paper's figure 6: 7x7 kernels as columns and rows.
    private static func lines(_ inner: Int) -> [Plan] {
        [
            Plan(Step("branch1x1", 192)),
            Plan(Step("branch7x7_1", inner), Step("branch7x7_2", inner, 1, 7), Step("branch7x7_3", 192, 7, 1)),
            Plan(
                Step("branch7x7dbl_1", inner), Step("branch7x7dbl_2", inner, 7, 1), Step("branch7x7dbl_3", inner, 1, 7),
                Step("branch7x7dbl_4", inner, 7, 1), Step("branch7x7dbl_5", 192, 1, 7)),
            Plan(Step("branch_pool", 192), pooling: average),
        ]
    }

    /// From 17x17 to 8x8.
    private static let secondReduction = [
        Plan(Step("branch3x3_1", 192), Step("branch3x3_2", 320, 3, 3, stride: 2)),
        Plan(
            Step("branch7x7x3_1", 192), Step("branch7x7x3_2", 192, 1, 7), Step("branch7x7x3_3", 192, 7, 1),
            Step("branch7x7x3_4", 192, 3, 3, stride: 2)),
        Plan(pooling: halving),
    ]

    /// The paper's figure 7: rows and columns beside each other.
    private static let forks = [
        Plan(Step("branch1x1", 320)),
        Plan(
            Step("branch3x3_1", 384), Step("branch3x3_2a", 384, 1, 3), Step("branch3x3_2b", 384, 3, 1), ends: 2),
        Plan(
            Step("branch3x3dbl_1", 448), Step("branch3x3dbl_2", 384, 3, 3), Step("branch3x3dbl_3a", 384, 1, 3),
            Step("branch3x3dbl_3b", 384, 3, 1), ends: 2),
        Plan(Step("branch_pool", 192), pooling: average),
    ]
}
