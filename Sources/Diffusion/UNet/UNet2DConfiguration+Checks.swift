import JSON

extension UNet2DConfiguration {
    /// Groups of norms whose number follows from the channels: those of pictures that are carried beside the features,
    /// and where the configuration names none.
    static func groups(of channels: Int) -> Int { min(channels / 4, 32) }

    /// Channels of a group in blocks of k-diffusion's kind.
    static let karrasGroupSize = 32

    /// Groups of the norms of attention in blocks that carry a picture.
    static let attentionSkipGroups = 32

    /// Channels of the pictures that blocks carry beside the features.
    static let carriedChannels = 3

    /// The head size of attention over so many channels.
    func headSize(for channels: Int) -> Int { headSize ?? channels }

    /// Widths of the blocks that lead up, first to last.
    var upWidths: [Int] { widths.reversed() }

    /// Refuses what the reference cannot build or run.
    func check(_ config: Config) throws(ConfigError) {
        try checkGroups(config)
        try checkPictures(config)
        try checkHeads(config)
    }

    private func checkGroups(_ config: Config) throws(ConfigError) {
        let takesGroups: Set<BlockKind> = [.plain, .attention, .resnet]
        if groups == nil, let place = (downBlocks + upBlocks).firstIndex(where: { takesGroups.contains($0) }) {
            throw config.failure(
                "norm_num_groups",
                expected: "an integer, which block \(place) of down_block_types and up_block_types "
                    + "needs")
        }
    }

    private func checkPictures(_ config: Config) throws(ConfigError) {
        // What is carried has the size of the features beside it only as long as no other block changes that.
        let down = downBlocks.dropLast()
        if let other = down.firstIndex(where: { !$0.carriesPicture }), down[other...].contains(where: \.carriesPicture)
        {
            throw config.failure(
                "down_block_types", expected: "blocks that carry a picture before all others",
                found: "block \(other), which carries none, before one that does")
        }
        if let first = upBlocks.dropLast().firstIndex(where: \.carriesPicture),
            let other = upBlocks[first...].firstIndex(where: { !$0.carriesPicture })
        {
            throw config.failure(
                "up_block_types", expected: "blocks that carry a picture after all others",
                found: "block \(other), which carries none, after one that does")
        }
        if down.contains(where: \.carriesPicture), inputChannels != Self.carriedChannels {
            throw config.failure("in_channels", expected: "3, as down_block_types carries the picture")
        }
        if upBlocks.dropLast().contains(where: \.carriesPicture), outputChannels != Self.carriedChannels {
            throw config.failure("out_channels", expected: "3, as up_block_types carries the picture")
        }
    }

    private func checkHeads(_ config: Config) throws(ConfigError) {
        var attended: [Int] = []
        for (kind, width) in zip(downBlocks, widths) where kind == .attention || kind == .attentionSkip {
            attended.append(width)
        }
        for (kind, width) in zip(upBlocks, upWidths) where kind == .attention || kind == .attentionSkip {
            attended.append(width)
        }
        if hasMiddle, middleHasAttention, let width = widths.last { attended.append(width) }
        if let narrow = attended.first(where: { headSize(for: $0) > $0 }) {
            throw config.failure("attention_head_dim", expected: "at most the \(narrow) channels that are attended")
        }
    }
}
