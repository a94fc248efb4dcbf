import CKernels

extension Workspace {
    /// activation(x * scale + shift + strength * noise), each image with factors of its own, cut off at a limit: the
    /// norms and modulations of networks that are told by image what to draw.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - scale: `[B, C]`; `nil` counts as ones.
    ///   - shift: `[B, C]`, or `[1, C]` for the same in all images.
    ///   - noise: `[B, H * W]`, or `[1, H * W]` for the same in all images, added to every channel of a pixel.
    ///   - strength: the noise's factor.
    ///   - activation: what is applied.
    ///   - limit: the largest magnitude of a result; infinite for none.
    ///   - inPlace: whether the result takes x's memory, which nothing may read afterwards.
    /// - Returns: `[B, H, W, C]`.
    public func modulated(
        _ x: Tensor, scale: Tensor?, shift: Tensor, noise: Tensor? = nil, strength: Float = 0,
        activation: Activation = .none, limit: Float = .infinity, inPlace: Bool = false
    ) -> Tensor {
        precondition(x.shape.rank == 4, "modulation: input \(x.shape)")
        let (batch, pixels, channels) = (x.shape[0], x.shape[1] * x.shape[2], x.shape[3])
        func isRows(_ tensor: Tensor, of width: Int) -> Bool {
            tensor.shape.rank == 2 && [1, batch].contains(tensor.shape[0]) && tensor.shape[1] == width
        }
        precondition(
            (scale.map { $0.shape == Shape(batch, channels) } ?? true) && isRows(shift, of: channels)
                && (noise.map { isRows($0, of: pixels) } ?? true),
            "modulation: \(scale?.shape ?? []), \(shift.shape), \(noise?.shape ?? []) for \(x.shape)")
        let y = inPlace ? x : allocate(x.shape)
        let arguments = ck_image_affine(
            batch: batch, pixels: pixels, c: channels, input: x.floatPointer, scale: scale?.floatPointer,
            shift: shift.floatPointer, noise: noise?.floatPointer, shift_image: shift.shape[0] == 1 ? 0 : channels,
            noise_image: noise?.shape[0] == 1 ? 0 : pixels, noise_strength: strength, limit: limit,
            output: y.mutableFloatPointer, activation: activation.kernelActivation)
        perform("modulation", .CK_OP_image_affine_run, arguments, work: 2 * Double(x.count))
        return y
    }

    /// What becomes of the images of a batch some at a time: in the first layers of a network, whose activations stay
    /// in the caches for a few images only, before those that had better read their many weights for more.
    ///
    /// - Parameters:
    ///   - x: `[B, ...]`.
    ///   - count: images at a time, at least 1.
    ///   - body: `[b, ...]` to `[b, ...]` of one shape for an image, for b images with `b <= count`.
    /// - Returns: `[B, ...]`.
    public func inParts(_ x: Tensor, of count: Int, _ body: (Tensor) -> Tensor) -> Tensor {
        precondition(x.shape.rank > 0, "parts of \(x.shape)")
        return inParts(x.shape[0], of: count) { body(x.rows($0)) }
    }

    /// Rows that are computed some at a time.
    ///
    /// - Parameters:
    ///   - rows: how many.
    ///   - count: rows at a time, at least 1.
    ///   - body: gives some of the rows, `[r, ...]`, a shape for all but their number.
    /// - Returns: `[rows, ...]`.
    public func inParts(_ rows: Int, of count: Int, _ body: (Range<Int>) -> Tensor) -> Tensor {
        precondition(count > 0, "parts of \(count)")
        guard rows > count else { return body(0..<rows) }
        var result: Tensor?
        for first in stride(from: 0, to: rows, by: count) {
            let part = body(first..<min(first + count, rows))
            let whole = result ?? allocate(Shape([rows] + part.shape.dimensions.dropFirst()), part.dtype)
            result = whole
            let from = UnsafeRawPointer(part.kernelPointer)
            let to = UnsafeMutableRawPointer(whole.rows(first..<first + part.shape[0]).mutableKernelPointer)
            let bytes = part.count * part.dtype.byteCount
            // Pieces of a page, so that all threads have some.
            perform("layout", rows: (bytes + 4095) / 4096, floats: 2048) { range in
                let (start, end) = (range.lowerBound * 4096, min(range.upperBound * 4096, bytes))
                (to + start).copyMemory(from: from + start, byteCount: end - start)
            }
        }
        return result ?? body(0..<0)
    }

    /// A few values that the calling thread computes: factors by image, vectors put together of others.
    ///
    /// - Parameters:
    ///   - shape: of the result.
    ///   - body: writes every value; it is not called where nothing is computed but costs.
    /// - Returns: fp32 of that shape.
    public func computed(_ shape: Shape, _ body: (UnsafeMutableBufferPointer<Float>) -> Void) -> Tensor {
        let y = allocate(shape)
        guard mode == .compute else { return y }
        body(UnsafeMutableBufferPointer(start: y.mutableFloatPointer, count: y.count))
        return y
    }
}
