import JSON
import TensorCore

extension VisionTransformer.Configuration {
    /// timm's sizes of SigLIP's image towers: width, depth, heads, width of the linear layers.
    private static let timmSizes: [String: (width: Int, depth: Int, heads: Int, hidden: Int)] = [
        "base": (768, 12, 12, 3072), "large": (1024, 24, 16, 4096), "so400m": (1152, 27, 16, 4304),
    ]

    /// The towers whose activation timm approximates by tanh (timm 1.0, `models/vision_transformer.py`).
    private static let timmTanh: Set<String> = [
        "vit_base_patch32_siglip_256", "vit_large_patch16_siglip_512", "vit_so400m_patch16_siglip_256",
        "vit_so400m_patch16_siglip_384", "vit_so400m_patch16_siglip_512",
    ]

    /// Reads an open_clip `vision_cfg` whose tower is one of timm's for SigLIP.
    init(timm config: Config, imageSize: [Int], outputWidth: Int) throws(ConfigError) {
        let name = try config.string("timm_model_name")
        let parts = name.split(separator: "_", omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 5, parts[0] == "vit", let size = Self.timmSizes[parts[1]], parts[3] == "siglip",
            parts[2].hasPrefix("patch"), let patch = Int(parts[2].dropFirst(5)),
            DualEncoderConfiguration.sides.contains(patch), let side = Int(parts[4]), [side, side] == imageSize
        else {
            throw config.failure(
                "timm_model_name",
                expected: "vit_SIZE_patchP_siglip_N, SIZE one of "
                    + Self.timmSizes.keys.sorted().joined(separator: ", ") + ", N as image_size")
        }
        _ = try config.choice("timm_pool", ["map": ()])
        _ = try config.choice("timm_proj", ["none": ()])
        guard size.width == outputWidth else {
            throw config.failure("timm_model_name", expected: "a tower of width \(outputWidth), which is embed_dim")
        }
        self.init(
            naming: .timm, imageSize: imageSize, patchSize: [patch, patch], width: size.width, depth: size.depth,
            heads: size.heads, hiddenWidth: size.hidden, activation: Self.timmTanh.contains(name) ? .geluTanh : .gelu,
            epsilon: 1e-6, hasClassToken: false, hasPatchBias: true, hasPreNorm: false, pooling: .attention)
        try check(config, heads: "timm_model_name")
    }
}
