import JSON
import Layers
import TensorCore

/// The sizes of a StyleGAN2 generator: from `config.json` where there is one, else from the tensors' shapes.
///
/// `config.json` holds `model_type` ("stylegan2") and, under the names of NVIDIA's `Generator`, `z_dim`, `w_dim`,
/// `num_layers` (of the mapping network), `img_resolution`, `img_channels`, `channel_base` and `channel_max`; `c_dim`
/// where there are classes, `conv_clamp` where the network was trained with one.
struct StyleGAN2Configuration: Sendable, Equatable {
    /// Length of a latent vector.
    var latentSize: Int
    /// Length of a style.
    var styleSize: Int
    /// Number of classes; 0 where there are none.
    var classCount: Int
    /// Layers of the mapping network.
    var mappingDepth: Int
    /// Channels of an image.
    var channels: Int
    /// Channels of the blocks, from 4 x 4 pixels on, each of twice the sides.
    var widths: [Int]
    /// What values are cut off at after each layer; `nil` for nothing.
    var limit: Double?

    /// Height and width of an image.
    var imageSize: Int { 4 << (widths.count - 1) }

    private static let sizes = 1...65_536

    /// Reads a configuration.
    init(_ config: Config) throws(ConfigError) {
        latentSize = try config.int("z_dim", in: Self.sizes)
        styleSize = try config.int("w_dim", in: Self.sizes)
        classCount = try config.int("c_dim", in: 0...1_000_000, default: 0)
        mappingDepth = try config.int("num_layers", in: 1...64)
        channels = try config.int("img_channels", in: 1...64)
        limit = try config.optionalDouble("conv_clamp", in: 1e-6...1e30)
        let size = try config.int("img_resolution", in: 4...4096)
        guard size & (size - 1) == 0 else {
            throw config.failure("img_resolution", expected: "a power of two in 4...4096")
        }
        let base = try config.int("channel_base", in: 1...(1 << 24))
        let most = try config.int("channel_max", in: Self.sizes)
        widths = (2...size.trailingZeroBitCount).map { min(base >> $0, most) }
        guard widths.allSatisfy({ $0 > 0 }) else {
            throw config.failure("channel_base", expected: "at least \(size), as img_resolution", found: "\(base)")
        }
    }

    /// Infers the sizes from the shapes of tensors.
    ///
    /// - Throws: ``GANError`` where a tensor that tells a size is missing or has other dimensions than it must.
    init(_ names: StyleGAN2Names, _ source: any TensorSource) throws(GANError) {
        func shape(_ name: String, _ rank: Int) throws(GANError) -> [Int] {
            guard let info = source.info(name) else {
                throw .weights(.missing(location: source.location, tensor: name, expected: []))
            }
            guard info.shape.count == rank, info.shape.allSatisfy(Self.sizes.contains) else {
                throw .dimensions(file: info.file, tensor: name, expected: rank, found: info.shape)
            }
            return info.shape
        }
        mappingDepth = names.mappingDepth(source)
        let first = try shape(names.mapping(0) + ".weight", 2)
        styleSize = try shape(names.mapping(mappingDepth - 1) + ".weight", 2)[0]
        let embedding = names.embedding + ".weight"
        classCount = source.info(embedding) == nil ? 0 : try shape(embedding, 2)[1]
        latentSize = first[1] - (classCount > 0 ? styleSize : 0)
        guard latentSize > 0 else {
            throw .dimensions(file: source.location, tensor: names.mapping(0) + ".weight", expected: 2, found: first)
        }
        var widths: [Int] = []
        for block in 0..<names.blockCount(source) {
            let weight = names.convolution(block, 1) + "." + names.weight
            widths.append(try shape(weight, 4 + names.leadingOnes)[names.leadingOnes])
        }
        self.widths = widths
        channels = try shape(names.toRGB(0) + "." + names.weight, 4 + names.leadingOnes)[names.leadingOnes]
        limit = nil
    }
}
