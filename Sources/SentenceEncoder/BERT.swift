public import Layers
public import TensorCore

/// BERT: token, segment and position embeddings, then post-norm transformer blocks that look in both directions.
///
/// Devlin et al., *BERT: Pre-training of Deep Bidirectional Transformers for Language Understanding* (2018,
/// arXiv:1810.04805), section 3. Names: transformers' `BertModel`. MiniLM, BGE and E5 are of this architecture.
public struct BERT: TextEncoder {
    /// What the checkpoint's `config.json` says.
    public let configuration: TextEncoderConfiguration
    private let embeddings: BERTEmbeddings
    private let blocks: [PostNormBlock]

    /// Builds the network from a checkpoint.
    public init(_ configuration: TextEncoderConfiguration, _ w: Weights) throws(WeightError) {
        self.configuration = configuration
        embeddings = try BERTEmbeddings(configuration, w("embeddings"))
        blocks = try BERT.blocks(configuration, w("encoder.layer"))
    }

    /// Reads a batch: `[N, width]`.
    public func callAsFunction(_ batch: TokenBatch, _ ws: Workspace) -> Tensor {
        var x = embeddings(batch, positions: batch.sequences.places, ws)  // [N, D]
        for block in blocks { x = block(x, sequences: batch.sequences, ws) }
        return x
    }

    /// BERT's blocks under BERT's names.
    static func blocks(_ c: TextEncoderConfiguration, _ w: Weights) throws(WeightError) -> [PostNormBlock] {
        var blocks: [PostNormBlock] = []
        for index in 0..<c.depth {
            let layer = w(index)
            let attention = layer("attention.self")
            blocks.append(
                try PostNormBlock(
                    c.width, heads: c.heads, hiddenWidth: c.hiddenWidth, activation: c.activation, epsilon: c.epsilon,
                    PostNormBlock.Places(
                        query: attention("query"), key: attention("key"), value: attention("value"),
                        attentionOutput: layer("attention.output.dense"),
                        attentionNorm: layer("attention.output.LayerNorm"), expand: layer("intermediate.dense"),
                        reduce: layer("output.dense"), outputNorm: layer("output.LayerNorm"))))
        }
        return blocks
    }
}

/// The sum of token, position and segment embeddings, normalised: Devlin et al. 2018, figure 2.
struct BERTEmbeddings: Sendable {
    private let words: Embedding  // word_embeddings
    private let positions: Embedding  // position_embeddings
    private let types: Embedding  // token_type_embeddings
    /// Position embeddings with those of segment 0 added: what nearly every input takes.
    private let positionsInFirstType: Tensor
    private let norm: LayerNorm  // LayerNorm

    init(_ c: TextEncoderConfiguration, _ w: Weights) throws(WeightError) {
        words = try Embedding(c.vocabularyCount, c.width, isVocabulary: true, w("word_embeddings"))
        positions = try Embedding(c.positionCount, c.width, w("position_embeddings"))
        types = try Embedding(c.typeCount, c.width, w("token_type_embeddings"))
        var sum = positions.prefix(c.positionCount)
        let first = types.prefix(1).floats
        sum.withMutableFloats { values in
            for index in values.indices { values[index] += first[index % c.width] }
        }
        positionsInFirstType = sum
        norm = try LayerNorm(c.width, epsilon: c.epsilon, w("LayerNorm"))
    }

    /// The embeddings of a batch whose tokens have the given places: `[N, width]`.
    func callAsFunction(_ batch: TokenBatch, positions places: [Int], _ ws: Workspace) -> Tensor {
        let shape = Shape(1, places.count)
        let placed =
            if let types = batch.types {
                ws.added(positions(places, shape: shape, ws), self.types(types, shape: shape, ws))
            } else {
                ws.embedded(places, shape: shape, table: positionsInFirstType)
            }
        let x = norm(ws.added(words(batch.ids, shape: shape, ws), placed), ws)  // [1, N, D]
        return x.reshaped(to: Shape(places.count, x.shape[2]))
    }
}
