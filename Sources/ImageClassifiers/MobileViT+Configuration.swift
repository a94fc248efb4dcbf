import Checkpoints
public import JSON
import TensorCore

extension MobileViT.Configuration {
    typealias StageConfiguration = MobileViT.StageConfiguration
    typealias TransformerConfiguration = MobileViT.TransformerConfiguration

    /// Transformer blocks of the last three stages (the paper's table 4).
    private static let depths = [2, 4, 3]

    /// Reads a configuration of transformers' or timm's layout.
    public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
        switch layout {
        case .transformers: try self.init(transformers: config)
        case .timm: try self.init(timm: config)
        case .torchvision:
            throw config.failure("architecture", expected: "an architecture that torchvision has")
        }
    }

    private init(transformers config: Config) throws(ConfigError) {
        let widths = try config.ints("neck_hidden_sizes", count: 7...7, in: 1...65536)
        let inner = try config.ints("hidden_sizes", count: 3...3, in: 1...65536)
        let ratio = try config.double("mlp_ratio", in: 0.01...100)
        // Where the picture is kept large, later windows are spread instead.
        let strides = try config.int("output_stride", in: 8...32)
        let dilations: [Int]
        switch strides {
        case 8: dilations = [1, 2, 4]
        case 16: dilations = [1, 1, 2]
        case 32: dilations = [1, 1, 1]
        default: throw config.failure("output_stride", expected: "8, 16 or 32")
        }
        stemWidth = widths[0]
        stages = Self.stages(widths: Array(widths[1..<6]), transformers: inner) { Int(Double($0) * ratio) }
        for (index, dilation) in dilations.enumerated() where dilation > 1 {
            stages[index + 2].stride = 1
            stages[index + 2].dilation = dilation / 2
        }
        lastWidth = widths[6]
        channels = try config.int("num_channels", in: 1...64, default: 3)
        expansion = try config.double("expand_ratio", in: 0.01...100)
        kernel = try config.int("conv_kernel_size", in: 1...31)
        guard kernel % 2 == 1 else { throw config.failure("conv_kernel_size", expected: "an odd number") }
        patchSize = try config.int("patch_size", in: 1...64)
        heads = try config.int("num_attention_heads", in: 1...4096)
        for width in inner where width % heads != 0 {
            throw config.failure("num_attention_heads", expected: "a divisor of \(width)", found: "\(heads)")
        }
        hasQKVBias = try config.bool("qkv_bias")
        activation = try config.activation("hidden_act")
        epsilon = try config.double("layer_norm_eps", in: 0...1)
        classCount = try config.classCount()
    }

    /// timm's sizes: channels of the stages, of the transformers, of the last feature map, and the expansion.
    private static let timmVariants: [String: (widths: [Int], inner: [Int], last: Int, expansion: Double)] = [
        "mobilevit_xxs": ([16, 24, 48, 64, 80], [64, 80, 96], 320, 2),
        "mobilevit_xs": ([32, 48, 64, 80, 96], [96, 120, 144], 384, 4),
        "mobilevit_s": ([32, 64, 96, 128, 160], [144, 192, 240], 640, 4),
    ]

    private init(timm config: Config) throws(ConfigError) {
        let variant = try config.choice("architecture", Self.timmVariants)
        let arguments = try config.modelArguments(known: ["width_factor", "transformer_dims"])
        let factor = try arguments.double("width_factor", in: 0.001...100, default: 1)
        let inner = try arguments.ints("transformer_dims", count: 3...3, in: 1...65536, default: variant.inner)
        for (index, width) in inner.enumerated() where width % 4 != 0 {
            throw arguments.failure("transformer_dims[\(index)]", expected: "a multiple of 4", found: "\(width)")
        }
        stemWidth = max(1, Int((16 * factor).rounded(.toNearestOrEven)))
        let widths = variant.widths.map { roundedChannels(Double($0) * factor) }
        stages = Self.stages(widths: widths, transformers: inner) { 2 * $0 }
        lastWidth = max(1, Int((Double(variant.last) * factor).rounded(.toNearestOrEven)))
        expansion = variant.expansion
        classCount = try config.int("num_classes", in: 1...1_000_000)
    }

    /// The five stages, transformers in the last three.
    private static func stages(
        widths: [Int], transformers: [Int], hiddenWidth: (Int) -> Int
    ) -> [StageConfiguration] {
        widths.enumerated().map { index, width in
            var stage = StageConfiguration(width: width)
            switch index {
            case 0: stage.stride = 1
            case 1: stage.blockCount = 3
            default:
                let inner = transformers[index - 2]
                stage.transformer = TransformerConfiguration(
                    width: inner, hiddenWidth: hiddenWidth(inner), depth: depths[index - 2])
            }
            return stage
        }
    }
}
