public import TensorCore

/// Multi-head self-attention: softmax(Q K^T / sqrt(d)) V, projected (Vaswani et al. 2017, section 3.2.2).
///
/// Queries, keys and values come from one matrix product; from three where queries and keys are normalised.
public struct SelfAttention: Sendable {
    /// Where a checkpoint keeps the input projections.
    public enum Projections {
        /// One layer whose outputs are queries, keys and values, in this order.
        case fused(Weights, bias: Bool)
        /// The parameters of PyTorch's `torch.nn.MultiheadAttention`: `in_proj_weight` and `in_proj_bias`.
        case fusedParameters(Weights)
        /// Three layers.
        case separate(query: Weights, key: Weights, value: Weights, bias: Bool)
        /// Three layers, of which that of the keys has no bias (BEiT in transformers).
        case separateWithoutKeyBias(query: Weights, key: Weights, value: Weights)
        /// One matrix `qkv.weight` and the vectors `q_bias` and `v_bias`; keys have no bias (BEiT in timm).
        case fusedWithoutKeyBias(Weights)
    }

    /// Layer norms of each head's queries and keys (Dehghani et al. 2023, arXiv:2302.05442, section 2).
    public struct HeadNorms {
        /// The place of the queries' norm.
        public var query: Weights
        /// The place of the keys' norm.
        public var key: Weights
        /// The epsilon of both.
        public var epsilon: Double

        /// Norms at the given places.
        public init(query: Weights, key: Weights, epsilon: Double) {
            (self.query, self.key, self.epsilon) = (query, key, epsilon)
        }
    }

    private enum Inputs: Sendable {
        case together(Linear)
        case normalised(query: Linear, queryNorm: LayerNorm, key: Linear, keyNorm: LayerNorm, value: Linear)
    }

    private let heads: Int
    private let inputs: Inputs
    private let output: Linear

    /// Reads the layer.
    ///
    /// - Parameters:
    ///   - width: the tokens' width, divisible by `heads`.
    ///   - heads: number of heads.
    ///   - projections: the places of the query, key and value projections.
    ///   - norms: norms of each head's queries and keys; with ``Projections/fused(_:bias:)`` only.
    ///   - output: the place of the output projection.
    ///   - outputScale: a factor for each output, such as a layer scale.
    public init(
        _ width: Int, heads: Int, _ projections: Projections, norms: HeadNorms? = nil, output: Weights,
        outputScale: [Float]? = nil
    ) throws(WeightError) {
        self.heads = heads
        if let norms {
            guard case .fused(let w, let bias) = projections else {
                preconditionFailure("norms of queries and keys that are projected apart")
            }
            inputs = .normalised(
                query: try Self.part(0, of: width, w, bias: bias),
                queryNorm: try LayerNorm(width / heads, epsilon: norms.epsilon, norms.query),
                key: try Self.part(1, of: width, w, bias: bias),
                keyNorm: try LayerNorm(width / heads, epsilon: norms.epsilon, norms.key),
                value: try Self.part(2, of: width, w, bias: bias))
        } else {
            inputs = .together(try Self.together(width, projections))
        }
        self.output = try Linear(width, width, scale: outputScale, output)
    }

    private static func part(_ index: Int, of width: Int, _ w: Weights, bias: Bool) throws(WeightError) -> Linear {
        try Linear(
            width, rows: index * width..<(index + 1) * width, of: 3 * width, weight: "weight",
            bias: bias ? "bias" : nil, w)
    }

    /// Queries, keys and values as one layer.
    static func together(_ width: Int, _ projections: Projections) throws(WeightError) -> Linear {
        switch projections {
        case .fused(let w, let bias):
            return try Linear(width, 3 * width, bias: bias, w)
        case .fusedParameters(let w):
            return try Linear(width, 3 * width, weight: "in_proj_weight", bias: "in_proj_bias", w)
        case .separate(let query, let key, let value, let bias):
            return try Linear(width, sideBySide: [(query, width, bias), (key, width, bias), (value, width, bias)])
        case .separateWithoutKeyBias(let query, let key, let value):
            return try Linear(width, sideBySide: [(query, width, true), (key, width, false), (value, width, true)])
        case .fusedWithoutKeyBias(let w):
            let none = [Float](repeating: 0, count: width)
            return try Linear(
                width, biases: w.vector("q_bias", width) + none + w.vector("v_bias", width), w("qkv"))
        }
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
        let y: Tensor  // [B, T, width]
        switch inputs {
        case .together(let qkv):
            y = ws.selfAttention(qkv(x, ws), heads: heads, mask: mask, form: qkv.form)
        case .normalised(let query, let queryNorm, let key, let keyNorm, let value):
            y = ws.attention(
                query: normalised(query(x, ws), queryNorm, ws), key: normalised(key(x, ws), keyNorm, ws),
                value: value(x, ws), heads: heads, mask: mask, form: value.form)
        }
        return output(y, residual: residual, ws)
    }

    /// Applies the layer for the first tokens of each sequence alone: what the others would become is not computed.
    ///
    /// - Parameters:
    ///   - count: how many tokens, at least 1.
    ///   - x: `[B, T, width]`.
    ///   - residual: `[B, count, width]`, added to the result.
    ///   - ws: where it is computed.
    /// - Returns: `[B, count, width]`, with the bits that these tokens have among all.
    func first(_ count: Int, of x: Tensor, residual: Tensor, _ ws: Workspace) -> Tensor {
        let first = ws.firstTokens(count, of: x)
        let width = x.shape[2]
        let y: Tensor  // [B, count, width]
        switch inputs {
        case .together(let qkv) where width % 32 == 0:
            y = ws.attention(
                query: qkv.outputs(0..<width)(first, ws), keyValue: qkv.outputs(width..<3 * width)(x, ws), heads: heads,
                form: qkv.form)
        case .together(let qkv):
            y = ws.firstTokens(count, of: ws.selfAttention(qkv(x, ws), heads: heads, form: qkv.form))
        case .normalised(let query, let queryNorm, let key, let keyNorm, let value):
            y = ws.attention(
                query: normalised(query(first, ws), queryNorm, ws), key: normalised(key(x, ws), keyNorm, ws),
                value: value(x, ws), heads: heads, form: value.form)
        }
        return output(y, residual: residual, ws)
    }

    /// Normalises each head of x, `[B, T, width]`.
    private func normalised(_ x: Tensor, _ norm: LayerNorm, _ ws: Workspace) -> Tensor {
        let parts = x.reshaped(to: Shape(x.shape[0], x.shape[1] * heads, x.shape[2] / heads))
        return norm(parts, ws, inPlace: true).reshaped(to: x.shape)
    }
}
