import Layers
import TensorCore

/// Two linear layers with SiLU between them that make an embedding of a timestep's features, diffusers'
/// `TimestepEmbedding`.
///
/// Tensors: those of `linear_1` and `linear_2`.
struct TimestepEmbedding: Sendable {
    private let first: Linear
    private let second: Linear

    init(_ features: Int, _ width: Int, _ w: Weights) throws(WeightError) {
        first = try Linear(features, width, activation: .silu, w("linear_1"))
        second = try Linear(width, width, w("linear_2"))
    }

    /// - Parameters:
    ///   - features: `[B, features]`.
    ///   - ws: where it is computed.
    /// - Returns: `[B, width]`.
    func callAsFunction(_ features: Tensor, _ ws: Workspace) -> Tensor { second(first(features, ws), ws) }
}
