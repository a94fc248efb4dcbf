extension Workspace {
    /// Pictures cut into square patches, the pixels of one place in their patches as a sequence: MobileViT's unfolding
    /// (Mehta and Rastegari 2021, arXiv:2110.02178, section 3.1).
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`, H and W multiples of `side`.
    ///   - side: of a patch.
    /// - Returns: `[B * side * side, H / side * W / side, C]`: place by place, each with all patches row by row.
    public func unfolded(_ x: Tensor, side: Int) -> Tensor {
        precondition(
            x.shape.rank == 4 && side > 0 && x.shape[1] % side == 0 && x.shape[2] % side == 0,
            "patches of \(side) pixels in \(x.shape)")
        let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let y = allocate(Shape(batch * side * side, height / side * (width / side), channels))
        perform("layout", rows: batch * height, floats: 2 * width * channels) { rows in
            Self.eachPixel(of: rows, height: height, width: width, side: side) { pixel, token in
                (y.mutableFloatPointer + token * channels).update(
                    from: x.floatPointer + pixel * channels, count: channels)
            }
        }
        return y
    }

    /// What ``unfolded(_:side:)`` has cut, put together again.
    ///
    /// - Parameters:
    ///   - x: `[B * side * side, H / side * W / side, C]`.
    ///   - side: of a patch.
    ///   - height: H, a multiple of `side`.
    ///   - width: W, a multiple of `side`.
    /// - Returns: `[B, H, W, C]`.
    public func folded(_ x: Tensor, side: Int, height: Int, width: Int) -> Tensor {
        precondition(
            x.shape.rank == 3 && side > 0 && height % side == 0 && width % side == 0
                && x.shape[0] % (side * side) == 0 && x.shape[1] == height / side * (width / side),
            "\(x.shape) as pictures of \(height) x \(width) in patches of \(side) pixels")
        let (batch, channels) = (x.shape[0] / (side * side), x.shape[2])
        let y = allocate(Shape(batch, height, width, channels))
        perform("layout", rows: batch * height, floats: 2 * width * channels) { rows in
            Self.eachPixel(of: rows, height: height, width: width, side: side) { pixel, token in
                (y.mutableFloatPointer + pixel * channels).update(
                    from: x.floatPointer + token * channels, count: channels)
            }
        }
        return y
    }

    /// Calls `body` with the number of every pixel of some rows, counted through all images, and with its number place
    /// by place.
    @inline(__always)
    private static func eachPixel(
        of rows: Range<Int>, height: Int, width: Int, side: Int, _ body: (Int, Int) -> Void
    ) {
        let columns = width / side
        let patches = height / side * columns
        for line in rows {
            let (image, row) = line.quotientAndRemainder(dividingBy: height)
            for column in 0..<width {
                let place = (image * side + row % side) * side + column % side
                body(line * width + column, place * patches + row / side * columns + column / side)
            }
        }
    }

    /// Two pictures' channels side by side.
    ///
    /// - Parameters:
    ///   - first: `[B, H, W, C]`.
    ///   - second: `[B, H, W, D]`.
    /// - Returns: `[B, H, W, C + D]`.
    public func sideBySide(_ first: Tensor, _ second: Tensor) -> Tensor {
        precondition(
            first.shape.rank == 4 && second.shape.rank == 4
                && (0..<3).allSatisfy { first.shape[$0] == second.shape[$0] },
            "channels of \(first.shape) beside those of \(second.shape)")
        let (head, tail) = (first.shape[3], second.shape[3])
        let y = allocate(Shape(first.shape[0], first.shape[1], first.shape[2], head + tail))
        perform("layout", rows: y.count / max(1, head + tail), floats: 2 * (head + tail)) { pixels in
            for pixel in pixels {
                let target = y.mutableFloatPointer + pixel * (head + tail)
                target.update(from: first.floatPointer + pixel * head, count: head)
                (target + head).update(from: second.floatPointer + pixel * tail, count: tail)
            }
        }
        return y
    }
}
