import CKernels

/// How a window of pixels becomes one.
public enum Pooling: Sendable {
    /// The largest value; padding never wins.
    case maximum
    /// The mean of the window's pixels inside the input.
    case average
    /// The mean of the window's pixels, padding counted as zeros (PyTorch's `count_include_pad=True`); what a window
    /// reaches past the padding does not count. The padding is the same on both sides.
    case averageWithPadding
}

extension Workspace {
    /// Pools window by window.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`; for the maximum, and no slot, brain floats will do, too.
    ///   - kind: what becomes of a window.
    ///   - window: its size, steps and padding.
    ///   - ceiling: PyTorch's `ceil_mode`.
    ///   - slot: where the result goes; a new tensor where left out.
    /// - Returns: `[B, H', W', C]`, or the tensor that the slot belongs to.
    @discardableResult
    public func pooled(
        _ x: Tensor, _ kind: Pooling, window: Window, ceiling: Bool = false, into slot: ChannelSlot? = nil
    ) -> Tensor {
        precondition(x.shape.rank == 4, "pooling: input \(x.shape)")
        if case .averageWithPadding = kind {
            precondition(window.paddingBefore == window.paddingAfter, "pooling: padding that differs between sides")
        }
        let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let size = window.outputSize(height: height, width: width, ceiling: ceiling)
        let kernelKind: ck_pool_kind =
            switch kind {
            case .maximum: .CK_POOL_MAX
            case .average: .CK_POOL_AVERAGE
            case .averageWithPadding: .CK_POOL_AVERAGE_WITH_PAD
            }
        precondition(
            x.dtype == .float32 || x.dtype == .bfloat16 && kernelKind == .CK_POOL_MAX && slot == nil,
            "pooling: \(kind) of \(x.dtype)")
        let target = target(Shape(batch, size.height, size.width, channels), slot, x.dtype)
        let arguments = ck_pool2d(
            batch: batch, in_h: height, in_w: width, out_h: size.height, out_w: size.width, c: channels,
            out_ld: target.target.shape[3], kernel_h: window.kernel.height, kernel_w: window.kernel.width,
            stride_h: window.stride.height, stride_w: window.stride.width, pad_h: window.paddingBefore.height,
            pad_w: window.paddingBefore.width, dilation_h: window.dilation.height, dilation_w: window.dilation.width,
            input: x.kernelPointer, output: target.pointer, kind: kernelKind,
            pairs: x.dtype == .bfloat16 ? 1 : 0)
        let outputs = batch * size.height * size.width * channels
        perform(
            "pooling", .CK_OP_pool2d_run, arguments,
            work: Double(outputs) * Double(window.kernel.height * window.kernel.width))
        return target.target
    }

    /// Pictures of a given size, each pixel the mean of those it covers: PyTorch's `adaptive_avg_pool2d`.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]` of at least one pixel.
    ///   - height: rows of the result.
    ///   - width: columns of the result.
    /// - Returns: `[B, height, width, C]`; `x` itself where it has that size.
    public func averaged(_ x: Tensor, height: Int, width: Int) -> Tensor {
        guard x.shape[1] != height || x.shape[2] != width else { return x }
        return resampled(
            x,
            Resampling(
                .adaptiveAverage, height: x.shape[1], width: x.shape[2], outputHeight: height, outputWidth: width))
    }

    /// The mean over all pixels of each image.
    ///
    /// - Parameter x: `[B, ..., C]`.
    /// - Returns: `[B, C]`.
    public func meanOverPixels(_ x: Tensor) -> Tensor {
        let (batch, channels) = (x.shape[0], x.shape[-1])
        let y = allocate(Shape(batch, channels))
        let pixels = batch * channels == 0 ? 0 : x.count / (batch * channels)
        let arguments = ck_mean_pixels(
            batch: batch, pixels: pixels, c: channels, input: x.floatPointer, output: y.mutableFloatPointer)
        perform("mean over pixels", .CK_OP_mean_pixels_run, arguments, work: Double(x.count))
        return y
    }

    /// `[B, C, H, W]` to `[B, H, W, C]`.
    public func channelsLast(_ x: Tensor) -> Tensor {
        precondition(x.shape.rank == 4, "channels last: input \(x.shape)")
        let (batch, channels, height, width) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        return transposed(x, batch, channels, height * width, as: Shape(batch, height, width, channels))
    }

    /// `[B, H, W, C]` to `[B, C, H, W]`.
    public func channelsFirst(_ x: Tensor) -> Tensor {
        precondition(x.shape.rank == 4, "channels first: input \(x.shape)")
        let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        return transposed(x, batch, height * width, channels, as: Shape(batch, channels, height, width))
    }

    private func transposed(_ x: Tensor, _ batch: Int, _ rows: Int, _ columns: Int, as shape: Shape) -> Tensor {
        let y = allocate(shape)
        let arguments = ck_transpose(
            batch: batch, rows: rows, cols: columns, input: x.floatPointer, output: y.mutableFloatPointer)
        perform("layout", .CK_OP_transpose_run, arguments, work: 2 * Double(x.count))
        return y
    }

