import Layers
import TensorCore

/// The blocks of wav2vec 2.0, HuBERT and data2vec, and the norm before or after them.
///
/// Baevski et al. 2020 (arXiv:2006.11477), section 2. The base models normalise after each block and once before the
/// first; the large ones ("stable layer norm") before each part of a block and once after the last.
struct TransformerStack: Sendable {
    private enum Block: Sendable {
        case postNorm(PostNormBlock)
        case preNorm(TransformerBlock, AttentionAdapter?)
    }

    private let norm: LayerNorm  // layer_norm
    private let blocks: [Block]  // layers
    private let isPreNorm: Bool

    /// Reads the blocks; `w` is the place called `encoder`.
    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        norm = try LayerNorm(c.width, epsilon: c.epsilon, w("layer_norm"))
        isPreNorm = c.isPreNorm
        var blocks: [Block] = []
        for index in 0..<c.depth { blocks.append(try Self.block(c, w("layers")(index))) }
        self.blocks = blocks
    }

    private static func block(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) -> Block {
        let (attention, feedForward) = (w("attention"), w("feed_forward"))
        let (query, key, value) = (attention("q_proj"), attention("k_proj"), attention("v_proj"))
        let (expand, reduce) = (feedForward("intermediate_dense"), feedForward("output_dense"))
        guard c.isPreNorm else {
            return .postNorm(
                try PostNormBlock(
                    c.width, heads: c.heads, hiddenWidth: c.hiddenWidth, activation: c.activation, epsilon: c.epsilon,
                    PostNormBlock.Places(
                        query: query, key: key, value: value, attentionOutput: attention("out_proj"),
                        attentionNorm: w("layer_norm"), expand: expand, reduce: reduce,
                        outputNorm: w("final_layer_norm"))))
        }
        let block = try TransformerBlock(
            c.width, heads: c.heads, hiddenWidth: c.hiddenWidth, activation: c.activation, epsilon: c.epsilon,
            TransformerBlock.Places(
                attentionNorm: w("layer_norm"),
                projections: .separate(query: query, key: key, value: value, bias: true),
                attentionOutput: attention("out_proj"), mlpNorm: w("final_layer_norm"), expand: expand, reduce: reduce))
        guard let adapterWidth = c.attentionAdapterWidth else { return .preNorm(block, nil) }
        return .preNorm(block, try AttentionAdapter(c.width, adapterWidth, w("adapter_layer")))
    }

    /// What goes into the first block: the frames with their positions, normalised where blocks normalise last.
    func begun(_ x: Tensor, _ ws: Workspace) -> Tensor { isPreNorm ? x : norm(x, ws) }

    /// Applies one block to `[B, T, width]`.
    func applying(block index: Int, to x: Tensor, _ clips: ClipBatch, _ ws: Workspace) -> Tensor {
        switch blocks[index] {
        case .postNorm(let block):
            let rows = x.reshaped(to: Shape(x.shape[0] * x.shape[1], x.shape[2]))
            return block(rows, sequences: clips.sequences, ws).reshaped(to: x.shape)
        case .preNorm(let block, let adapter):
            let y = block(x, mask: clips.mask, ws)
            return adapter.map { $0(y, ws) } ?? y
        }
    }

    /// What comes out: the last block's frames, normalised where blocks normalise first.
    func finished(_ x: Tensor, _ ws: Workspace) -> Tensor { isPreNorm ? norm(x, ws) : x }
}

/// A small network behind a block that is learned for each language: x + W2 relu(W1 norm(x)).
///
/// Pratap et al., *Scaling Speech Technology to 1,000+ Languages* (2023, arXiv:2305.13516), section 5.2.1.
struct AttentionAdapter: Sendable {
    private let norm: LayerNorm
    private let reduce: Linear  // linear_1
    private let expand: Linear  // linear_2

    /// Reads the adapter.
    init(_ width: Int, _ adapterWidth: Int, _ w: Weights) throws(WeightError) {
        norm = try LayerNorm(width, epsilon: 1e-5, w("norm"))
        reduce = try Linear(width, adapterWidth, activation: .relu, w("linear_1"))
        expand = try Linear(adapterWidth, width, w("linear_2"))
    }

    /// Applies the adapter to `[..., width]`.
    func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        expand(reduce(norm(x, ws), ws), residual: x, ws)
    }
}
