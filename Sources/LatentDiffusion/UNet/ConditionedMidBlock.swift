import Diffusion
import Layers
import TensorCore

/// The block between the ways down and up: a transformer between two residual blocks (`UNetMidBlock2DCrossAttn`), or
/// one residual block alone.
///
/// Tensors: those of `resnets` and `attentions.0`.
struct ConditionedMidBlock: Sendable {
    private let first: ResnetBlock2D
    private let second: ResnetBlock2D?
    let transformer: Transformer2D?

    init(_ plan: UNet2DConditionPlan.Middle, _ w: Weights) throws(WeightError) {
        first = try ResnetBlock2D(plan.resnet, w("resnets.0"))
        if let options = plan.transformer {
            transformer = try Transformer2D(options, w("attentions.0"))
            second = try ResnetBlock2D(plan.resnet, w("resnets.1"))
        } else {
            (transformer, second) = (nil, nil)
        }
    }

    func callAsFunction(_ x: Tensor, _ texts: TextsOfPass, _ pass: UNetPass) -> Tensor {
        let hidden = first(x, pass)
        guard let transformer, let second else { return hidden }
        return second(transformer(hidden, texts, pass), pass)
    }
}
