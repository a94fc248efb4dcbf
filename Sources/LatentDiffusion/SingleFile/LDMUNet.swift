import JSON
import TensorCore

/// The network that predicts noise, as the programs of Stable Diffusion 1.x and 2.x name its parts (`UNetModel` of
/// Rombach et al. 2022, arXiv:2112.10752): blocks are numbered through all levels, and what is at a number tells which
/// level it is.
struct LDMUNet {
    /// What a numbered block is.
    private enum Kind {
        case residual, attention
        /// A convolution that halves or doubles the sides.
        case resampling
    }

    private(set) var part: LDMPart
    /// Channels of each level.
    private(set) var widths: [Int] = []
    /// Residual blocks of a level on the way down.
    private(set) var layers = 0
    /// The levels with attention, on the way down and on the way up.
    private var attendsDown: [Bool] = []
    private var attendsUp: [Bool] = []
    /// Channels of the picture.
    let inputs: Int
    let outputs: Int
    /// The width of a text's states.
    private(set) var context = 0
    /// Whether attention is entered and left by matrices instead of 1x1 convolutions.
    private(set) var isLinear = false

    /// What stands at the start of a name, and what it becomes.
    private var blocks: [String: (name: String, kind: Kind)] = [:]

    private static let others = [
        "time_embed.0": "time_embedding.linear_1", "time_embed.2": "time_embedding.linear_2",
        "input_blocks.0.0": "conv_in", "out.0": "conv_norm_out", "out.2": "conv_out",
    ]
    private static let residualParts = [
        "in_layers.0": "norm1", "in_layers.2": "conv1", "emb_layers.1": "time_emb_proj", "out_layers.0": "norm2",
        "out_layers.3": "conv2", "skip_connection": "conv_shortcut",
    ]

    /// Finds the levels and gives all tensors diffusers' names.
    init(_ part: LDMPart) throws(SingleFileError) {
        self.part = part
        inputs = try part.shape("input_blocks.0.0.weight", rank: 4...4)[1]
        outputs = try part.shape("out.2.weight", rank: 4...4)[0]
        try walkDown()
        try addAttention("middle_block.1", "mid_block.attentions.0")
        blocks["middle_block.0"] = ("mid_block.resnets.0", .residual)
        blocks["middle_block.2"] = ("mid_block.resnets.1", .residual)
        try walkUp()
        for name in part.names { try rename(name) }
    }

    private mutating func walkDown() throws(SingleFileError) {
        var counts: [Int] = [0]
        var attentions: [Int] = [0]
        var number = 1
        while true {
            let place = "input_blocks.\(number)"
            let level = counts.count - 1
            if part.has("\(place).0.op.weight") {
                blocks["\(place).0"] = ("down_blocks.\(level).downsamplers.0", .resampling)
                counts.append(0)
                attentions.append(0)
            } else if part.has("\(place).0.in_layers.2.weight") {
                let width = try part.shape("\(place).0.in_layers.2.weight", rank: 4...4)[0]
                if counts[level] == 0 { widths.append(width) }
                guard width == widths[level] else {
                    throw part.failure(
                        "\(place).0.in_layers.2.weight", "\(widths[level]) channels, as before it", "\(width)")
                }
                blocks["\(place).0"] = ("down_blocks.\(level).resnets.\(counts[level])", .residual)
                if part.has("\(place).1.norm.weight") {
                    try addAttention("\(place).1", "down_blocks.\(level).attentions.\(counts[level])")
                    attentions[level] += 1
                }
                counts[level] += 1
            } else {
                break
            }
            number += 1
        }
        layers = counts[0]
        guard layers > 0, counts.allSatisfy({ $0 == layers }) else {
            throw .contents(
                file: part.file, expected: "as many residual blocks on each level of the network", found: "\(counts)")
        }
        for (level, count) in attentions.enumerated() where count != 0 && count != layers {
            throw .contents(
                file: part.file, expected: "attention behind all residual blocks of a level or none",
                found: "\(count) of \(layers) on level \(level)")
        }
        attendsDown = attentions.map { $0 > 0 }
    }

