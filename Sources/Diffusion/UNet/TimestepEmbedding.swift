package import Layers
package import TensorCore

/// Two linear layers with an activation between them that make an embedding of a timestep's features, diffusers'
/// `TimestepEmbedding`.
///
/// Tensors: those of `linear_1` and `linear_2`.
package struct TimestepEmbedding: Sendable {
    private let first: Linear
    private let second: Linear

    /// - Parameters:
    ///   - features: their width.
    ///   - width: of the embedding.
    ///   - activation: between the layers.
    ///   - w: the layer's place in the checkpoint.
    package init(
        _ features: Int, _ width: Int, activation: Activation = .silu, _ w: Weights
    ) throws(WeightError) {
        first = try Linear(features, width, activation: activation, w("linear_1"))
        second = try Linear(width, width, w("linear_2"))
    }

    /// - Parameters:
    ///   - features: `[B, features]`.
    ///   - ws: where it is computed.
    /// - Returns: `[B, width]`.
    package func callAsFunction(_ features: Tensor, _ ws: Workspace) -> Tensor { second(first(features, ws), ws) }
}
