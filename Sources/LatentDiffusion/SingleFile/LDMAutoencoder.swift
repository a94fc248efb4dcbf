import JSON
import TensorCore

/// The autoencoder between pictures and latents, as the programs of Stable Diffusion name its parts: the decoder's
/// levels are numbered from the finest on, and attention is of 1x1 convolutions.
struct LDMAutoencoder {
    private(set) var part: LDMPart
    private var widths: [Int] = []
    private var layers = 0
    private let inputs: Int
    private let outputs: Int
    /// Channels of the latents.
    let latents: Int

    private static let residualParts: Set<String> = ["norm1", "conv1", "norm2", "conv2", "nin_shortcut"]
    private static let attentionParts = [
        "norm": "group_norm", "q": "to_q", "k": "to_k", "v": "to_v", "proj_out": "to_out.0",
    ]
    private static let others = [
        "encoder.conv_in": "encoder.conv_in", "encoder.conv_out": "encoder.conv_out",
        "encoder.norm_out": "encoder.conv_norm_out", "decoder.conv_in": "decoder.conv_in",
        "decoder.conv_out": "decoder.conv_out", "decoder.norm_out": "decoder.conv_norm_out", "quant_conv": "quant_conv",
        "post_quant_conv": "post_quant_conv",
    ]

    /// Finds the levels and gives all tensors diffusers' names.
    init(_ part: LDMPart) throws(SingleFileError) {
        self.part = part
        inputs = try part.shape("encoder.conv_in.weight", rank: 4...4)[1]
        outputs = try part.shape("decoder.conv_out.weight", rank: 4...4)[0]
        latents = try part.shape("decoder.conv_in.weight", rank: 4...4)[1]
        while part.has("encoder.down.\(widths.count).block.0.conv2.weight") {
            let place = "encoder.down.\(widths.count).block"
            widths.append(try part.shape("\(place).0.conv2.weight", rank: 4...4)[0])
            var count = 1
            while part.has("\(place).\(count).conv2.weight") { count += 1 }
            if widths.count == 1 { layers = count }
            guard count == layers else {
                throw part.failure("\(place).0.conv2.weight", "\(layers) blocks on each level", "\(count)")
            }
        }
        guard !widths.isEmpty else {
            throw part.failure("encoder.down.0.block.0.conv2.weight", "to be there", "no such tensor")
        }
        for name in part.names { try rename(name) }
    }

    private mutating func rename(_ name: String) throws(SingleFileError) {
        let pieces = name.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
        guard let end = pieces.last else { throw part.unknown(name) }
        if let other = Self.others[pieces.dropLast().joined(separator: ".")] {
            return try part.move(name, to: "\(other).\(end)")
        }
        guard pieces.count >= 5, let half = ["encoder": "down", "decoder": "up"][pieces[0]] else {
            throw part.unknown(name)
        }
        if pieces[1] == "mid", pieces.count == 5 {
            return try renameMiddle(name, pieces)
        }
        // encoder.down.LEVEL.block.LAYER.PART.END or encoder.down.LEVEL.downsample.conv.END
        guard pieces[1] == half, let level = Int(pieces[2]), widths.indices.contains(level) else {
            throw part.unknown(name)
        }
        let place = "\(pieces[0]).\(half)_blocks.\(half == "up" ? widths.count - 1 - level : level)"
        if pieces.count == 7, pieces[3] == "block", let layer = Int(pieces[4]), Self.residualParts.contains(pieces[5]) {
            try part.move(name, to: "\(place).resnets.\(layer).\(Self.residual(pieces[5])).\(end)")
        } else if pieces.count == 6, pieces[3] == "\(half)sample", pieces[4] == "conv" {
            try part.move(name, to: "\(place).\(half)samplers.0.conv.\(end)")
        } else {
            throw part.unknown(name)
        }
    }

    private mutating func renameMiddle(_ name: String, _ pieces: [String]) throws(SingleFileError) {
        let place = "\(pieces[0]).mid_block"
        if let index = ["block_1": 0, "block_2": 1][pieces[2]], Self.residualParts.contains(pieces[3]) {
            return try part.move(name, to: "\(place).resnets.\(index).\(Self.residual(pieces[3])).\(pieces[4])")
        }
        guard pieces[2] == "attn_1", let today = Self.attentionParts[pieces[3]] else { throw part.unknown(name) }
        let shape = try part.shape(name, rank: 0...4)
        guard shape.dropFirst(2).allSatisfy({ $0 == 1 }) else {
            throw part.failure(name, "a 1x1 convolution", "shape \(shape)")
        }
        try part.move(name, to: "\(place).attentions.0.\(today).\(pieces[4])", shape: Array(shape.prefix(2)))
    }

    private static func residual(_ name: String) -> String { name == "nin_shortcut" ? "conv_shortcut" : name }

    /// The configuration of an `AutoencoderKL`.
    ///
    /// - Parameters:
    ///   - side: of the pictures that it is used with.
    ///   - scale: what latents are multiplied with.
    func configuration(side: Int, scale: Double) -> JSONObject {
        func repeated(_ name: String) -> JSONValue { .array(widths.map { _ in JSONValue(name) }) }
        return [
            "_class_name": JSONValue("AutoencoderKL"), "sample_size": JSONValue(side),
            "in_channels": JSONValue(inputs), "out_channels": JSONValue(outputs), "latent_channels": JSONValue(latents),
            "block_out_channels": .array(widths.map { JSONValue($0) }), "layers_per_block": JSONValue(layers),
            "down_block_types": repeated("DownEncoderBlock2D"), "up_block_types": repeated("UpDecoderBlock2D"),
            "norm_num_groups": JSONValue(32), "act_fn": JSONValue("silu"), "scaling_factor": JSONValue(scale),
        ]
    }
}
