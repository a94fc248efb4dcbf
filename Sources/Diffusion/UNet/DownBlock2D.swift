package import Layers
import TensorCore

/// One way down: residual blocks, with attention after each in some kinds, and half the size at the end.
///
/// Tensors: those of `resnets`, `attentions` and `downsamplers.0`; where a picture is carried beside the features,
/// those of `resnet_down` and `skip_conv`.
struct DownBlock2D: Sendable {
    private enum Halving: Sendable {
        case convolution(Downsample2D)
        case resnet(ResnetBlock2D)
        /// Both the features and the picture are halved, and the picture joins the features.
        case carrying(ResnetBlock2D, Convolution)
        case blur
    }

    private let place: String
    private let resnets: [ResnetBlock2D]
    private let attentions: [SpatialAttention]
    private let halving: Halving?

    init(_ plan: UNet2DPlan.Down, padding: Int, _ w: Weights) throws(WeightError) {
        place = w.path
        resnets = try plan.resnets.layers(w("resnets")) { (options, w) throws(WeightError) in
            try ResnetBlock2D(options, w)
        }
        attentions = try plan.attentions.layers(w("attentions")) { (options, w) throws(WeightError) in
            try SpatialAttention(options, w)
        }
        if !plan.halves {
            halving = nil
        } else if plan.kind == .karras {
            halving = .blur
        } else if plan.kind.carriesPicture, let options = plan.halving {
            halving = .carrying(
                try ResnetBlock2D(options, w("resnet_down")),
                try Convolution(UNet2DConfiguration.carriedChannels, plan.width, kernel: 1, w("skip_conv")))
        } else if let options = plan.halving {
            halving = .resnet(try ResnetBlock2D(options, w("downsamplers.0")))
        } else {
            halving = .convolution(try Downsample2D(plan.width, padding: padding, w("downsamplers.0")))
        }
    }

    /// Applies the block.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - picture: what is carried beside the features, of their size.
    ///   - states: gets what the way up joins.
    ///   - pass: where it is computed.
    /// - Returns: `[B, H', W', width]`.
    func callAsFunction(
        _ x: Tensor, picture: inout Tensor, states: inout [Tensor], _ pass: UNetPass
    ) -> Tensor {
        var hidden = x
        for (index, resnet) in resnets.enumerated() {
            hidden = resnet(hidden, pass)
            if !attentions.isEmpty { hidden = attentions[index](hidden, pass) }
            states.append(hidden)
        }
        switch halving {
        case nil: return hidden
        case .blur: return Resizing.blurredDown(.mirrored)(hidden, pass.ws)
        case .convolution(let convolution): hidden = convolution(hidden, pass)
        case .resnet(let resnet): hidden = resnet(hidden, pass)
        case .carrying(let resnet, let convolution):
            hidden = resnet(hidden, pass)
            picture = Resizing.blurredDown(.zeros)(picture, pass.ws)
            hidden = pass.checked(convolution(picture, residual: hidden, pass.ws), place, "skip_conv")
        }
        states.append(hidden)
        return hidden
    }
}

extension Array {
    /// The layers of a list, each made of its element and its place.
    ///
    /// - Parameters:
    ///   - w: the list's place in the checkpoint.
    ///   - make: makes a layer of an element and its place.
    package func layers<Layer>(
        _ w: Weights, _ make: (Element, Weights) throws(WeightError) -> Layer
    ) throws(WeightError) -> [Layer] {
        var layers: [Layer] = []
        for (index, element) in enumerated() { layers.append(try make(element, w(index))) }
        return layers
    }
}
