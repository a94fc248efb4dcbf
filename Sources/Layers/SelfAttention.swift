public import TensorCore

/// Multi-head self-attention: softmax(Q K^T / sqrt(d)) V, projected (Vaswani et al. 2017, section 3.2.2).
///
/// Queries, keys and values come from one matrix product.
public struct SelfAttention: Sendable {
    /// Where a checkpoint keeps the input projections.
    public enum Projections {
        /// One layer whose outputs are queries, keys and values, in this order.
        case fused(Weights, bias: Bool)
        /// The parameters of PyTorch's `torch.nn.MultiheadAttention`: `in_proj_weight` and `in_proj_bias`.
        case fusedParameters(Weights)
        /// Three layers.
        case separate(query: Weights, key: Weights, value: Weights, bias: Bool)
    }

    private let heads: Int
    private let qkv: Linear
    private let output: Linear

    /// Reads the layer.
    ///
    /// - Parameters:
    ///   - width: the tokens' width, divisible by `heads`.
    ///   - heads: number of heads.
    ///   - projections: the places of the query, key and value projections.
    ///   - output: the place of the output projection.
    ///   - outputScale: a factor for each output, such as a layer scale.
    public init(
        _ width: Int, heads: Int, _ projections: Projections, output: Weights, outputScale: [Float]? = nil
    ) throws(WeightError) {
        self.heads = heads
        switch projections {
        case .fused(let w, let bias):
            qkv = try Linear(width, 3 * width, bias: bias, w)
        case .fusedParameters(let w):
            qkv = try Linear(width, 3 * width, weight: "in_proj_weight", bias: "in_proj_bias", w)
        case .separate(let query, let key, let value, let bias):
            qkv = try Linear(width, sideBySide: [(query, width, bias), (key, width, bias), (value, width, bias)])
        }
        self.output = try Linear(width, width, scale: outputScale, output)
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, T, width]`.
    ///   - residual: `[B, T, width]`, added to the result.
    ///   - mask: which tokens a token attends to.
    ///   - ws: where it is computed.
    /// - Returns: `[B, T, width]`.
    public func callAsFunction(
        _ x: Tensor, residual: Tensor? = nil, mask: AttentionMask = .none, _ ws: Workspace
    ) -> Tensor {
        let y = ws.selfAttention(qkv(x, ws), heads: heads, mask: mask)  // [B, T, 3 width] to [B, T, width]
        return output(y, residual: residual, ws)
    }
}
