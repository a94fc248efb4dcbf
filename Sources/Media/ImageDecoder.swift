import CImageCodecs

/// Reads pictures: PNG (libpng), JPEG (libjpeg-turbo) and WebP (libwebp), told apart by their first bytes.
///
/// The result equals Pillow 12.0's `ImageOps.exif_transpose(Image.open(f))`; after ``Image/rgb(grey16:)`` it equals
/// `.convert("RGB")` of that, byte for byte. Palettes and bilevel pictures are given as what they stand for (`.rgb`,
/// `.grey`). Transparency of palette and colour-key PNGs is ignored, as `convert("RGB")` does. Of an animation the
/// first frame is read. Damaged and cut files are errors, where Pillow sometimes guesses pixels.
public enum ImageDecoder {
    /// The picture in a file.
    ///
    /// - Throws: ``ImageError`` with the path: no such file, not a regular file, or as ``decode(_:limits:)``.
    public static func decode(path: String, limits: ImageLimits = ImageLimits()) throws(ImageError) -> Image {
        let bytes = try RegularFile.read(path, limit: limits.fileBytes)
        do { return try decode(bytes, limits: limits) } catch { throw ImageError(error.problem, path: path) }
    }

    /// The picture in a file's bytes, upright.
    ///
    /// Memory: the picture once, or twice where it must be turned, plus at most 768 MiB for a progressive JPEG.
    ///
    /// - Throws: ``ImageError``: unsupported type, damaged or cut data, or beyond a limit.
    public static func decode(_ bytes: [UInt8], limits: ImageLimits = ImageLimits()) throws(ImageError) -> Image {
        if bytes.isEmpty { throw ImageError(.empty) }
        guard bytes.count <= limits.fileBytes else {
            throw ImageError(
                .limit(type: "file", reason: "\(bytes.count) bytes; at most \(limits.fileBytes) are read"))
        }
        switch ImageFormat(bytes) {
        case .png:
            return try png.decode(bytes, limits).applying(OrientationMetadata(png: bytes, limits: limits).orientation)
        case .jpeg:
            return try jpeg.decode(bytes, limits).applying(OrientationMetadata(jpeg: bytes).orientation)
        case .webp:
            let container = try WebPContainer(bytes)
            return try container.decode(limits).applying(container.metadata.orientation)
        case .foreign(let name):
            throw ImageError(.unsupported(type: name, advice: "convert the picture to PNG, JPEG or WebP"))
        case .unknown:
            throw ImageError(
                .unsupported(type: "this file's type", advice: "it is not a PNG, JPEG or WebP picture"))
        }
    }

    static let png = Codec(name: "PNG", header: ic_png_header, pixels: ic_png_decode)
    private static let jpeg = Codec(name: "JPEG", header: ic_jpeg_header, pixels: ic_jpeg_decode)
}

/// The two calls of one decoder of CImageCodecs.
struct Codec: Sendable {
    typealias Header =
        @convention(c) @Sendable (
            UnsafePointer<UInt8>?, Int, UnsafePointer<ic_limits>?, UnsafeMutablePointer<ic_header>?,
            UnsafeMutablePointer<ic_error>?
        ) -> ic_status
    typealias Pixels =
        @convention(c) @Sendable (
            UnsafePointer<UInt8>?, Int, UnsafePointer<ic_limits>?, UnsafeMutablePointer<UInt8>?, Int,
            UnsafeMutablePointer<ic_error>?
        ) -> ic_status

    let name: String
    let header: Header
    let pixels: Pixels

    /// The picture as stored, in `range` of `bytes`.
    func decode(_ bytes: [UInt8], range: Range<Int>? = nil, _ limits: ImageLimits) throws(ImageError) -> Image {
        var cLimits = limits.codec
        var found = ic_header()
        var error = ic_error()
        var status = ic_ok
        var out: [UInt8] = []
        bytes.withUnsafeBufferPointer { whole in
            let data = UnsafeBufferPointer(rebasing: whole[range ?? 0..<whole.count])
            status = header(data.baseAddress, data.count, &cLimits, &found, &error)
            guard status == ic_ok else { return }
            // Cleared, so that nothing of the heap can be seen where a decoder would leave pixels out.
            out = [UInt8](
                repeating: 0, count: Int(found.width) * Int(found.height) * Int(found.bytes_per_pixel))
            out.withUnsafeMutableBufferPointer { buffer in
                status = pixels(data.baseAddress, data.count, &cLimits, buffer.baseAddress, buffer.count, &error)
            }
        }
        guard status == ic_ok, let mode = Image.Mode(found.layout) else { throw failure(status, error) }
        return Image(width: Int(found.width), height: Int(found.height), mode: mode, bytes: out)
    }

    func failure(_ status: ic_status, _ error: ic_error) -> ImageError {
        let reason = withUnsafeBytes(of: error.message) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
        return switch status {
        case ic_truncated: ImageError(.truncated(type: name))
        case ic_unsupported:
            ImageError(.unsupported(type: "this kind of \(name)", advice: "\(reason); convert the picture"))
        case ic_limit: ImageError(.limit(type: name, reason: reason))
        case ic_memory: ImageError(.outOfMemory(type: name))
        default: ImageError(.malformed(type: name, reason: reason))
        }
    }
}

extension ImageLimits {
    /// The limits that the decoders check.
    var codec: ic_limits { ic_limits(side: UInt32(side), pixels: UInt64(pixels), scans: UInt32(scans)) }
}

extension Image.Mode {
    fileprivate init?(_ layout: ic_layout) {
        switch layout {
        case ic_layout_l: self = .grey
        case ic_layout_la: self = .greyAlpha
        case ic_layout_rgb: self = .rgb
        case ic_layout_rgba: self = .rgba
        case ic_layout_cmyk: self = .cmyk
        case ic_layout_l16: self = .grey16
        default: return nil
        }
    }
}
