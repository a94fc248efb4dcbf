import Checkpoints
public import JSON
import TensorCore

extension MobileNetV2.Configuration {
    typealias Row = MobileNetV2.Row
    typealias BlockConfiguration = MobileNetV2.BlockConfiguration

    /// The paper's table 2.
    private static let rows = [
        Row(expansion: 1, width: 16, repeats: 1, stride: 1), Row(expansion: 6, width: 24, repeats: 2, stride: 2),
        Row(expansion: 6, width: 32, repeats: 3, stride: 2), Row(expansion: 6, width: 64, repeats: 4, stride: 2),
        Row(expansion: 6, width: 96, repeats: 3, stride: 1), Row(expansion: 6, width: 160, repeats: 3, stride: 2),
        Row(expansion: 6, width: 320, repeats: 1, stride: 1),
    ]

    /// timm's variants: factors of channels and of repeats, and whether stem and head keep their widths.
    private static let timmVariants: [String: (width: Double, depth: Double, fixedEnds: Bool)] = [
        "mobilenetv2_035": (0.35, 1, false), "mobilenetv2_050": (0.5, 1, false), "mobilenetv2_075": (0.75, 1, false),
        "mobilenetv2_100": (1, 1, false), "mobilenetv2_110d": (1.1, 1.2, true), "mobilenetv2_120d": (1.2, 1.4, true),
        "mobilenetv2_140": (1.4, 1, false),
    ]

    /// Reads a configuration of any of the layouts.
    public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
        switch layout {
        case .transformers: try self.init(transformers: config)
        case .timm: try self.init(timm: config)
        case .torchvision: try self.init(torchvision: config)
        }
    }

    /// transformers counts blocks rather than rows, and can keep the resolution up by dilation.
    private init(transformers config: Config) throws(ConfigError) {
        let multiplier = try config.double("depth_multiplier", in: 0.001...100)
        let divisor = try config.int("depth_divisible_by", in: 1...1024)
        let minimum = try config.int("min_depth", in: 1...1024)
        let ratio = try config.double("expand_ratio", in: 0.01...100)
        let outputStride = try config.int("output_stride", in: 1...65536)
        let isFinegrained = try config.bool("finegrained_output")
        func scaled(_ width: Int) -> Int {
            roundedChannels((Double(width) * multiplier).rounded(.toNearestOrEven), divisor: divisor, minimum: minimum)
        }
        let stemWidth = scaled(32)
        var blocks = [
            BlockConfiguration(
                width: scaled(16),
                expandedWidth: try config.bool("first_layer_is_expansion") ? nil : stemWidth, stride: 1, stage: 0,
                number: 0)
        ]
        var width = scaled(16)
        var currentStride = 2
        var dilation = 1
        for (stage, row) in Self.rows.enumerated().dropFirst() {
            for number in 0..<row.repeats {
                let stride = number == 0 ? row.stride : 1
                let expanded = roundedChannels(
                    (Double(width) * ratio).rounded(.toNearestOrEven), divisor: divisor, minimum: minimum)
                var block = BlockConfiguration(
                    width: scaled(row.width), expandedWidth: expanded, stride: stride, stage: stage, number: number)
                if currentStride == outputStride {
                    block.stride = 1
                    block.dilation = dilation
                    dilation *= stride
                } else {
                    currentStride *= stride
                }
                blocks.append(block)
                width = block.width
            }
        }
        self.init(
            channels: try config.int("num_channels", in: 1...64, default: 3), stemWidth: stemWidth, blocks: blocks,
            headWidth: isFinegrained && multiplier < 1 ? 1280 : scaled(1280),
            activation: try config.activation("hidden_act"), hasSamePadding: try config.bool("tf_padding"),
            epsilon: try config.double("layer_norm_eps", in: 0...1), classCount: try config.classCount())
    }

    private init(timm config: Config) throws(ConfigError) {
        let variant = try config.choice("architecture", Self.timmVariants)
        let arguments = try config.modelArguments(known: ["channel_multiplier", "depth_multiplier", "num_features"])
        let factor = try arguments.double("channel_multiplier", in: 0.001...100, default: variant.width)
        let depth = try arguments.double("depth_multiplier", in: 0.001...100, default: variant.depth)
        let rows = Self.rows.enumerated().map { index, row in
            var scaled = row
            scaled.width = roundedChannels(Double(row.width) * factor)
            // timm scales the repeats of all stages but the first and the last where the ends are fixed.
            let isEnd = variant.fixedEnds && (index == 0 || index == Self.rows.count - 1)
            scaled.repeats = isEnd ? row.repeats : Int((Double(row.repeats) * depth).rounded(.up))
            return scaled
        }
        let headWidth = variant.fixedEnds ? 1280 : max(1280, roundedChannels(1280 * factor))
        self.init(
            stemWidth: variant.fixedEnds ? 32 : roundedChannels(32 * factor), rows: rows, divisor: 8,
            headWidth: try arguments.int("num_features", in: 1...65536, default: headWidth),
            classCount: try config.int("num_classes", in: 1...1_000_000))
    }

    private init(torchvision config: Config) throws(ConfigError) {
        _ = try config.choice("architecture", ["mobilenet_v2": ()])
        let arguments = try config.modelArguments(known: [
            "width_mult", "inverted_residual_setting", "round_nearest",
        ])
        let factor = try arguments.double("width_mult", in: 0.001...100, default: 1)
        let divisor = try arguments.int("round_nearest", in: 1...1024, default: 8)
        var rows = Self.rows
        if let setting = try arguments.optionalLists(
            "inverted_residual_setting", count: 1...64, length: 4, in: 1...65536)
        {
            rows = setting.map { Row(expansion: Double($0[0]), width: $0[1], repeats: $0[2], stride: $0[3]) }
        }
        rows = rows.map { row in
            var scaled = row
            scaled.width = roundedChannels(Double(row.width) * factor, divisor: divisor)
            return scaled
        }
        self.init(
            stemWidth: roundedChannels(32 * factor, divisor: divisor), rows: rows, divisor: nil,
            headWidth: roundedChannels(1280 * max(1, factor), divisor: divisor),
            classCount: try config.int("num_classes", in: 1...1_000_000))
    }

    /// Spells out rows as blocks.
    ///
    /// - Parameter divisor: what expanded channels are rounded to, or `nil` where they are the plain product.
    private init(stemWidth: Int, rows: [Row], divisor: Int?, headWidth: Int, classCount: Int) {
        var blocks: [BlockConfiguration] = []
        var width = stemWidth
        for (stage, row) in rows.enumerated() {
            for number in 0..<row.repeats {
                let product = Double(width) * row.expansion
                let expanded =
                    divisor.map { roundedChannels(product, divisor: $0) } ?? Int(product.rounded(.toNearestOrEven))
                blocks.append(
                    BlockConfiguration(
                        width: row.width, expandedWidth: row.expansion == 1 ? nil : expanded,
                        stride: number == 0 ? row.stride : 1, stage: stage, number: number))
                width = row.width
            }
        }
        self.init(stemWidth: stemWidth, blocks: blocks, headWidth: headWidth, classCount: classCount)
    }
}
