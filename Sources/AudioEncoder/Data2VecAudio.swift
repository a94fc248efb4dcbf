import Layers
import TensorCore

/// data2vec for sound: the network of wav2vec 2.0 with post-norm blocks, where positions come from several small
/// convolutions, each normalised.
///
/// Baevski et al., *data2vec: A General Framework for Self-supervised Learning in Speech, Vision and Language* (2022,
/// arXiv:2202.03555), section 4.2. Names: transformers' `Data2VecAudioModel`.
struct Data2VecAudio: SpeechTransformer {
    private let positions: [Convolution1D]  // encoder.pos_conv_embed.layers.N.conv
    private let activation: Activation
    private let stack: TransformerStack  // encoder

    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        var positions: [Convolution1D] = []
        for index in 0..<c.positionDepth {
            positions.append(
                try Convolution1D(
                    c.width, c.width, kernel: c.positionKernel,
                    padding: PositionalConvolution.padding(kernel: c.positionKernel), groups: c.positionGroups,
                    w("encoder.pos_conv_embed.layers")(index)("conv")))
        }
        self.positions = positions
        activation = c.featureActivation
        stack = try TransformerStack(c, w("encoder"))
    }

    /// The first convolution makes frames of zeros into frames of something, which the second one sees.
    var toleratesPadding: Bool { false }

    func placed(_ x: Tensor, _ ws: Workspace) -> Tensor {
        var places = x
        for convolution in positions {
            places = ws.layerNorm(
                convolution(places, ws), weight: nil, bias: nil, epsilon: 1e-5, activation: activation)  // [B, T, D]
        }
        return stack.begun(ws.added(x, places), ws)
    }

    func applying(block index: Int, to x: Tensor, _ clips: ClipBatch, _ ws: Workspace) -> Tensor {
        stack.applying(block: index, to: x, clips, ws)
    }

    func finished(_ x: Tensor, _ ws: Workspace) -> Tensor { stack.finished(x, ws) }
}
