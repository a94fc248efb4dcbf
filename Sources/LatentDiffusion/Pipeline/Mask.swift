import TensorCore

/// What of pictures is painted anew.
struct Mask {
    /// 0 or 1 for each pixel, `[masks, 1, H, W]`.
    private let values: Tensor

    /// From here on a value counts as 1.
    private static let threshold: Float = 0.5

    /// - Parameters:
    ///   - mask: `[pictures or 1, 1, H, W]`, values from 0 to 1.
    ///   - pictures: which it must fit.
    ///   - count: pictures that are sampled.
    init(_ mask: Tensor, _ pictures: Tensor, count: Int) throws(LatentDiffusionError) {
        let (shape, size) = (mask.shape, pictures.shape)
        guard mask.dtype == .float32, shape.rank == 4, [1, count].contains(shape[0]), shape[1] == 1,
            shape[2] == size[2], shape[3] == size[3], shape[0] > 0
        else {
            throw .input(
                expected: "a mask fp32 [1 or \(count), 1, \(size[2]), \(size[3])]",
                found: "\(mask.dtype.rawValue) \(shape)")
        }
        let floats = mask.floats
        if let other = floats.first(where: { !($0 >= 0 && $0 <= 1) }) {
            throw .input(expected: "a mask of values from 0 to 1", found: "\(other)")
        }
        values = Tensor(floats.map { $0 < Self.threshold ? 0 : 1 }, shape: shape)
    }

    /// Pictures with zeros where they are painted anew, as many as there are pictures or masks.
    func hiding(_ pictures: Tensor) -> Tensor {
        let count = max(pictures.shape[0], values.shape[0])
        let (channels, area) = (pictures.shape[1], pictures.shape[2] * pictures.shape[3])
        let (source, mask) = (pictures.floats, values.floats)
        return Tensor(shape: Shape(count, channels, pictures.shape[2], pictures.shape[3])) { target in
            for index in 0..<count {
                let (picture, hidden) = (pictures.shape[0] == 1 ? 0 : index, values.shape[0] == 1 ? 0 : index)
                for place in 0..<channels * area where mask[hidden * area + place % area] == 0 {
                    target[index * channels * area + place] = source[picture * channels * area + place]
                }
            }
        }
    }

    /// A picture's mask in latent pixels: each has the value of its upper left pixel, as nearest interpolation does it.
    func latent(_ index: Int, factor: Int) -> [Float] {
        let (height, width) = (values.shape[2], values.shape[3])
        let start = values.shape[0] == 1 ? 0 : index * height * width
        return values.withFloats { values in
            stride(from: 0, to: height, by: factor).flatMap { row in
                stride(from: 0, to: width, by: factor).map { values[start + row * width + $0] }
            }
        }
    }
}
