import Diffusion
import JSON

/// The blocks of a `UNet2DConditionModel` with all their sizes, found to fit each other, before any weight is asked for
/// (diffusers `models/unets/unet_2d_condition.py` and `unet_2d_blocks.py`).
struct UNet2DConditionPlan: Sendable {
    /// One way down.
    struct Down: Sendable {
        var width: Int
        var resnets: [ResnetBlock2D.Options] = []
        /// One for each residual block, or none.
        var transformers: [Transformer2D.Options] = []
        /// Whether the size is halved at the end.
        var halves: Bool
    }

    /// The middle.
    struct Middle: Sendable {
        var resnet: ResnetBlock2D.Options
        var transformer: Transformer2D.Options?
    }

    /// One way up.
    struct Up: Sendable {
        var width: Int
        var resnets: [ResnetBlock2D.Options] = []
        /// One for each residual block, or none.
        var transformers: [Transformer2D.Options] = []
        /// Whether the size is that of the next block's states at the end.
        var grows: Bool
        /// Pixels of the next block's states, where that is known.
        var grownPixels: Int?
    }

    var downs: [Down] = []
    var middle: Middle?
    var ups: [Up] = []
    /// Layers that attend to the text.
    private(set) var textLayers = 0

    /// Plans the blocks.
    ///
    /// - Throws: `ConfigError` where norms do not fit the channels.
    init(_ c: UNet2DConditionConfiguration, _ config: Config) throws(ConfigError) {
        let last = c.levels.count - 1
        var channels = c.levels[0].width
        for (index, level) in c.levels.enumerated() {
            var down = Down(width: level.width, halves: index < last)
            for layer in 0..<level.layers {
                down.resnets.append(Self.resnet(c, layer == 0 ? channels : level.width, level.width, at: index))
                if level.attendsDown { down.transformers.append(transformer(c, level)) }
            }
            downs.append(down)
            channels = level.width
        }
        if c.middle != .none {
            var resnet = Self.resnet(c, channels, channels, at: last)
            resnet.outputScale = c.middleScale
            var level = c.levels[last]
            level.onlyCrossAttention = false
            middle = Middle(
                resnet: resnet, transformer: c.middle == .crossAttention ? transformer(c, level) : nil)
        }
        for index in c.levels.indices.reversed() {
            let level = c.levels[index]
            var up = Up(
                width: level.width, grows: index > 0, grownPixels: index > 0 ? c.pixels(at: index - 1) : nil)
            for layer in 0...level.layers {
                let joining = layer == level.layers ? c.levels[max(index - 1, 0)].width : level.width
                let inputs = (layer == 0 ? channels : level.width) + joining
                up.resnets.append(Self.resnet(c, inputs, level.width, at: index))
                if level.attendsUp { up.transformers.append(transformer(c, level)) }
            }
            ups.append(up)
            channels = level.width
        }
        try checkGroups(c, config)
    }

    private static func resnet(
        _ c: UNet2DConditionConfiguration, _ inputs: Int, _ outputs: Int, at level: Int
    ) -> ResnetBlock2D.Options {
        var options = ResnetBlock2D.Options(
            inputs: inputs, outputs: outputs, embedding: c.embeddingWidth, groups: (c.groups, c.groups),
            epsilon: c.epsilon, activation: c.activation, conditioning: c.conditioning)
        options.pixels = c.pixels(at: level)
        return options
    }

    /// The next transformer, whose layers take the next numbers among those that attend to the text.
    private mutating func transformer(
        _ c: UNet2DConditionConfiguration, _ level: UNet2DConditionConfiguration.Level
    ) -> Transformer2D.Options {
        let options = Transformer2D.Options(
            channels: level.width, heads: level.heads, layers: level.transformerLayers, textWidth: c.textWidth,
            groups: c.groups, onlyCrossAttention: level.onlyCrossAttention, usesLinear: c.usesLinearProjection,
            firstTextLayer: textLayers)
        textLayers += options.textLayers
        return options
    }

    /// Every norm's groups must divide its channels.
    private func checkGroups(_ c: UNet2DConditionConfiguration, _ config: Config) throws(ConfigError) {
        let resnets = downs.flatMap(\.resnets) + ups.flatMap(\.resnets)
        for channels in resnets.flatMap({ [$0.inputs, $0.outputs] }) where channels % c.groups != 0 {
            throw config.failure(
                "norm_num_groups", expected: "a divisor of all block_out_channels and of the sums of neighbours",
                found: "\(c.groups) groups of \(channels) channels")
        }
    }
}
