import JSON
import TensorCore

extension DualEncoderConfiguration {
    /// Reads the `model_cfg` of open_clip's `open_clip_config.json`.
    ///
    /// Absent keys take the defaults of open_clip's configuration classes (version 3.3, `model.py`); keys that are not
    /// known, and options whose effect is not supported, are refused.
    init(openCLIP config: Config) throws(ConfigError) {
        let model = try config.object("model_cfg")
        if model.has("multimodal_cfg") {
            throw model.failure("multimodal_cfg", expected: "no such key: models that write captions are not supported")
        }
        try model.refuseUnknown([
            "embed_dim", "vision_cfg", "text_cfg", "quick_gelu", "custom_text", "init_logit_scale", "init_logit_bias",
            "nonscalar_logit_scale", "multimodal_cfg",
        ])
        let width = try model.int("embed_dim", in: 1...65_536)
        let activation: Activation = try model.bool("quick_gelu", default: false) ? .quickGELU : .gelu
        let textSection = try model.object("text_cfg")
        var text = try TextTransformer.Configuration(
            openCLIP: textSection, outputWidth: width, activation: activation)
        if try model.bool("custom_text", default: false) { text.prefix = "text" }
        self.text = text
        image = try ImageTowerConfiguration(
            openCLIP: model.object("vision_cfg"), outputWidth: width, activation: activation)
        // open_clip fills up with 0 where the tokenizer is OpenAI's, and as a Hugging Face tokenizer does elsewhere.
        padding = .context(id: textSection.has("hf_tokenizer_name") ? nil : 0)
        hasSigmoid = try model.optionalDouble("init_logit_bias", in: -1e6...1e6) != nil
        architecture = hasSigmoid ? "SigLIP" : "CLIP"
        let isScalar = try !model.bool("nonscalar_logit_scale", default: false)
        scale = Scale(shape: isScalar ? [] : [1], hasBias: hasSigmoid)
        try checkWidths(config, "model_cfg")
    }
}

extension TextTransformer.Configuration {
    /// Reads open_clip's `text_cfg`.
    init(openCLIP config: Config, outputWidth: Int, activation: Activation) throws(ConfigError) {
        for key in ["hf_model_name", "ls_init_value", "tokenizer_mode"] where config.has(key) {
            throw config.failure(
                key, expected: "no such key: only open_clip's own text transformer and tokenizer are supported")
        }
        try config.refuseCustomBlocks()
        for key in ["embed_cls", "final_ln_after_pool", "output_tokens"] { try config.require(key, false) }
        try config.refuseUnknown([
            "context_length", "vocab_size", "hf_tokenizer_name", "tokenizer_kwargs", "width", "heads",
            "layers", "mlp_ratio", "pad_id", "eos_id", "no_causal_mask", "pool_type", "proj_bias", "proj_type",
            "act_kwargs", "norm_kwargs", "embed_cls", "final_ln_after_pool", "output_tokens", "hf_model_pretrained",
            "hf_proj_type", "hf_pooler_type",
        ])
        let width = try config.int("width", in: 1...65_536, default: 512)
        let end = try config.int("eos_id", in: 0...Self.vocabularies.upperBound, default: 2)
        let hasBias = try config.bool("proj_bias", default: false)
        self.init(
            vocabularyCount: try config.int("vocab_size", in: Self.vocabularies, default: 49_408),
            contextLength: try config.int("context_length", in: 1...8192, default: 77),
            width: width,
            depth: try config.int("layers", in: 1...1000, default: 12),
            heads: try config.int("heads", in: 1...4096, default: 8),
            hiddenWidth: try config.hiddenWidth(of: width),
            activation: try config.activation(activation),
            epsilon: try config.normEpsilon(),
            isCausal: try !config.bool("no_causal_mask", default: false),
            pooling: try config.choice(
                "pool_type", ["argmax": .largest, "first": .first, "last": .last, "eos": .firstEqual(end)],
                default: .largest),
            projection: try config.choice(
                "proj_type",
                ["none": .none, "linear": hasBias ? .linear(outputs: outputWidth) : .matrix(outputs: outputWidth)],
                default: hasBias ? .linear(outputs: outputWidth) : .matrix(outputs: outputWidth)))
        try check(config, heads: "heads")
    }
}

