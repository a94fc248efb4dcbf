import Layers
import TensorCore

/// The block between the ways down and up: attention between two residual blocks, or none.
///
/// Tensors: those of `resnets` and `attentions`.
struct MidBlock2D: Sendable {
    private let first, second: ResnetBlock2D
    private let attention: SpatialAttention?

    init(_ plan: UNet2DPlan.Middle, _ w: Weights) throws(WeightError) {
        first = try ResnetBlock2D(plan.resnet, w("resnets.0"))
        second = try ResnetBlock2D(plan.resnet, w("resnets.1"))
        attention = if let options = plan.attention { try SpatialAttention(options, w("attentions.0")) } else { nil }
    }

    func callAsFunction(_ x: Tensor, _ pass: UNetPass) -> Tensor {
        let hidden = first(x, pass)
        return second(attention?(hidden, pass) ?? hidden, pass)
    }
}
