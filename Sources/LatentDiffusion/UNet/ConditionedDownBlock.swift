import Diffusion
import Layers
import TensorCore

/// One way down: residual blocks, each with a transformer behind it or none, and half the size at the end; diffusers'
/// `CrossAttnDownBlock2D` and `DownBlock2D`.
///
/// Tensors: those of `resnets`, `attentions` and `downsamplers.0`.
struct ConditionedDownBlock: Sendable {
    private let resnets: [ResnetBlock2D]
    let transformers: [Transformer2D]
    private let halving: Downsample2D?

    init(_ plan: UNet2DConditionPlan.Down, padding: Int, _ w: Weights) throws(WeightError) {
        resnets = try plan.resnets.layers(w("resnets")) { (options, w) throws(WeightError) in
            try ResnetBlock2D(options, w)
        }
        transformers = try plan.transformers.layers(w("attentions")) { (options, w) throws(WeightError) in
            try Transformer2D(options, w)
        }
        halving = plan.halves ? try Downsample2D(plan.width, padding: padding, w("downsamplers.0")) : nil
    }

    /// Applies the block.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - states: gets what the way up joins.
    ///   - texts: of the pictures.
    ///   - pass: where it is computed.
    /// - Returns: `[B, H', W', width]`.
    func callAsFunction(_ x: Tensor, states: inout [Tensor], _ texts: TextsOfPass, _ pass: UNetPass) -> Tensor {
        var hidden = x
        for (index, resnet) in resnets.enumerated() {
            hidden = resnet(hidden, pass)
            if !transformers.isEmpty { hidden = transformers[index](hidden, texts, pass) }
            states.append(hidden)
        }
        guard let halving else { return hidden }
        hidden = halving(hidden, pass)
        states.append(hidden)
        return hidden
    }
}