extension ImageTowerConfiguration {
    /// Reads open_clip's `vision_cfg`.
    init(openCLIP config: Config, outputWidth: Int, activation: Activation) throws(ConfigError) {
        try config.refuseUnknown([
            "layers", "width", "head_width", "mlp_ratio", "patch_size", "image_size", "ls_init_value", "patch_dropout",
            "attentional_pool", "attn_pooler_queries", "attn_pooler_heads", "no_ln_pre", "pos_embed_type",
            "final_ln_after_pool", "pool_type", "output_tokens", "act_kwargs", "norm_kwargs", "timm_model_name",
            "timm_model_pretrained", "timm_pool", "timm_proj", "timm_proj_bias", "timm_drop", "timm_drop_path",
        ])
        try config.refuseCustomBlocks()
        for key in ["attentional_pool", "output_tokens"] { try config.require(key, false) }
        if config.has("ls_init_value") {
            throw config.failure("ls_init_value", expected: "no such key: layer scale is not supported")
        }
        let sides = DualEncoderConfiguration.sides
        let image = try config.ints(
            "image_size", count: 2...2, in: sides, scalar: .repeated(2), default: [224, 224])
        if config.has("timm_model_name") {
            self = .transformer(try .init(timm: config, imageSize: image, outputWidth: outputWidth))
            return
        }
        let width = try config.int("width", in: 2...65_536, default: 768)
        let headWidth = try config.int("head_width", in: 1...65_536, default: 64)
        if case .array? = config.value("layers") {
            let depths = try config.ints("layers", count: 4...4, in: 1...1000)
            guard image[0] == image[1], image[0] % 32 == 0 else {
                throw config.failure("image_size", expected: "a multiple of 32")
            }
            let channels = width * 32
            guard width % 2 == 0, channels / headWidth > 0, channels % (channels / headWidth) == 0 else {
                throw config.failure(
                    "head_width", expected: "a divisor of 32 times an even width", found: "\(headWidth)")
            }
            self = .resNet(
                .init(
                    imageSize: image[0], width: width, depths: depths, heads: channels / headWidth,
                    outputWidth: outputWidth))
            return
        }
        guard width / headWidth > 0, width % (width / headWidth) == 0 else {
            throw config.failure("head_width", expected: "a divisor of the width \(width)", found: "\(headWidth)")
        }
        _ = try config.choice("pos_embed_type", ["learnable": (), "sin_cos_2d": ()], default: ())
        let normsLast = try config.bool("final_ln_after_pool", default: false)
        let result = VisionTransformer.Configuration(
            imageSize: image,
            patchSize: try config.ints("patch_size", count: 2...2, in: sides, scalar: .repeated(2), default: [16, 16]),
            width: width,
            depth: try config.int("layers", in: 1...1000, default: 12),
            heads: width / headWidth,
            hiddenWidth: try config.hiddenWidth(of: width),
            activation: try config.activation(activation),
            epsilon: try config.normEpsilon(),
            hasPreNorm: try !config.bool("no_ln_pre", default: false),
            pooling: try config.choice(
                "pool_type", ["tok": .classToken, "avg": .mean(normsLast: normsLast)], default: .classToken),
            projectionWidth: outputWidth)
        try result.check(config, heads: "head_width")
        self = .transformer(result)
    }
}

extension Config {
    /// Refuses a key that is not in `known`: an option without effect here could have one in the reference.
    func refuseUnknown(_ known: Set<String>) throws(ConfigError) {
        for key in keys where has(key) && !known.contains(key) {
            throw failure(
                key, expected: "one of \(known.sorted().joined(separator: ", "))",
                found: "an option that is not supported")
        }
    }

    /// Refuses any value but one that stands for the usual.
    func require(_ key: String, _ value: Bool) throws(ConfigError) {
        guard try bool(key, default: value) == value else {
            throw failure(key, expected: "\(value); the other is not supported")
        }
    }

    /// Refuses attention blocks other than the usual.
    fileprivate func refuseCustomBlocks() throws(ConfigError) {
        _ = try choice("block_type", ["default": ()], default: ())
        for key in ["qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner", "scale_attn", "scale_fc"] {
            try require(key, false)
        }
    }

    /// `mlp_ratio` times the width, truncated.
    fileprivate func hiddenWidth(of width: Int) throws(ConfigError) -> Int {
        let hidden = Int(Double(width) * (try double("mlp_ratio", in: 0.001...100, default: 4)))
        guard hidden > 0 else { throw failure("mlp_ratio", expected: "at least 1 / width") }
        return hidden
    }

    /// The activation with its arguments.
    fileprivate func activation(_ activation: Activation) throws(ConfigError) -> Activation {
        guard let arguments = try optionalObject("act_kwargs"), !arguments.keys.isEmpty else { return activation }
        try arguments.refuseUnknown(["approximate"])
        guard activation == .gelu else {
            throw failure("act_kwargs", expected: "no arguments, as quick_gelu has none")
        }
        return try arguments.choice("approximate", ["tanh": .geluTanh, "none": .gelu], default: .gelu)
    }

    /// The norms' epsilon; PyTorch's default is 1e-5.
    fileprivate func normEpsilon() throws(ConfigError) -> Double {
        guard let arguments = try optionalObject("norm_kwargs") else { return 1e-5 }
        try arguments.refuseUnknown(["eps"])
        return try arguments.double("eps", in: 0...1, default: 1e-5)
    }
}
