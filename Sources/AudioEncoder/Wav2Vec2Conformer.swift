import Layers
import TensorCore

/// wav2vec 2.0 with Conformer blocks: half a feed-forward network, attention that knows distances, a convolution, and
/// the other half.
///
/// Wang et al., *fairseq S2T* (2020, arXiv:2010.05171); Gulati et al., *Conformer: Convolution-augmented Transformer
/// for Speech Recognition* (2020, arXiv:2005.08100), section 2. Names: transformers' `Wav2Vec2ConformerModel`, which
/// builds a convolution of positions, too, and never runs it.
struct Wav2Vec2Conformer: SpeechTransformer {
    private let blocks: [ConformerBlock]  // encoder.layers
    private let norm: LayerNorm  // encoder.layer_norm
    private let positions: ConformerPositions

    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        let encoder = w("encoder")
        norm = try LayerNorm(c.width, epsilon: c.epsilon, encoder("layer_norm"))
        positions = try ConformerPositions(c, encoder("embed_positions"))
        var blocks: [ConformerBlock] = []
        for index in 0..<c.depth { blocks.append(try ConformerBlock(c, encoder("layers")(index))) }
        self.blocks = blocks
    }

    /// The blocks' convolutions see what the blocks have made of frames behind a clip.
    var toleratesPadding: Bool { false }

    func placed(_ x: Tensor, _ ws: Workspace) -> Tensor { x }

    func applying(block index: Int, to x: Tensor, _ clips: ClipBatch, _ ws: Workspace) -> Tensor {
        blocks[index](x, positions, ws)
    }

    func finished(_ x: Tensor, _ ws: Workspace) -> Tensor { norm(x, ws) }
}

/// One block of a Conformer; its norms have PyTorch's epsilon, whatever the configuration says.
struct ConformerBlock: Sendable {
    private let first: HalfStep  // ffn1_layer_norm, ffn1
    private let attentionNorm: LayerNorm  // self_attn_layer_norm
    private let attention: ConformerAttention  // self_attn
    private let convolution: ConformerConvolution  // conv_module
    private let second: HalfStep  // ffn2_layer_norm, ffn2
    private let norm: LayerNorm  // final_layer_norm

    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        first = try HalfStep(c, norm: w("ffn1_layer_norm"), w("ffn1"))
        attentionNorm = try LayerNorm(c.width, epsilon: 1e-5, w("self_attn_layer_norm"))
        attention = try ConformerAttention(c, w("self_attn"))
        convolution = try ConformerConvolution(c, w("conv_module"))
        second = try HalfStep(c, norm: w("ffn2_layer_norm"), w("ffn2"))
        norm = try LayerNorm(c.width, epsilon: 1e-5, w("final_layer_norm"))
    }

    /// Applies the block to `[B, T, D]`.
    func callAsFunction(_ x: Tensor, _ positions: ConformerPositions, _ ws: Workspace) -> Tensor {
        var x = first(x, ws)
        x = attention(attentionNorm(x, ws), residual: x, positions, ws)
        x = ws.added(x, convolution(x, ws))
        return norm(second(x, ws), ws)
    }
}

/// x + feedForward(norm(x)) / 2: Gulati et al. 2020, equation 1.
private struct HalfStep: Sendable {
    private let norm: LayerNorm
    private let expand: Linear  // intermediate_dense
    private let reduce: Linear  // output_dense

    init(_ c: AudioEncoderConfiguration, norm place: Weights, _ w: Weights) throws(WeightError) {
        norm = try LayerNorm(c.width, epsilon: 1e-5, place)
        expand = try Linear(c.width, c.hiddenWidth, activation: c.activation, w("intermediate_dense"))
        // Halves are exact: scaling the outputs is the same as scaling the sum.
        reduce = try Linear(
            c.hiddenWidth, c.width, scale: [Float](repeating: 0.5, count: c.width), w("output_dense"))
    }

    func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        reduce(expand(norm(x, ws), ws), residual: x, ws)
    }
}

/// A gated pointwise convolution, a depthwise one with batch norm and activation, and a pointwise one: Gulati et al.
/// 2020, section 2.2.
private struct ConformerConvolution: Sendable {
    private let norm: LayerNorm  // layer_norm
    private let gated: Convolution1D  // pointwise_conv1
    private let depthwise: Convolution1D  // depthwise_conv, batch_norm
    private let pointwise: Convolution1D  // pointwise_conv2

    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        let width = c.width
        norm = try LayerNorm(width, epsilon: 1e-5, w("layer_norm"))
        gated = try Convolution1D(width, 2 * width, kernel: 1, bias: false, w("pointwise_conv1"))
        let margin = (c.depthwiseKernel - 1) / 2
        depthwise = try Convolution1D(
            width, width, kernel: c.depthwiseKernel, padding: (margin, margin), groups: width, bias: false,
            norm: BatchNorm(width, w("batch_norm")), activation: c.activation, w("depthwise_conv"))
        pointwise = try Convolution1D(width, width, kernel: 1, bias: false, w("pointwise_conv2"))
    }

    func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        pointwise(depthwise(ws.gatedHalves(gated(norm(x, ws), ws)), ws), ws)
    }
}
