import JSON
import Layers
import TensorCore

/// DCGAN's generator: a latent vector becomes 4 x 4 pixels, and each further layer doubles the sides.
///
/// Radford et al., *Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks*
/// (2015, arXiv:1511.06434), section 3, with the kernels of 4 x 4 that PyTorch's example has. A label may be embedded
/// and appended to the latent vector (Mirza and Osindero 2014, arXiv:1411.1784, section 3.2).
/// Tensors: `main.N` of a sequence of transposed convolution, batch norm and ReLU; `label_emb.weight`.
struct DCGAN: GeneratorNetwork {
    /// What `config.json` says.
    struct Configuration: Sendable, Equatable {
        /// `nz`: length of the latent vector.
        var latentSize: Int
        /// `ngf`: channels before the last layer.
        var width: Int
        /// `nc`: channels of an image.
        var channels: Int
        /// `image_size`: a power of two.
        var imageSize: Int
        /// `num_classes`; 0 where there are none.
        var classCount: Int
        /// `embedding_dim`: length of a label's vector.
        var embeddingSize: Int

        /// Reads a configuration.
        init(_ config: Config) throws(ConfigError) {
            _ = try config.choice("model_type", ["dcgan": ()])
            if config.has("architectures") {
                let names = try config.strings("architectures", count: 1...1)
                guard names == ["DCGANGenerator"] else {
                    throw config.failure("architectures", expected: "[\"DCGANGenerator\"]")
                }
            }
            latentSize = try config.int("nz", in: 1...65_536)
            width = try config.int("ngf", in: 1...4096)
            channels = try config.int("nc", in: 1...64)
            imageSize = try config.int("image_size", in: 8...4096)
            guard imageSize & (imageSize - 1) == 0 else {
                throw config.failure("image_size", expected: "a power of two in 8...4096")
            }
            classCount = try config.optionalInt("num_classes", in: 1...1_000_000) ?? 0
            guard classCount > 0 else {
                guard !config.has("embedding_dim") else {
                    throw config.failure("num_classes", expected: "as there is an embedding_dim: the number of classes")
                }
                embeddingSize = 0
                return
            }
            embeddingSize = try config.int("embedding_dim", in: 1...65_536)
        }
    }

    let latentSize: Int
    let classCount: Int
    let imageSize: Int
    let channels: Int
    private let embeddingSize: Int
    private let labels: [Float]  // label_emb, [classes, embeddingSize]
    private let layers: [(name: String, layer: TransposedConvolution)]

    /// Builds the network from a checkpoint.
    init(_ c: Configuration, _ w: Weights) throws(WeightError) {
        (latentSize, classCount, imageSize, channels) = (c.latentSize, c.classCount, c.imageSize, c.channels)
        embeddingSize = c.embeddingSize
        labels =
            classCount == 0 ? [] : try w("label_emb").values("weight", shape: [classCount, embeddingSize])
        var layers: [(String, TransposedConvolution)] = []
        var (inputs, outputs) = (latentSize + embeddingSize, c.width * imageSize / 8)
        // Transposed convolution, norm and ReLU count as three; the last layer has no norm.
        for index in 0..<(imageSize.trailingZeroBitCount - 2) {
            let place = w("main")(3 * index)
            let norm = try BatchNorm(outputs, w("main")(3 * index + 1))
            layers.append(
                (
                    place.path,
                    index == 0
                        ? try TransposedConvolution(
                            point: inputs, outputs, kernel: 4, bias: false, norm: norm, activation: .relu, place)
                        : try TransposedConvolution(
                            inputs, outputs, kernel: 4, stride: 2, padding: 1, bias: false, norm: norm,
                            activation: .relu, place)
                ))
            (inputs, outputs) = (outputs, outputs / 2)
        }
        let place = w("main")(3 * layers.count)
        layers.append(
            (
                place.path,
                try TransposedConvolution(
                    inputs, channels, kernel: 4, stride: 2, padding: 1, bias: false, activation: .tanh, place)
            ))
        self.layers = layers
    }

    /// The counters of batch norms.
    static func ignores(_ name: String) -> Bool { isBatchCounter(name) }

    func callAsFunction(_ input: GeneratorInput, _ ws: Workspace, _ trace: LayerTrace) -> Tensor {
        var x = input.latents  // [B, latentSize]
        if classCount > 0 { x = ws.besideRows(x, of: labels, width: embeddingSize, input.classes) }
        x = x.reshaped(to: Shape(x.shape[0], 1, 1, x.shape[1]))
        for (name, layer) in layers { x = trace(name, layer(x, ws)) }  // [B, 4, 4, ...] to [B, H, W, channels]
        return x
    }
}

extension Workspace {
    /// Rows with rows of a table behind them.
    ///
    /// - Parameters:
    ///   - x: `[B, C]`.
    ///   - table: rows of `width` values.
    ///   - width: of the table.
    ///   - rows: the table's row for each of x's.
    /// - Returns: `[B, C + width]`.
    func besideRows(_ x: Tensor, of table: [Float], width: Int, _ rows: [Int]) -> Tensor {
        let (batch, head) = (x.shape[0], x.shape[1])
        precondition(rows.count == batch, "\(rows.count) rows beside \(x.shape)")
        return computed(Shape(batch, head + width)) { y in
            x.withFloats { x in
                for image in 0..<batch {
                    let start = image * (head + width)
                    for index in 0..<head { y[start + index] = x[image * head + index] }
                    for index in 0..<width { y[start + head + index] = table[rows[image] * width + index] }
                }
            }
        }
    }
}
