import Diffusion
import Layers
import TensorCore

/// A pre-norm transformer block of three parts: attention among the pixels, attention to the text, and two linear
/// layers with a gate between them (GEGLU, Shazeer 2020, arXiv:2002.05202).
///
/// Tensors: those of `norm1`, `attn1`, `norm2`, `attn2`, `norm3`, `ff.net.0.proj` and `ff.net.2`.
struct BasicTransformerBlock: Sendable {
    private enum First: Sendable {
        case pixels(SelfAttention)
        case text(CrossAttention)
    }

    /// Added to the variances of layer norms.
    private static let epsilon = 1e-5
    /// How many times wider the gated layer is.
    private static let widening = 4

    private let place: String
    private let norm1, norm2, norm3: LayerNorm
    private let first: First
    private let second: CrossAttention
    private let expand, reduce: Linear

    /// - Parameters:
    ///   - options: of the transformer.
    ///   - number: of the block's first layer among those that attend to the text.
    ///   - w: the block's place in the checkpoint.
    init(_ options: Transformer2D.Options, number: Int, _ w: Weights) throws(WeightError) {
        place = w.path
        let (width, heads) = (options.channels, options.heads)
        norm1 = try LayerNorm(width, epsilon: Self.epsilon, w("norm1"))
        let attention = w("attn1")
        first =
            options.onlyCrossAttention
            ? .text(try CrossAttention(width, heads: heads, textWidth: options.textWidth, number: number, attention))
            : .pixels(
                try SelfAttention(
                    width, heads: heads,
                    .separate(
                        query: attention("to_q"), key: attention("to_k"), value: attention("to_v"), bias: false),
                    output: attention("to_out.0")))
        norm2 = try LayerNorm(width, epsilon: Self.epsilon, w("norm2"))
        second = try CrossAttention(
            width, heads: heads, textWidth: options.textWidth, number: number + (options.onlyCrossAttention ? 1 : 0),
            w("attn2"))
        norm3 = try LayerNorm(width, epsilon: Self.epsilon, w("norm3"))
        expand = try Linear(width, 2 * Self.widening * width, w("ff.net.0.proj"))
        reduce = try Linear(Self.widening * width, width, w("ff.net.2"))
    }

    /// What the block's layers make of texts, in the order of their numbers.
    ///
    /// - Parameters:
    ///   - texts: `[texts, T, textWidth]`.
    ///   - ws: where it is computed.
    func project(_ texts: Tensor, _ ws: Workspace) -> [TextProjections.Layer] {
        let own = second.project(texts, ws)
        guard case .text(let attention) = first else { return [own] }
        return [attention.project(texts, ws), own]
    }

    /// Applies the block.
    ///
    /// - Parameters:
    ///   - x: `[B, N, channels]`.
    ///   - texts: of the pictures.
    ///   - pass: where it is computed.
    /// - Returns: `[B, N, channels]`.
    func callAsFunction(_ x: Tensor, _ texts: TextsOfPass, _ pass: UNetPass) -> Tensor {
        let ws = pass.ws
        var hidden = x
        switch first {
        case .pixels(let attention): hidden = attention(norm1(hidden, ws), residual: hidden, ws)
        case .text(let attention): hidden = attention(norm1(hidden, ws), residual: hidden, texts, ws)
        }
        hidden = pass.checked(hidden, place, "attn1")
        hidden = pass.checked(second(norm2(hidden, ws), residual: hidden, texts, ws), place, "attn2")
        let gated = ws.gatedHalves(expand(norm3(hidden, ws), ws), .gelu)
        return pass.checked(reduce(gated, residual: hidden, ws), place, "ff")
    }
}
