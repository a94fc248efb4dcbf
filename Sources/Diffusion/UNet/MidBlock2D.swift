package import Layers
package import TensorCore

/// The block between the ways down and up: attention between two residual blocks, or none.
///
/// Tensors: those of `resnets` and `attentions`.
package struct MidBlock2D: Sendable {
    private let first, second: ResnetBlock2D
    private let attention: SpatialAttention?

    /// Reads the block.
    ///
    /// - Parameters:
    ///   - resnet: what both residual blocks are made of.
    ///   - options: what attention is made of; `nil` for none.
    ///   - w: the block's place in the checkpoint.
    package init(
        resnet: ResnetBlock2D.Options, attention options: SpatialAttention.Options?, _ w: Weights
    ) throws(WeightError) {
        first = try ResnetBlock2D(resnet, w("resnets.0"))
        second = try ResnetBlock2D(resnet, w("resnets.1"))
        attention = if let options { try SpatialAttention(options, w("attentions.0")) } else { nil }
    }

    /// Applies the block.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - pass: where it is computed.
    /// - Returns: `[B, H, W, C]`.
    package func callAsFunction(_ x: Tensor, _ pass: UNetPass) -> Tensor {
        let hidden = first(x, pass)
        return second(attention?(hidden, pass) ?? hidden, pass)
    }
}
