import Checkpoints
public import JSON
import TensorCore

extension VisionTransformer.Configuration {
    /// timm's sizes: width, depth, heads.
    private static let timmSizes: [String: (width: Int, depth: Int, heads: Int)] = [
        "tiny": (192, 12, 3), "small": (384, 12, 6), "base": (768, 12, 12), "large": (1024, 24, 16),
    ]
    /// torchvision's models: patch, width, depth, heads.
    private static let torchvisionModels: [String: (patch: Int, width: Int, depth: Int, heads: Int)] = [
        "vit_b_16": (16, 768, 12, 12), "vit_b_32": (32, 768, 12, 12), "vit_l_16": (16, 1024, 24, 16),
        "vit_l_32": (32, 1024, 24, 16),
    ]
    private static let sides = 1...65536

    /// Reads a configuration of any of the layouts.
    public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
        switch layout {
        case .transformers: try self.init(transformers: config)
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

    private init(transformers config: Config) throws(ConfigError) {
        let isDeiT = try config.choice("model_type", ["vit": false, "deit": true])
        let architectures = try config.strings("architectures", count: 1...1)
        let width = try config.int("hidden_size", in: 1...65536)
        self.init(
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
            head: architectures[0] == "DeiTForImageClassificationWithTeacher" ? .distilled : .classToken,
            classCount: try config.classCount())
    }

    private init(timm config: Config) throws(ConfigError) {
        // vit_base_patch16_224, deit_tiny_distilled_patch16_384, ...
        let name = try config.string("architecture")
        let parts = name.split(separator: "_").map(String.init)
        let isDistilled = parts.contains("distilled")
        let expected = isDistilled ? 5 : 4
        guard parts.count == expected, ["vit", "deit"].contains(parts[0]), let size = Self.timmSizes[parts[1]],
            parts[expected - 2].hasPrefix("patch"), let patch = Int(parts[expected - 2].dropFirst(5)),
            let image = Int(parts[expected - 1]), Self.sides.contains(patch), Self.sides.contains(image),
            !isDistilled || parts[2] == "distilled"
        else {
            throw config.failure(
                "architecture",
                expected: "vit_SIZE_patchP_N or deit_SIZE[_distilled]_patchP_N, SIZE one of "
                    + Self.timmSizes.keys.sorted().joined(separator: ", "))
        }
        let arguments = try config.modelArguments(known: [
            "img_size", "patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio", "global_pool", "qkv_bias",
        ])
        let width = try arguments.int("embed_dim", in: 1...65536, default: size.width)
        let ratio = try arguments.double("mlp_ratio", in: 0.01...100, default: 4)
        let pool = try arguments.string("global_pool", default: config.string("global_pool", default: "token"))
        let head: Head
        switch (pool, isDistilled) {
        case ("token", true): head = .distilled
        case ("token", false): head = .classToken
        case ("avg", false): head = .meanOfPatches
        default: throw config.failure("global_pool", expected: "\"token\" or \"avg\"", found: "\"\(pool)\"")
        }
        self.init(
            imageSize: try arguments.ints(
                "img_size", count: 2...2, in: Self.sides, scalar: .repeated(2), default: [image, image]),
            patchSize: try arguments.ints(
                "patch_size", count: 2...2, in: Self.sides, scalar: .repeated(2), default: [patch, patch]),
            width: width,
            depth: try arguments.int("depth", in: 1...1000, default: size.depth),
            heads: try arguments.int("num_heads", in: 1...4096, default: size.heads),
            hiddenWidth: Int(Double(width) * ratio),
            epsilon: 1e-6,
            hasQKVBias: try arguments.bool("qkv_bias", default: true),
            hasDistillationToken: isDistilled,
            head: head,
            classCount: try config.int("num_classes", in: 1...1_000_000))
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
