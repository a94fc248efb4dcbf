import Checkpoints
import JSON
import TensorCore

extension VisionTransformer.Configuration {
    /// timm's entry of an architecture (`timm/models/vision_transformer.py`, `timm/models/deit.py`).
    fileprivate struct TimmEntry {
        var width: Int
        var depth: Int
        var heads: Int
        var ratio = 4.0
        var patch = 16
        var image = 224
        var activation = Activation.gelu
        var epsilon = 1e-6
        var isGated = false
        var hasQKVBias = true
        var hasLayerScale = false
        var hasClassToken = true
        var isDistilled = false
        var registers = 0
        /// Whether the tokens before the patches have position embeddings, too.
        var placesPrefix = true
        var hasNormBefore = false
        var pool = "token"
        /// timm's `fc_norm`, which follows the pooling where left out.
        var poolsBeforeNorm: Bool?

        init(_ width: Int, _ depth: Int, _ heads: Int, ratio: Double = 4) {
            (self.width, self.depth, self.heads, self.ratio) = (width, depth, heads, ratio)
        }

        /// The mean of the patches; no class token.
        mutating func poolPatches(normFirst: Bool) {
            (hasClassToken, pool) = (false, "avg")
            if normFirst { poolsBeforeNorm = false }
        }
    }

    private static let timmSizes: [String: TimmEntry] = [
        "tiny": TimmEntry(192, 12, 3), "small": TimmEntry(384, 12, 6), "base": TimmEntry(768, 12, 12),
        "large": TimmEntry(1024, 24, 16), "huge": TimmEntry(1280, 32, 16),
        "giant": TimmEntry(1408, 40, 16, ratio: 48.0 / 11), "gigantic": TimmEntry(1664, 48, 16, ratio: 64.0 / 13),
        "xsmall": TimmEntry(256, 10, 4), "medium": TimmEntry(512, 12, 8), "mediumd": TimmEntry(512, 20, 8),
        "betwixt": TimmEntry(640, 12, 10), "wee": TimmEntry(256, 14, 4, ratio: 5),
        "little": TimmEntry(320, 14, 5, ratio: 5.6), "so400m": TimmEntry(1152, 27, 16, ratio: 3.7362),
        "giantopt": TimmEntry(1536, 40, 16), "so150m": TimmEntry(896, 18, 14, ratio: 2.572),
        "so150m2": TimmEntry(832, 21, 13, ratio: 34.0 / 13),
    ]

    /// The names there are: for each family and addition to the name its sizes and patches, and their images.
    private static let timmNames: [String: [String: [Int]]] = [
        "deit3": [
            "base_patch16": [224, 384], "huge_patch14": [224], "large_patch16": [224, 384], "medium_patch16": [224],
            "small_patch16": [224, 384],
        ],
        "deit_distilled": ["base_patch16": [224, 384], "small_patch16": [224], "tiny_patch16": [224]],
        "deit": ["base_patch16": [224, 384], "small_patch16": [224], "tiny_patch16": [224]],
        "vit_36x1": ["small_patch16": [224]],
        "vit_clip_quickgelu": [
            "base_patch16": [224], "base_patch32": [224], "gigantic_patch14": [224], "huge_patch14": [224, 378],
            "large_patch14": [224, 336],
        ],
        "vit_clip": [
            "base_patch16": [224, 384], "base_patch32": [224, 256, 384, 448], "betwixt_patch32": [224],
            "giant_patch14": [224], "gigantic_patch14": [224, 378], "huge_patch14": [224, 336, 378],
            "large_patch14": [224, 336], "medium_patch16": [224], "medium_patch32": [224], "xsmall_patch16": [224],
        ],
        "vit_dinov2": ["base_patch14": [518], "giant_patch14": [518], "large_patch14": [518], "small_patch14": [518]],
        "vit_gap": [
            "base_patch16": [224], "betwixt_patch16": [256], "giant_patch16": [224], "huge_patch14": [224],
            "huge_patch16": [448], "medium_patch16": [240, 256, 384],
        ],
        "vit_plus_clip": ["base_patch16": [240]],
        "vit_plus": ["base_patch16": [240], "base_patch32": [256]],
        "vit_reg1_gap": [
            "betwixt_patch16": [256], "little_patch16": [256], "medium_patch16": [256],
            "so150m2_patch16": [256, 384, 448], "wee_patch16": [256],
        ],
        "vit_reg4_dinov2": [
            "base_patch14": [518], "giant_patch14": [518], "large_patch14": [518], "small_patch14": [518],
        ],
        "vit_reg4_gap": [
            "base_patch16": [256], "betwixt_patch16": [256, 384], "little_patch16": [256], "medium_patch16": [256],
            "mediumd_patch16": [256, 384], "so150m_patch16": [256, 384],
        ],
        "vit_siglip_gap": [
            "base_patch16": [224, 256, 384, 512], "base_patch32": [256], "giantopt_patch16": [256, 384],
            "large_patch16": [256, 384, 512], "so400m_patch14": [224, 378, 384, 448, 896],
            "so400m_patch16": [256, 384, 512],
        ],
        "vit": [
            "base_patch8": [224], "base_patch16": [224, 384], "base_patch32": [224, 384], "giant_patch14": [224],
            "gigantic_patch14": [224], "huge_patch14": [224], "large_patch14": [224], "large_patch16": [224, 384],
            "large_patch32": [224, 384], "small_patch8": [224], "small_patch16": [224, 384],
            "small_patch32": [224, 384], "tiny_patch16": [224, 384],
        ],
    ]

