extension Image {
    /// The part of a picture that is resized, in pixels; edges may lie between pixels.
    public struct Box: Sendable, Equatable {
        /// The left edge, from 0.
        public var left: Float
        /// The upper edge, from 0.
        public var top: Float
        /// The right edge, at most the width.
        public var right: Float
        /// The lower edge, at most the height.
        public var bottom: Float

        /// A box of given edges.
        public init(left: Float, top: Float, right: Float, bottom: Float) {
            self.left = left
            self.top = top
            self.right = right
            self.bottom = bottom
        }
    }

    /// The picture in another size: Pillow's `Image.resize`, byte for byte.
    ///
    /// Alpha is premultiplied for the resampling and divided out after it, as Pillow does (not for `nearest`).
    ///
    /// - Parameters:
    ///   - newWidth: columns of the result.
    ///   - newHeight: rows of the result.
    ///   - filter: how pixels are weighed.
    ///   - box: the part to resize; the whole picture unless said otherwise.
    ///   - compatibility: whose order of passes is used.
    ///   - limits: how large the result may be.
    /// - Throws: ``ImageError`` where a size is not positive or beyond the limits, where the box is not inside
    ///   of the picture, or where the picture is 16-bit grey (convert it first).
    public func resized(
        width newWidth: Int, height newHeight: Int, filter: ResizeFilter, box: Box? = nil,
        compatibility: PillowCompatibility = .v12, limits: ImageLimits = ImageLimits()
    ) throws(ImageError) -> Image {
        guard newWidth > 0, newHeight > 0, newWidth <= limits.pixels / newHeight else {
            throw ImageError(
                .request(
                    reason: "a picture cannot be resized to \(newWidth) x \(newHeight) pixels; "
                        + "sides are at least 1 and there are at most \(limits.pixels) pixels"))
        }
        guard mode != .grey16 else {
            throw ImageError(.request(reason: "16-bit grey is not resized; convert the picture to RGB first"))
        }
        let box = box ?? Box(left: 0, top: 0, right: Float(width), bottom: Float(height))
        guard box.left >= 0, box.top >= 0, box.right <= Float(width), box.bottom <= Float(height),
            box.left < box.right, box.top < box.bottom
        else {
            throw ImageError(
                .request(
                    reason: "the box \(box.left), \(box.top), \(box.right), \(box.bottom) is not inside of "
                        + "\(width) x \(height) pixels"))
        }
        return resampled(
            Resampler(
                filter: filter, compatibility: compatibility, newWidth: newWidth, newHeight: newHeight,
                box: (box.left, box.top, box.right, box.bottom),
                window: PixelWindow(rows: 0..<newHeight, columns: 0..<newWidth)))
    }

    private func resampled(_ resampler: Resampler) -> Image {
        let isUnchanged =
            resampler.newWidth == width && resampler.newHeight == height && resampler.box.left == 0
            && resampler.box.top == 0 && resampler.box.right == Float(width)
            && resampler.box.bottom == Float(height)
        if isUnchanged { return self }
        let hasAlpha = mode == .rgba || mode == .greyAlpha
        guard hasAlpha, resampler.filter != .nearest else { return resampler.apply(self) }
        return resampler.apply(mappingColours(multipliedBy255th)).mappingColours { colour, alpha in
            alpha == 255 || alpha == 0 ? colour : min(255 * colour / alpha, 255)
        }
    }

    /// Every colour sample with its pixel's alpha, which comes last, through `body`.
    private func mappingColours(_ body: (UInt32, UInt32) -> UInt32) -> Image {
        let size = mode.bytesPerPixel
        var out = bytes
        out.withUnsafeMutableBufferPointer { out in
            for start in stride(from: 0, to: out.count, by: size) {
                let alpha = UInt32(out[start + size - 1])
                for k in start..<start + size - 1 {
                    out[k] = UInt8(truncatingIfNeeded: body(UInt32(out[k]), alpha))
                }
            }
        }
        return Image(width: width, height: height, mode: mode, bytes: out)
    }
}
