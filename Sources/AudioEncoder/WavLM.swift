import Glibc
import Layers
import Synchronization
import TensorCore

/// WavLM: the network of wav2vec 2.0 whose attention adds to the score of two frames a bias for their distance, times
/// a gate that the frame which looks decides on.
///
/// Chen et al., *WavLM: Large-Scale Self-Supervised Pre-Training for Full Stack Speech Processing* (2021,
/// arXiv:2110.13900), section III.A. Names: transformers' `WavLMModel`.
struct WavLM: SpeechTransformer {
    private let positions: PositionalConvolution  // encoder.pos_conv_embed
    private let norm: LayerNorm  // encoder.layer_norm
    private let blocks: [WavLMBlock]  // encoder.layers
    private let distances: DistanceBiases  // encoder.layers.0.attention.rel_attn_embed
    private let isPreNorm: Bool

    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        let encoder = w("encoder")
        positions = try PositionalConvolution(c, encoder("pos_conv_embed"))
        norm = try LayerNorm(c.width, epsilon: c.epsilon, encoder("layer_norm"))
        // All blocks share the first one's biases.
        distances = try DistanceBiases(c, encoder("layers")(0)("attention.rel_attn_embed"))
        isPreNorm = c.isPreNorm
        var blocks: [WavLMBlock] = []
        for index in 0..<c.depth { blocks.append(try WavLMBlock(c, encoder("layers")(index))) }
        self.blocks = blocks
    }

    /// The convolution sees zeros behind a clip whether they are frames or not.
    var toleratesPadding: Bool { true }

    func placed(_ x: Tensor, _ ws: Workspace) -> Tensor {
        let y = positions(x, ws)
        return isPreNorm ? y : norm(y, ws)
    }

    func applying(block index: Int, to x: Tensor, _ clips: ClipBatch, _ ws: Workspace) -> Tensor {
        let rows = x.reshaped(to: Shape(x.shape[0] * x.shape[1], x.shape[2]))  // [B T, D]
        return blocks[index](rows, clips.sequences, distances.table(frames: clips.frames), ws).reshaped(to: x.shape)
    }

    func finished(_ x: Tensor, _ ws: Workspace) -> Tensor { isPreNorm ? norm(x, ws) : x }
}

/// A block of WavLM, which normalises after each of its parts or, in the large models, before.
struct WavLMBlock: Sendable {
    private let attention: WavLMAttention
    private let attentionNorm: LayerNorm  // layer_norm
    private let expand: Linear  // feed_forward.intermediate_dense
    private let reduce: Linear  // feed_forward.output_dense
    private let outputNorm: LayerNorm  // final_layer_norm
    private let isPreNorm: Bool

    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        attention = try WavLMAttention(c, w("attention"))
        attentionNorm = try LayerNorm(c.width, epsilon: c.epsilon, w("layer_norm"))
        expand = try Linear(c.width, c.hiddenWidth, activation: c.activation, w("feed_forward.intermediate_dense"))
        reduce = try Linear(c.hiddenWidth, c.width, w("feed_forward.output_dense"))
        outputNorm = try LayerNorm(c.width, epsilon: c.epsilon, w("final_layer_norm"))
        isPreNorm = c.isPreNorm
    }

    /// Applies the block to `[N, D]`.
    func callAsFunction(_ x: Tensor, _ sequences: PackedSequences, _ biases: Tensor, _ ws: Workspace) -> Tensor {
        if isPreNorm {
            let y = attention(attentionNorm(x, ws), residual: x, sequences, biases, ws)
            return reduce(expand(outputNorm(y, ws), ws), residual: y, ws)
        }
        let y = attentionNorm(attention(x, residual: x, sequences, biases, ws), ws)
        return outputNorm(reduce(expand(y, ws), residual: y, ws), ws)
    }
}

