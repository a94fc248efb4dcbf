public import Layers
public import TensorCore

/// RoBERTa and XLM-RoBERTa: BERT's layers, whose positions are counted from the padding's id + 1 and skip padding.
///
/// Liu et al., *RoBERTa: A Robustly Optimized BERT Pretraining Approach* (2019, arXiv:1907.11692); Conneau et al.,
/// *Unsupervised Cross-lingual Representation Learning at Scale* (2019, arXiv:1911.02116). Names: transformers'
/// `RobertaModel` and `XLMRobertaModel`.
public struct RoBERTa: TextEncoder {
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
        let places = batch.placesWithoutPadding(configuration.paddingID ?? 0)
        var x = embeddings(batch, positions: places, ws)  // [N, D]
        for block in blocks { x = block(x, sequences: batch.sequences, ws) }
        return x
    }
}
