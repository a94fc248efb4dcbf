import TensorCore

/// Where checkpoints of StyleGAN2 keep their tensors.
struct StyleGAN2Names: Sendable, Equatable {
    /// Whose names a checkpoint has.
    enum Layout: Sendable {
        /// `G_ema` of NVIDIA's stylegan2-ada-pytorch and stylegan3.
        case nvidia
        /// `g_ema` of rosinality's stylegan2-pytorch, which most other PyTorch code follows.
        case rosinality
    }

    let layout: Layout

    /// The layout that a checkpoint's names give away; `nil` where they are neither's.
    init?(_ source: any TensorSource) {
        if source.info("synthesis.b4.const") != nil || source.info("mapping.fc0.weight") != nil {
            layout = .nvidia
        } else if source.info("input.input") != nil || source.info("style.1.weight") != nil {
            layout = .rosinality
        } else {
            return nil
        }
    }

    /// Dimensions of size 1 before those of a convolution's weight and of the constant.
    var leadingOnes: Int { layout == .nvidia ? 0 : 1 }
    /// A layer's weight.
    var weight: String { layout == .nvidia ? "weight" : "conv.weight" }
    /// What makes a layer's factors of a style.
    var affine: String { layout == .nvidia ? "affine" : "conv.modulation" }
    /// A convolution's biases.
    var bias: String { layout == .nvidia ? "bias" : "activate.bias" }
    /// The factor of a layer's noise, and its shape.
    var noiseStrength: (name: String, shape: [Int]) {
        layout == .nvidia ? ("noise_strength", []) : ("noise.weight", [1])
    }
    /// The filter of a layer that doubles the sides.
    var filter: String { layout == .nvidia ? "resample_filter" : "conv.blur.kernel" }
    /// What the filter is multiplied by: rosinality's holds the factor.
    var filterGain: Float { layout == .nvidia ? 4 : 1 }
    /// The average of styles.
    var average: String { layout == .nvidia ? "mapping.w_avg" : "latent_avg" }
    /// The classes' embedding; rosinality's has none.
    var embedding: String { "mapping.embed" }
    /// The constant that the network begins with.
    var constant: String { layout == .nvidia ? "synthesis.b4.const" : "input.input" }

    /// A layer of the mapping network.
    func mapping(_ index: Int) -> String {
        layout == .nvidia ? "mapping.fc\(index)" : "style.\(index + 1)"
    }

    /// A block's convolution: 0, which doubles the sides and which the first block lacks, or 1.
    func convolution(_ block: Int, _ index: Int) -> String {
        switch layout {
        case .nvidia: "synthesis.b\(4 << block).conv\(index)"
        case .rosinality: block == 0 ? "conv1" : "convs.\(2 * (block - 1) + index)"
        }
    }

    /// The layer that makes a block's picture.
    func toRGB(_ block: Int) -> String {
        switch layout {
        case .nvidia: "synthesis.b\(4 << block).torgb"
        case .rosinality: block == 0 ? "to_rgb1" : "to_rgbs.\(block - 1)"
        }
    }

    /// The filter that doubles the sides of the picture so far.
    func pictureFilter(_ block: Int) -> String {
        layout == .nvidia ? "synthesis.b\(4 << block).resample_filter" : toRGB(block) + ".upsample.kernel"
    }

    /// The picture of noise of a block's convolution.
    func noise(_ block: Int, _ index: Int) -> String {
        switch layout {
        case .nvidia: convolution(block, index) + ".noise_const"
        case .rosinality: "noises.noise_\(block == 0 ? 0 : 2 * block - 1 + index)"
        }
    }

    /// Layers of the mapping network, at least one.
    func mappingDepth(_ source: any TensorSource) -> Int {
        let (prefix, first) = layout == .nvidia ? ("mapping.fc", 0) : ("style.", 1)
        return max(1, Self.highest(source, prefix, atMost: 64).map { $0 - first + 1 } ?? 1)
    }

    /// Number of blocks, at least one.
    func blockCount(_ source: any TensorSource) -> Int {
        switch layout {
        case .nvidia:
            let size = Self.highest(source, "synthesis.b", atMost: 4096) ?? 4
            return max(1, size.bitWidth - size.leadingZeroBitCount - 2)
        case .rosinality: return (Self.highest(source, "to_rgbs.", atMost: 9) ?? -1) + 2
        }
    }

    /// The highest number that comes after a prefix in any tensor's name.
    private static func highest(_ source: any TensorSource, _ prefix: String, atMost limit: Int) -> Int? {
        source.names.compactMap { name in
            guard name.hasPrefix(prefix) else { return nil }
            return Int(name.dropFirst(prefix.count).prefix { $0 != "." })
        }.filter { (0...limit).contains($0) }.max()
    }
}
