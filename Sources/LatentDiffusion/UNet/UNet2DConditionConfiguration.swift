import Diffusion
import TensorCore

/// What a `UNet2DConditionModel` is made of; names and defaults are those of diffusers' class.
public struct UNet2DConditionConfiguration: Sendable {
    /// One resolution of the network, on its way down and on its way up.
    struct Level: Sendable {
        /// Channels.
        var width: Int
        /// Residual blocks on the way down; there is one more on the way up.
        var layers: Int
        /// Blocks of a transformer.
        var transformerLayers: Int
        /// Heads of attention, which configurations call `attention_head_dim`.
        var heads: Int
        /// Whether what is self-attention elsewhere attends to the text.
        var onlyCrossAttention: Bool
        /// Whether the block down has transformers.
        var attendsDown: Bool
        /// Whether the block up has transformers.
        var attendsUp: Bool
    }

    /// What is between the ways down and up.
    enum Middle: Sendable, Equatable {
        /// `null`: nothing.
        case none
        /// `UNetMidBlock2D`: one residual block, as this network has it.
        case resnet
        /// `UNetMidBlock2DCrossAttn`: a transformer between two residual blocks.
        case crossAttention
    }

    /// Height and width of latent pictures where the configuration says.
    public internal(set) var sampleSize: (height: Int, width: Int)?
    /// Channels of the input: of the noisy latents, and of what is given beside them.
    public internal(set) var inputChannels = 4
    /// Channels of the prediction.
    public internal(set) var outputChannels = 4
    /// Width of the states of the text.
    public internal(set) var textWidth = 1280

    var centersInput = false
    var cosinesFirst = true
    var frequencyShift = 0.0
    var embeddingWidth = 0
    var levels: [Level] = []
    var middle = Middle.crossAttention
    var middleScale = 1.0
    var downsamplePadding = 1
    var activation = Activation.silu
    var groups = 32
    var epsilon = 1e-5
    var conditioning = ResnetBlock2D.Conditioning.shift
    /// Whether transformers project by linear layers rather than 1x1 convolutions.
    var usesLinearProjection = false

    /// Pixels of latent pictures at a level, where the configuration says how large they are.
    func pixels(at level: Int) -> Int? { sampleSize.map { ($0.height >> level) * ($0.width >> level) } }

    /// The least that a side may have.
    var smallestSide: Int { downsamplePadding == 1 ? 1 : 1 << (levels.count - 1) }
}
