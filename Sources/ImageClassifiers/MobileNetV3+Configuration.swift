public import JSON
import TensorCore

extension MobileNetV3.Configuration {
    typealias BlockConfiguration = MobileNetV3.BlockConfiguration

    /// One block of the paper's tables: kernel, expanded channels, channels, squeeze-and-excitation, whether the
    /// activation is hardswish rather than ReLU, stride, and timm's stage.
    private struct Row {
        let kernel: Int
        let expanded: Int
        let width: Int
        let squeezes: Bool
        let isHard: Bool
        let stride: Int
        let stage: Int

        init(_ kernel: Int, _ expanded: Int, _ width: Int, _ squeezes: Bool, _ isHard: Bool, _ stride: Int, stage: Int)
        {
            self.kernel = kernel
            self.expanded = expanded
            self.width = width
            self.squeezes = squeezes
            self.isHard = isHard
            self.stride = stride
            self.stage = stage
        }
    }

    /// The paper's table 1.
    private static let large = [
        Row(3, 16, 16, false, false, 1, stage: 0), Row(3, 64, 24, false, false, 2, stage: 1),
        Row(3, 72, 24, false, false, 1, stage: 1), Row(5, 72, 40, true, false, 2, stage: 2),
        Row(5, 120, 40, true, false, 1, stage: 2), Row(5, 120, 40, true, false, 1, stage: 2),
        Row(3, 240, 80, false, true, 2, stage: 3), Row(3, 200, 80, false, true, 1, stage: 3),
        Row(3, 184, 80, false, true, 1, stage: 3), Row(3, 184, 80, false, true, 1, stage: 3),
        Row(3, 480, 112, true, true, 1, stage: 4), Row(3, 672, 112, true, true, 1, stage: 4),
        Row(5, 672, 160, true, true, 2, stage: 5), Row(5, 960, 160, true, true, 1, stage: 5),
        Row(5, 960, 160, true, true, 1, stage: 5),
    ]
    /// The paper's table 2.
    private static let small = [
        Row(3, 16, 16, true, false, 2, stage: 0), Row(3, 72, 24, false, false, 2, stage: 1),
        Row(3, 88, 24, false, false, 1, stage: 1), Row(5, 96, 40, true, true, 2, stage: 2),
        Row(5, 240, 40, true, true, 1, stage: 2), Row(5, 240, 40, true, true, 1, stage: 2),
        Row(5, 120, 48, true, true, 1, stage: 3), Row(5, 144, 48, true, true, 1, stage: 3),
        Row(5, 288, 96, true, true, 2, stage: 4), Row(5, 576, 96, true, true, 1, stage: 4),
        Row(5, 576, 96, true, true, 1, stage: 4),
    ]
    /// timm states expansions as factors of a block's input; these differ from the paper's channels where widths are
    /// scaled.
    private static let largeFactors = [1, 4, 3, 3, 3, 3, 6, 2.5, 2.3, 2.3, 6, 6, 6, 6, 6]
    private static let smallFactors = [1, 4.5, 3.67, 4, 6, 6, 3, 3, 6, 6, 6]

    private static let timmVariants: [String: (isLarge: Bool, factor: Double)] = [
        "mobilenetv3_large_075": (true, 0.75), "mobilenetv3_large_100": (true, 1),
        "mobilenetv3_small_050": (false, 0.5), "mobilenetv3_small_075": (false, 0.75),
        "mobilenetv3_small_100": (false, 1),
    ]

    /// Reads a configuration of timm's or torchvision's layout.
    public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
        switch layout {
        case .timm: try self.init(timm: config)
        case .torchvision: try self.init(torchvision: config)
        case .transformers:
            throw config.failure("architectures", expected: "an architecture that transformers has")
        }
    }

    private init(timm config: Config) throws(ConfigError) {
        let variant = try config.choice("architecture", Self.timmVariants)
        let arguments = try config.modelArguments(known: ["channel_multiplier", "num_features"])
        let factor = try arguments.double("channel_multiplier", in: 0.001...100, default: variant.factor)
        let rows = variant.isLarge ? Self.large : Self.small
        let factors = variant.isLarge ? Self.largeFactors : Self.smallFactors
        stemWidth = factor < 0.75 ? 16 : roundedChannels(16 * factor)
        var blocks: [BlockConfiguration] = []
        var width = stemWidth
        for (row, expansion) in zip(rows, factors) {
            let isSeparable = row.stage == 0  // timm's first block has no expansion at all
            let inner = isSeparable ? width : roundedChannels(Double(width) * expansion)
            let outputs = roundedChannels(Double(row.width) * factor)
            blocks.append(
                BlockConfiguration(
                    kernel: row.kernel, expandedWidth: inner, hasExpansion: !isSeparable, width: outputs,
                    squeezedWidth: row.squeezes ? roundedChannels(Double(inner) * 0.25) : nil,
                    activation: row.isHard ? .hardswish : .relu, stride: row.stride, stage: row.stage,
                    number: blocks.filter { $0.stage == row.stage }.count))
            width = outputs
        }
        self.blocks = blocks
        lastWidth = roundedChannels((variant.isLarge ? 960 : 576) * factor)
        featureWidth = try arguments.int("num_features", in: 1...65536, default: variant.isLarge ? 1280 : 1024)
        epsilon = 1e-5
        classCount = try config.int("num_classes", in: 1...1_000_000)
    }

    private init(torchvision config: Config) throws(ConfigError) {
        let isLarge = try config.choice("architecture", ["mobilenet_v3_large": true, "mobilenet_v3_small": false])
        let arguments = try config.modelArguments(known: ["width_mult"])
        let factor = try arguments.double("width_mult", in: 0.001...100, default: 1)
        func scaled(_ width: Int) -> Int { roundedChannels(Double(width) * factor) }
        stemWidth = scaled(16)
        var blocks: [BlockConfiguration] = []
        var width = stemWidth
        for row in isLarge ? Self.large : Self.small {
            let inner = scaled(row.expanded)
            blocks.append(
                BlockConfiguration(
                    kernel: row.kernel, expandedWidth: inner, hasExpansion: inner != width, width: scaled(row.width),
                    squeezedWidth: row.squeezes ? roundedChannels(Double(inner / 4)) : nil,
                    activation: row.isHard ? .hardswish : .relu, stride: row.stride, stage: row.stage,
                    number: blocks.filter { $0.stage == row.stage }.count))
            width = scaled(row.width)
        }
        self.blocks = blocks
        lastWidth = 6 * width
        featureWidth = scaled(isLarge ? 1280 : 1024)
        epsilon = 1e-3
        classCount = try config.int("num_classes", in: 1...1_000_000)
    }
}
