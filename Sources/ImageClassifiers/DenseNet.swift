public import JSON
public import Layers
public import TensorCore

/// DenseNet, blocks whose layers read everything that the layers before them made.
///
/// Huang et al., *Densely Connected Convolutional Networks* (2016, arXiv:1608.06993), table 1, the variant with
/// bottlenecks and compression (BC). A block's picture is made once and filled layer by layer; nothing is copied.
/// Layouts: timm's and torchvision's `densenet121`, `densenet161`, `densenet169`, `densenet201`.
public struct DenseNet: ClassifierNetwork {
    /// What a checkpoint's `config.json` says.
    public struct Configuration: ClassifierConfiguration, Equatable {
        /// Channels that a layer adds, the paper's k.
        public var growth: Int
        /// Layers in each block.
        public var depths: [Int]
        /// Channels after the stem.
        public var stemWidth: Int
        /// Channels of a layer's bottleneck, as a multiple of ``growth``.
        public var bottleneck: Int
        /// Number of classes.
        public var classCount: Int

        private static let variants: [String: (growth: Int, depths: [Int])] = [
            "densenet121": (32, [6, 12, 24, 16]), "densenet161": (48, [6, 12, 36, 24]),
            "densenet169": (32, [6, 12, 32, 32]), "densenet201": (32, [6, 12, 48, 32]),
        ]

        /// The names that are known.
        static var names: [String] { variants.keys.sorted() }

