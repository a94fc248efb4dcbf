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
    /// Latent pixels on either side that ``picture(_:_:)`` looks at for one, an even number.
    let margin: Int

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
        // A pixel for each 3x3 convolution: the last one, two in a residual block, one behind a doubling.
        var reach = 1
        for level in widths.indices.reversed() {
            reach += 2 * (c.layersPerBlock + 1)
            if level > 0 { reach = (reach + 2) / 2 }
        }
        margin = (reach + 1) / 2 * 2
    }

    /// Applies what works on pictures as small as latent ones, attention among it.
    ///
    /// - Parameters:
    ///   - z: latent pictures, `[B, H, W, latent channels]`.
    ///   - pass: where it is computed.
    /// - Returns: `[B, H, W, features]`.
    func features(_ z: Tensor, _ pass: UNetPass) -> Tensor {
        let hidden = quantization.map { pass.checked($0(z, pass.ws), "post_quant_conv") } ?? z
        return middle(pass.checked(input(hidden, pass.ws), "decoder.conv_in"), pass)
    }

    /// Applies what makes pictures of features, layer by layer larger: convolutions, and norms.
    ///
    /// - Parameters:
    ///   - features: `[B, H, W, features]`.
    ///   - pass: where it is computed.
    /// - Returns: `[B, H * factor, W * factor, channels]`.
    func picture(_ features: Tensor, _ pass: UNetPass) -> Tensor {
        var hidden = features
        for (index, level) in resnets.enumerated() {
            for resnet in level { hidden = resnet(hidden, pass) }
            if index < doublings.count { hidden = doublings[index](hidden, pass) }
        }
        hidden = pass.checked(pass.normalized(hidden, norm, inPlace: true), "decoder.conv_norm_out")
        return pass.checked(output(hidden, pass.ws), "decoder.conv_out")
    }
}
