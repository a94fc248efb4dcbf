public import JSON
public import Layers
public import TensorCore

/// VGG, stages of 3x3 convolutions, each twice as narrow in pixels as the one before, and three linear layers.
///
/// Simonyan and Zisserman, *Very Deep Convolutional Networks for Large-Scale Image Recognition* (2014,
/// arXiv:1409.1556), table 1: columns A, B, D and E, with or without batch norms.
/// Layouts: timm's and torchvision's `vgg11` to `vgg19` and `vgg11_bn` to `vgg19_bn`.
public struct VGG: ClassifierNetwork {
    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels of each stage.
        public var widths: [Int]
        /// Convolutions in each stage.
        public var depths: [Int]
        /// Whether a batch norm follows every convolution.
        public var hasNorms: Bool
        /// Outputs of the first two linear layers.
        public var hiddenWidths: [Int]
        /// Number of classes.
        public var classCount: Int

        private static let variants: [String: (depths: [Int], hasNorms: Bool)] = {
            let columns = [
                "vgg11": [1, 1, 2, 2, 2], "vgg13": [2, 2, 2, 2, 2], "vgg16": [2, 2, 3, 3, 3], "vgg19": [2, 2, 4, 4, 4],
            ]
            var variants: [String: (depths: [Int], hasNorms: Bool)] = [:]
            for (name, depths) in columns {
                variants[name] = (depths, false)
                variants[name + "_bn"] = (depths, true)
            }
            return variants
        }()

        /// The names that are known.
        static var names: [String] { variants.keys.sorted() }

        /// Reads a configuration of timm's or torchvision's layout.
        public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
            let variant = try config.choice("architecture", Self.variants)
            var known: Set = [FixedWidths.key, "hidden_size"]
            if layout == .timm { known.insert("mlp_ratio") }
            let arguments = try config.modelArguments(known: known)
            let width = try FixedWidths(arguments)
            depths = variant.depths
            hasNorms = variant.hasNorms
            widths = [64, 128, 256, 512, 512].map { width($0) }
            let hidden = try arguments.int("hidden_size", in: 1...65536, default: 4096)
            let share = layout == .timm ? try arguments.double("mlp_ratio", in: 0.0001...16, default: 1) : 1
            hiddenWidths = [Int(Double(hidden) * share), hidden]
            guard hiddenWidths[0] >= 1 else { throw arguments.failure("mlp_ratio", expected: "at least 1 / \(hidden)") }
            classCount = try config.int("num_classes", in: 1...1_000_000)
        }
    }

    /// The side of the picture that the linear layers read.
    private static let side = 7

    /// The layers between the last feature map and the classes. timm stores them as convolutions and averages what they
    /// make of maps larger than 7x7; torchvision averages such maps first.
    private enum Hidden: Sendable {
        case linear(Linear, Linear)
        case convolutions(Convolution, Convolution)
    }

    /// Channels of the input.
    public let channels = 3
    /// Number of classes.
    public let classCount: Int
    private let stages: [[Convolution]]
    private let hidden: Hidden
    private let head: Linear

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        classCount = c.classCount
        var (stages, width, index): ([[Convolution]], Int, Int) = ([], channels, 0)
        for (outputs, depth) in zip(c.widths, c.depths) {
            var stage: [Convolution] = []
            for _ in 0..<depth {
                stage.append(
                    try Convolution(
                        width, outputs, kernel: 3, padding: .symmetric(1),
                        norm: c.hasNorms ? BatchNorm(outputs, w("features")(index + 1)) : nil, activation: .relu,
                        w("features")(index)))
                width = outputs
                index += c.hasNorms ? 3 : 2  // convolution, norm, activation
            }
            stages.append(stage)
            index += 1  // pooling
        }
        self.stages = stages
        let (first, last) = (c.hiddenWidths[0], c.hiddenWidths[1])
        if layout == .timm {
            hidden = .convolutions(
                try Convolution(width, first, kernel: Self.side, activation: .relu, w("pre_logits.fc1")),
                try Convolution(first, last, kernel: 1, activation: .relu, w("pre_logits.fc2")))
            head = try Linear(last, c.classCount, w("head.fc"))
        } else {
            hidden = .linear(
                try Linear(width, size: (Self.side, Self.side), first, activation: .relu, w("classifier.0")),
                try Linear(first, last, activation: .relu, w("classifier.3")))
            head = try Linear(last, c.classCount, w("classifier.6"))
        }
    }

    /// Five poolings must leave a pixel.
    public func refusal(height: Int, width: Int) -> String? {
        min(height, width) >= 32 ? nil : "sides of at least 32 pixels"
    }

    /// Classifies `[B, H, W, 3]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = pixels
        for stage in stages {
            for convolution in stage { x = convolution(x, ws) }
            x = ws.pooled(x, .maximum, window: Window(2, stride: 2))  // H/2, H/4, H/8, H/16, H/32
        }
        let (batch, height, width) = (x.shape[0], x.shape[1], x.shape[2])
        let features: Tensor  // [B, 4096]
        switch hidden {
        case .linear(let first, let second):
            let picture = ws.averaged(x, height: Self.side, width: Self.side)  // [B, 7, 7, 512]
            let values = picture.reshaped(to: Shape(batch, Self.side * Self.side * picture.shape[3]))
            features = second(first(values, ws), ws)
        case .convolutions(let first, let second):
            let picture = ws.averaged(x, height: max(height, Self.side), width: max(width, Self.side))
            features = ws.meanOverPixels(second(first(picture, ws), ws))
        }
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
    }
}