    /// The entry of a name such as `vit_base_patch16_reg4_gap_256`: family, size, patch, additions, image.
    private static func timmEntry(_ name: String) -> TimmEntry? {
        guard name != "vit_base_patch16_224_miil" else {
            var entry = timmEntry("vit_base_patch16_224")
            entry?.hasQKVBias = false
            return entry
        }
        var parts = name.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        let isDistilled = parts.count > 2 && parts[0] == "deit" && parts[2] == "distilled"
        if isDistilled { parts.remove(at: 2) }
        guard parts.count >= 4, var entry = timmSizes[parts[1]], let patch = Int(parts[2].dropFirst("patch".count))
        else { return nil }
        var additions = Array(parts[3...])
        let image = Int(additions[additions.count - 1])
        if image != nil { additions.removeLast() }
        let kind = additions.joined(separator: "_")
        let family = ([parts[0]] + (isDistilled ? ["distilled"] : []) + additions).joined(separator: "_")
        // DINOv2's names have no image size.
        guard (image == nil) == kind.hasSuffix("dinov2"),
            timmNames[family]?["\(parts[1])_\(parts[2])"]?.contains(image ?? dinoImage) == true
        else { return nil }
        (entry.patch, entry.image, entry.isDistilled) = (patch, image ?? dinoImage, isDistilled)
        if parts[0] == "deit3" { (entry.placesPrefix, entry.hasLayerScale) = (false, true) }
        entry.follow(kind, size: parts[1])
        return entry
    }

    /// The side of the images that DINOv2 was last trained on.
    private static let dinoImage = 518

