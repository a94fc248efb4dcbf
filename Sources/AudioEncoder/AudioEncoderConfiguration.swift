import Checkpoints
import JSON
import TensorCore

/// What a checkpoint's `config.json` says of an audio encoder, whatever its architecture.
struct AudioEncoderConfiguration: Sendable, Equatable {
    /// One of the convolutions that turn samples into features.
    struct FeatureLayer: Sendable, Equatable {
        /// Channels of its result.
        var channels: Int
        /// Taps of its kernel.
        var kernel: Int
        /// Frames from one window to the next.
        var stride: Int
    }

    /// What is normalised between the convolutions that make features.
    enum FeatureNorm: Sendable, Equatable {
        /// Each channel of the first convolution over the whole clip.
        case group
        /// Each frame after every convolution.
        case layer
    }

    /// How a Conformer's attention knows where tokens stand.
    enum ConformerPositions: Sendable, Equatable {
        case relative
        case rotary(base: Int)
        case none
    }

    /// The convolutions that turn samples into features.
    var features: [FeatureLayer]
    /// Whether these convolutions have biases.
    var featureBias: Bool
    /// What is normalised between them.
    var featureNorm: FeatureNorm
    /// The activation of the features and of the convolution that makes positions.
    var featureActivation: Activation
    /// Whether features are normalised before they are projected; only some HuBERT models do without.
    var normalizesProjection = true
    /// Width of a frame.
    var width: Int
    /// Number of blocks.
    var depth: Int
    /// Attention heads in a block.
    var heads: Int
    /// Width between a block's two linear layers.
    var hiddenWidth: Int
    /// The activation between them.
    var activation: Activation
    /// The epsilon of the layer norms that the configuration speaks of.
    var epsilon: Double
    /// Taps of the convolution that makes positions.
    var positionKernel: Int
    /// Its groups.
    var positionGroups: Int
    /// How many of them follow each other (data2vec); 1 elsewhere.
    var positionDepth = 1
    /// Whether frames go through a batch norm before that convolution, which then has a plain weight (HuBERT).
    var hasPositionBatchNorm = false
    /// Whether blocks normalise first ("stable layer norm").
    var isPreNorm: Bool
    /// Width of the adapters behind pre-norm blocks; `nil` where there are none.
    var attentionAdapterWidth: Int?
    /// Buckets of distances (WavLM).
    var bucketCount = 320
    /// The distance from which all are the same (WavLM).
    var longestDistance = 800
    /// Taps of a Conformer's depthwise convolution.
    var depthwiseKernel = 31
    /// How a Conformer's attention knows where tokens stand.
    var conformerPositions = ConformerPositions.none
    /// The convolutions behind the blocks that thin out frames; `nil` where there are none.
    var convolutionAdapter: ConvolutionAdapter.Configuration?

    /// Width of the last hidden state.
    var outputWidth: Int { convolutionAdapter?.outputs ?? width }

    /// Samples from one frame's first to the next one's.
    var samplesPerFrame: Int {
        features.reduce(1) { $0 * $1.stride } * (convolutionAdapter.map { $0.samplesPerFrame } ?? 1)
    }

    /// Samples that it takes to make one frame.
    var minimumSamples: Int {
        features.reversed().reduce(convolutionAdapter?.minimumFrames ?? 1) { ($0 - 1) * $1.stride + $1.kernel }
    }

    /// Samples of the longest clip whose activations hold at most 2^30 values each, the samples among them.
    ///
    /// - Parameter headWidth: the widest that a frame's row gets in the head.
    func maximumSamples(headWidth: Int) -> Int {
        let limit = 1 << 30
        var (samples, step) = (limit, 1)
        for layer in features {
            step *= layer.stride
            samples = min(samples, limit / layer.channels * step)
        }
        // Between the blocks: queries, keys and values, distances, the tables of positions, and WavLM's gates of
        // eight values a head are at most eight rows wide.
        let widest = max(8 * width, hiddenWidth, 2 * outputWidth, headWidth)
        return min(samples, limit / widest * step)
    }

    /// Frames that the blocks see of a clip: each convolution gives `(n - kernel) / stride + 1`, rounded down.
    func features(samples: Int) -> Int {
        features.reduce(samples) { $0 < $1.kernel ? 0 : ($0 - $1.kernel) / $1.stride + 1 }
    }

    /// Frames of the last hidden state for a clip.
    func frames(samples: Int) -> Int {
        let frames = features(samples: samples)
        return convolutionAdapter?.frames(frames) ?? frames
    }
}
