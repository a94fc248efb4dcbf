import Layers
import TensorCore

/// wav2vec 2.0: positions from a convolution, then transformer blocks.
///
/// Baevski et al., *wav2vec 2.0: A Framework for Self-Supervised Learning of Speech Representations* (2020,
/// arXiv:2006.11477), section 2. Names: transformers' `Wav2Vec2Model`. XLS-R (arXiv:2111.09296) and MMS
/// (arXiv:2305.13516) are of this architecture.
struct Wav2Vec2: SpeechTransformer {
    private let positions: PositionalConvolution  // encoder.pos_conv_embed
    private let stack: TransformerStack  // encoder

    init(_ configuration: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        positions = try PositionalConvolution(configuration, w("encoder.pos_conv_embed"))
        stack = try TransformerStack(configuration, w("encoder"))
    }

    /// The convolution sees zeros behind a clip whether they are frames or not.
    var toleratesPadding: Bool { true }

    func placed(_ x: Tensor, _ ws: Workspace) -> Tensor { stack.begun(positions(x, ws), ws) }

    func applying(block index: Int, to x: Tensor, _ clips: ClipBatch, _ ws: Workspace) -> Tensor {
        stack.applying(block: index, to: x, clips, ws)
    }

    func finished(_ x: Tensor, _ ws: Workspace) -> Tensor { stack.finished(x, ws) }
}