    /// Reads timm's configuration.
    init(timm config: Config) throws(ConfigError) {
        let name = try config.string("architecture")
        guard let entry = Self.timmEntry(name) else {
            throw config.failure(
                "architecture",
                expected: "a Vision Transformer that is supported: timm's vit_SIZE_patchP_N, deit_SIZE_patchP_N, "
                    + "deit_SIZE_distilled_patchP_N, deit3_SIZE_patchP_N or vit_SIZE_patchP_KIND_N, KIND one of "
                    + Self.timmNames.keys.filter { $0.hasPrefix("vit_") }.map { String($0.dropFirst(4)) }.sorted()
                    .joined(separator: ", "),
                found: "\"\(name)\"")
        }
        let arguments = try config.modelArguments(known: [
            "img_size", "patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio", "global_pool", "qkv_bias",
            "qk_norm", "init_values", "class_token", "no_embed_class", "reg_tokens", "pre_norm", "fc_norm",
            "dynamic_img_size",
        ])
        _ = try arguments.optionalBool("dynamic_img_size")
        let sides = 1...65536
        let width = try arguments.int("embed_dim", in: sides, default: entry.width)
        let hidden = Int(Double(width) * (try arguments.double("mlp_ratio", in: 0.01...100, default: entry.ratio)))
        let hasClassToken = try arguments.bool("class_token", default: entry.hasClassToken)
        let registers = try arguments.int("reg_tokens", in: 0...1024, default: entry.registers)
        let leavesPrefix = try arguments.bool("no_embed_class", default: !entry.placesPrefix)
        let pool = try arguments.string("global_pool", default: config.string("global_pool", default: entry.pool))
        let head: Head
        switch (pool, entry.isDistilled) {
        case ("token", true): head = .distilled
        case ("token", false) where hasClassToken: head = .classToken
        case ("avg", false): head = .meanOfPatches
        default:
            throw config.failure(
                "global_pool", expected: hasClassToken ? "\"token\" or \"avg\"" : "\"avg\"", found: "\"\(pool)\"")
        }
        let scale = try arguments.optionalDouble("init_values", in: -1e6...1e6)
        guard !entry.isGated || hidden % 2 == 0 else {
            throw arguments.failure(
                "mlp_ratio", expected: "an even width between the linear layers", found: "\(hidden)")
        }
        self.init(
            imageSize: try config.timmImageSize(arguments, default: entry.image),
            patchSize: try arguments.ints(
                "patch_size", count: 2...2, in: sides, scalar: .repeated(2), default: [entry.patch, entry.patch]),
            width: width,
            depth: try arguments.int("depth", in: 1...1000, default: entry.depth),
            heads: try arguments.int("num_heads", in: 1...4096, default: entry.heads),
            hiddenWidth: entry.isGated ? hidden / 2 : hidden,
            isGated: entry.isGated,
            activation: entry.activation,
            epsilon: entry.epsilon,
            hasQKVBias: try arguments.bool("qkv_bias", default: entry.hasQKVBias),
            hasHeadNorms: try arguments.bool("qk_norm", default: false),
            hasLayerScale: scale.map { $0 != 0 } ?? entry.hasLayerScale,
            hasClassToken: hasClassToken,
            hasDistillationToken: entry.isDistilled,
            registerCount: registers,
            resampling: .bicubicAntialiased,
            hasNormBefore: try arguments.bool("pre_norm", default: entry.hasNormBefore),
            head: head,
            poolsBeforeNorm: try arguments.bool("fc_norm", default: entry.poolsBeforeNorm ?? (pool == "avg")),
            classCount: try config.int("num_classes", in: 0...1_000_000))
        placedTokens = leavesPrefix ? 0 : prefixCount
        if entry.isDistilled {
            // Its two heads and tokens leave no room for the other ways.
            guard hasClassToken, registers == 0, !leavesPrefix, !poolsBeforeNorm, classCount > 0 else {
                throw config.failure("architecture", expected: "a distilled model with both tokens and heads")
            }
        }
    }
}

extension VisionTransformer.Configuration.TimmEntry {
    /// Follows what timm's entries of a kind have in common.
    fileprivate mutating func follow(_ kind: String, size: String) {
        switch kind {
        case "gap":
            poolPatches(normFirst: true)
            if size == "base" { heads = 16 }
            if ["medium", "betwixt"].contains(size) { (hasQKVBias, hasLayerScale) = (false, true) }
        case "plus", "plus_clip": (width, heads, hasLayerScale) = (896, 14, kind == "plus")
        case "siglip_gap":
            poolPatches(normFirst: true)
            let isNewer =
                size == "giantopt" || patch == 32 || (size == "so400m" && patch == 16)
                || (size == "large" && image == 512)
            if isNewer { activation = .geluTanh }
        case "dinov2", "reg4_dinov2":
            hasLayerScale = true
            if kind == "reg4_dinov2" { (registers, placesPrefix) = (4, false) }
            if size == "giant" { (width, heads, ratio, isGated) = (1536, 24, 2.66667 * 2, true) }
        case "reg1_gap", "reg4_gap":
            poolPatches(normFirst: size == "so150m")
            registers = kind == "reg1_gap" ? 1 : 4
            hasLayerScale = size != "base" && size != "so150m"
            placesPrefix = ["so150m", "so150m2"].contains(size)
            hasQKVBias = size != "so150m2"
        case "36x1": (depth, hasLayerScale) = (36, true)
        default: break
        }
        guard kind.contains("clip") else { return }
        (hasNormBefore, epsilon) = (true, 1e-5)
        if kind == "clip_quickgelu" { activation = .quickGELU }
    }
}