    private mutating func walkUp() throws(SingleFileError) {
        let levels = widths.count
        for level in 0..<levels {
            var count = 0
            for layer in 0...layers {
                let place = "output_blocks.\(level * (layers + 1) + layer)"
                blocks["\(place).0"] = ("up_blocks.\(level).resnets.\(layer)", .residual)
                _ = try part.shape("\(place).0.in_layers.2.weight", rank: 4...4)
                var next = 1
                if part.has("\(place).1.norm.weight") {
                    try addAttention("\(place).1", "up_blocks.\(level).attentions.\(layer)")
                    (count, next) = (count + 1, 2)
                }
                // Whether there is a next level, the last block of one ends with twice the sides.
                if layer == layers, level < levels - 1 {
                    blocks["\(place).\(next)"] = ("up_blocks.\(level).upsamplers.0", .resampling)
                    _ = try part.shape("\(place).\(next).conv.weight", rank: 4...4)
                }
            }
            guard count == 0 || count == layers + 1 else {
                throw .contents(
                    file: part.file, expected: "attention behind all residual blocks of a level or none",
                    found: "\(count) of \(layers + 1) on level \(level) on the way up")
            }
            attendsUp.append(count > 0)
        }
    }

    private mutating func addAttention(_ place: String, _ name: String) throws(SingleFileError) {
        let isFirst = context == 0
        let linear = try part.shape("\(place).proj_in.weight", rank: 2...4).count == 2
        let key = "\(place).transformer_blocks.0.attn2.to_k.weight"
        let width = try part.shape(key, rank: 2...2)[1]
        guard isFirst || linear == isLinear else {
            throw part.failure("\(place).proj_in.weight", "the same kind of layer in every attention", "another")
        }
        guard isFirst || width == context else { throw part.failure(key, "\(context) columns", "\(width)") }
        guard !part.has("\(place).transformer_blocks.1.norm1.weight") else {
            throw part.failure(
                "\(place).transformer_blocks.1.norm1.weight", "one transformer block in each attention", "more")
        }
        (isLinear, context) = (linear, width)
        blocks[place] = (name, .attention)
    }

    private mutating func rename(_ name: String) throws(SingleFileError) {
        guard let dot = name.lastIndex(of: ".") else { throw part.unknown(name) }
        if let other = Self.others[String(name[..<dot])] { return try part.move(name, to: other + name[dot...]) }
        let pieces = name.split(separator: ".", omittingEmptySubsequences: false)
        let depth = pieces[0] == "middle_block" ? 2 : 3
        guard pieces.count > depth, let block = blocks[pieces[..<depth].joined(separator: ".")] else {
            throw part.unknown(name)
        }
        let inner = pieces[depth...].dropLast().joined(separator: ".")
        let end = pieces[pieces.count - 1]
        switch block.kind {
        case .residual:
            guard let today = Self.residualParts[inner] else { throw part.unknown(name) }
            try part.move(name, to: "\(block.name).\(today).\(end)")
        case .attention: try part.move(name, to: "\(block.name).\(inner).\(end)")
        case .resampling:
            guard inner == "op" || inner == "conv" else { throw part.unknown(name) }
            try part.move(name, to: "\(block.name).conv.\(end)")
        }
    }

    /// The configuration of a `UNet2DConditionModel`.
    ///
    /// - Parameters:
    ///   - heads: attention heads of each level, as diffusers' `attention_head_dim` has them.
    ///   - side: of the latents that it was trained with.
    func configuration(heads: JSONValue, side: Int) -> JSONObject {
        func numbers(_ values: [Int]) -> JSONValue { .array(values.map { JSONValue($0) }) }
        return [
            "_class_name": JSONValue("UNet2DConditionModel"), "sample_size": JSONValue(side),
            "in_channels": JSONValue(inputs), "out_channels": JSONValue(outputs), "block_out_channels": numbers(widths),
            "layers_per_block": JSONValue(layers),
            "down_block_types": .array(
                attendsDown.map { JSONValue($0 ? "CrossAttnDownBlock2D" : "DownBlock2D") }),
            "up_block_types": .array(attendsUp.map { JSONValue($0 ? "CrossAttnUpBlock2D" : "UpBlock2D") }),
            "cross_attention_dim": JSONValue(context), "attention_head_dim": heads,
            "use_linear_projection": JSONValue(isLinear),
        ]
    }
}
