import Layers
import TensorCore

/// One way up: residual blocks joined by what came down, with attention in some kinds, and twice the size at the end.
///
/// Tensors: those of `resnets`, `attentions` and `upsamplers.0`; where a picture is put together beside the features,
/// those of `resnet_up`, `skip_norm` and `skip_conv`.
struct UpBlock2D: Sendable {
    private enum Doubling: Sendable {
        case convolution(Upsample2D)
        case resnet(ResnetBlock2D)
        /// What the convolution of the features gives is added to the picture before both are doubled.
        case carrying(ResnetBlock2D, GroupNorm, Convolution)
        case blur
    }

    private let place: String
    private let kind: UNet2DConfiguration.BlockKind
    private let resnets: [ResnetBlock2D]
    private let attentions: [SpatialAttention]
    private let doubling: Doubling?

    init(_ plan: UNet2DPlan.Up, epsilon: Double, _ w: Weights) throws(WeightError) {
        place = w.path
        kind = plan.kind
        resnets = try plan.resnets.layers(w("resnets")) { (options, w) throws(WeightError) in
            try ResnetBlock2D(options, w)
        }
        attentions = try plan.attentions.layers(w("attentions")) { (options, w) throws(WeightError) in
            try SpatialAttention(options, w)
        }
        if !plan.doubles {
            doubling = nil
        } else if plan.kind == .karras {
            doubling = .blur
        } else if plan.kind.carriesPicture, let options = plan.doubling {
            doubling = .carrying(
                try ResnetBlock2D(options, w("resnet_up")),
                try GroupNorm(
                    groups: plan.pictureGroups, plan.width, epsilon: epsilon, activation: .silu, w("skip_norm")),
                try Convolution(
                    plan.width, UNet2DConfiguration.carriedChannels, kernel: 3, padding: .symmetric(1), w("skip_conv")))
        } else if let options = plan.doubling {
            doubling = .resnet(try ResnetBlock2D(options, w("upsamplers.0")))
        } else {
            doubling = .convolution(try Upsample2D(plan.width, w("upsamplers.0")))
        }
    }

    /// Applies the block.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - picture: what was put together so far, half the features' size; `nil` before there is any.
    ///   - states: what came down; the last ones are taken.
    ///   - pass: where it is computed.
    /// - Returns: `[B, H', W', width]`.
    func callAsFunction(
        _ x: Tensor, picture: inout Tensor?, states: inout [Tensor], _ pass: UNetPass
    ) -> Tensor {
        let ws = pass.ws
        var hidden = x
        for (index, resnet) in resnets.enumerated() {
            let state = states.removeLast()
            if kind != .karras || index == 0 { hidden = ws.sideBySide(hidden, state) }
            hidden = resnet(hidden, pass)
            if kind == .attention { hidden = attentions[index](hidden, pass) }
        }
        if kind == .attentionSkip { hidden = attentions[0](hidden, pass) }
        if kind.carriesPicture, let small = picture { picture = Resizing.blurredUp(.zeros)(small, ws) }
        switch doubling {
        case nil: return hidden
        case .blur: return Resizing.blurredUp(.mirrored)(hidden, ws)
        case .convolution(let convolution): return convolution(hidden, pass)
        case .resnet(let resnet): return resnet(hidden, pass)
        case .carrying(let resnet, let norm, let convolution):
            picture = pass.checked(convolution(norm(hidden, ws), residual: picture, ws), place, "skip_conv")
            return resnet(hidden, pass)
        }
    }
}
