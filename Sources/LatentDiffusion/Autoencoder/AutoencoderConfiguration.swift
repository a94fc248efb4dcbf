import Diffusion
public import JSON
import TensorCore

/// What an `AutoencoderKL` or a `VQModel` is made of; names and defaults are those of diffusers' classes.
public struct AutoencoderConfiguration: Sendable {
    /// How latent pictures are kept near to each other.
    public enum Kind: Sendable, Equatable {
        /// By a normal distribution for each value: `AutoencoderKL`.
        case variational
        /// By a table of so many codes: `VQModel`.
        case quantized(codes: Int)
    }

    /// How latent pictures are kept near to each other.
    public let kind: Kind
    /// Channels of the pictures that are encoded.
    public let inputChannels: Int
    /// Channels of the pictures that are decoded.
    public let outputChannels: Int
    /// Channels of latent pictures.
    public let latentChannels: Int
    /// Height and width of the pictures that it was trained with, which tiles have.
    public let sampleSize: (height: Int, width: Int)
    /// What latent pictures are multiplied by for the network that samples them, and divided by before they are
    /// decoded.
    public let scalingFactor: Float

    /// Channels between the networks and the convolutions that follow and precede them.
    let innerChannels: Int
    let widths: [Int]
    let layersPerBlock: Int
    let activation: Activation
    let groups: Int
    let hasQuantConvolution: Bool
    let hasPostQuantConvolution: Bool
    let attendsInTheMiddle: Bool

    private static let activations: [String: Activation] = [
        "silu": .silu, "swish": .silu, "gelu": .gelu, "relu": .relu,
    ]
    private static let widest = 1 << 16

    /// Pixels of a picture along a side for each latent pixel.
    public var factor: Int { 1 << (widths.count - 1) }

    /// Channels of the encoder's result.
    var encodedChannels: Int { kind == .variational ? 2 * innerChannels : innerChannels }

    /// Channels of what the convolution behind the encoder makes of it.
    var quantizedChannels: Int { kind == .variational ? 2 * latentChannels : latentChannels }

    /// Reads the configuration of an `AutoencoderKL` or a `VQModel`.
    ///
    /// Not read are `force_upcast`, as everything is computed in single precision, and `lookup_from_codebook`, which
    /// serves other pipelines.
    ///
    /// - Parameter config: as diffusers saves it.
    /// - Throws: `ConfigError` that names the key.
    public init(_ config: Config) throws(ConfigError) {
        let isQuantized =
            try config.optionalChoice("_class_name", ["AutoencoderKL": false, "VQModel": true]) ?? false
        if isQuantized {
            kind = .quantized(codes: try Self.int(config, "num_vq_embeddings", or: 256))
            _ = try config.set("norm_type", or: "group") { (key) throws(ConfigError) in
                try config.choice(key, ["group": "group"])
            }
        } else {
            kind = .variational
        }
        for key in ["shift_factor", "latents_mean", "latents_std"] where config.has(key) {
            throw config.failure(key, expected: "null: latents are scaled by scaling_factor alone")
        }
        inputChannels = try Self.int(config, "in_channels", or: 3)
        outputChannels = try Self.int(config, "out_channels", or: 3)
        innerChannels = try Self.int(config, "latent_channels", or: isQuantized ? 3 : 4)
        latentChannels =
            isQuantized
            ? try config.optionalInt("vq_embed_dim", in: 1...Self.widest) ?? innerChannels : innerChannels
        groups = try Self.int(config, "norm_num_groups", or: 32)
        layersPerBlock = try config.set("layers_per_block", or: 1) { (key) throws(ConfigError) in
            try config.int(key, in: 1...64)
        }
        widths = try config.set("block_out_channels", or: [64]) { (key) throws(ConfigError) in
            try config.ints(key, count: 1...8, in: 1...Self.widest)
        }
        for (key, kind) in [("down_block_types", "DownEncoderBlock2D"), ("up_block_types", "UpDecoderBlock2D")] {
            let names = try config.set(key, or: [kind]) { (key) throws(ConfigError) in
                try config.strings(key, count: 1...8)
            }
            guard names.count == widths.count, names.allSatisfy({ $0 == kind }) else {
                throw config.failure(key, expected: "\"\(kind)\" for each of block_out_channels")
            }
        }
        for width in widths where width % groups != 0 {
            throw config.failure(
                "norm_num_groups", expected: "a divisor of all block_out_channels",
                found: "\(groups) groups of \(width) channels")
        }
        let name = try config.set("act_fn", or: "silu") { (key) throws(ConfigError) in try config.string(key) }
        guard let activation = Self.activations[name.lowercased()] else {
            throw config.failure(
                "act_fn", expected: "one of \(Self.activations.keys.sorted().joined(separator: ", "))")
        }
        self.activation = activation
        let sides = try config.set("sample_size", or: [32, 32]) { (key) throws(ConfigError) in
            try config.ints(key, count: 2...2, in: 1...Self.widest, scalar: .repeated(2))
        }
        sampleSize = (sides[0], sides[1])
        scalingFactor = Float(
            try config.set("scaling_factor", or: 0.18215) { (key) throws(ConfigError) in
                try config.double(key, in: 1e-6...1e6)
            })
        hasQuantConvolution = isQuantized ? true : try Self.bool(config, "use_quant_conv")
        hasPostQuantConvolution = isQuantized ? true : try Self.bool(config, "use_post_quant_conv")
        attendsInTheMiddle = try Self.bool(config, "mid_block_add_attention")
    }

    private static func int(_ config: Config, _ key: String, or standard: Int) throws(ConfigError) -> Int {
        try config.set(key, or: standard) { (key) throws(ConfigError) in try config.int(key, in: 1...widest) }
    }

    private static func bool(_ config: Config, _ key: String) throws(ConfigError) -> Bool {
        try config.set(key, or: true) { (key) throws(ConfigError) in try config.bool(key) }
    }

    /// Pixels of pictures that were halved so many times, of the size that the networks were trained with.
    func pixels(halvings: Int) -> Int { (sampleSize.height >> halvings) * (sampleSize.width >> halvings) }

    /// A residual block, which knows no time, for pictures that were halved so many times.
    func resnet(_ inputs: Int, _ outputs: Int, halvings: Int) -> ResnetBlock2D.Options {
        var options = ResnetBlock2D.Options(
            inputs: inputs, outputs: outputs, embedding: 0, groups: (groups, groups), epsilon: Self.epsilon,
            activation: activation, conditioning: .none)
        options.pixels = pixels(halvings: halvings)
        return options
    }

    /// Attention of the middle, a single head.
    var attention: SpatialAttention.Options? {
        guard attendsInTheMiddle, let width = widths.last else { return nil }
        return SpatialAttention.Options(channels: width, headSize: width, groups: groups, epsilon: Self.epsilon)
    }

    /// Added to the variances of all norms.
    static let epsilon = 1e-6
}
