import Checkpoints
public import JSON
import Layers
import TensorCore

extension EfficientNet.Configuration {
    typealias BlockConfiguration = EfficientNet.BlockConfiguration

    /// Reads a configuration of any of the layouts.
    public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
        switch layout {
        case .transformers: try self.init(transformers: config)
        case .timm: try self.init(timm: config)
        case .torchvision: try self.init(torchvision: config)
        }
    }

    /// The side of the smallest image of which something is left after all windows.
    var smallestSide: Int {
        let windows = [(3, 2, stemPadding)] + blocks.map { ($0.kernel, $0.stride, $0.padding) }
        // Backwards: so many pixels a window makes of at least so many.
        return windows.reversed().reduce(1) { outputs, window in
            let (kernel, stride, padding) = window
            let span = (outputs - 1) * stride
            let least =
                switch padding {
                case .same, .trailing: span + 1
                case .symmetric(let margin): span + kernel - 2 * margin
                case .sides(let rows, let columns): span + kernel - 2 * min(rows, columns)
                case .uneven(let before, let after): span + kernel - before - after
                }
            return min(max(1, least), 1 << 30)  // a configuration may have any number of strides
        }
    }

    /// What timm's names stand for: whether TensorFlow's padding and epsilon are used, and the stages.
    private static let timmVariants: [String: (isTensorFlow: Bool, variant: EfficientNetVariant)] = {
        var result: [String: (isTensorFlow: Bool, variant: EfficientNetVariant)] = [:]
        for (size, factors) in EfficientNetVariant.compound {
            let variant = EfficientNetVariant.first.scaled(width: factors.width, depth: factors.depth)
            result["efficientnet_\(size)"] = (false, variant)
            result["tf_efficientnet_\(size)"] = (true, variant)
        }
        for (size, variant) in EfficientNetVariant.second {
            let (isEarly, isBase) = (size.hasPrefix("rw_"), size.hasPrefix("b"))
            if !isBase { result["efficientnetv2_\(size)"] = (false, variant) }
            if !isEarly { result["tf_efficientnetv2_\(size)"] = (true, variant) }
        }
        return result
    }()

    private init(timm config: Config) throws(ConfigError) {
        let named = try config.choice("architecture", Self.timmVariants)
        let arguments = try config.modelArguments(known: ["channel_multiplier", "depth_multiplier", "num_features"])
        var variant = named.variant
        variant.width = try arguments.double("channel_multiplier", in: 0.001...100, default: variant.width)
        if let depth = try arguments.optionalDouble("depth_multiplier", in: 0.001...100) {
            variant.depths = variant.rows.map { _ in depth }
        }
        func scaled(_ width: Int) -> Int { roundedChannels(Double(width) * variant.width, share: variant.share) }
        func padding(_ kernel: Int) -> Convolution.Padding { named.isTensorFlow ? .same : .symmetric(kernel / 2) }
        stemWidth = scaled(variant.stem)
        stemPadding = padding(3)
        var blocks: [BlockConfiguration] = []
        var width = stemWidth
        for (stage, row) in variant.rows.enumerated() {
            for number in 0..<Int((Double(row.repeats) * variant.depths[stage]).rounded(.up)) {
                let (outputs, stride) = (scaled(row.width), number == 0 ? row.stride : 1)
                let hasExpansion = row.kind == .inverted && row.expansion != 1
                let isSeparable = row.kind == .inverted && !hasExpansion
                let inner = isSeparable ? width : roundedChannels(Double(width * row.expansion))
                // The bottleneck is a quarter of the block's input, found from the expanded channels.
                let ratio = 0.25 / Double(row.expansion)
                blocks.append(
                    BlockConfiguration(
                        kind: row.kind, kernel: row.kernel, stride: stride, padding: padding(row.kernel),
                        expandedWidth: inner, hasExpansion: hasExpansion,
                        squeezedWidth: Int((Double(inner) * ratio).rounded(.toNearestOrEven)), width: outputs,
                        hasResidual: stride == 1 && width == outputs, stage: stage, number: number))
                width = outputs
            }
        }
        self.blocks = blocks
        let features = variant.scalesFeatures ? scaled(variant.features) : variant.features
        lastWidth = try arguments.int("num_features", in: 1...65536, default: features)
        epsilon = named.isTensorFlow ? 1e-3 : 1e-5
        classCount = try config.int("num_classes", in: 1...1_000_000)
    }

    /// torchvision's names: the stages, and the batch norms' epsilon.
    private static let torchvisionVariants: [String: (variant: EfficientNetVariant, epsilon: Double)] = {
        var result: [String: (variant: EfficientNetVariant, epsilon: Double)] = [
            "efficientnet_v2_s": (.small, 1e-3), "efficientnet_v2_m": (.medium, 1e-3),
            "efficientnet_v2_l": (.large, 1e-3),
        ]
        for size in 0...7 {
            guard let factors = EfficientNetVariant.compound["b\(size)"] else { continue }
            let variant = EfficientNetVariant.first.scaled(width: factors.width, depth: factors.depth)
            result["efficientnet_b\(size)"] = (variant, size < 5 ? 1e-5 : 1e-3)
        }
        return result
    }()

    private init(torchvision config: Config) throws(ConfigError) {
        let named = try config.choice("architecture", Self.torchvisionVariants)
        let arguments = try config.modelArguments(known: ["width_mult", "depth_mult", "last_channel"])
        var variant = named.variant
        variant.width = try arguments.double("width_mult", in: 0.001...100, default: variant.width)
        if let depth = try arguments.optionalDouble("depth_mult", in: 0.001...100) {
            variant.depths = variant.rows.map { _ in depth }
        }
        func scaled(_ width: Int) -> Int { roundedChannels(Double(width) * variant.width) }
        stemWidth = scaled(variant.stem)
        stemPadding = .symmetric(1)
        var blocks: [BlockConfiguration] = []
        var width = stemWidth
        for (stage, row) in variant.rows.enumerated() {
            for number in 0..<Int((Double(row.repeats) * variant.depths[stage]).rounded(.up)) {
                let (outputs, stride) = (scaled(row.width), number == 0 ? row.stride : 1)
                let inner = roundedChannels(Double(width * row.expansion))
                blocks.append(
                    BlockConfiguration(
                        kind: row.kind, kernel: row.kernel, stride: stride, padding: .symmetric(row.kernel / 2),
                        expandedWidth: inner, hasExpansion: inner != width, squeezedWidth: max(1, width / 4),
                        width: outputs, hasResidual: stride == 1 && width == outputs, stage: stage, number: number))
                width = outputs
            }
        }
        self.blocks = blocks
        // The first paper's networks widen fourfold at the end, the second's to a width of their own.
        let features = variant.scalesFeatures ? 4 * width : variant.features
        lastWidth = try arguments.int("last_channel", in: 1...65536, default: features)
        epsilon = named.epsilon
        classCount = try config.int("num_classes", in: 1...1_000_000)
    }

    /// transformers spells the table out.
    private init(transformers config: Config) throws(ConfigError) {
        let factor = try config.double("width_coefficient", in: 0.001...100)
        let depth = try config.double("depth_coefficient", in: 0.001...100)
        let divisor = try config.int("depth_divisor", in: 1...1024)
        let ratio = try config.double("squeeze_expansion_ratio", in: 0.001...1)
        func scaled(_ width: Int) -> Int { roundedChannels(Double(width) * factor, divisor: divisor) }
        func scaledDepth(_ repeats: Int) -> Int { Int((depth * Double(repeats)).rounded(.up)) }
        let widths = try config.ints("out_channels", count: 1...64, in: 1...65536)
        let stages = widths.count...widths.count
        let inputs = try config.ints("in_channels", count: stages, in: 1...65536)
        let kernels = try config.ints("kernel_sizes", count: stages, in: 3...31)
        let strides = try config.ints("strides", count: stages, in: 1...2)
        let repeats = try config.ints("num_block_repeats", count: stages, in: 1...1000)
        let expansions = try config.ints("expand_ratios", count: stages, in: 1...64)
        guard repeats.reduce(0, { $0 + scaledDepth($1) }) <= 10_000 else {
            throw config.failure("num_block_repeats", expected: "at most 10000 blocks", found: "\(repeats)")
        }
        // The blocks whose strided windows are padded alike on all sides; the others have one pixel less before.
        let evenlyPadded = Set(try config.ints("depthwise_padding", count: 0...4096, in: 0...1_000_000))
        _ = try config.choice("pooling_type", ["mean": ()])
        stemWidth = scaled(32)
        stemPadding = .uneven(before: 0, after: 1)
        var blocks: [BlockConfiguration] = []
        var width = stemWidth
        for stage in widths.indices {
            guard scaled(inputs[stage]) == width else {
                throw config.failure("in_channels", expected: "the channels of the stage before", found: "\(inputs)")
            }
            let half = kernels[stage] / 2
            guard kernels[stage] == 2 * half + 1 else {
                throw config.failure("kernel_sizes", expected: "odd numbers", found: "\(kernels)")
            }
            for number in 0..<scaledDepth(repeats[stage]) {
                let stride = number == 0 ? strides[stage] : 1
                let isEven = stride == 1 || evenlyPadded.contains(blocks.count)
                blocks.append(
                    BlockConfiguration(
                        kind: .inverted, kernel: kernels[stage], stride: stride,
                        padding: isEven ? .symmetric(half) : .uneven(before: half - 1, after: half),
                        expandedWidth: width * expansions[stage], hasExpansion: expansions[stage] != 1,
                        squeezedWidth: max(1, Int(Double(width) * ratio)), width: scaled(widths[stage]),
                        hasResidual: number > 0, stage: stage, number: number))
                width = scaled(widths[stage])
            }
        }
        self.blocks = blocks
        channels = try config.int("num_channels", in: 1...64, default: 3)
        lastWidth = scaled(1280)
        guard try config.int("hidden_dim", in: 1...1_000_000) == lastWidth else {
            throw config.failure("hidden_dim", expected: "\(lastWidth), as width_coefficient makes of 1280")
        }
        activation = try config.activation("hidden_act")
        epsilon = try config.double("batch_norm_eps", in: 0...1)
        classCount = try config.classCount()
    }
}
