import CImageCodecs

/// A part of a picture's rows and columns.
struct PixelWindow: Equatable {
    var rows: Range<Int>
    var columns: Range<Int>
}

/// One resize of a picture with 1, 3 or 4 bytes a pixel (or 2: grey and premultiplied alpha), of which only a window
/// of the result is made. Every output pixel is what the resize of the whole picture gives there, so the
/// memory taken is that of the window, however long a thin picture becomes.
struct Resampler {
    let filter: ResizeFilter
    let compatibility: PillowCompatibility
    /// The size of the whole result.
    let newWidth: Int
    let newHeight: Int
    /// The part of the source that is resized: left, top, right, bottom in pixels.
    let box: (left: Float, top: Float, right: Float, bottom: Float)
    let window: PixelWindow

    /// The window's pixels. The source must not be `grey16`, and alpha must be premultiplied.
    func apply(_ source: Image) -> Image {
        let isWhole = box.left == 0 && box.top == 0
        let keepsWidth = isWhole && newWidth == source.width && box.right == Float(newWidth)
        let keepsHeight = isWhole && newHeight == source.height && box.bottom == Float(newHeight)
        if keepsWidth && keepsHeight { return source.cropped(window) }
        if filter == .nearest { return nearest(source) }
        // Pillow compares the far edge with the new size, so a box can ask for a pass that changes no size.
        let needsRows = newWidth != source.width || box.left != 0 || box.right != Float(newWidth)
        let needsColumns = newHeight != source.height || box.top != 0 || box.bottom != Float(newHeight)
        var across = ResampleTaps(
            filter: filter, size: source.width, box: box.left...box.right, newSize: newWidth, outputs: window.columns)
        var down = ResampleTaps(
            filter: filter, size: source.height, box: box.top...box.bottom, newSize: newHeight, outputs: window.rows)
        switch (needsRows, needsColumns) {
        case (false, false): return source.cropped(window)
        case (true, false): return rows(source, across, window.rows)
        case (false, true): return columns(source, down, window.columns)
        case (true, true): break
        }
        if compatibility.startsWithColumns(
            width: source.width, height: source.height, newWidth: newWidth, newHeight: newHeight)
        {
            let middle = columns(source, down, across.inputs)
            across.rebase()
            return rows(middle, across, 0..<middle.height)
        }
        let middle = rows(source, across, down.inputs)
        down.rebase()
        return columns(middle, down, 0..<middle.width)
    }

    /// The horizontal pass over some rows of the source.
    private func rows(_ source: Image, _ taps: ResampleTaps, _ rows: Range<Int>) -> Image {
        let size = source.mode.bytesPerPixel
        let inStride = source.width * size
        let outStride = window.columns.count * size
        precondition(taps.inputs.upperBound <= source.width && rows.upperBound <= source.height, "Resampler: rows")
        let out = source.bytes.withUnsafeBufferPointer { bytes in
            [UInt8](unsafeUninitializedCapacity: rows.count * outStride) { out, count in
                guard let from = bytes.baseAddress, let to = out.baseAddress else { return }
                taps.withTaps { taps in
                    for (index, row) in rows.enumerated() {
                        ic_resample_row(
                            to + index * outStride, from + row * inStride, UInt32(source.width), UInt32(size), taps)
                    }
                }
                count = rows.count * outStride
            }
        }
        return Image(width: window.columns.count, height: rows.count, mode: source.mode, bytes: out)
    }

    /// The vertical pass over some columns of the source.
    private func columns(_ source: Image, _ taps: ResampleTaps, _ columns: Range<Int>) -> Image {
        let part = source.cropped(PixelWindow(rows: taps.inputs, columns: columns))
        var taps = taps
        taps.rebase()
        let stride = part.width * part.mode.bytesPerPixel
        let rows = window.rows.count
        let out = part.bytes.withUnsafeBufferPointer { bytes in
            [UInt8](unsafeUninitializedCapacity: rows * stride) { out, count in
                guard let from = bytes.baseAddress, let to = out.baseAddress else { return }
                taps.withTaps { taps in
                    for row in 0..<rows { ic_resample_column(to + row * stride, from, stride, taps, UInt32(row)) }
                }
                count = rows * stride
            }
        }
        return Image(width: part.width, height: rows, mode: source.mode, bytes: out)
    }

    /// Pillow's `ImagingScaleAffine`: positions are summed up, not multiplied, and pixels outside are 0.
    private func nearest(_ source: Image) -> Image {
        let columns = positions(box.left, box.right, newWidth, source.width, window.columns)
        let rows = positions(box.top, box.bottom, newHeight, source.height, window.rows)
        let size = source.mode.bytesPerPixel
        var out = [UInt8](repeating: 0, count: rows.count * columns.count * size)
        var to = 0
        for row in rows {
            for column in columns {
                if row >= 0, column >= 0 {
                    let from = (row * source.width + column) * size
                    for k in 0..<size { out[to + k] = source.bytes[from + k] }
                }
                to += size
            }
        }
        return Image(width: columns.count, height: rows.count, mode: source.mode, bytes: out)
    }

    /// The source of each output, or -1 where it lies outside.
    private func positions(_ low: Float, _ high: Float, _ newSize: Int, _ size: Int, _ outputs: Range<Int>) -> [Int] {
        let step = Double(high - low) / Double(newSize)
        var position = Double(low) + step * 0.5
        var result: [Int] = []
        for output in 0..<outputs.upperBound {
            if output >= outputs.lowerBound {
                let index = position < 0 ? -1 : Int(position)
                result.append(index < size ? index : -1)
            }
            position += step
        }
        return result
    }
}

extension Image {
    /// The pixels of a window, which must lie inside.
    func cropped(_ window: PixelWindow) -> Image {
        if window.rows == 0..<height, window.columns == 0..<width { return self }
        precondition(
            window.rows.upperBound <= height && window.columns.upperBound <= width, "Image: window outside")
        let size = mode.bytesPerPixel
        var out: [UInt8] = []
        out.reserveCapacity(window.rows.count * window.columns.count * size)
        for row in window.rows {
            let start = (row * width + window.columns.lowerBound) * size
            out += bytes[start..<start + window.columns.count * size]
        }
        return Image(width: window.columns.count, height: window.rows.count, mode: mode, bytes: out)
    }
}
