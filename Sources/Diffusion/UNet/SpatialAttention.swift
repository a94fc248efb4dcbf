package import Layers
package import TensorCore

/// Self-attention among all pixels of a picture, added to it (Ho et al. 2020, arXiv:2006.11239, appendix B).
///
/// Tensors: those of `group_norm` where there is one, `to_q`, `to_k`, `to_v` and `to_out.0`; or, as older
/// checkpoints have it, `query`, `key`, `value` and `proj_attn`.
package struct SpatialAttention: Sendable {
    /// What the layer is made of.
    package struct Options: Sendable {
        /// Channels of the picture.
        package var channels: Int
        /// Channels of a head; there are as many heads as fit into `channels`, and at least one must.
        package var headSize: Int
        /// Groups of the norm; `nil` for no norm.
        package var groups: Int?
        /// Added to the norm's variance.
        package var epsilon: Double
        /// What the sum is divided by.
        package var outputScale = 1.0

        /// Attention whose sum is not divided.
        ///
        /// - Parameters:
        ///   - channels: of the picture.
        ///   - headSize: channels of a head.
        ///   - groups: of the norm; `nil` for no norm.
        ///   - epsilon: added to the norm's variance.
        package init(channels: Int, headSize: Int, groups: Int?, epsilon: Double) {
            (self.channels, self.headSize, self.groups, self.epsilon) = (channels, headSize, groups, epsilon)
        }
    }

    private let place: String
    private let norm: GroupNorm?
    private let heads: Int
    private let qkv, output: Linear
    private let outputScale: OutputScale?

    /// Reads the layer.
    ///
    /// - Parameters:
    ///   - options: what it is made of.
    ///   - w: the layer's place in the checkpoint.
    package init(_ options: Options, _ w: Weights) throws(WeightError) {
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
    package func callAsFunction(_ x: Tensor, _ pass: UNetPass) -> Tensor {
        let ws = pass.ws
        let tokens = Shape(x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
        let input = norm.map { pass.checked($0(x, ws), place, "group_norm") } ?? x
        let projected = pass.checked(qkv(input.reshaped(to: tokens), ws), place, "to_q, to_k, to_v")
        let seen = pass.checked(ws.selfAttention(projected, heads: heads, form: qkv.form), place)
        let sum = pass.checked(output(seen, residual: x.reshaped(to: tokens), ws), place, "to_out.0")
        return (outputScale?(sum, ws) ?? sum).reshaped(to: x.shape)
    }
}
