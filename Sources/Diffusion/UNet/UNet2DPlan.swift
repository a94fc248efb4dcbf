import JSON
import Layers

/// The blocks of a `UNet2DModel` with all their sizes, found to fit each other, before any weight is asked for
/// (diffusers `models/unets/unet_2d.py` and `unet_2d_blocks.py`).
struct UNet2DPlan: Sendable {
    /// One way down.
    struct Down: Sendable {
        var kind: UNet2DConfiguration.BlockKind
        var width: Int
        var resnets: [ResnetBlock2D.Options] = []
        var attentions: [SpatialAttention.Options] = []
        /// Whether the size is halved at the end.
        var halves: Bool
        /// The residual block that halves, where it is one.
        var halving: ResnetBlock2D.Options?
    }

    /// The middle.
    struct Middle: Sendable {
        var resnet: ResnetBlock2D.Options
        var attention: SpatialAttention.Options?
    }

    /// One way up.
    struct Up: Sendable {
        var kind: UNet2DConfiguration.BlockKind
        var width: Int
        var resnets: [ResnetBlock2D.Options] = []
        var attentions: [SpatialAttention.Options] = []
        var doubles: Bool
        var doubling: ResnetBlock2D.Options?
        /// Groups of the norm before what is added to the carried picture.
        var pictureGroups: Int
    }

    var downs: [Down] = []
    var middle: Middle?
    var ups: [Up] = []
    /// Groups of the last norm.
    var outputGroups: Int
    /// Height and width of the pictures that the model is made for, where that is known.
    private let size: (height: Int, width: Int)?

    /// Plans the blocks.
    ///
    /// - Throws: `ConfigError` where sizes contradict each other.
    init(_ c: UNet2DConfiguration, _ config: Config) throws(ConfigError) {
        let first = c.widths[0]
        outputGroups = c.groups ?? UNet2DConfiguration.groups(of: first)
        size = c.sampleSize
        var (channels, level) = (first, 0)
        var states = [(channels: first, level: 0)]
        for (index, kind) in c.downBlocks.enumerated() {
            var down = Self.down(c, kind, inputs: channels, width: c.widths[index], isLast: index == c.widths.count - 1)
            for layer in down.resnets.indices { down.resnets[layer].pixels = pixels(at: level) }
            channels = down.width
            states += down.resnets.map { ($0.outputs, level) }
            if down.halves {
                level += 1
                if kind != .karras { states.append((channels, level)) }
            }
            downs.append(down)
        }
        if c.hasMiddle { middle = Self.middle(c, width: channels, pixels: pixels(at: level)) }
        let widths = c.upWidths
        for (index, kind) in c.upBlocks.enumerated() {
            var up = Self.up(
                c, kind, width: widths[index], previous: widths[max(index - 1, 0)],
                next: widths[min(index + 1, widths.count - 1)], isLast: index == widths.count - 1)
            for layer in up.resnets.indices { up.resnets[layer].pixels = pixels(at: level) }
            for (number, resnet) in up.resnets.enumerated() {
                guard let state = states.popLast(), state.level == level else {
                    throw Self.unfit(config, index, "as many layers before as after")
                }
                // Of k-diffusion's blocks the first layer alone is joined by what came down.
                if kind != .karras || number == 0 { channels += state.channels }
                guard channels == resnet.inputs else {
                    throw Self.unfit(config, index, "\(resnet.inputs) channels")
                }
                channels = resnet.outputs
            }
            if up.doubles { level -= 1 }
            ups.append(up)
        }
        guard channels == first else { throw Self.unfit(config, widths.count - 1, "\(first) channels at the end") }
        try checkGroups(c, config)
    }

    /// Pixels of a picture that was halved so many times.
    private func pixels(at level: Int) -> Int? { size.map { ($0.height >> level) * ($0.width >> level) } }

    private static func unfit(_ config: Config, _ index: Int, _ expected: String) -> ConfigError {
        config.failure(
            "up_block_types", expected: "blocks that fit those of down_block_types: \(expected)",
            found: "block \(index), which does not")
    }

    /// Every norm's groups must divide its channels.
    private func checkGroups(_ c: UNet2DConfiguration, _ config: Config) throws(ConfigError) {
        var norms = [(outputGroups, c.widths[0])]
        let resnets =
            downs.flatMap { $0.resnets + [$0.halving].compactMap(\.self) } + [middle?.resnet].compactMap(\.self)
            + ups.flatMap { $0.resnets + [$0.doubling].compactMap(\.self) }
        norms += resnets.flatMap { [($0.groups.first, $0.inputs), ($0.groups.second, $0.outputs)] }
        let attentions =
            downs.flatMap(\.attentions) + [middle?.attention].compactMap(\.self) + ups.flatMap(\.attentions)
        for attention in attentions { if let groups = attention.groups { norms.append((groups, attention.channels)) } }
        for up in ups where up.kind.carriesPicture && up.doubles { norms.append((up.pictureGroups, up.width)) }
        for (groups, channels) in norms where groups < 1 || channels % groups != 0 {
            let key =
                groups == c.groups
                ? "norm_num_groups" : groups == c.attentionGroups ? "attn_norm_num_groups" : "block_out_channels"
            throw config.failure(
                key, expected: "channels that norms can cut into groups",
                found: "\(groups) groups of \(channels) channels")
        }
    }
}

extension UNet2DPlan {
    /// The square root of two, by which blocks that carry a picture divide their sums.
    private static let carryingScale = 2.0.squareRoot()

