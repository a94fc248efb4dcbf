import JSON
import Layers
import TensorCore

/// The generator of BigGAN-deep, which draws a picture of a class.
///
/// Brock et al., *Large Scale GAN Training for High Fidelity Natural Image Synthesis* (2018, arXiv:1809.11096),
/// appendix B, figure 16 and tables 7 to 9. Names, norms with statistics for each truncation, and the order of steps
/// are those of pytorch-pretrained-BigGAN.
struct BigGAN: GeneratorNetwork {
    let latentSize: Int
    let classCount: Int
    let imageSize: Int
    let channels = 3
    let truncation = TruncationRule.statistics
    private let statisticsCount: Int
    private let firstWidth: Int
    private let embeddings: [Float]  // [latentSize, classes]
    private let first: Linear  // gen_z
    private let layers: [Layer]
    private let norm: BigGANNorm
    private let head: Convolution  // conv_to_rgb, the three of its channels that count

    private enum Layer: Sendable {
        case block(BigGANBlock)
        case attention(BigGANAttention)
    }

    /// Builds the network from a checkpoint.
    init(_ c: BigGANConfiguration, _ w: Weights) throws(WeightError) {
        (latentSize, classCount, imageSize) = (c.latentSize, c.classCount, c.imageSize)
        statisticsCount = c.statisticsCount
        firstWidth = BigGANConfiguration.firstWidth * c.width
        embeddings = try w("embeddings").values("weight", shape: [c.latentSize, c.classCount])
        let g = w("generator")
        let condition = 2 * c.latentSize
        first = try Linear(spectral: condition, 16 * firstWidth, bias: true, g("gen_z"))
        var layers: [Layer] = []
        for (index, block) in c.blocks.enumerated() {
            if index == c.attentionPosition {
                layers.append(.attention(try BigGANAttention(block.inputs * c.width, g("layers")(layers.count))))
            }
            layers.append(.block(try BigGANBlock(block, condition: condition, c, g("layers")(layers.count))))
        }
        self.layers = layers
        norm = try BigGANNorm(c.width, condition: nil, c, g("bn"))
        head = try Convolution(
            spectral: c.width, c.width, kernel: 3, padding: 1, keeping: channels, activation: .tanh, g("conv_to_rgb"))
    }

    func refusal(truncation: Double) -> String? {
        let place = StatisticsPlace(truncation, of: statisticsCount)
        return place.lastRow < statisticsCount
            ? nil : "a truncation that the norms' \(statisticsCount) rows of statistics have"
    }

    func callAsFunction(_ input: GeneratorInput, _ ws: Workspace, _ trace: LayerTrace) -> Tensor {
        let place = StatisticsPlace(input.truncation ?? 1, of: statisticsCount)
        let batch = input.latents.shape[0]
        let condition = condition(input, ws)  // [B, 2 latentSize]
        var x = trace("generator.gen_z", first(condition, ws)).reshaped(to: Shape(batch, 4, 4, firstWidth))
        for (index, layer) in layers.enumerated() {
            switch layer {
            case .block(let block): x = block(x, condition, place, ws)
            case .attention(let attention): x = attention(x, ws)
            }
            x = trace("generator.layers.\(index)", x)  // [B, 4, 4, 16 width] to [B, H, W, width]
        }
        x = trace("generator.bn", norm(x, condition, place, ws))
        return trace("generator.conv_to_rgb", head(x, ws))
    }

    /// The latent vector with the class's embedding behind it.
    private func condition(_ input: GeneratorInput, _ ws: Workspace) -> Tensor {
        let batch = input.latents.shape[0]
        return ws.computed(Shape(batch, 2 * latentSize)) { y in
            input.latents.withFloats { latents in
                for image in 0..<batch {
                    for index in 0..<latentSize {
                        y[2 * image * latentSize + index] = latents[image * latentSize + index]
                        y[(2 * image + 1) * latentSize + index] = embeddings[index * classCount + input.classes[image]]
                    }
                }
            }
        }
    }
}

