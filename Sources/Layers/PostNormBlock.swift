public import TensorCore

/// A post-norm transformer block: norm(x + attention(x)), then norm(x + mlp(x)), over packed sequences.
///
/// Vaswani et al. 2017 (arXiv:1706.03762), section 3.1; Devlin et al. 2018 (arXiv:1810.04805), section 3.
public struct PostNormBlock: Sendable {
    /// Where a checkpoint keeps the parts of a block.
    public struct Places {
        /// Attention's projection of queries.
        public var query: Weights
        /// Attention's projection of keys.
        public var key: Weights
        /// Attention's projection of values.
        public var value: Weights
        /// Attention's output projection.
        public var attentionOutput: Weights
        /// The norm after attention.
        public var attentionNorm: Weights
        /// The linear layer that widens.
        public var expand: Weights
        /// The linear layer that narrows.
        public var reduce: Weights
        /// The norm after the two linear layers.
        public var outputNorm: Weights

        /// The places of a block's parts.
        public init(
            query: Weights, key: Weights, value: Weights, attentionOutput: Weights, attentionNorm: Weights,
            expand: Weights, reduce: Weights, outputNorm: Weights
        ) {
            (self.query, self.key, self.value) = (query, key, value)
            (self.attentionOutput, self.attentionNorm) = (attentionOutput, attentionNorm)
            (self.expand, self.reduce, self.outputNorm) = (expand, reduce, outputNorm)
        }
    }

    private let heads: Int
    private let qkv: Linear
    private let attentionOutput: Linear
    private let attentionNorm: LayerNorm
    private let expand: Linear
    private let reduce: Linear
    private let outputNorm: LayerNorm

    /// Reads the block.
    ///
    /// - Parameters:
    ///   - width: the tokens' width, divisible by `heads`.
    ///   - heads: number of heads.
    ///   - hiddenWidth: the width between the two linear layers.
    ///   - activation: what is applied between them.
    ///   - epsilon: of both layer norms.
    ///   - places: where the layers lie in the checkpoint.
    public init(
        _ width: Int, heads: Int, hiddenWidth: Int, activation: Activation, epsilon: Double, _ places: Places
    ) throws(WeightError) {
        self.heads = heads
        qkv = try Linear(
            width, sideBySide: [(places.query, width, true), (places.key, width, true), (places.value, width, true)])
        attentionOutput = try Linear(width, width, places.attentionOutput)
        attentionNorm = try LayerNorm(width, epsilon: epsilon, places.attentionNorm)
        expand = try Linear(width, hiddenWidth, activation: activation, places.expand)
        reduce = try Linear(hiddenWidth, width, places.reduce)
        outputNorm = try LayerNorm(width, epsilon: epsilon, places.outputNorm)
    }

    /// Applies the block.
    ///
    /// - Parameters:
    ///   - x: `[N, width]`, a row a token.
    ///   - sequences: where the sequences lie.
    ///   - relativeBias: as of `Workspace.selfAttention(_:heads:sequences:relativeBias:biasGate:form:)`.
    ///   - ws: where it is computed.
    /// - Returns: `[N, width]`.
    public func callAsFunction(
        _ x: Tensor, sequences: PackedSequences, relativeBias: Tensor? = nil, _ ws: Workspace
    ) -> Tensor {
        let y = ws.selfAttention(
            qkv(x, ws), heads: heads, sequences: sequences, relativeBias: relativeBias, form: qkv.form)  // [N, D]
        let x = attentionNorm(attentionOutput(y, residual: x, ws), ws)  // [N, D]
        return outputNorm(reduce(expand(x, ws), residual: x, ws), ws)  // [N, 4D] in between
    }
}
