import Checkpoints
import JSON
import TensorCore

extension DualEncoderConfiguration {
    /// The sides of images and patches that are believed.
    static let sides = 1...4096

    /// Reads transformers' `config.json` of CLIP or SigLIP.
    ///
    /// Absent keys take the defaults of transformers' configuration classes (version 5.23, `configuration_clip.py` and
    /// `configuration_siglip.py`).
    init(transformers config: Config) throws(ConfigError) {
        let (entry, towers) = try DualEncoderArchitecture.named(in: config)
        architecture = entry.name
        hasSigmoid = entry.hasSigmoid
        if hasSigmoid { padding = .context(id: nil) }
        let isWhole = towers == .both
        if towers.hasText { text = try entry.text(Self.part("text_config", of: config, isWhole: isWhole)) }
        if towers.hasImage {
            image = .transformer(try entry.image(Self.part("vision_config", of: config, isWhole: isWhole)))
        }
        if isWhole { scale = Scale(shape: hasSigmoid ? [1] : [], hasBias: hasSigmoid) }
        // SigLIP's towers end by themselves; CLIP's are followed by projections of the whole model.
        if !hasSigmoid {
            let width = isWhole ? try config.int("projection_dim", in: 1...65_536, default: 512) : nil
            if let width {
                text?.projection = .matrix(outputs: width)
                image?.setProjection(width)
            } else if towers == .bareText || towers == .bareImage {
                text?.projection = .none
                image?.setProjection(nil)
            }
        }
        try checkWidths(config, "text_config")
    }

    /// Both towers must make embeddings of one width.
    func checkWidths(_ config: Config, _ key: String) throws(ConfigError) {
        guard let text, let image, text.outputWidth != image.outputWidth else { return }
        throw config.failure(
            key, expected: "text embeddings of the image embeddings' width \(image.outputWidth)",
            found: "\(text.outputWidth)")
    }

    /// One tower's section. `text_config_dict`, which older files carry beside `text_config`, replaces it.
    private static func part(_ key: String, of config: Config, isWhole: Bool) throws(ConfigError) -> Config {
        // A tower saved with the whole model's configuration takes its part of it.
        guard isWhole || config.has(key) else { return config }
        if let section = try config.optionalObject(key + "_dict") { return section }
        return try config.optionalObject(key) ?? Config(file: config.file, object: JSONObject(), keyPath: key)
    }
}

extension ImageTowerConfiguration {
    mutating func setProjection(_ width: Int?) {
        guard case .transformer(var configuration) = self else { return }
        configuration.projectionWidth = width
        self = .transformer(configuration)
    }
}

extension VisionTransformer.Configuration {
    /// Reads `CLIPVisionConfig`.
    static func clip(_ config: Config) throws(ConfigError) -> Self {
        var result = try transformers(config, activation: .quickGELU, epsilon: 1e-5, patch: 32)
        result.projectionWidth = try config.int("projection_dim", in: 1...65_536, default: 512)
        return result
    }

    /// Reads `SiglipVisionConfig`.
    static func siglip(_ config: Config) throws(ConfigError) -> Self {
        var result = try transformers(config, activation: .geluTanh, epsilon: 1e-6, patch: 16)
        guard try config.bool("vision_use_head", default: true) else {
            throw config.failure("vision_use_head", expected: "true: without it there is no embedding of an image")
        }
        result.hasClassToken = false
        result.hasPatchBias = true
        result.hasPreNorm = false
        result.pooling = .attention
        return result
    }

    private static func transformers(
        _ config: Config, activation: Activation, epsilon: Double, patch: Int
    ) throws(ConfigError) -> Self {
        let sides = DualEncoderConfiguration.sides
        let image = try config.int("image_size", in: sides, default: 224)
        let result = Self(
            channels: try config.int("num_channels", in: 3...3, default: 3),
            imageSize: [image, image],
            patchSize: Array(repeating: try config.int("patch_size", in: sides, default: patch), count: 2),
            width: try config.int("hidden_size", in: 1...65_536, default: 768),
            depth: try config.int("num_hidden_layers", in: 1...1000, default: 12),
            heads: try config.int("num_attention_heads", in: 1...4096, default: 12),
            hiddenWidth: try config.int("intermediate_size", in: 1...262_144, default: 3072),
            activation: try config.has("hidden_act") ? config.activation("hidden_act") : activation,
            epsilon: try config.double("layer_norm_eps", in: 0...1, default: epsilon))
        try result.check(config, heads: "num_attention_heads")
        return result
    }

    /// Heads divide the width, and a patch fits an image.
    func check(_ config: Config, heads key: String) throws(ConfigError) {
        guard width % heads == 0 else {
            throw config.failure(key, expected: "a divisor of the width \(width)", found: "\(heads)")
        }
        guard imageSize[0] >= patchSize[0], imageSize[1] >= patchSize[1] else {
            throw config.failure("patch_size", expected: "at most the image size \(imageSize)", found: "\(patchSize)")
        }
    }
}

extension TextTransformer.Configuration {
    /// The largest vocabulary that is believed.
    static let vocabularies = 1...10_000_000

    /// Reads `CLIPTextConfig`.
    static func clip(_ config: Config) throws(ConfigError) -> Self {
        var result = try transformers(
            config, activation: .quickGELU, epsilon: 1e-5, width: 512, heads: 8, hidden: 2048, context: 77,
            vocabulary: 49_408)
        // The number 2 is what configurations said before it was looked at; the reference then takes the largest id.
        let end = try config.int("eos_token_id", in: 0...Self.vocabularies.upperBound, default: 49_407)
        if end != 2 {
            guard end < result.vocabularyCount else {
                throw config.failure("eos_token_id", expected: "less than vocab_size \(result.vocabularyCount)")
            }
            result.pooling = .firstEqual(end)
        }
        result.projection = .matrix(outputs: try config.int("projection_dim", in: 1...65_536, default: 512))
        return result
    }

    /// Reads `SiglipTextConfig`.
    static func siglip(_ config: Config) throws(ConfigError) -> Self {
        var result = try transformers(
            config, activation: .geluTanh, epsilon: 1e-6, width: 768, heads: 12, hidden: 3072, context: 64,
            vocabulary: 32_000)
        result.isCausal = false
        result.pooling = .last
        result.projection = .linear(
            outputs: try config.int("projection_size", in: 1...65_536, default: result.width))
        return result
    }

    private static func transformers(
        _ config: Config, activation: Activation, epsilon: Double, width: Int, heads: Int, hidden: Int, context: Int,
        vocabulary: Int
    ) throws(ConfigError) -> Self {
        let result = Self(
            vocabularyCount: try config.int("vocab_size", in: vocabularies, default: vocabulary),
            contextLength: try config.int("max_position_embeddings", in: 1...8192, default: context),
            width: try config.int("hidden_size", in: 1...65_536, default: width),
            depth: try config.int("num_hidden_layers", in: 1...1000, default: 12),
            heads: try config.int("num_attention_heads", in: 1...4096, default: heads),
            hiddenWidth: try config.int("intermediate_size", in: 1...262_144, default: hidden),
            activation: try config.has("hidden_act") ? config.activation("hidden_act") : activation,
            epsilon: try config.double("layer_norm_eps", in: 0...1, default: epsilon),
            pooling: .largest, projection: .none)
        try result.check(config, heads: "num_attention_heads")
        return result
    }

    /// Heads divide the width.
    func check(_ config: Config, heads key: String) throws(ConfigError) {
        guard width % heads == 0 else {
            throw config.failure(key, expected: "a divisor of the width \(width)", found: "\(heads)")
        }
    }
}
