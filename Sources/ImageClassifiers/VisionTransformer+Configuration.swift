import Checkpoints
public import JSON
import TensorCore

extension VisionTransformer.Configuration {
    /// torchvision's models: patch, width, depth, heads.
    private static let torchvisionModels: [String: (patch: Int, width: Int, depth: Int, heads: Int)] = [
        "vit_b_16": (16, 768, 12, 12), "vit_b_32": (32, 768, 12, 12), "vit_l_16": (16, 1024, 24, 16),
        "vit_l_32": (32, 1024, 24, 16),
    ]
    private static let sides = 1...65536

    /// Reads a configuration of any of the layouts.
    public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
        switch layout {
        case .transformers:
            switch try config.choice("model_type", Self.families) {
            case .vit, .deit: try self.init(transformers: config)
            case let family: try self.init(dinov2: config, family)
            }
        case .timm: try self.init(timm: config)
        case .torchvision: try self.init(torchvision: config)
        }
        guard width % heads == 0 else {
            throw config.failure("num_attention_heads", expected: "a divisor of the width \(width)", found: "\(heads)")
        }
        guard imageSize[0] >= patchSize[0], imageSize[1] >= patchSize[1] else {
            throw config.failure("patch_size", expected: "at most the image size \(imageSize)", found: "\(patchSize)")
        }
    }

    private static let families: [String: Family] = [
        "vit": .vit, "deit": .deit, "dinov2": .dinov2, "dinov2_with_registers": .dinov2WithRegisters,
    ]

    private init(transformers config: Config) throws(ConfigError) {
        let isDeiT = try config.choice("model_type", ["vit": false, "deit": true])
        let architectures = try config.strings("architectures", count: 1...1)
        let width = try config.int("hidden_size", in: 1...65536)
        self.init(
            family: isDeiT ? .deit : .vit,
            channels: try config.int("num_channels", in: 1...64, default: 3),
            imageSize: try config.ints("image_size", count: 2...2, in: Self.sides, scalar: .repeated(2)),
            patchSize: try config.ints("patch_size", count: 2...2, in: Self.sides, scalar: .repeated(2)),
            width: width,
            depth: try config.int("num_hidden_layers", in: 1...1000),
            heads: try config.int("num_attention_heads", in: 1...4096),
            hiddenWidth: try config.int("intermediate_size", in: 1...262_144),
            activation: try config.activation("hidden_act"),
            epsilon: try config.double("layer_norm_eps", in: 0...1),
            hasQKVBias: try config.bool("qkv_bias", default: true),
            hasDistillationToken: isDeiT,
            placedTokens: isDeiT ? 2 : 1,
            head: architectures[0] == "DeiTForImageClassificationWithTeacher" ? .distilled : .classToken,
            classCount: try config.classCount())
    }

    /// DINOv2, whose positions are resized as ViT's, but with antialiasing where there are registers.
    private init(dinov2 config: Config, _ family: Family) throws(ConfigError) {
        let hasRegisters = family == .dinov2WithRegisters
        let isBare = try config.strings("architectures", count: 1...1)[0].hasSuffix("Model")
        let width = try config.int("hidden_size", in: 1...65536)
        let ratio = try config.double("mlp_ratio", in: 0.01...100, default: 4)
        let isGated = try config.bool("use_swiglu_ffn", default: false)
        let hiddenWidth = Int(Double(width) * ratio)
        self.init(
            family: family,
            isBare: isBare,
            channels: try config.int("num_channels", in: 1...64, default: 3),
            imageSize: try config.ints("image_size", count: 2...2, in: Self.sides, scalar: .repeated(2)),
            patchSize: try config.ints("patch_size", count: 2...2, in: Self.sides, scalar: .repeated(2)),
            width: width,
            depth: try config.int("num_hidden_layers", in: 1...1000),
            heads: try config.int("num_attention_heads", in: 1...4096),
            // Two thirds, in whole eights: SwiGLU has three matrices where others have two.
            hiddenWidth: isGated ? (Int(Double(hiddenWidth) * 2 / 3) + 7) / 8 * 8 : hiddenWidth,
            isGated: isGated,
            activation: try config.activation("hidden_act"),
            epsilon: try config.double("layer_norm_eps", in: 0...1, default: 1e-6),
            hasQKVBias: try config.bool("qkv_bias", default: true),
            hasLayerScale: true,
            registerCount: hasRegisters ? try config.int("num_register_tokens", in: 0...1024, default: 4) : 0,
            resampling: hasRegisters ? .bicubicAntialiased : .bicubic(alignCorners: false),
            head: isBare ? .classToken : .classTokenAndMean,
            classCount: isBare ? 0 : try config.classCount())
        guard imageSize[0] == imageSize[1] else {
            throw config.failure("image_size", expected: "a square, as transformers assumes", found: "\(imageSize)")
        }
    }

    private init(torchvision config: Config) throws(ConfigError) {
        let model = try config.choice("architecture", Self.torchvisionModels)
        let arguments = try config.modelArguments(known: [
            "image_size", "patch_size", "num_layers", "num_heads", "hidden_dim", "mlp_dim",
        ])
        let image = try arguments.int("image_size", in: Self.sides, default: 224)
        let patch = try arguments.int("patch_size", in: Self.sides, default: model.patch)
        let width = try arguments.int("hidden_dim", in: 1...65536, default: model.width)
        self.init(
            imageSize: [image, image], patchSize: [patch, patch], width: width,
            depth: try arguments.int("num_layers", in: 1...1000, default: model.depth),
            heads: try arguments.int("num_heads", in: 1...4096, default: model.heads),
            hiddenWidth: try arguments.int("mlp_dim", in: 1...262_144, default: 4 * width),
            epsilon: 1e-6,
            classCount: try config.int("num_classes", in: 1...1_000_000))
    }
}
