import Diffusion
public import JSON
import TensorCore

extension UNet2DConditionConfiguration {
    private static let downKinds = ["CrossAttnDownBlock2D": true, "DownBlock2D": false]
    private static let upKinds = ["CrossAttnUpBlock2D": true, "UpBlock2D": false]
    /// diffusers' activations of which there is a kernel; names are compared in lower case.
    private static let activations: [String: Activation] = [
        "silu": .silu, "swish": .silu, "gelu": .gelu, "relu": .relu,
    ]
    private static let widest = 1 << 16
    private static let longestSide = 1 << 16

    /// Reads the configuration of a `UNet2DConditionModel`.
    ///
    /// Not read are `dropout`, which takes part in training only, `upcast_attention`, as everything is computed in
    /// single precision, and keys that the blocks of this network do not look at: `mid_block_only_cross_attention`,
    /// `cross_attention_norm`, `resnet_skip_time_act`, `resnet_out_scale_factor`, `addition_embed_type_num_heads`,
    /// `addition_time_embed_dim`, `projection_class_embeddings_input_dim`.
    ///
    /// - Parameter config: as diffusers saves it.
    /// - Throws: `ConfigError` that names the key.
    public init(_ config: Config) throws(ConfigError) {
        if let name = try config.optionalString("_class_name"), name != "UNet2DConditionModel" {
            throw config.failure("_class_name", expected: "\"UNet2DConditionModel\"")
        }
        try Self.refuseOthers(config)
        try readPictures(config)
        try readLevels(config)
        try readMiddle(config)
        try readLayers(config)
        try readEmbedding(config)
    }

    private mutating func readPictures(_ config: Config) throws(ConfigError) {
        if config.has("sample_size") {
            let sides = try config.ints("sample_size", count: 2...2, in: 1...Self.longestSide, scalar: .repeated(2))
            sampleSize = (sides[0], sides[1])
        }
        inputChannels = try config.set("in_channels", or: 4) { (key) throws(ConfigError) in
            try config.int(key, in: 1...Self.widest)
        }
        outputChannels = try config.set("out_channels", or: 4) { (key) throws(ConfigError) in
            try config.int(key, in: 1...Self.widest)
        }
        centersInput = try config.set("center_input_sample", or: false) { (key) throws(ConfigError) in
            try config.bool(key)
        }
    }

