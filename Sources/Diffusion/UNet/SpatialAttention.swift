import Layers
import TensorCore

/// Self-attention among all pixels of a picture, added to it (Ho et al. 2020, arXiv:2006.11239, appendix B).
///
/// Tensors: those of `group_norm` where there is one, `to_q`, `to_k`, `to_v` and `to_out.0`; or, as older
/// checkpoints have it, `query`, `key`, `value` and `proj_attn`.
struct SpatialAttention: Sendable {
    /// What the layer is made of.
    struct Options: Sendable {
        /// Channels of the picture.
        var channels: Int
        /// Channels of a head; there are as many heads as fit into `channels`, and at least one must.
        var headSize: Int
        /// Groups of the norm; `nil` for no norm.
        var groups: Int?
        /// Added to the norm's variance.
        var epsilon: Double
        /// What the sum is divided by.
        var outputScale = 1.0
    }

    private let place: String
    private let norm: GroupNorm?
    private let heads: Int
    private let qkv, output: Linear
    private let outputScale: OutputScale?

    init(_ options: Options, _ w: Weights) throws(WeightError) {
        place = w.path
        let channels = options.channels
        heads = channels / options.headSize
        let inner = heads * options.headSize
        norm =
            if let groups = options.groups {
                try GroupNorm(groups: groups, channels, epsilon: options.epsilon, w("group_norm"))
            } else {
                nil
            }
        let isOld = w.has("query.weight")
        let names = isOld ? ["query", "key", "value"] : ["to_q", "to_k", "to_v"]
        qkv = try Linear(channels, sideBySide: names.map { (w($0), inner, true) })
        output = try Linear(inner, channels, w(isOld ? "proj_attn" : "to_out.0"))
        outputScale = OutputScale(options.outputScale, channels: channels, w)
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`.
    ///   - pass: where it is computed.
    /// - Returns: `[B, H, W, channels]`.
    func callAsFunction(_ x: Tensor, _ pass: UNetPass) -> Tensor {
        let ws = pass.ws
        let tokens = Shape(x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
        let input = norm.map { pass.checked($0(x, ws), place, "group_norm") } ?? x
        let projected = pass.checked(qkv(input.reshaped(to: tokens), ws), place, "to_q, to_k, to_v")
        let seen = pass.checked(ws.selfAttention(projected, heads: heads), place)
        let sum = pass.checked(output(seen, residual: x.reshaped(to: tokens), ws), place, "to_out.0")
        return (outputScale?(sum, ws) ?? sum).reshaped(to: x.shape)
    }
}