    private static func resnet(_ c: UNet2DConfiguration, _ inputs: Int, _ outputs: Int) -> ResnetBlock2D.Options {
        let groups = { c.groups ?? UNet2DConfiguration.groups(of: $0) }
        return ResnetBlock2D.Options(
            inputs: inputs, outputs: outputs, embedding: c.embeddingWidth, groups: (groups(inputs), groups(outputs)),
            epsilon: c.epsilon, activation: c.activation, conditioning: c.conditioning)
    }

    private static func carryingResnet(
        _ c: UNet2DConfiguration, _ inputs: Int, _ outputs: Int
    ) -> ResnetBlock2D.Options {
        var options = resnet(c, inputs, outputs)
        options.groups = (UNet2DConfiguration.groups(of: inputs), UNet2DConfiguration.groups(of: outputs))
        options.outputScale = carryingScale
        return options
    }

    private static func karrasResnet(
        _ c: UNet2DConfiguration, _ inputs: Int, _ outputs: Int, width: Int
    ) -> ResnetBlock2D.Options {
        var options = resnet(c, inputs, outputs)
        let size = UNet2DConfiguration.karrasGroupSize
        options.groups = (inputs / size, width / size)
        options.conditioning = .adaptive
        options.shortcutBias = false
        return options
    }

    private static func attention(
        _ c: UNet2DConfiguration, _ kind: UNet2DConfiguration.BlockKind, _ width: Int
    ) -> SpatialAttention.Options {
        var options = SpatialAttention.Options(
            channels: width, headSize: c.headSize(for: width), groups: c.groups, epsilon: c.epsilon)
        if kind.carriesPicture {
            options.groups = UNet2DConfiguration.attentionSkipGroups
            options.outputScale = carryingScale
        }
        return options
    }

    private static func down(
        _ c: UNet2DConfiguration, _ kind: UNet2DConfiguration.BlockKind, inputs: Int, width: Int, isLast: Bool
    ) -> Down {
        var down = Down(kind: kind, width: width, halves: !isLast)
        for layer in 0..<c.layersPerBlock {
            let inputs = layer == 0 ? inputs : width
            switch kind {
            case .plain, .attention, .resnet: down.resnets.append(resnet(c, inputs, width))
            case .skip, .attentionSkip: down.resnets.append(carryingResnet(c, inputs, width))
            case .karras: down.resnets.append(karrasResnet(c, inputs, width, width: width))
            }
            if kind == .attention || kind == .attentionSkip { down.attentions.append(attention(c, kind, width)) }
        }
        guard !isLast else { return down }
        switch kind {
        case .resnet: down.halving = resnet(c, width, width)
        case .attention where c.downsamplesByResnet: down.halving = resnet(c, width, width)
        case .skip, .attentionSkip: down.halving = carryingResnet(c, width, width)
        case .plain, .attention, .karras: return down
        }
        down.halving?.resizing = kind.carriesPicture ? .blurredDown(.zeros) : .averaged
        down.halving?.alwaysHasShortcut = kind.carriesPicture
        return down
    }

    private static func middle(_ c: UNet2DConfiguration, width: Int, pixels: Int?) -> Middle {
        var middle = Middle(resnet: resnet(c, width, width))
        middle.resnet.pixels = pixels
        middle.resnet.outputScale = c.middleScale
        guard c.middleHasAttention else { return middle }
        var options = attention(c, .attention, width)
        let standard = c.conditioning == .shift ? c.groups ?? UNet2DConfiguration.groups(of: width) : nil
        options.groups = c.attentionGroups ?? standard
        options.outputScale = c.middleScale
        middle.attention = options
        return middle
    }

    private static func up(
        _ c: UNet2DConfiguration, _ kind: UNet2DConfiguration.BlockKind, width: Int, previous: Int, next: Int,
        isLast: Bool
    ) -> Up {
        var up = Up(kind: kind, width: width, doubles: !isLast, pictureGroups: UNet2DConfiguration.groups(of: width))
        let layers = kind == .karras ? c.layersPerBlock : c.layersPerBlock + 1
        for layer in 0..<layers {
            let joining = layer == layers - 1 ? next : width
            let inputs = (layer == 0 ? previous : width) + joining
            switch kind {
            case .plain, .attention, .resnet: up.resnets.append(resnet(c, inputs, width))
            case .skip: up.resnets.append(carryingResnet(c, inputs, width))
            case .attentionSkip:
                var options = carryingResnet(c, inputs, width)
                // As the reference has it: a quarter of the joining channels only.
                options.groups.first = min(inputs - joining + joining / 4, 32)
                up.resnets.append(options)
            case .karras:
                let outputs = layer == layers - 1 ? next : width
                up.resnets.append(karrasResnet(c, layer == 0 ? 2 * width : width, outputs, width: width))
            }
            if kind == .attention { up.attentions.append(attention(c, kind, width)) }
        }
        if kind == .attentionSkip { up.attentions.append(attention(c, kind, width)) }
        guard !isLast else { return up }
        switch kind {
        case .resnet: up.doubling = resnet(c, width, width)
        case .attention where c.upsamplesByResnet: up.doubling = resnet(c, width, width)
        case .skip, .attentionSkip: up.doubling = carryingResnet(c, width, width)
        case .plain, .attention, .karras: return up
        }
        up.doubling?.resizing = kind.carriesPicture ? .blurredUp(.zeros) : .repeated
        up.doubling?.alwaysHasShortcut = kind.carriesPicture
        return up
    }
}