/// A block of BigGAN-deep: four convolutions in a bottleneck, norms told by the condition before each.
private struct BigGANBlock: Sendable {
    private let isUpsampling: Bool
    private let keptChannels: Int
    private let norms: [BigGANNorm]
    private let convolutions: [Convolution]

    /// Reads the block.
    init(
        _ block: BigGANConfiguration.Block, condition: Int, _ c: BigGANConfiguration, _ w: Weights
    ) throws(WeightError) {
        isUpsampling = block.isUpsampling
        let (inputs, outputs) = (block.inputs * c.width, block.outputs * c.width)
        keptChannels = outputs
        let middle = inputs / 4
        let widths = [inputs, middle, middle, middle, outputs]
        var (norms, convolutions): ([BigGANNorm], [Convolution]) = ([], [])
        for (index, kernel) in [1, 3, 3, 1].enumerated() {
            norms.append(try BigGANNorm(widths[index], condition: condition, c, w("bn_\(index)")))
            convolutions.append(
                try Convolution(
                    spectral: widths[index], widths[index + 1], kernel: kernel, padding: kernel / 2,
                    w("conv_\(index)")))
        }
        (self.norms, self.convolutions) = (norms, convolutions)
    }

    /// Applies the block to `[B, H, W, inputs]`.
    func callAsFunction(_ x: Tensor, _ condition: Tensor, _ place: StatisticsPlace, _ ws: Workspace) -> Tensor {
        var y = convolutions[0](norms[0](x, condition, place, ws), ws)
        y = norms[1](y, condition, place, ws)
        if isUpsampling { y = ws.doubled(y) }
        y = convolutions[1](y, ws)
        y = convolutions[2](norms[2](y, condition, place, ws), ws)
        y = norms[3](y, condition, place, ws)
        // Where there are fewer channels after the block, the first of those before it go on.
        var rest = keptChannels == x.shape[3] ? x : ws.affine(x, scale: nil, shift: nil, channels: keptChannels)
        if isUpsampling { rest = ws.doubled(rest) }
        return convolutions[3](y, residual: rest, ws)  // [B, H', W', outputs]
    }
}

/// Self-attention among pixels, whose keys and values are the largest of 2 x 2 pixels.
///
/// Zhang et al., *Self-Attention Generative Adversarial Networks* (2018, arXiv:1805.08318), section 3.
private struct BigGANAttention: Sendable {
    private let query: Convolution
    private let key: Convolution
    private let value: Convolution
    private let output: Convolution

    /// Reads the layer.
    init(_ channels: Int, _ w: Weights) throws(WeightError) {
        query = try Convolution(spectral: channels, channels / 8, kernel: 1, bias: false, w("snconv1x1_theta"))
        key = try Convolution(spectral: channels, channels / 8, kernel: 1, bias: false, w("snconv1x1_phi"))
        value = try Convolution(spectral: channels, channels / 2, kernel: 1, bias: false, w("snconv1x1_g"))
        let gamma = try w.vector("gamma", 1)
        output = try Convolution(
            spectral: channels / 2, channels, kernel: 1, bias: false, gain: gamma[0], w("snconv1x1_o_conv"))
    }

    /// Applies the layer to `[B, H, W, channels]`.
    func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        let (batch, height, width) = (x.shape[0], x.shape[1], x.shape[2])
        func tokens(_ y: Tensor) -> Tensor { y.reshaped(to: Shape(batch, y.shape[1] * y.shape[2], y.shape[3])) }
        func pooled(_ y: Tensor) -> Tensor { ws.pooled(y, .maximum, window: Window(2, stride: 2)) }
        let y = ws.attention(
            query: tokens(query(x, ws)), key: tokens(pooled(key(x, ws))), wideValue: tokens(pooled(value(x, ws))))
        return output(y.reshaped(to: Shape(batch, height, width, y.shape[2])), residual: x, ws)
    }
}

extension Workspace {
    /// Pictures of twice the height and width, each pixel four times.
    func doubled(_ x: Tensor) -> Tensor {
        let (height, width) = (x.shape[1], x.shape[2])
        return resampled(
            x,
            Resampling(.nearest, height: height, width: width, outputHeight: 2 * height, outputWidth: 2 * width))
    }
}