/// WavLM's attention: the bias of query i and key j is gate(i) * table(j - i), with
/// gate = a (b c - 1) + 2, a and b sigmoids of sums of four outputs of one small layer for all heads, c learned.
struct WavLMAttention: Sendable {
    private let heads: Int
    private let headWidth: Int
    private let qkv: Linear  // q_proj, k_proj, v_proj
    private let output: Linear  // out_proj
    private let gates: Linear  // gru_rel_pos_linear
    private let constants: [Float]  // gru_rel_pos_const

    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        heads = c.heads
        headWidth = c.width / c.heads
        qkv = try Linear(
            c.width,
            sideBySide: [
                (w("q_proj"), c.width, true), (w("k_proj"), c.width, true), (w("v_proj"), c.width, true),
            ])
        output = try Linear(c.width, c.width, w("out_proj"))
        gates = try Linear(headWidth, 8, w("gru_rel_pos_linear"))
        constants = try w.tensor("gru_rel_pos_const", shape: [1, c.heads, 1, 1]).floats
    }

    /// Applies attention to `[N, D]`.
    func callAsFunction(
        _ x: Tensor, residual: Tensor, _ sequences: PackedSequences, _ biases: Tensor, _ ws: Workspace
    ) -> Tensor {
        let projected = gates(x.reshaped(to: Shape(x.shape[0] * heads, headWidth)), ws)  // [N heads, 8]
        let gate = ws.positionGates(projected, constants: constants)  // [N, heads]
        let y = ws.selfAttention(
            qkv(x, ws), heads: heads, sequences: sequences, relativeBias: biases, biasGate: gate,
            form: qkv.form)  // [N, D]
        return output(y, residual: residual, ws)
    }
}

/// A learned bias for each head and bucket of distances: single distances near by, logarithmic ones farther away, one
/// for all beyond the longest.
///
/// Raffel et al. 2019 (arXiv:1910.10683), section 2.1. Tensor: `weight` `[buckets, heads]`.
final class DistanceBiases: Sendable {
    private let values: [Float]
    private let heads: Int
    private let bucketCount: Int
    private let longestDistance: Int
    /// Each head's bias for the distances `-(S - 1) ... S - 1`; S grows with the longest clip seen.
    private let made: Mutex<Tensor?> = Mutex(nil)

    init(_ c: AudioEncoderConfiguration, _ w: Weights) throws(WeightError) {
        values = try w.tensor("weight", shape: [c.bucketCount, c.heads]).floats
        (heads, bucketCount, longestDistance) = (c.heads, c.bucketCount, c.longestDistance)
    }

    /// The biases for clips of so many frames: `[heads, 2 S - 1]` with S at least `frames`.
    func table(frames: Int) -> Tensor {
        made.withLock { made in
            if let made, made.shape[1] >= 2 * frames - 1 { return made }
            var size = 512
            while size < frames { size *= 2 }
            let table = make(size)
            made = table
            return table
        }
    }

    private func make(_ size: Int) -> Tensor {
        let width = 2 * size - 1
        return Tensor(shape: Shape(heads, width)) { table in
            for place in 0..<width {
                let bucket = DistanceBuckets.bucket(place - (size - 1), count: bucketCount, longest: longestDistance)
                for head in 0..<heads { table[head * width + place] = values[bucket * heads + head] }
            }
        }
    }
}

/// Which bias a distance takes.
package enum DistanceBuckets {
    /// The bucket of the distance from a query to a key: half of the buckets are for keys that follow, half of those
    /// for single distances. The logarithm is taken in fp32, as the reference does, which shows where a bucket ends.
    package static func bucket(_ distance: Int, count: Int, longest: Int) -> Int {
        let half = count / 2
        let exact = half / 2
        let base = distance > 0 ? half : 0
        let length = abs(distance)
        guard length >= exact else { return base + length }
        let ratio = Float(log(Double(Float(length) / Float(exact))))
        let share = ratio / Float(log(Double(longest) / Double(exact)))
        return base + min(exact + Int(share * Float(half - exact)), half - 1)
    }
}
