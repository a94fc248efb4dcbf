public import TensorCore

/// A pre-norm transformer block: x + attention(norm(x)), then x + mlp(norm(x)).
///
/// Dosovitskiy et al. 2020 (arXiv:2010.11929), equations 2 and 3; Radford et al. 2019, section 2.3.
public struct TransformerBlock: Sendable {
    /// Where a checkpoint keeps the parts of a block.
    public struct Places {
        /// The norm before attention.
        public var attentionNorm: Weights
        /// Queries, keys and values.
        public var projections: SelfAttention.Projections
        /// Attention's output projection.
        public var attentionOutput: Weights
        /// The norm before the two linear layers.
        public var mlpNorm: Weights
        /// The linear layer that widens.
        public var expand: Weights
        /// The linear layer that narrows.
        public var reduce: Weights
        /// Norms of each head's queries and keys, where there are any.
        public var headNorms: SelfAttention.HeadNorms?
        /// A factor for each output of attention, a layer scale (Touvron et al. 2021, arXiv:2103.17239, section 2).
        public var attentionScale: [Float]?
        /// A factor for each output of the two linear layers.
        public var mlpScale: [Float]?
        /// Whether the layer that widens gives a gate, too, and silu(gate) times the rest goes on: SwiGLU (Shazeer
        /// 2020, arXiv:2002.05202). The gates come first; there is no other activation.
        public var isGated = false

        /// The places of a block's parts, without the optional ones.
        public init(
            attentionNorm: Weights, projections: SelfAttention.Projections, attentionOutput: Weights,
            mlpNorm: Weights, expand: Weights, reduce: Weights
        ) {
            (self.attentionNorm, self.projections) = (attentionNorm, projections)
            (self.attentionOutput, self.mlpNorm) = (attentionOutput, mlpNorm)
            (self.expand, self.reduce) = (expand, reduce)
        }
    }

    private let attentionNorm: LayerNorm
    private let attention: SelfAttention
    private let mlpNorm: LayerNorm
    private let expand: Linear
    private let isGated: Bool
    private let reduce: Linear

    /// Reads the block.
    ///
    /// - Parameters:
    ///   - width: the tokens' width, divisible by `heads`.
    ///   - heads: number of heads.
    ///   - hiddenWidth: the width of what the layer that narrows is given.
    ///   - activation: what is applied between them.
    ///   - epsilon: of both layer norms.
    ///   - places: where the layers lie in the checkpoint.
    public init(
        _ width: Int, heads: Int, hiddenWidth: Int, activation: Activation, epsilon: Double, _ places: Places
    ) throws(WeightError) {
        attentionNorm = try LayerNorm(width, epsilon: epsilon, places.attentionNorm)
        attention = try SelfAttention(
            width, heads: heads, places.projections, norms: places.headNorms, output: places.attentionOutput,
            outputScale: places.attentionScale)
        mlpNorm = try LayerNorm(width, epsilon: epsilon, places.mlpNorm)
        isGated = places.isGated
        expand =
            isGated
            ? try Linear(width, 2 * hiddenWidth, places.expand)
            : try Linear(width, hiddenWidth, activation: activation, places.expand)
        reduce = try Linear(hiddenWidth, width, scale: places.mlpScale, places.reduce)
    }

    /// Applies the block.
    ///
    /// - Parameters:
    ///   - x: `[B, T, width]`.
    ///   - mask: which tokens a token attends to.
    ///   - ws: where it is computed.
    /// - Returns: `[B, T, width]`.
    public func callAsFunction(_ x: Tensor, mask: AttentionMask = .none, _ ws: Workspace) -> Tensor {
        narrowed(attention(attentionNorm(x, ws), residual: x, mask: mask, ws), ws)
    }

    /// Applies the block where nothing but the first tokens of each sequence is read afterwards: what the others would
    /// become is not computed.
    ///
    /// - Parameters:
    ///   - count: how many tokens, at least 1.
    ///   - x: `[B, T, width]`.
    ///   - ws: where it is computed.
    /// - Returns: `[B, count, width]`, with the bits that these tokens have among all.
    public func first(_ count: Int, of x: Tensor, _ ws: Workspace) -> Tensor {
        narrowed(
            attention.first(count, of: attentionNorm(x, ws), residual: ws.firstTokens(count, of: x), ws), ws)
    }

    /// x + mlp(norm(x)), `[B, T, D]`.
    private func narrowed(_ x: Tensor, _ ws: Workspace) -> Tensor {
        let hidden = expand(mlpNorm(x, ws), ws)  // [B, T, 4D]
        return reduce(isGated ? ws.gatedHalves(hidden, .silu) : hidden, residual: x, ws)
    }
}