    /// Resizes pictures.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - resampling: the rows and columns each output pixel is made of.
    /// - Returns: `[B, H', W', C]`.
    public func resampled(_ x: Tensor, _ resampling: Resampling) -> Tensor {
        precondition(
            x.shape.rank == 4 && x.shape[1] == resampling.rows.inputSize && x.shape[2] == resampling.columns.inputSize,
            "resampling: input \(x.shape)")
        let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let (rows, columns) = (resampling.rows, resampling.columns)
        let y = allocate(Shape(batch, rows.outputSize, columns.outputSize, channels))
        rows.first.withUnsafeBufferPointer { rowFirst in
            rows.weights.withUnsafeBufferPointer { rowWeights in
                columns.first.withUnsafeBufferPointer { columnFirst in
                    columns.weights.withUnsafeBufferPointer { columnWeights in
                        let arguments = ck_resample2d(
                            batch: batch, in_h: height, in_w: width, out_h: rows.outputSize, out_w: columns.outputSize,
                            c: channels, row_taps: rows.taps, col_taps: columns.taps, row_first: rowFirst.baseAddress,
                            col_first: columnFirst.baseAddress, row_weight: rowWeights.baseAddress,
                            col_weight: columnWeights.baseAddress, input: x.floatPointer, output: y.mutableFloatPointer)
                        perform(
                            "resampling", .CK_OP_resample2d_run, arguments,
                            work: 2 * Double(y.count) * Double(rows.taps * columns.taps))
                    }
                }
            }
        }
        return y
    }

    /// The tensors one after another along the tokens: a class token before patches, say.
    ///
    /// - Parameters:
    ///   - prefix: `[P, C]`, the same for every image.
    ///   - x: `[B, T, C]`.
    ///   - addend: `[P + T, C]` added to the result, such as position embeddings; `nil` adds nothing.
    /// - Returns: `[B, P + T, C]`.
    public func prefixed(_ x: Tensor, by prefix: Tensor?, adding addend: Tensor?) -> Tensor {
        let (batch, tokens, width) = (x.shape[0], x.shape[1], x.shape[2])
        let prefixTokens = prefix?.shape[0] ?? 0
        let total = prefixTokens + tokens
        precondition(prefix.map { $0.shape[1] == width } ?? true, "prefix \(prefix?.shape ?? []) for \(x.shape)")
        precondition(addend.map { $0.count == total * width } ?? true, "addend \(addend?.shape ?? []) for \(x.shape)")
        let y = allocate(Shape(batch, total, width))
        perform("layout", rows: batch * total, floats: (addend == nil ? 2 : 5) * width) { rows in
            for row in rows {
                let (image, token) = row.quotientAndRemainder(dividingBy: total)
                let target = y.mutableFloatPointer + row * width
                if let prefix, token < prefixTokens {
                    target.update(from: prefix.floatPointer + token * width, count: width)
                } else {
                    let place = image * tokens + token - prefixTokens
                    target.update(from: x.floatPointer + place * width, count: width)
                }
                guard let values = addend?.floatPointer else { continue }
                for channel in 0..<width { target[channel] += values[token * width + channel] }
            }
        }
        return y
    }

    /// One token of each sequence.
    ///
    /// - Parameters:
    ///   - index: its place, from 0.
    ///   - x: `[B, T, C]`.
    /// - Returns: `[B, C]`.
    public func token(_ index: Int, of x: Tensor) -> Tensor {
        let (batch, tokens, width) = (x.shape[0], x.shape[1], x.shape[2])
        precondition(index >= 0 && index < tokens, "token \(index) of \(x.shape)")
        let y = allocate(Shape(batch, width))
        guard mode == .compute else { return y }
        for image in 0..<batch {
            (y.mutableFloatPointer + image * width).update(
                from: x.floatPointer + (image * tokens + index) * width, count: width)
        }
        return y
    }

    /// The mean over the tokens from one on.
    ///
    /// - Parameters:
    ///   - x: `[B, T, C]`.
    ///   - first: the place of the first token that counts.
    /// - Returns: `[B, C]`.
    public func meanOverTokens(_ x: Tensor, from first: Int) -> Tensor {
        let (batch, tokens, width) = (x.shape[0], x.shape[1], x.shape[2])
        precondition(first >= 0 && first < tokens, "tokens from \(first) of \(x.shape)")
        let y = allocate(Shape(batch, width))
        for image in 0..<batch {
            let arguments = ck_mean_pixels(
                batch: 1, pixels: tokens - first, c: width, input: x.floatPointer + (image * tokens + first) * width,
                output: y.mutableFloatPointer + image * width)
            perform("mean over pixels", .CK_OP_mean_pixels_run, arguments, work: Double((tokens - first) * width))
        }
        return y
    }

    /// (a + b) / 2.
    ///
    /// - Precondition: both have the same shape; meant for a few values.
    public func mean(_ a: Tensor, _ b: Tensor) -> Tensor {
        precondition(a.shape == b.shape, "mean of \(a.shape) and \(b.shape)")
        let y = allocate(a.shape)
        guard mode == .compute else { return y }
        let (first, second, target) = (a.floatPointer, b.floatPointer, y.mutableFloatPointer)
        for index in 0..<a.count { target[index] = (first[index] + second[index]) / 2 }
        return y
    }
}
