import JSON

/// What the `config.json` of pytorch-pretrained-BigGAN says; an absent key has the default of its `BigGANConfig`, the
/// model of 128 x 128 pixels.
struct BigGANConfiguration: Sendable, Equatable {
    /// A block of the generator.
    struct Block: Sendable, Equatable {
        /// Whether it doubles the sides.
        var isUpsampling: Bool
        /// Channels of its input and output, in units of `channel_width`.
        var inputs: Int
        var outputs: Int
    }

    /// `z_dim`: length of the latent vector, and of a class's embedding.
    var latentSize: Int
    /// `channel_width`: channels before the last layer.
    var width: Int
    /// `num_classes`.
    var classCount: Int
    /// `layers`.
    var blocks: [Block]
    /// `attention_layer_position`: the block that attention comes before; none where there is no such block.
    var attentionPosition: Int
    /// `eps`: added to variances.
    var epsilon: Double
    /// `n_stats`: truncations from 0 to 1 that norms have statistics for.
    var statisticsCount: Int

    /// `output_dim`: height and width of an image, 4 doubled by each block that does so.
    var imageSize: Int { 4 << blocks.count { $0.isUpsampling } }

    /// Channels of the first block's input, in units of `channel_width`: the reference's own constant.
    static let firstWidth = 16

    private static let standardBlocks = [
        Block(isUpsampling: false, inputs: 16, outputs: 16), Block(isUpsampling: true, inputs: 16, outputs: 16),
        Block(isUpsampling: false, inputs: 16, outputs: 16), Block(isUpsampling: true, inputs: 16, outputs: 8),
        Block(isUpsampling: false, inputs: 8, outputs: 8), Block(isUpsampling: true, inputs: 8, outputs: 4),
        Block(isUpsampling: false, inputs: 4, outputs: 4), Block(isUpsampling: true, inputs: 4, outputs: 2),
        Block(isUpsampling: false, inputs: 2, outputs: 2), Block(isUpsampling: true, inputs: 2, outputs: 1),
    ]

    /// Reads a configuration.
    init(_ config: Config) throws(ConfigError) {
        latentSize = try config.int("z_dim", in: 1...65_536, default: 128)
        let embeddingSize = try config.int("class_embed_dim", in: 1...65_536, default: 128)
        guard embeddingSize == latentSize else {
            throw config.failure(
                "class_embed_dim", expected: "\(latentSize), as z_dim", found: "\(embeddingSize)")
        }
        width = try config.int("channel_width", in: 1...4096, default: 128)
        guard width >= 3 else { throw config.failure("channel_width", expected: "at least 3 channels") }
        classCount = try config.int("num_classes", in: 1...1_000_000, default: 1000)
        attentionPosition = try config.int("attention_layer_position", in: 0...1000, default: 8)
        epsilon = try config.double("eps", in: 0...1, default: 1e-4)
        statisticsCount = try config.int("n_stats", in: 2...10_000, default: 51)
        blocks = config.has("layers") ? try Self.blocks(config) : Self.standardBlocks
        try checkBlocks(config)
        let size = try config.int("output_dim", in: 4...4096, default: 128)
        guard size == imageSize else {
            throw config.failure("output_dim", expected: "\(imageSize), as layers draw them", found: "\(size)")
        }
    }

    /// `layers`: lists of whether a block doubles the sides, and its channels before and after.
    private static func blocks(_ config: Config) throws(ConfigError) -> [Block] {
        let expected = "a list of 1...64 lists: true or false, and two integers in 1...64"
        guard let lists = config.value("layers")?.arrayValue, (1...64).contains(lists.count) else {
            throw config.failure("layers", expected: expected)
        }
        var blocks: [Block] = []
        for list in lists {
            guard let parts = list.arrayValue, parts.count == 3, let isUpsampling = parts[0].boolValue,
                case .number(.int(let inputs)) = parts[1], case .number(.int(let outputs)) = parts[2],
                (1...64).contains(inputs), (1...64).contains(outputs)
            else { throw config.failure("layers", expected: expected, found: String(list.serialized().prefix(80))) }
            blocks.append(Block(isUpsampling: isUpsampling, inputs: inputs, outputs: outputs))
        }
        return blocks
    }

    /// Whether each block can take what the one before gives.
    private func checkBlocks(_ config: Config) throws(ConfigError) {
        var channels = Self.firstWidth
        for (index, block) in blocks.enumerated() {
            guard block.inputs == channels else {
                throw config.failure(
                    "layers", expected: "\(channels) channels into block \(index)", found: "\(block.inputs)")
            }
            // What a block adds to is its input, or the first half of the channels.
            guard block.outputs == channels || channels * width / 2 == block.outputs * width else {
                throw config.failure(
                    "layers", expected: "\(channels) channels or half as many out of block \(index)",
                    found: "\(block.outputs)")
            }
            guard block.inputs * width >= 4 else {
                throw config.failure("channel_width", expected: "at least 4 channels in every block")
            }
            channels = block.outputs
        }
        guard channels == 1 else {
            throw config.failure("layers", expected: "1 channel out of the last block", found: "\(channels)")
        }
        guard blocks.count(where: \.isUpsampling) <= 10 else {
            throw config.failure("layers", expected: "at most 10 blocks that double the sides")
        }
        guard blocks.indices.contains(attentionPosition) else { return }
        guard blocks[attentionPosition].inputs * width % 8 == 0 else {
            throw config.failure(
                "attention_layer_position", expected: "a block of a multiple of 8 channels",
                found: "\(blocks[attentionPosition].inputs * width)")
        }
    }
}
