/// A network's stages before its widths and depths are scaled, and how they are.
struct EfficientNetVariant: Sendable {
    /// One stage of the papers' tables.
    struct Row: Sendable {
        var kind: EfficientNet.Kind
        /// Channels between a block's convolutions, as a factor of the block's input.
        var expansion: Int
        var kernel: Int
        var stride: Int
        var width: Int
        var repeats: Int

        init(_ kind: EfficientNet.Kind, _ expansion: Int, _ kernel: Int, _ stride: Int, _ width: Int, _ repeats: Int) {
            (self.kind, self.expansion, self.kernel) = (kind, expansion, kernel)
            (self.stride, self.width, self.repeats) = (stride, width, repeats)
        }
    }

    /// Channels after the first convolution.
    var stem: Int
    var rows: [Row]
    /// Channels of the last feature map.
    var features = 1280
    /// Whether the last feature map's channels are scaled with the others.
    var scalesFeatures = false
    /// Factor of channels.
    var width = 1.0
    /// Factor of the blocks of each stage.
    var depths: [Double]
    /// The least part of a scaled width that rounding may leave.
    var share = 0.9

    private init(stem: Int, _ rows: [Row]) {
        (self.stem, self.rows) = (stem, rows)
        depths = rows.map { _ in 1 }
    }

    /// The same stages scaled.
    func scaled(width: Double, depth: Double) -> Self {
        var copy = self
        copy.width = width
        copy.depths = rows.map { _ in depth }
        return copy
    }

    private func with(_ change: (inout Self) -> Void) -> Self {
        var copy = self
        change(&copy)
        return copy
    }
}

extension EfficientNetVariant {
    /// The first paper's table 1.
    static let first = Self(
        stem: 32,
        [
            Row(.inverted, 1, 3, 1, 16, 1), Row(.inverted, 6, 3, 2, 24, 2), Row(.inverted, 6, 5, 2, 40, 2),
            Row(.inverted, 6, 3, 2, 80, 3), Row(.inverted, 6, 5, 1, 112, 3), Row(.inverted, 6, 5, 2, 192, 4),
            Row(.inverted, 6, 3, 1, 320, 1),
        ]
    ).with { $0.scalesFeatures = true }

    /// B0 to B8 and L2: factors of width and depth (section 5.1, and the reference code).
    static let compound: [String: (width: Double, depth: Double)] = [
        "b0": (1, 1), "b1": (1, 1.1), "b2": (1.1, 1.2), "b3": (1.2, 1.4), "b4": (1.4, 1.8), "b5": (1.6, 2.2),
        "b6": (1.8, 2.6), "b7": (2, 3.1), "b8": (2.2, 3.6), "l2": (4.3, 5.3),
    ]

    /// The second paper's small network (table 4).
    static let small = Self(
        stem: 24,
        [
            Row(.plain, 1, 3, 1, 24, 2), Row(.fused, 4, 3, 2, 48, 4), Row(.fused, 4, 3, 2, 64, 4),
            Row(.inverted, 4, 3, 2, 128, 6), Row(.inverted, 6, 3, 1, 160, 9), Row(.inverted, 6, 3, 2, 256, 15),
        ])
    static let medium = Self(
        stem: 24,
        [
            Row(.plain, 1, 3, 1, 24, 3), Row(.fused, 4, 3, 2, 48, 5), Row(.fused, 4, 3, 2, 80, 5),
            Row(.inverted, 4, 3, 2, 160, 7), Row(.inverted, 6, 3, 1, 176, 14), Row(.inverted, 6, 3, 2, 304, 18),
            Row(.inverted, 6, 3, 1, 512, 5),
        ])
    static let large = Self(
        stem: 32,
        [
            Row(.plain, 1, 3, 1, 32, 4), Row(.fused, 4, 3, 2, 64, 7), Row(.fused, 4, 3, 2, 96, 7),
            Row(.inverted, 4, 3, 2, 192, 10), Row(.inverted, 6, 3, 1, 224, 19), Row(.inverted, 6, 3, 2, 384, 25),
            Row(.inverted, 6, 3, 1, 640, 7),
        ])
    private static let extraLarge = Self(
        stem: 32,
        [
            Row(.plain, 1, 3, 1, 32, 4), Row(.fused, 4, 3, 2, 64, 8), Row(.fused, 4, 3, 2, 96, 8),
            Row(.inverted, 4, 3, 2, 192, 16), Row(.inverted, 6, 3, 1, 256, 24), Row(.inverted, 6, 3, 2, 512, 32),
            Row(.inverted, 6, 3, 1, 640, 8),
        ])
    /// The second paper's networks in the sizes of the first (its table 10).
    private static let base = Self(
        stem: 32,
        [
            Row(.plain, 1, 3, 1, 16, 1), Row(.fused, 4, 3, 2, 32, 2), Row(.fused, 4, 3, 2, 48, 2),
            Row(.inverted, 4, 3, 2, 96, 3), Row(.inverted, 6, 3, 1, 112, 5), Row(.inverted, 6, 3, 2, 192, 8),
        ]
    ).with { ($0.scalesFeatures, $0.share) = (true, 0) }

    /// timm's networks from before the second paper's code was published.
    private static let early = small.with {
        $0.rows[0] = Row(.fused, 1, 3, 1, 24, 2)
        $0.rows[5].width = 272
        ($0.features, $0.scalesFeatures) = (1792, true)
    }

    /// The part of timm's names behind `efficientnetv2_`.
    static let second: [String: Self] = [
        "s": small.with { $0.scalesFeatures = true }, "m": medium, "l": large, "xl": extraLarge,
        "rw_t": small.with { $0.scalesFeatures = true }.scaled(width: 0.8, depth: 0.9), "rw_s": early,
        "rw_m": early.with { ($0.width, $0.depths) = (1.2, [1.2, 1.2, 1.2, 1.2, 1.6, 1.6]) },
        "b0": base, "b1": base.scaled(width: 1, depth: 1.1), "b2": base.scaled(width: 1.1, depth: 1.2),
        "b3": base.scaled(width: 1.2, depth: 1.4),
    ]
}
