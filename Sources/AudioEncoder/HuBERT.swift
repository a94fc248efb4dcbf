import Layers
import TensorCore

/// HuBERT: the network of wav2vec 2.0, trained to predict clusters; some of its models know positions by a batch norm
/// and a plain convolution.
///
/// Hsu et al., *HuBERT: Self-Supervised Speech Representation Learning by Masked Prediction of Hidden Units* (2021,
/// arXiv:2106.07447), section III. Names: transformers' `HubertModel`.
struct HuBERT: SpeechTransformer {
    private let positions: PositionalConvolution  // encoder.pos_conv_embed
    private let stack: TransformerStack  // encoder

    /// A batch norm makes frames of zeros into frames of something, which the convolution then sees.
    let toleratesPadding: Bool

    init(_ configuration: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        positions = try PositionalConvolution(configuration, w("encoder.pos_conv_embed"))
        stack = try TransformerStack(configuration, w("encoder"))
        toleratesPadding = !configuration.hasPositionBatchNorm
    }

    func placed(_ x: Tensor, _ ws: Workspace) -> Tensor { stack.begun(positions(x, ws), ws) }

    func applying(block index: Int, to x: Tensor, _ clips: ClipBatch, _ ws: Workspace) -> Tensor {
        stack.applying(block: index, to: x, clips, ws)
    }

    func finished(_ x: Tensor, _ ws: Workspace) -> Tensor { stack.finished(x, ws) }
}
