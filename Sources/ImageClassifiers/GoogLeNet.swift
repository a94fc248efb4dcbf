public import JSON
public import Layers
public import TensorCore

/// GoogLeNet, the first network of Inception modules.
///
/// Szegedy et al., *Going Deeper with Convolutions* (2014, arXiv:1409.4842), table 1, with batch norms and, as in the
/// weights that torchvision publishes, 3x3 kernels where the paper has 5x5. The two classifiers in the middle of the
/// network serve training alone; their tensors may be there and are not read.
/// Layout: torchvision's `googlenet`.
public struct GoogLeNet: ClassifierNetwork {
    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        var widths: FixedWidths
        /// Whether images come with ImageNet's mean and deviation and are brought to 0.5.
        public var transformsInput: Bool
        /// Number of classes.
        public var classCount: Int

        /// Reads a configuration of torchvision's layout.
        public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
            _ = try config.choice("architecture", ["googlenet": ()])
            let arguments = try config.modelArguments(known: [FixedWidths.key, InputTransform.key, "aux_logits"])
            widths = try FixedWidths(arguments)
            transformsInput = try arguments.bool(InputTransform.key, default: false)
            _ = try arguments.optionalBool("aux_logits")  // for training alone
            classCount = try config.int("num_classes", in: 1...1_000_000)
        }
    }

    /// The paper's table 1: 1x1; 3x3 reduce, 3x3; 5x5 reduce, 5x5; pool proj.
    private static let rows: [(name: String, widths: [Int])] = [
        ("3a", [64, 96, 128, 16, 32, 32]), ("3b", [128, 128, 192, 32, 96, 64]), ("4a", [192, 96, 208, 16, 48, 64]),
        ("4b", [160, 112, 224, 24, 64, 64]), ("4c", [128, 128, 256, 24, 64, 64]), ("4d", [112, 144, 288, 32, 64, 64]),
        ("4e", [256, 160, 320, 32, 128, 128]), ("5a", [256, 160, 320, 32, 128, 128]),
        ("5b", [384, 192, 384, 48, 128, 128]),
    ]
    private static let trainingTensors = Set(
        ["aux1", "aux2"].flatMap { auxiliaryTensors($0, convolutions: ["conv"], linear: ["fc1", "fc2"]) })

    /// Channels of the input.
    public let channels = 3
    /// Number of classes.
    public let classCount: Int
    private let transform: InputTransform?
    private let stem: [Convolution]  // conv1, conv2, conv3
    private let modules: [(module: InceptionModule, poolsAfter: Window?)]
    private let head: Linear  // fc

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        classCount = c.classCount
        transform = c.transformsInput ? InputTransform(w) : nil
        let n = c.widths
        stem = [
            try Convolution(inception: channels, n(64), kernel: (7, 7), stride: 2, w("conv1")),
            try Convolution(inception: n(64), n(64), kernel: (1, 1), w("conv2")),
            try Convolution(inception: n(64), n(192), kernel: (3, 3), w("conv3")),
        ]
        let pooling = InceptionModule.PoolingStep(kind: .maximum, window: Window(3, padding: 1))
        var modules: [(InceptionModule, Window?)] = []
        var width = n(192)
        for (name, row) in Self.rows {
            let module = try InceptionModule(
                width,
                [
                    .init(.init("branch1", row[0])),
                    .init(.init("branch2.0", row[1]), .init("branch2.1", row[2], 3, 3)),
                    .init(.init("branch3.0", row[3]), .init("branch3.1", row[4], 3, 3)),
                    .init(.init("branch4.1", row[5]), pooling: pooling),
                ], n, w("inception\(name)"))
            let after: Window? =
                switch name {
                case "3b": Window(3, stride: 2)
                case "4e": Window(2, stride: 2)
                default: nil
                }
            modules.append((module, after))
            width = module.width
        }
        self.modules = modules
        head = try Linear(width, c.classCount, w("fc"))
    }

    /// The counters of batch norms, and what serves training alone.
    public static func ignores(_ name: String) -> Bool { isBatchCounter(name) || trainingTensors.contains(name) }

    /// The poolings do not pad; they must leave a pixel.
    public func refusal(height: Int, width: Int) -> String? {
        min(height, width) >= 15 ? nil : "sides of at least 15 pixels"
    }

    /// Classifies `[B, H, W, 3]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = transform.map { $0(pixels, ws) } ?? pixels
        x = stem[0](x, ws)  // [B, H/2, W/2, 64]
        x = ws.pooled(x, .maximum, window: Window(3, stride: 2), ceiling: true)  // H/4
        x = stem[2](stem[1](x, ws), ws)  // [B, H/4, W/4, 192]
        x = ws.pooled(x, .maximum, window: Window(3, stride: 2), ceiling: true)  // H/8
        for (module, poolsAfter) in modules {
            x = module(x, ws)
            if let poolsAfter { x = ws.pooled(x, .maximum, window: poolsAfter, ceiling: true) }  // H/16, H/32
        }
        let features = ws.meanOverPixels(x)  // [B, 1024]
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
    }
}
