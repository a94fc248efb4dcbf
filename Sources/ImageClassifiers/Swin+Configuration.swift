import Checkpoints
public import JSON

extension Swin.Configuration {
    /// A published size.
    private struct Variant {
        var width: Int
        var depths: [Int]
        var heads: [Int]
        var windows: [Int]
        var image = 224

        init(_ width: Int, _ depths: [Int], _ heads: [Int], windows: [Int]) {
            (self.width, self.depths, self.heads, self.windows) = (width, depths, heads, windows)
        }

        init(_ width: Int, depth: Int, heads: Int, window: Int, image: Int = 224) {
            self.init(
                width, [2, 2, depth, 2], (0..<4).map { heads << $0 }, windows: .init(repeating: window, count: 4))
            self.image = image
        }
    }

    /// timm's models (`timm/models/swin_transformer.py`).
    private static let timmVariants: [String: Variant] = [
        "swin_tiny_patch4_window7_224": Variant(96, depth: 6, heads: 3, window: 7),
        "swin_small_patch4_window7_224": Variant(96, depth: 18, heads: 3, window: 7),
        "swin_base_patch4_window7_224": Variant(128, depth: 18, heads: 4, window: 7),
        "swin_base_patch4_window12_384": Variant(128, depth: 18, heads: 4, window: 12, image: 384),
        "swin_large_patch4_window7_224": Variant(192, depth: 18, heads: 6, window: 7),
        "swin_large_patch4_window12_384": Variant(192, depth: 18, heads: 6, window: 12, image: 384),
        "swin_s3_tiny_224": Variant(96, [2, 2, 6, 2], [3, 6, 12, 24], windows: [7, 7, 14, 7]),
        "swin_s3_small_224": Variant(96, [2, 2, 18, 2], [3, 6, 12, 24], windows: [14, 14, 14, 7]),
        "swin_s3_base_224": Variant(96, [2, 2, 30, 2], [3, 6, 12, 24], windows: [7, 7, 14, 7]),
    ]
    /// torchvision's models.
    private static let torchvisionVariants: [String: Variant] = [
        "swin_t": Variant(96, depth: 6, heads: 3, window: 7), "swin_s": Variant(96, depth: 18, heads: 3, window: 7),
        "swin_b": Variant(128, depth: 18, heads: 4, window: 7),
    ]
    private static let sides = 1...65536
    /// Windows up to this have tables of a few megabytes.
    private static let windowSides = 1...64

    /// Reads a configuration of any of the layouts.
    public init(_ config: Config, _ layout: CheckpointLayout) throws(ConfigError) {
        switch layout {
        case .transformers: try self.init(transformers: config)
        case .timm: try self.init(timm: config)
        case .torchvision: try self.init(torchvision: config)
        }
        for (index, count) in heads.enumerated() where (width << index) % count != 0 {
            throw config.failure(
                "num_heads", expected: "a divisor of the width \(width << index) in stage \(index + 1)",
                found: "\(count)")
        }
        guard imageSize[0] >= patchSize[0], imageSize[1] >= patchSize[1] else {
            throw config.failure("patch_size", expected: "at most the image size \(imageSize)", found: "\(patchSize)")
        }
    }

    private init(transformers config: Config) throws(ConfigError) {
        _ = try config.choice("model_type", ["swin": ()])
        guard try !config.bool("use_absolute_embeddings", default: false) else {
            throw config.failure("use_absolute_embeddings", expected: "false; position embeddings are not supported")
        }
        let depths = try config.ints("depths", count: 1...8, in: 1...1000)
        let stages = depths.count
        let window = try config.int("window_size", in: Self.windowSides, default: 7)
        self.init(
            channels: try config.int("num_channels", in: 1...64, default: 3),
            imageSize: try config.ints(
                "image_size", count: 2...2, in: Self.sides, scalar: .repeated(2), default: [224, 224]),
            patchSize: try config.ints(
                "patch_size", count: 2...2, in: Self.sides, scalar: .repeated(2), default: [4, 4]),
            width: try config.int("embed_dim", in: 1...8192),
            depths: depths,
            heads: try config.ints("num_heads", count: stages...stages, in: 1...4096),
            windows: .init(repeating: [window, window], count: stages),
            hiddenRatio: try config.double("mlp_ratio", in: 0.01...100, default: 4),
            activation: try config.activation("hidden_act"),
            epsilon: try config.double("layer_norm_eps", in: 0...1, default: 1e-5),
            hasQKVBias: try config.bool("qkv_bias", default: true),
            classCount: try config.classCount())
    }

    private init(timm config: Config) throws(ConfigError) {
        let variant = try config.choice("architecture", Self.timmVariants)
        let arguments = try config.modelArguments(known: [
            "img_size", "patch_size", "embed_dim", "depths", "num_heads", "window_size", "mlp_ratio", "qkv_bias",
        ])
        let depths = try arguments.ints("depths", count: 1...8, in: 1...1000, default: variant.depths)
        let stages = depths.count
        self.init(
            imageSize: try config.timmImageSize(arguments, default: variant.image),
            patchSize: try arguments.ints(
                "patch_size", count: 2...2, in: Self.sides, scalar: .repeated(2), default: [4, 4]),
            width: try arguments.int("embed_dim", in: 1...8192, default: variant.width),
            depths: depths,
            heads: try arguments.ints("num_heads", count: stages...stages, in: 1...4096, default: variant.heads),
            windows: try Self.windows(arguments, stages: stages, default: variant.windows),
            hiddenRatio: try arguments.double("mlp_ratio", in: 0.01...100, default: 4),
            hasQKVBias: try arguments.bool("qkv_bias", default: true),
            classCount: try config.int("num_classes", in: 0...1_000_000))
        guard heads.count == stages, windows.count == stages else {
            throw arguments.failure("depths", expected: "as many as num_heads and window_size", found: "\(stages)")
        }
    }

    /// timm's `window_size`: one number, height and width, or one number a stage; two numbers are height and width.
    private static func windows(
        _ arguments: Config, stages: Int, default value: [Int]
    ) throws(ConfigError) -> [[Int]] {
        guard
            let sizes = try arguments.optionalInts(
                "window_size", count: 2...max(stages, 2), in: windowSides, scalar: .repeated(2))
        else { return value.map { [$0, $0] } }
        return sizes.count == 2 ? .init(repeating: sizes, count: stages) : sizes.map { [$0, $0] }
    }

    private init(torchvision config: Config) throws(ConfigError) {
        let variant = try config.choice("architecture", Self.torchvisionVariants)
        let arguments = try config.modelArguments(known: [
            "patch_size", "embed_dim", "depths", "num_heads", "window_size", "mlp_ratio",
        ])
        let depths = try arguments.ints("depths", count: 1...8, in: 1...1000, default: variant.depths)
        let stages = depths.count
        let window = try arguments.ints("window_size", count: 2...2, in: Self.windowSides, default: [7, 7])
        self.init(
            imageSize: [224, 224],
            patchSize: try arguments.ints("patch_size", count: 2...2, in: Self.sides, default: [4, 4]),
            width: try arguments.int("embed_dim", in: 1...8192, default: variant.width),
            depths: depths,
            heads: try arguments.ints("num_heads", count: stages...stages, in: 1...4096, default: variant.heads),
            windows: .init(repeating: window, count: stages),
            hiddenRatio: try arguments.double("mlp_ratio", in: 0.01...100, default: 4),
            classCount: try config.int("num_classes", in: 1...1_000_000))
        guard heads.count == stages else {
            throw arguments.failure("depths", expected: "as many as num_heads", found: "\(stages)")
        }
    }
}