        /// Reads a configuration of timm's or torchvision's layout.
        public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
            let variant = try config.choice("architecture", Self.variants)
            var known: Set = ["growth_rate", "block_config", "bn_size"]
            if layout == .torchvision { known.insert("num_init_features") }
            let arguments = try config.modelArguments(known: known)
            growth = try arguments.int("growth_rate", in: 1...4096, default: variant.growth)
            depths = try arguments.ints("block_config", count: 1...16, in: 1...1000, default: variant.depths)
            bottleneck = try arguments.int("bn_size", in: 1...64, default: 4)
            // timm takes twice the growth, and so do torchvision's variants unless told otherwise.
            stemWidth =
                layout == .timm
                ? 2 * growth : try arguments.int("num_init_features", in: 1...65536, default: 2 * variant.growth)
            classCount = try config.int("num_classes", in: 1...1_000_000)
        }
    }

    /// Channels of the input.
    public let channels = 3
    /// Number of classes.
    public let classCount: Int
    private let stem: Convolution  // conv0, norm0
    private let blocks: [Block]
    private let transitions: [Transition]
    private let last: NormActivation  // norm5
    private let head: Linear

    /// Builds the network from a checkpoint.
    ///
    /// - Throws: `WeightError` where a tensor is missing or has another shape.
    public init(_ c: Configuration, _ layout: CheckpointLayout, _ w: Weights) throws(WeightError) {
        classCount = c.classCount
        let features = w("features")
        stem = try Convolution(
            channels, c.stemWidth, kernel: 7, stride: 2, padding: .symmetric(3), bias: false,
            norm: BatchNorm(c.stemWidth, features("norm0")), activation: .relu, features("conv0"))
        var (blocks, transitions, width): ([Block], [Transition], Int) = ([], [], c.stemWidth)
        for (index, depth) in c.depths.enumerated() {
            blocks.append(try Block(width, depth: depth, c, features("denseblock\(index + 1)")))
            width += depth * c.growth
            guard index < c.depths.count - 1 else { break }
            transitions.append(try Transition(width, features("transition\(index + 1)")))
            width /= 2
        }
        self.blocks = blocks
        self.transitions = transitions
        last = NormActivation(try BatchNorm(width, features("norm5")), activation: .relu, w)
        head = try Linear(width, c.classCount, w("classifier"))
    }

    /// The poolings between the blocks do not pad; they must leave a pixel.
    public func refusal(height: Int, width: Int) -> String? {
        // The stem and its pooling halve an image, the odd pixel counted; the others drop it.
        let smallest = 4 * ((1 << transitions.count) - 1) + 1
        return min(height, width) >= smallest ? nil : "sides of at least \(smallest) pixels"
    }

    /// Classifies `[B, H, W, 3]`.
    public func callAsFunction(_ pixels: Tensor, _ ws: Workspace) -> ClassifierOutput {
        var x = stem(pixels, ws)  // [B, H/2, W/2, 64]
        var (kind, window) = (Pooling.maximum, Window(3, stride: 2, padding: 1))
        for (index, block) in blocks.enumerated() {
            x = block(x, kind, window, ws)  // H/4, H/8, H/16, H/32
            guard index < transitions.count else { break }
            x = transitions[index](x, ws)
            (kind, window) = (.average, Window(2, stride: 2))
        }
        x = last(x, ws)  // [B, H/32, W/32, 1024]
        let features = ws.meanOverPixels(x)  // [B, 1024]
        return ClassifierOutput(logits: head(features, ws), features: features, featureMap: x)
    }

    /// The paper's figure 1: a pooled picture, and layers that each add channels to all that is there.
    private struct Block: Sendable {
        private let layers: [Layer]
        private let inputs: Int
        private let growth: Int

        init(_ inputs: Int, depth: Int, _ c: Configuration, _ w: Weights) throws(WeightError) {
            var layers: [Layer] = []
            for index in 0..<depth {
                layers.append(try Layer(inputs + index * c.growth, c, w("denselayer\(index + 1)")))
            }
            self.layers = layers
            self.inputs = inputs
            growth = c.growth
        }

        func callAsFunction(_ x: Tensor, _ kind: Pooling, _ window: Window, _ ws: Workspace) -> Tensor {
            let size = window.outputSize(height: x.shape[1], width: x.shape[2])
            let y = ws.unwritten(Shape(x.shape[0], size.height, size.width, inputs + layers.count * growth))
            ws.pooled(x, kind, window: window, into: y.slot(0..<inputs))
            for (index, layer) in layers.enumerated() {
                let first = inputs + index * growth
                layer(y, into: y.slot(first..<first + growth), ws)
            }
            return y
        }
    }

    /// Norm, ReLU, 1x1 convolution, norm, ReLU, 3x3 convolution (the paper's section 3).
    private struct Layer: Sendable {
        private let norm: NormActivation
        private let reduce: Convolution
        private let grow: Convolution

        init(_ inputs: Int, _ c: Configuration, _ w: Weights) throws(WeightError) {
            // The files that torchvision publishes still have the names of its first release, "norm.1" for "norm1".
            let dot = w.has("norm.1.weight") ? "." : ""
            let inner = c.bottleneck * c.growth
            norm = NormActivation(try BatchNorm(inputs, w("norm\(dot)1")), activation: .relu, w)
            reduce = try Convolution(
                inputs, inner, kernel: 1, bias: false, norm: BatchNorm(inner, w("norm\(dot)2")), activation: .relu,
                w("conv\(dot)1"))
            grow = try Convolution(
                inner, c.growth, kernel: 3, padding: .symmetric(1), bias: false, w("conv\(dot)2"))
        }

        /// Reads the channels before the slot and writes the slot.
        func callAsFunction(_ x: Tensor, into slot: ChannelSlot, _ ws: Workspace) {
            grow(reduce(norm(x, ws), ws), into: slot, ws)
        }
    }

    /// Norm, ReLU and a 1x1 convolution to half the channels; the next block pools what they make.
    private struct Transition: Sendable {
        private let norm: NormActivation
        private let convolution: Convolution

        init(_ inputs: Int, _ w: Weights) throws(WeightError) {
            norm = NormActivation(try BatchNorm(inputs, w("norm")), activation: .relu, w)
            convolution = try Convolution(inputs, inputs / 2, kernel: 1, bias: false, w("conv"))
        }

        func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor { convolution(norm(x, ws), ws) }
    }
}
