import CKernels

extension Workspace {
    /// Global response norm: x + x * n * weight + bias, where n is the length of a channel over all pixels of its image
    /// divided by the mean length of the image's channels (Woo et al. 2023, arXiv:2301.00808, section 3.3).
    ///
    /// - Parameters:
    ///   - x: `[B, ..., C]`.
    ///   - weight: C factors.
    ///   - bias: C values.
    ///   - epsilon: added to the mean length.
    ///   - inPlace: whether the result takes x's memory, which nothing may read afterwards.
    /// - Returns: the same shape.
    public func responseNorm(
        _ x: Tensor, weight: PackedVector, bias: PackedVector, epsilon: Float, inPlace: Bool = false
    ) -> Tensor {
        let (batch, channels) = (x.shape[0], x.shape[-1])
        precondition(weight.count == channels && bias.count == channels, "response norm: \(x.shape)")
        let gates = lengthsOverPixels(x)
        if mode == .compute {
            for image in 0..<batch {
                let gate = gates.mutableFloatPointer + image * channels
                var sum = 0.0
                for channel in 0..<channels { sum += Double(gate[channel]) }
                let mean = Float(sum / Double(channels)) + epsilon
                for channel in 0..<channels { gate[channel] = 1 + weight.pointer[channel] * (gate[channel] / mean) }
            }
        }
        return gated(x, by: gates, shift: bias, inPlace: inPlace)
    }

    /// The Euclidean length of every channel over all pixels of an image.
    ///
    /// - Parameter x: `[B, ..., C]`.
    /// - Returns: `[B, C]`.
    private func lengthsOverPixels(_ x: Tensor) -> Tensor {
        let (batch, channels) = (x.shape[0], x.shape[-1])
        let y = allocate(Shape(batch, channels))
        let arguments = ck_mean_pixels(
            batch: batch, pixels: batch * channels == 0 ? 0 : x.count / (batch * channels), c: channels,
            input: x.floatPointer, output: y.mutableFloatPointer)
        perform("length over pixels", .CK_OP_length_pixels_run, arguments, work: Double(x.count))
        return y
    }
}
