import TensorCore

extension ImageGenerator {
    /// Images as 8 bits a channel, rounded and cut off as the family's reference does.
    ///
    /// - Parameter images: `[N, channels, H, W]`, as ``generate(_:_:)`` gives them.
    /// - Returns: for each image `H * W` pixels of three bytes, row by row; of greys all three are the same.
    /// - Throws: ``GANError/input(expected:found:)`` for other shapes, channels that are neither 1 nor 3, and values
    ///   that are not numbers.
    public func rgb(_ images: Tensor) throws(GANError) -> [[UInt8]] {
        let shape = images.shape
        guard images.dtype == .float32, shape.rank == 4, shape[1] == channels, channels == 1 || channels == 3 else {
            throw .input(
                expected: "fp32 images [batch, 1 or 3 channels, height, width]",
                found: "\(images.dtype.rawValue) \(shape)")
        }
        if let index = images.firstNonFinite {
            throw .input(expected: "images of finite values", found: "a value that is not (index \(index))")
        }
        let pixels = shape[2] * shape[3]
        return images.withFloats { values in
            (0..<shape[0]).map { image in
                var bytes = [UInt8](repeating: 0, count: 3 * pixels)
                for pixel in 0..<pixels {
                    for colour in 0..<3 {
                        let channel = channels == 1 ? 0 : colour
                        bytes[3 * pixel + colour] = family.byte(values[(image * channels + channel) * pixels + pixel])
                    }
                }
                return bytes
            }
        }
    }
}
