import CImageCodecs

extension Image {
    /// The picture as a PNG file, grey or RGB with 8 bits a sample; other modes are converted to RGB first.
    ///
    /// The same picture gives the same bytes with the same versions of libpng and zlib.
    ///
    /// - Throws: ``ImageError`` where there is not enough memory or a side is beyond PNG's 1,000,000.
    public func pngFile() throws(ImageError) -> [UInt8] {
        let source = mode == .grey || mode == .rgb ? self : rgb()
        guard let width = UInt32(exactly: source.width), let height = UInt32(exactly: source.height) else {
            throw ImageError(.request(reason: "a PNG cannot be \(source.width) x \(source.height) pixels"))
        }
        var out: UnsafeMutablePointer<UInt8>?
        var length = 0
        var error = ic_error()
        let status = source.bytes.withUnsafeBufferPointer {
            ic_png_encode(
                $0.baseAddress, width, height, UInt32(source.mode.bytesPerPixel), &out, &length, &error)
        }
        guard status == ic_ok, let out else {
            if status == ic_memory { throw ImageError(.outOfMemory(type: "PNG")) }
            throw ImageError(.request(reason: "a PNG cannot be \(source.width) x \(source.height) pixels"))
        }
        defer { ic_free(out) }
        return Array(UnsafeBufferPointer(start: out, count: length))
    }
}
