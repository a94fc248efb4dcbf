import TensorCore

/// What a `UNet2DModel` is made of; names and defaults are those of diffusers' class.
public struct UNet2DConfiguration: Sendable {
    /// How timesteps become features.
    public enum TimeEmbedding: Sendable, Equatable {
        /// Sines and cosines, `positional`: whether cosines come first (`flip_sin_to_cos`), and `freq_shift`.
        case positional(cosinesFirst: Bool, frequencyShift: Double)
        /// Sines and cosines of a noise level's logarithm at stored frequencies, `fourier`; the prediction is divided
        /// by the level.
        case fourier
        /// A table of so many timesteps, `learned`.
        case learned(count: Int)
    }

    /// How classes take part.
    public enum ClassEmbedding: Sendable, Equatable {
        /// Not at all.
        case none
        /// A table of `num_class_embeds` rows.
        case table(count: Int)
        /// As a second timestep, `timestep`: any number.
        case timestep
        /// As they are, `identity`: a vector as wide as the embedding.
        case identity
    }

    /// The kinds of blocks that lead down or up.
    enum BlockKind: Sendable, Equatable {
        /// `DownBlock2D`, `UpBlock2D`.
        case plain
        /// `AttnDownBlock2D`, `AttnUpBlock2D`.
        case attention
        /// `ResnetDownsampleBlock2D`, `ResnetUpsampleBlock2D`.
        case resnet
        /// `SkipDownBlock2D`, `SkipUpBlock2D`.
        case skip
        /// `AttnSkipDownBlock2D`, `AttnSkipUpBlock2D`.
        case attentionSkip
        /// `KDownBlock2D`, `KUpBlock2D`.
        case karras

        /// Whether the block carries a picture beside the features.
        var carriesPicture: Bool { self == .skip || self == .attentionSkip }
    }

    /// Height and width of pictures where the configuration says.
    public internal(set) var sampleSize: (height: Int, width: Int)?
    /// Channels of the noisy picture.
    public internal(set) var inputChannels = 3
    /// Channels of the prediction.
    public internal(set) var outputChannels = 3
    /// How timesteps become features.
    public internal(set) var timeEmbedding = TimeEmbedding.positional(cosinesFirst: true, frequencyShift: 0)
    /// How classes take part.
    public internal(set) var classEmbedding = ClassEmbedding.none
    /// Width of the embedding of time and class.
    public internal(set) var embeddingWidth = 0

    var centersInput = false
    var downBlocks: [BlockKind] = []
    var upBlocks: [BlockKind] = []
    var hasMiddle = true
    var widths: [Int] = []
    var layersPerBlock = 2
    var middleScale = 1.0
    var downsamplePadding = 1
    /// Whether blocks with attention change sizes by a residual block.
    var downsamplesByResnet = false
    var upsamplesByResnet = false
    var activation = Activation.silu
    /// Channels of a head of attention; `nil` for a single head.
    var headSize: Int?
    var groups: Int?
    var attentionGroups: Int?
    var epsilon = 1e-5
    var conditioning = ResnetBlock2D.Conditioning.shift
    var middleHasAttention = true

    /// Pictures must have sides that are multiples of this.
    public var sizeMultiple: Int { 1 << (widths.count - 1) }

    /// The least that a side may have: pictures that are mirrored at their borders need two pixels a side wherever
    /// their size changes.
    var smallestSide: Int {
        let mirrors = (downBlocks.dropLast() + upBlocks.dropLast()).contains(.karras)
        return mirrors ? 2 * sizeMultiple : sizeMultiple
    }
}
