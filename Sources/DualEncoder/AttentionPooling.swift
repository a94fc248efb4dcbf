import Layers
import TensorCore

/// Pooling by attention: a learned query attends to all tokens, and a residual pair of linear layers follows.
///
/// Zhai et al., *Scaling Vision Transformers* (2021, arXiv:2106.04560), section 3.2 (MAP head).
struct AttentionPooling: Sendable {
    /// Where a checkpoint keeps the parts.
    struct Places {
        /// The learned query, `[1, 1, width]`.
        var probe: (weights: Weights, name: String)
        /// The query's projection, then the keys' and the values'.
        var projections: Projections
        var output: Weights
        var norm: Weights
        var expand: Weights
        var reduce: Weights

        enum Projections {
            /// `in_proj_weight` and `in_proj_bias` of PyTorch's `torch.nn.MultiheadAttention`.
            case fusedParameters(Weights)
            /// A layer for the query, and one for keys and values.
            case queryAndPair(query: Weights, pair: Weights)
        }
    }

    private let heads: Int
    private let probe: Tensor  // [1, D]
    private let query: Linear
    private let key: Linear
    private let value: Linear
    private let output: Linear
    private let norm: LayerNorm
    private let expand: Linear
    private let reduce: Linear

    init(_ c: VisionTransformer.Configuration, _ places: Places) throws(WeightError) {
        let width = c.width
        heads = c.heads
        probe = try places.probe.weights.tensor(places.probe.name, shape: [1, 1, width]).reshaped(to: [1, width])
        switch places.projections {
        case .fusedParameters(let w):
            func part(_ index: Int) throws(WeightError) -> Linear {
                try Linear(
                    width, rows: index * width..<(index + 1) * width, of: 3 * width, weight: "in_proj_weight",
                    bias: "in_proj_bias", w)
            }
            query = try part(0)
            key = try part(1)
            value = try part(2)
        case .queryAndPair(let queryPlace, let pair):
            func part(_ index: Int) throws(WeightError) -> Linear {
                try Linear(
                    width, rows: index * width..<(index + 1) * width, of: 2 * width, weight: "weight", bias: "bias",
                    pair)
            }
            query = try Linear(width, width, queryPlace)
            key = try part(0)
            value = try part(1)
        }
        output = try Linear(width, width, places.output)
        norm = try LayerNorm(width, epsilon: c.epsilon, places.norm)
        expand = try Linear(width, c.hiddenWidth, activation: c.activation, places.expand)
        reduce = try Linear(c.hiddenWidth, width, places.reduce)
    }

    /// `[B, T, D]` to `[B, D]`.
    func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        let batch = x.shape[0]
        let y = ws.attention(
            query: ws.repeated(query(probe, ws), batch: batch), key: key(x, ws), value: value(x, ws), heads: heads,
            form: value.form)
        let attended = output(y.reshaped(to: Shape(batch, y.shape[2])), ws)  // [B, D]
        return reduce(expand(norm(attended, ws), ws), residual: attended, ws)
    }
}
