public import TensorCore

/// The classes of a batch, one for each picture, as the network's configuration has them.
public enum ClassLabels: Sendable {
    /// Numbers of classes.
    case ids([Int])
    /// Numbers that the network embeds as it does timesteps.
    case levels([Float])
    /// Embeddings, `[B, width of the embedding]`.
    case embeddings(Tensor)
}
