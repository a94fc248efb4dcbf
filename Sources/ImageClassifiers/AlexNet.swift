public import JSON
public import Layers
public import TensorCore

/// AlexNet, five convolutions and three linear layers.
///
/// Krizhevsky, *One weird trick for parallelizing convolutional neural networks* (2014, arXiv:1404.5997): the
/// network of 2012 on one device and without response normalisation.
/// Layout: torchvision's `alexnet`.
public struct AlexNet: ClassifierNetwork {
    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels after each convolution.
        public var widths: [Int]
        /// Outputs of the first two linear layers.
        public var hiddenWidth: Int
        /// Number of classes.
        public var classCount: Int

        /// Reads a configuration of torchvision's layout.
        public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
            _ = try config.choice("architecture", ["alexnet": ()])
            let arguments = try config.modelArguments(known: [FixedWidths.key, "hidden_size"])
            let width = try FixedWidths(arguments)
            widths = [64, 192, 384, 256, 256].map { width($0) }
            hiddenWidth = try arguments.int("hidden_size", in: 1...65536, default: 4096)
            classCount = try config.int("num_classes", in: 1...1_000_000)
        }
    }

    /// The side of the picture that the linear layers read.
    private static let side = 6

    /// Channels of the input.
    public let channels = 3
    /// Number of classes.
    public let classCount: Int
    private let convolutions: [Convolution]
    private let hidden: [Linear]
    private let head: Linear

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        classCount = c.classCount
        let (features, classifier) = (w("features"), w("classifier"))
        // Number in `features`, kernel, stride, padding.
        let rows = [(0, 11, 4, 2), (3, 5, 1, 2), (6, 3, 1, 1), (8, 3, 1, 1), (10, 3, 1, 1)]
        var convolutions: [Convolution] = []
        var width = channels
        for (row, outputs) in zip(rows, c.widths) {
            convolutions.append(
                try Convolution(
                    width, outputs, kernel: row.1, stride: row.2, padding: .symmetric(row.3), activation: .relu,
                    features(row.0)))
            width = outputs
        }
        self.convolutions = convolutions
        hidden = [
            try Linear(width, size: (Self.side, Self.side), c.hiddenWidth, activation: .relu, classifier(1)),
            try Linear(c.hiddenWidth, c.hiddenWidth, activation: .relu, classifier(4)),
        ]
        head = try Linear(c.hiddenWidth, c.classCount, classifier(6))
    }

    /// No tensor is left over: there are no batch norms.
    public static func ignores(_ name: String) -> Bool { false }

    /// The stem and three poolings without padding must leave a pixel.
    public func refusal(height: Int, width: Int) -> String? {
        min(height, width) >= 63 ? nil : "sides of at least 63 pixels"
    }

    /// Classifies `[B, H, W, 3]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = pixels
        for (index, convolution) in convolutions.enumerated() {
            x = convolution(x, ws)  // [B, H/4, W/4, 64], then H/8, H/16
            if [0, 1, 4].contains(index) { x = ws.pooled(x, .maximum, window: Window(3, stride: 2)) }
        }
        let map = x  // [B, H/32, W/32, 256]
        let picture = ws.averaged(map, height: Self.side, width: Self.side)  // [B, 6, 6, 256]
        var features = picture.reshaped(
            to: Shape(picture.shape[0], picture.shape[1] * picture.shape[2] * picture.shape[3]))
        for layer in hidden { features = layer(features, ws) }  // [B, 4096]
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: map)
    }
}
