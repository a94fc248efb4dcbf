public import Layers
public import TensorCore

/// A network that reads token ids and gives each token a vector.
public protocol TextEncoder: Sendable {
    /// Builds the network from a checkpoint; `w` is the place of the model without its heads.
    init(_ configuration: TextEncoderConfiguration, _ w: Weights) throws(WeightError)
    /// What it was built from.
    var configuration: TextEncoderConfiguration { get }
    /// Reads a batch.
    ///
    /// - Precondition: ids and types are in range, no sequence is longer than the configuration's `contextLength`.
    /// - Returns: `[N, width]`, a row a token, transformers' `last_hidden_state`.
    func callAsFunction(_ batch: TokenBatch, _ ws: Workspace) -> Tensor
}
