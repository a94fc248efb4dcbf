import Layers
import TensorCore

/// The generator of StyleGAN2, configuration F: a style for every layer, made of the latent vector, scales a layer's
/// input channels.
///
/// Karras et al., *Analyzing and Improving the Image Quality of StyleGAN* (2019, arXiv:1912.04958), section 2 and
/// figures 2 and 7; mapping network, truncation and style mixing are of *A Style-Based Generator Architecture for
/// Generative Adversarial Networks* (2018, arXiv:1812.04948).
struct StyleGAN2: GeneratorNetwork {
    let latentSize: Int
    let classCount: Int
    let imageSize: Int
    let channels: Int
    let truncation: TruncationRule
    let noiseSides: [Int]
    private let mapping: StyleMapping
    private let constant: [Float]  // [4, 4, C]
    private let blocks: [Block]

    /// Two convolutions, the first of which doubles the sides, and what makes a picture of the result.
    private struct Block: Sendable {
        let upsampling: ModulatedConvolution?
        let convolution: ModulatedConvolution
        let toRGB: StylePicture
    }

    /// Builds the network from a checkpoint.
    init(_ c: StyleGAN2Configuration, _ names: StyleGAN2Names, _ w: Weights) throws(WeightError) {
        (latentSize, classCount, imageSize, channels) = (c.latentSize, c.classCount, c.imageSize, c.channels)
        mapping = try StyleMapping(c, names, w)
        truncation = mapping.hasAverage ? .average(layers: 2 * c.widths.count) : .noAverage
        let ones = [Int](repeating: 1, count: names.leadingOnes)
        let values = try w.values(names.constant, shape: ones + [c.widths[0], 4, 4])
        constant = (0..<16).flatMap { pixel in (0..<c.widths[0]).map { values[$0 * 16 + pixel] } }
        var (blocks, sides): ([Block], [Int]) = ([], [])
        for (index, width) in c.widths.enumerated() {
            let side = 4 << index
            var upsampling: ModulatedConvolution?
            if index > 0 {
                upsampling = try ModulatedConvolution(
                    c.widths[index - 1], width, block: index, isUpsampling: true, c, names, w)
                sides.append(side)
            }
            sides.append(side)
            blocks.append(
                Block(
                    upsampling: upsampling,
                    convolution: try ModulatedConvolution(width, width, block: index, isUpsampling: false, c, names, w),
                    toRGB: try StylePicture(width, block: index, c, names, w)))
        }
        (self.blocks, noiseSides) = (blocks, sides)
    }

    func callAsFunction(_ input: GeneratorInput, _ ws: Workspace, _ trace: LayerTrace) -> Tensor {
        let batch = input.latents.shape[0]
        let styles = Styles(mapping, input, ws, trace)
        var noise = 0
        func next() -> ModulatedConvolution.Noise {
            defer { noise += 1 }
            switch input.noise {
            case .constant: return .constant
            case .none: return .none
            case .given(let pictures): return .given(pictures[noise])
            }
        }
        let width = constant.count / 16
        var x = ws.computed(Shape(batch, 4, 4, width)) { y in
            for image in 0..<batch { _ = y[(image * constant.count)...].update(fromContentsOf: constant) }
        }
        var picture: Tensor?
        for (index, block) in blocks.enumerated() {
            // Of each block the first style is that which made the picture before.
            if let upsampling = block.upsampling {
                x = trace(upsampling.name, upsampling(x, styles(2 * index - 1), next(), ws))
            }
            x = trace(block.convolution.name, block.convolution(x, styles(2 * index), next(), ws))
            picture = trace(block.toRGB.name, block.toRGB(x, styles(2 * index + 1), over: picture, ws))
        }
        return picture ?? x
    }
}
