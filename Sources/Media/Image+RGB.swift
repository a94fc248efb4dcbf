extension Image {
    /// How 16-bit grey becomes 8-bit.
    public enum Grey16Conversion: Sendable, Equatable {
        /// Values above 255 become 255, as Pillow's `convert("RGB")` does: most 16-bit files turn white.
        case pillow
        /// 0...65,535 is scaled to 0...255 and rounded to nearest.
        case scale
    }

    /// The picture as RGB: Pillow 12's `convert("RGB")`, byte for byte.
    ///
    /// Alpha is dropped, not blended. CMYK is converted without a colour profile (Pillow's `cmyk2rgb`).
    ///
    /// - Parameter grey16: what to do with 16-bit grey.
    public func rgb(grey16: Grey16Conversion = .pillow) -> Image {
        let pixels = width * height
        let converted: [UInt8]
        switch mode {
        case .rgb: return self
        case .grey: converted = expand(pixels) { bytes, i in bytes[i] }
        case .greyAlpha: converted = expand(pixels) { bytes, i in bytes[2 * i] }
        case .grey16:
            converted =
                switch grey16 {
                case .pillow: expand(pixels) { bytes, i in bytes[2 * i + 1] == 0 ? bytes[2 * i] : 255 }
                case .scale:
                    expand(pixels) { bytes, i in
                        let value = UInt32(bytes[2 * i]) | UInt32(bytes[2 * i + 1]) << 8
                        return UInt8(truncatingIfNeeded: (value &* 255 &+ 32_895) >> 16)
                    }
                }
        case .rgba: converted = dropAlpha(pixels)
        case .cmyk: converted = removeInk(pixels)
        }
        return Image(width: width, height: height, mode: .rgb, bytes: converted)
    }

    /// Three equal bytes a pixel. `value` may read the bytes of pixel `i`.
    @inline(__always)
    private func expand(_ pixels: Int, _ value: (UnsafeBufferPointer<UInt8>, Int) -> UInt8) -> [UInt8] {
        bytes.withUnsafeBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: 3 * pixels) { out, count in
                for i in 0..<pixels {
                    let sample = value(source, i)
                    out[3 * i] = sample
                    out[3 * i + 1] = sample
                    out[3 * i + 2] = sample
                }
                count = 3 * pixels
            }
        }
    }

    private func dropAlpha(_ pixels: Int) -> [UInt8] {
        bytes.withUnsafeBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: 3 * pixels) { out, count in
                for i in 0..<pixels {
                    out[3 * i] = source[4 * i]
                    out[3 * i + 1] = source[4 * i + 1]
                    out[3 * i + 2] = source[4 * i + 2]
                }
                count = 3 * pixels
            }
        }
    }

    private func removeInk(_ pixels: Int) -> [UInt8] {
        bytes.withUnsafeBufferPointer { source in
            [UInt8](unsafeUninitializedCapacity: 3 * pixels) { out, count in
                for i in 0..<pixels {
                    let light = 255 - UInt32(source[4 * i + 3])
                    for channel in 0..<3 {
                        let ink = multipliedBy255th(UInt32(source[4 * i + channel]), light)
                        out[3 * i + channel] = UInt8(truncatingIfNeeded: light - ink)
                    }
                }
                count = 3 * pixels
            }
        }
    }
}

/// `a * b / 255` rounded to nearest, exactly, for bytes (Pillow's `MULDIV255`).
@inline(__always)
func multipliedBy255th(_ a: UInt32, _ b: UInt32) -> UInt32 {
    let product = a &* b &+ 128
    return ((product >> 8) &+ product) >> 8
}
