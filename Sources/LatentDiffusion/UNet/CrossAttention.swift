import Layers
import TensorCore

/// Attention of a picture's pixels to a text (Rombach et al. 2021, arXiv:2112.10752, section 3.3).
///
/// Tensors: `weight` of `to_q`, `to_k`, `to_v`, and those of `to_out.0`.
struct CrossAttention: Sendable {
    private let heads, number: Int
    private let query, key, value, output: Linear

    /// - Parameters:
    ///   - channels: of the picture.
    ///   - heads: number of heads.
    ///   - textWidth: of the text's states.
    ///   - number: the layer's among those that attend to the text.
    ///   - w: the layer's place in the checkpoint.
    init(_ channels: Int, heads: Int, textWidth: Int, number: Int, _ w: Weights) throws(WeightError) {
        (self.heads, self.number) = (heads, number)
        query = try Linear(channels, channels, bias: false, w("to_q"))
        key = try Linear(textWidth, channels, bias: false, w("to_k"))
        value = try Linear(textWidth, channels, bias: false, w("to_v"))
        output = try Linear(channels, channels, w("to_out.0"))
    }

    /// What the layer makes of texts.
    ///
    /// - Parameters:
    ///   - texts: `[texts, T, textWidth]`.
    ///   - ws: where it is computed.
    func project(_ texts: Tensor, _ ws: Workspace) -> TextProjections.Layer {
        .init(key: key(texts, ws), value: value(texts, ws))
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, N, channels]`.
    ///   - residual: shaped like x, added to the result.
    ///   - texts: of the pictures.
    ///   - ws: where it is computed.
    /// - Returns: `[B, N, channels]`.
    func callAsFunction(_ x: Tensor, residual: Tensor, _ texts: TextsOfPass, _ ws: Workspace) -> Tensor {
        let seen = texts(number, ws)
        let y = ws.attention(query: query(x, ws), key: seen.key, value: seen.value, heads: heads, form: query.form)
        return output(y, residual: residual, ws)
    }
}
