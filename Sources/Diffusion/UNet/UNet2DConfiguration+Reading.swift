public import JSON
import TensorCore

extension UNet2DConfiguration {
    private static let downKinds: [String: BlockKind] = [
        "DownBlock2D": .plain, "AttnDownBlock2D": .attention, "ResnetDownsampleBlock2D": .resnet,
        "SkipDownBlock2D": .skip, "AttnSkipDownBlock2D": .attentionSkip, "KDownBlock2D": .karras,
    ]
    private static let upKinds: [String: BlockKind] = [
        "UpBlock2D": .plain, "AttnUpBlock2D": .attention, "ResnetUpsampleBlock2D": .resnet, "SkipUpBlock2D": .skip,
        "AttnSkipUpBlock2D": .attentionSkip, "KUpBlock2D": .karras,
    ]
    /// diffusers' activations (`models/activations.py`) of which there is a kernel; names are compared in lower case.
    private static let activations: [String: Activation] = [
        "silu": .silu, "swish": .silu, "gelu": .gelu, "relu": .relu,
    ]
    private static let longestSide = 1 << 16
    private static let widest = 1 << 16
    private static let epsilons = 1e-12...1.0

    /// Reads the configuration of a `UNet2DModel`.
    ///
    /// `dropout` is not read: it takes part in training only.
    ///
    /// - Parameter config: as diffusers saves it.
    /// - Throws: `ConfigError` that names the key.
    public init(_ config: Config) throws(ConfigError) {
        if let name = try config.optionalString("_class_name"), name != "UNet2DModel" {
            throw config.failure("_class_name", expected: "\"UNet2DModel\"")
        }
        try readPictures(config)
        widths = try config.set(
            "block_out_channels", or: [224, 448, 672, 896]
        ) { (key) throws(ConfigError) in try config.ints(key, count: 1...16, in: 1...Self.widest) }
        let count = widths.count
        downBlocks = try config.blockTypes(
            "down_block_types", or: ["DownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D", "AttnDownBlock2D"],
            Self.downKinds, count: count)
        upBlocks = try config.blockTypes(
            "up_block_types", or: ["AttnUpBlock2D", "AttnUpBlock2D", "AttnUpBlock2D", "UpBlock2D"], Self.upKinds,
            count: count)
        // `null` stands for a network without one, so that it is no absent key.
        if let value = config.object["mid_block_type"] {
            guard value.isNull || value.stringValue == "UNetMidBlock2D" else {
                throw config.failure("mid_block_type", expected: "\"UNetMidBlock2D\" or null")
            }
            hasMiddle = !value.isNull
        }
        layersPerBlock = try config.set("layers_per_block", or: 2) { (key) throws(ConfigError) in
            try config.int(key, in: 1...64)
        }
        middleScale = try config.set("mid_block_scale_factor", or: 1) { (key) throws(ConfigError) in
            try config.double(key, in: 1e-3...1e3)
        }
        downsamplePadding = try config.set("downsample_padding", or: 1) { (key) throws(ConfigError) in
            try config.int(key, in: 0...1)
        }
        downsamplesByResnet = try config.choice("downsample_type", ["conv": false, "resnet": true], default: false)
        upsamplesByResnet = try config.choice("upsample_type", ["conv": false, "resnet": true], default: false)
        try readLayers(config)
        try readEmbeddings(config)
        try check(config)
    }

    private mutating func readPictures(_ config: Config) throws(ConfigError) {
        if config.has("sample_size") {
            let sides = try config.ints("sample_size", count: 2...2, in: 1...Self.longestSide, scalar: .repeated(2))
            sampleSize = (sides[0], sides[1])
        }
        inputChannels = try config.set("in_channels", or: 3) { (key) throws(ConfigError) in
            try config.int(key, in: 1...Self.widest)
        }
        outputChannels = try config.set("out_channels", or: 3) { (key) throws(ConfigError) in
            try config.int(key, in: 1...Self.widest)
        }
        centersInput = try config.set("center_input_sample", or: false) { (key) throws(ConfigError) in
            try config.bool(key)
        }
    }

    private mutating func readLayers(_ config: Config) throws(ConfigError) {
        let name = try config.set("act_fn", or: "silu") { (key) throws(ConfigError) in try config.string(key) }
        guard let activation = Self.activations[name.lowercased()] else {
            throw config.failure(
                "act_fn", expected: "one of \(Self.activations.keys.sorted().joined(separator: ", "))")
        }
        self.activation = activation
        headSize = 8
        if let value = config.object["attention_head_dim"] {
            headSize = value.isNull ? nil : try config.int("attention_head_dim", in: 1...Self.widest)
        }
        groups = 32
        if let value = config.object["norm_num_groups"] {
            groups = value.isNull ? nil : try config.int("norm_num_groups", in: 1...Self.widest)
        }
        attentionGroups = try config.optionalInt("attn_norm_num_groups", in: 1...Self.widest)
        epsilon = try config.set("norm_eps", or: 1e-5) { (key) throws(ConfigError) in
            try config.double(key, in: Self.epsilons)
        }
        let conditionings: [String: ResnetBlock2D.Conditioning] = ["default": .shift, "scale_shift": .scaleShift]
        conditioning = try config.set("resnet_time_scale_shift", or: .shift) { (key) throws(ConfigError) in
            try config.choice(key, conditionings)
        }
        middleHasAttention = try config.set("add_attention", or: true) { (key) throws(ConfigError) in
            try config.bool(key)
        }
    }

    private mutating func readEmbeddings(_ config: Config) throws(ConfigError) {
        // The reference takes 0 for an absent width.
        let width = try config.int("time_embedding_dim", in: 0...Self.widest, default: 0)
        embeddingWidth = width > 0 ? width : 4 * (widths.first ?? 0)
        let shift = try config.set("freq_shift", or: 0) { (key) throws(ConfigError) in
            try config.double(key, in: -1024...1024)
        }
        let flips = try config.set("flip_sin_to_cos", or: true) { (key) throws(ConfigError) in try config.bool(key) }
        let kind = try config.set("time_embedding_type", or: "positional") { (key) throws(ConfigError) in
            try config.choice(
                key, ["positional": "positional", "fourier": "fourier", "learned": "learned"])
        }
        switch kind {
        case "fourier": timeEmbedding = .fourier
        case "learned": timeEmbedding = .learned(count: try config.int("num_train_timesteps", in: 1...1_000_000))
        default:
            guard Double(widths[0] / 2) != shift else {
                throw config.failure(
                    "freq_shift", expected: "other than half of block_out_channels[0], which would divide by zero")
            }
            timeEmbedding = .positional(cosinesFirst: flips, frequencyShift: shift)
        }
        if config.has("class_embed_type") {
            classEmbedding = try config.choice("class_embed_type", ["timestep": .timestep, "identity": .identity])
        } else if let count = try config.optionalInt("num_class_embeds", in: 1...1_000_000) {
            classEmbedding = .table(count: count)
        }
    }
}
