import Layers
import TensorCore

/// The clips that a pass works on: as many features of each, and how many of them are real.
struct ClipBatch: Sendable {
    /// Number of clips.
    let count: Int
    /// Frames of each, padding included.
    let frames: Int
    /// For each clip the frames that count; `nil` where all do.
    let lengths: [Int]?
    /// The clips' frames one after another.
    let sequences: PackedSequences

    /// Clips of the given number of frames, each at most `frames`.
    init(lengths: [Int], frames: Int) {
        count = lengths.count
        self.frames = frames
        self.lengths = lengths.allSatisfy { $0 == frames } ? nil : lengths
        sequences = PackedSequences(lengths: lengths, paddedTo: frames)
    }

    /// Which frames attention may look at.
    var mask: AttentionMask { AttentionMask(keyLengths: lengths?.map(Int32.init)) }
}

/// What follows the features: positions, then blocks that look at all frames of a clip.
protocol SpeechTransformer: Sendable {
    /// Builds the network from a checkpoint; `w` is the place of the model without its heads.
    init(_ configuration: AudioEncoderConfiguration, _ w: Weights) throws(WeightError)
    /// Whether frames of zeros behind a clip leave its own frames alone, bit for bit, as long as attention does not
    /// look at them. Where they do not, clips are run one by one.
    var toleratesPadding: Bool { get }
    /// Places the projected features: `[B, T, width]` to `[B, T, width]`, transformers' `hidden_states[0]`.
    func placed(_ x: Tensor, _ ws: Workspace) -> Tensor
    /// Applies one block: `hidden_states[index]` to `hidden_states[index + 1]`, each `[B, T, width]`.
    func applying(block index: Int, to x: Tensor, _ clips: ClipBatch, _ ws: Workspace) -> Tensor
    /// What is done after the last block, `[B, T, width]`.
    func finished(_ x: Tensor, _ ws: Workspace) -> Tensor
}
