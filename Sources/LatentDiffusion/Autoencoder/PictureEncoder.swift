import Diffusion
import Layers
import TensorCore

/// From pictures to the moments of their latent pictures: the encoder of Rombach et al. 2021 (arXiv:2112.10752,
/// appendix G), diffusers' `Encoder` and what follows it.
///
/// Tensors: those of `encoder` and, where there is one, `quant_conv`.
struct PictureEncoder: Sendable {
    private let input, output: Convolution
    private let resnets: [[ResnetBlock2D]]
    private let halvings: [Downsample2D]
    private let middle: MidBlock2D
    private let norm: GroupNorm
    private let quantization: Linear?

    init(_ c: AutoencoderConfiguration, _ root: Weights) throws(WeightError) {
        let w = root("encoder")
        let (first, last) = (c.widths[0], c.widths[c.widths.count - 1])
        input = try Convolution(c.inputChannels, first, kernel: 3, padding: .symmetric(1), w("conv_in"))
        resnets = try c.widths.enumerated().map { ($0, $1) }.layers(w("down_blocks")) {
            (level, w) throws(WeightError) in
            let (index, width) = level
            return try Array(0..<c.layersPerBlock).layers(w("resnets")) { (layer, w) throws(WeightError) in
                let inputs = layer == 0 ? c.widths[max(index - 1, 0)] : width
                return try ResnetBlock2D(c.resnet(inputs, width, halvings: index), w)
            }
        }
        halvings = try c.widths.dropLast().map(\.self).layers(w("down_blocks")) { (width, w) throws(WeightError) in
            try Downsample2D(width, padding: 0, w("downsamplers.0"))
        }
        middle = try MidBlock2D(
            resnet: c.resnet(last, last, halvings: c.widths.count - 1), attention: c.attention, w("mid_block"))
        norm = try GroupNorm(
            groups: c.groups, last, epsilon: AutoencoderConfiguration.epsilon, activation: .silu, w("conv_norm_out"))
        output = try Convolution(last, c.encodedChannels, kernel: 3, padding: .symmetric(1), w("conv_out"))
        quantization =
            c.hasQuantConvolution
            ? try Linear(c.encodedChannels, c.quantizedChannels, isConvolution: true, root("quant_conv")) : nil
    }

    /// Applies the network.
    ///
    /// - Parameters:
    ///   - x: pictures, `[B, H, W, channels]`.
    ///   - probe: looks for values that are no numbers.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H / factor, W / factor, 2 latent channels]`: means, and logarithms of variances; of a `VQModel`
    ///   latent pictures, not yet quantized.
    func callAsFunction(_ x: Tensor, probe: LayerProbe? = nil, _ ws: Workspace) -> Tensor {
        let pass = UNetPass(ws: ws, probe: probe)
        var hidden = pass.checked(input(x, ws), "encoder.conv_in")
        for (index, level) in resnets.enumerated() {
            for resnet in level { hidden = resnet(hidden, pass) }
            if index < halvings.count { hidden = halvings[index](hidden, pass) }
        }
        hidden = middle(hidden, pass)
        hidden = pass.checked(norm(hidden, ws), "encoder.conv_norm_out")
        hidden = pass.checked(output(hidden, ws), "encoder.conv_out")
        return quantization.map { pass.checked($0(hidden, ws), "quant_conv") } ?? hidden
    }
}
