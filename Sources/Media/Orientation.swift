/// How a stored picture must be turned to be seen upright: the values of the EXIF tag 0x0112
/// (EXIF 2.32, section 4.6.4).
public enum Orientation: UInt8, Sendable, Equatable, CaseIterable {
    /// As stored.
    case upright = 1
    /// Mirror left to right.
    case mirrored = 2
    /// Turn by 180 degrees.
    case turned180 = 3
    /// Mirror top to bottom.
    case flipped = 4
    /// Swap rows and columns.
    case transposed = 5
    /// Turn by 90 degrees clockwise.
    case turnedClockwise = 6
    /// Swap rows and columns along the other diagonal.
    case transversed = 7
    /// Turn by 90 degrees counterclockwise.
    case turnedCounterclockwise = 8

    /// Whether width and height change places.
    public var swapsSides: Bool { rawValue >= 5 }
}

extension Image {
    /// The picture turned upright, as Pillow's `ImageOps.exif_transpose` does.
    public func applying(_ orientation: Orientation) -> Image {
        if orientation == .upright { return self }
        let size = mode.bytesPerPixel
        let newWidth = orientation.swapsSides ? height : width
        let newHeight = orientation.swapsSides ? width : height
        // The source of the new picture's first pixel, and the steps of one pixel to the right and one down.
        let row = width * size
        let right = (width - 1) * size
        let bottom = (height - 1) * row
        let (start, across, down): (Int, Int, Int) =
            switch orientation {
            case .upright: (0, size, row)
            case .mirrored: (right, -size, row)
            case .turned180: (bottom + right, -size, -row)
            case .flipped: (bottom, size, -row)
            case .transposed: (0, row, size)
            case .turnedClockwise: (bottom, -row, size)
            case .transversed: (bottom + right, -row, -size)
            case .turnedCounterclockwise: (right, row, -size)
            }
        let turned = bytes.withUnsafeBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: bytes.count) { out, count in
                var to = 0
                for y in 0..<newHeight {
                    var from = start + y * down
                    for _ in 0..<newWidth {
                        for k in 0..<size { out[to + k] = source[from + k] }
                        to += size
                        from += across
                    }
                }
                count = to
            }
        }
        return Image(width: newWidth, height: newHeight, mode: mode, bytes: turned)
    }
}
