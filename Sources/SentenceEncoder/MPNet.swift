public import Layers
public import TensorCore

/// MPNet: RoBERTa's positions without segments, and one table of biases for the distance of two tokens, which every
/// block's attention adds to its scores.
///
/// Song et al., *MPNet: Masked and Permuted Pre-training for Language Understanding* (2020, arXiv:2004.09297); the
/// distances as of Raffel et al. 2019 (arXiv:1910.10683), section 2.1. Names: transformers' `MPNetModel`.
public struct MPNet: TextEncoder {
    /// What the checkpoint's `config.json` says.
    public let configuration: TextEncoderConfiguration
    private let words: Embedding  // embeddings.word_embeddings
    private let positions: Embedding  // embeddings.position_embeddings
    private let norm: LayerNorm  // embeddings.LayerNorm
    private let relativeBias: Tensor  // encoder.relative_attention_bias, laid out by distance: [heads, 2 S - 1]
    private let blocks: [PostNormBlock]

    /// Number of buckets of distances.
    private static let bucketCount = 32

    /// Builds the network from a checkpoint.
    public init(_ c: TextEncoderConfiguration, _ w: Weights) throws(WeightError) {
        configuration = c
        words = try Embedding(c.vocabularyCount, c.width, isVocabulary: true, w("embeddings.word_embeddings"))
        positions = try Embedding(c.positionCount, c.width, w("embeddings.position_embeddings"))
        norm = try LayerNorm(c.width, epsilon: c.epsilon, w("embeddings.LayerNorm"))
        let biases = try w("encoder.relative_attention_bias").tensor("weight", shape: [Self.bucketCount, c.heads])
        relativeBias = Self.byDistance(biases.floats, heads: c.heads, tokens: c.contextLength)
        var blocks: [PostNormBlock] = []
        for index in 0..<c.depth {
            let layer = w("encoder.layer")(index)
            let attention = layer("attention.attn")
            blocks.append(
                try PostNormBlock(
                    c.width, heads: c.heads, hiddenWidth: c.hiddenWidth, activation: c.activation, epsilon: c.epsilon,
                    PostNormBlock.Places(
                        query: attention("q"), key: attention("k"), value: attention("v"),
                        attentionOutput: attention("o"), attentionNorm: layer("attention.LayerNorm"),
                        expand: layer("intermediate.dense"), reduce: layer("output.dense"),
                        outputNorm: layer("output.LayerNorm"))))
        }
        self.blocks = blocks
    }

    /// Reads a batch, whose types must be `nil`: `[N, width]`.
    public func callAsFunction(_ batch: TokenBatch, _ ws: Workspace) -> Tensor {
        let places = batch.placesWithoutPadding(configuration.paddingID ?? 0)
        let shape = Shape(1, places.count)
        let sum = ws.added(words(batch.ids, shape: shape, ws), positions(places, shape: shape, ws))
        var x = norm(sum, ws).reshaped(to: Shape(places.count, configuration.width))  // [N, D]
        for block in blocks { x = block(x, sequences: batch.sequences, relativeBias: relativeBias, ws) }
        return x
    }

    /// Each head's bias for every distance from a query to a key, `-(tokens - 1) ... tokens - 1`.
    private static func byDistance(_ biases: [Float], heads: Int, tokens: Int) -> Tensor {
        let width = 2 * tokens - 1
        return Tensor(shape: Shape(heads, width)) { values in
            for place in 0..<width {
                let bucket = bucket(distance: place - (tokens - 1))
                for head in 0..<heads { values[head * width + place] = biases[bucket * heads + head] }
            }
        }
    }

    /// The bucket of a key `distance` tokens after the query: 0 to 15 for those before it and itself, 16 to 31 after.
    ///
    /// Up to 7 tokens have a bucket each; beyond, bucket 8 + k begins at 8 * 2^(k / 2) tokens, and the last one holds
    /// all that are further away (T5's rule for 32 buckets and a largest distance of 128).
    static func bucket(distance: Int) -> Int {
        let far = [8, 12, 16, 23, 32, 46, 64, 91]
        let size = abs(distance)
        let bucket = size < 8 ? size : 7 + far.count { $0 <= size }
        return distance > 0 ? bucket + bucketCount / 2 : bucket
    }
}
