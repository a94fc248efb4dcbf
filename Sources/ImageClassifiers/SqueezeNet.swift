public import JSON
public import Layers
public import TensorCore

/// SqueezeNet, a small classifier of modules that squeeze their channels before they look at neighbouring pixels.
///
/// Iandola et al., *SqueezeNet: AlexNet-level accuracy with 50x fewer parameters* (2016, arXiv:1602.07360), table 1;
/// 1.1 is its authors' later version with earlier pooling. No linear layer: the classes are the channels of the last
/// convolution, and the pooled features are the means of what enters it.
/// Layout: torchvision's `squeezenet1_0` and `squeezenet1_1`.
public struct SqueezeNet: ClassifierNetwork {
    /// One step after the stem.
    enum Step: Sendable, Equatable {
        case pool
        /// Channels of the squeezing convolution and of each of the two expanding ones.
        case fire(squeezed: Int, expanded: Int)
    }

    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels after the first convolution.
        public var stemWidth: Int
        /// Side of the first convolution's kernel.
        public var stemKernel: Int
        var steps: [Step]
        /// The smallest side of an image that leaves a pixel.
        public var smallestSide: Int
        /// Number of classes.
        public var classCount: Int

        /// Reads a configuration of torchvision's layout.
        public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
            let isFirst = try config.choice("architecture", ["squeezenet1_0": true, "squeezenet1_1": false])
            let width = try FixedWidths(config.modelArguments(known: [FixedWidths.key]))
            stemWidth = width(isFirst ? 96 : 64)
            stemKernel = isFirst ? 7 : 3
            smallestSide = isFirst ? 21 : 17
            // Zeros stand for a pooling, other numbers for a module of so many squeezed channels.
            let squeezed =
                isFirst ? [0, 16, 16, 32, 0, 32, 48, 48, 64, 0, 64] : [0, 16, 16, 0, 32, 32, 0, 48, 48, 64, 64]
            steps = squeezed.map { $0 == 0 ? .pool : .fire(squeezed: width($0), expanded: width(4 * $0)) }
            classCount = try config.int("num_classes", in: 1...1_000_000)
        }
    }

    /// Channels of the input.
    public let channels = 3
    /// Number of classes.
    public let classCount: Int
    private let smallestSide: Int
    private let stem: Convolution
    private let steps: [Fire?]  // nil: a pooling
    private let head: Convolution

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        classCount = c.classCount
        smallestSide = c.smallestSide
        stem = try Convolution(
            channels, c.stemWidth, kernel: c.stemKernel, stride: 2, activation: .relu, w("features.0"))
        var (steps, width): ([Fire?], Int) = ([], c.stemWidth)
        for (index, step) in c.steps.enumerated() {
            guard case .fire(let squeezed, let expanded) = step else {
                steps.append(nil)
                continue
            }
            steps.append(try Fire(width, squeezed, expanded, w("features")(index + 2)))
            width = 2 * expanded
        }
        self.steps = steps
        head = try Convolution(width, c.classCount, kernel: 1, activation: .relu, w("classifier.1"))
    }

    /// No tensor is left over: there are no batch norms.
    public static func ignores(_ name: String) -> Bool { false }

    /// The stem, which does not pad, and three poolings must leave a pixel.
    public func refusal(height: Int, width: Int) -> String? {
        min(height, width) >= smallestSide ? nil : "sides of at least \(smallestSide) pixels"
    }

    /// Classifies `[B, H, W, 3]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = stem(pixels, ws)  // [B, H/2, W/2, 64]
        for step in steps {
            x = step.map { $0(x, ws) } ?? ws.pooled(x, .maximum, window: Window(3, stride: 2), ceiling: true)
        }
        // [B, H/16, W/16, 512]
        let logits = ws.meanOverPixels(head(x, ws))
        return ClassifierOutput(logits: logits, features: ws.meanOverPixels(x), featureMap: x)
    }

    /// The paper's figure 1: 1x1 convolutions of the squeezed channels beside 3x3 ones.
    private struct Fire: Sendable {
        private let squeeze: Convolution
        private let expand1x1: Convolution
        private let expand3x3: Convolution
        private let expanded: Int

        init(_ inputs: Int, _ squeezed: Int, _ expanded: Int, _ w: Weights) throws(WeightError) {
            squeeze = try Convolution(inputs, squeezed, kernel: 1, activation: .relu, w("squeeze"))
            expand1x1 = try Convolution(squeezed, expanded, kernel: 1, activation: .relu, w("expand1x1"))
            expand3x3 = try Convolution(
                squeezed, expanded, kernel: 3, padding: .symmetric(1), activation: .relu, w("expand3x3"))
            self.expanded = expanded
        }

        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
            let narrow = squeeze(x, ws)
            let y = ws.unwritten(Shape(x.shape[0], x.shape[1], x.shape[2], 2 * expanded))
            expand1x1(narrow, into: y.slot(0..<expanded), ws)
            expand3x3(narrow, into: y.slot(expanded..<2 * expanded), ws)
            return y
        }
    }
}