    private mutating func readLevels(_ config: Config) throws(ConfigError) {
        let widths = try config.set("block_out_channels", or: [320, 640, 1280, 1280]) { (key) throws(ConfigError) in
            try config.ints(key, count: 1...16, in: 1...Self.widest)
        }
        let count = widths.count
        let down = try config.blockTypes(
            "down_block_types",
            or: ["CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D", "DownBlock2D"],
            Self.downKinds, count: count)
        let up = try config.blockTypes(
            "up_block_types",
            or: ["UpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "CrossAttnUpBlock2D"],
            Self.upKinds, count: count)
        let layers = try Self.ints(config, "layers_per_block", or: 2, in: 1...64, count: count)
        let transformers = try Self.ints(config, "transformer_layers_per_block", or: 1, in: 1...64, count: count)
        let heads = try Self.ints(config, "attention_head_dim", or: 8, in: 1...Self.widest, count: count)
        let texts = try Self.ints(config, "cross_attention_dim", or: 1280, in: 1...Self.widest, count: count)
        textWidth = texts[0]
        guard texts.allSatisfy({ $0 == textWidth }) else {
            throw config.failure("cross_attention_dim", expected: "one width for all blocks")
        }
        let only = try Self.onlyCrossAttention(config, count: count)
        for index in 0..<count {
            let level = Level(
                width: widths[index], layers: layers[index], transformerLayers: transformers[index],
                heads: heads[index], onlyCrossAttention: only[index], attendsDown: down[index],
                attendsUp: up[count - 1 - index])
            if level.attendsDown || level.attendsUp { try Self.checkHeads(level, config) }
            levels.append(level)
        }
    }

    private static func checkHeads(_ level: Level, _ config: Config) throws(ConfigError) {
        guard level.width % level.heads == 0 else {
            throw config.failure(
                "attention_head_dim",
                expected: "numbers of heads, as diffusers takes them, that divide the channels (\(level.width))",
                found: "\(level.heads)")
        }
    }

    /// A number for each level, or one for all.
    private static func ints(
        _ config: Config, _ key: String, or standard: Int, in range: ClosedRange<Int>, count: Int
    ) throws(ConfigError) -> [Int] {
        try config.set(key, or: [Int](repeating: standard, count: count)) { (key) throws(ConfigError) in
            try config.ints(key, count: count...count, in: range, scalar: .repeated(count))
        }
    }

    private static func onlyCrossAttention(_ config: Config, count: Int) throws(ConfigError) -> [Bool] {
        let key = "only_cross_attention"
        guard let elements = config.object[key]?.arrayValue else {
            let value = try config.set(key, or: false) { (key) throws(ConfigError) in try config.bool(key) }
            return [Bool](repeating: value, count: count)
        }
        let values = elements.compactMap(\.boolValue)
        guard elements.count == count, values.count == count else {
            throw config.failure(key, expected: "true or false, or a list of \(count) of them")
        }
        return values
    }

    private mutating func readMiddle(_ config: Config) throws(ConfigError) {
        let kinds: [String: Middle] = ["UNetMidBlock2DCrossAttn": .crossAttention, "UNetMidBlock2D": .resnet]
        // `null` stands for a network without one, so that it is no absent key.
        if let value = config.object["mid_block_type"] {
            middle = value.isNull ? .none : try config.choice("mid_block_type", kinds)
        }
        middleScale = try config.set("mid_block_scale_factor", or: 1) { (key) throws(ConfigError) in
            try config.double(key, in: 1e-3...1e3)
        }
        if middle == .crossAttention, let last = levels.last { try Self.checkHeads(last, config) }
    }

    private mutating func readLayers(_ config: Config) throws(ConfigError) {
        let name = try config.set("act_fn", or: "silu") { (key) throws(ConfigError) in try config.string(key) }
        guard let activation = Self.activations[name.lowercased()] else {
            throw config.failure(
                "act_fn", expected: "one of \(Self.activations.keys.sorted().joined(separator: ", "))")
        }
        self.activation = activation
        downsamplePadding = try config.set("downsample_padding", or: 1) { (key) throws(ConfigError) in
            try config.int(key, in: 0...1)
        }
        groups = try config.set("norm_num_groups", or: 32) { (key) throws(ConfigError) in
            try config.int(key, in: 1...Self.widest)
        }
        epsilon = try config.set("norm_eps", or: 1e-5) { (key) throws(ConfigError) in
            try config.double(key, in: 1e-12...1)
        }
        let conditionings: [String: ResnetBlock2D.Conditioning] = ["default": .shift, "scale_shift": .scaleShift]
        conditioning = try config.set("resnet_time_scale_shift", or: .shift) { (key) throws(ConfigError) in
            try config.choice(key, conditionings)
        }
        usesLinearProjection = try config.set("use_linear_projection", or: false) { (key) throws(ConfigError) in
            try config.bool(key)
        }
    }

    private mutating func readEmbedding(_ config: Config) throws(ConfigError) {
        // The reference takes 0 for an absent width.
        let width = try config.int("time_embedding_dim", in: 0...Self.widest, default: 0)
        embeddingWidth = width > 0 ? width : 4 * levels[0].width
        frequencyShift = try config.set("freq_shift", or: 0) { (key) throws(ConfigError) in
            try config.double(key, in: -1024...1024)
        }
        cosinesFirst = try config.set("flip_sin_to_cos", or: true) { (key) throws(ConfigError) in
            try config.bool(key)
        }
        guard levels[0].width % 2 == 0, Double(levels[0].width / 2) != frequencyShift else {
            throw config.failure(
                "freq_shift",
                expected: "other than half of an even block_out_channels[0], which would divide by zero")
        }
    }

    /// Refuses what other networks of this class have: Stable Diffusion XL, Kandinsky, DeepFloyd IF, GLIGEN.
    private static func refuseOthers(_ config: Config) throws(ConfigError) {
        let absent = [
            "addition_embed_type", "encoder_hid_dim", "encoder_hid_dim_type", "time_cond_proj_dim", "class_embed_type",
            "num_class_embeds", "time_embedding_act_fn", "timestep_post_act", "num_attention_heads",
            "reverse_transformer_layers_per_block",
        ]
        for key in absent where config.has(key) {
            throw config.failure(key, expected: "null, as Stable Diffusion 1.x and 2.x have it")
        }
        for key in ["dual_cross_attention", "class_embeddings_concat"] where try config.bool(key, default: false) {
            throw config.failure(key, expected: "false, as Stable Diffusion 1.x and 2.x have it")
        }
        for (key, standard) in [("attention_type", "default"), ("time_embedding_type", "positional")] {
            _ = try config.set(key, or: standard) { (key) throws(ConfigError) in
                try config.choice(key, [standard: standard])
            }
        }
        for key in ["conv_in_kernel", "conv_out_kernel"] {
            _ = try config.set(key, or: 3) { (key) throws(ConfigError) in try config.int(key, in: 3...3) }
        }
    }
}
