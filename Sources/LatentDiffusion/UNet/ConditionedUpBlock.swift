import Diffusion
import Layers
import TensorCore

/// One way up: residual blocks joined by what came down, each with a transformer behind it or none, and the size of the
/// next block's states at the end; diffusers' `CrossAttnUpBlock2D` and `UpBlock2D`.
///
/// Tensors: those of `resnets`, `attentions` and `upsamplers.0`.
struct ConditionedUpBlock: Sendable {
    private let resnets: [ResnetBlock2D]
    let transformers: [Transformer2D]
    private let growing: Upsample2D?

    init(_ plan: UNet2DConditionPlan.Up, _ w: Weights) throws(WeightError) {
        resnets = try plan.resnets.layers(w("resnets")) { (options, w) throws(WeightError) in
            try ResnetBlock2D(options, w)
        }
        transformers = try plan.transformers.layers(w("attentions")) { (options, w) throws(WeightError) in
            try Transformer2D(options, w)
        }
        growing = plan.grows ? try Upsample2D(plan.width, pixels: plan.grownPixels, w("upsamplers.0")) : nil
    }

    /// Applies the block.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - states: what came down; the last ones are taken.
    ///   - texts: of the pictures.
    ///   - pass: where it is computed.
    /// - Returns: `[B, H', W', width]`.
    func callAsFunction(_ x: Tensor, states: inout [Tensor], _ texts: TextsOfPass, _ pass: UNetPass) -> Tensor {
        var hidden = x
        for (index, resnet) in resnets.enumerated() {
            hidden = resnet(pass.ws.sideBySide(hidden, states.removeLast()), pass)
            if !transformers.isEmpty { hidden = transformers[index](hidden, texts, pass) }
        }
        // Where a side was odd on its way down, twice the half is one too many.
        guard let growing, let next = states.last else { return hidden }
        return growing(hidden, size: (next.shape[1], next.shape[2]), pass)
    }
}
