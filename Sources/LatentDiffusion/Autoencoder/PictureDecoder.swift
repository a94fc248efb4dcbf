import Diffusion
import Layers
import TensorCore

/// From latent pictures to pictures: the decoder of Rombach et al. 2021 (arXiv:2112.10752, appendix G), diffusers'
/// `Decoder` and what comes before it.
///
/// Tensors: those of `decoder` and, where there is one, `post_quant_conv`.
struct PictureDecoder: Sendable {
    private let quantization: Linear?
    private let input, output: Convolution
    private let middle: MidBlock2D
    private let resnets: [[ResnetBlock2D]]
    private let doublings: [Upsample2D]
    private let norm: GroupNorm

    init(_ c: AutoencoderConfiguration, _ root: Weights) throws(WeightError) {
        let w = root("decoder")
        let widths = Array(c.widths.reversed())
        let (first, last) = (widths[0], widths[widths.count - 1])
        quantization =
            c.hasPostQuantConvolution
            ? try Linear(c.latentChannels, c.innerChannels, isConvolution: true, root("post_quant_conv")) : nil
        input = try Convolution(c.innerChannels, first, kernel: 3, padding: .symmetric(1), w("conv_in"))
        let halvings = widths.count - 1
        middle = try MidBlock2D(
            resnet: c.resnet(first, first, halvings: halvings), attention: c.attention, w("mid_block"))
        resnets = try widths.enumerated().map { ($0, $1) }.layers(w("up_blocks")) { (level, w) throws(WeightError) in
            let (index, width) = level
            return try Array(0...c.layersPerBlock).layers(w("resnets")) { (layer, w) throws(WeightError) in
                let inputs = layer == 0 ? widths[max(index - 1, 0)] : width
                return try ResnetBlock2D(c.resnet(inputs, width, halvings: halvings - index), w)
            }
        }
        let grown = widths.dropLast().enumerated().map { (width: $1, pixels: c.pixels(halvings: halvings - $0 - 1)) }
        doublings = try grown.layers(w("up_blocks")) { (level, w) throws(WeightError) in
            try Upsample2D(level.width, pixels: level.pixels, w("upsamplers.0"))
        }
        norm = try GroupNorm(
            groups: c.groups, last, epsilon: AutoencoderConfiguration.epsilon, activation: .silu, w("conv_norm_out"))
        output = try Convolution(last, c.outputChannels, kernel: 3, padding: .symmetric(1), w("conv_out"))
    }

    /// Applies the network.
    ///
    /// - Parameters:
    ///   - z: latent pictures, `[B, H, W, latent channels]`.
    ///   - probe: looks for values that are no numbers.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H * factor, W * factor, channels]`.
    func callAsFunction(_ z: Tensor, probe: LayerProbe? = nil, _ ws: Workspace) -> Tensor {
        let pass = UNetPass(ws: ws, probe: probe)
        var hidden = quantization.map { pass.checked($0(z, ws), "post_quant_conv") } ?? z
        hidden = pass.checked(input(hidden, ws), "decoder.conv_in")
        hidden = middle(hidden, pass)
        for (index, level) in resnets.enumerated() {
            for resnet in level { hidden = resnet(hidden, pass) }
            if index < doublings.count { hidden = doublings[index](hidden, pass) }
        }
        hidden = pass.checked(norm(hidden, ws), "decoder.conv_norm_out")
        return pass.checked(output(hidden, ws), "decoder.conv_out")
    }
}
