import CImageCodecs

extension Image {
    /// The picture as a PNG file, grey or RGB with 8 bits a sample; other modes are converted to RGB first.
    ///
    /// The same picture and texts give the same bytes with the same versions of libpng and zlib.
    ///
    /// - Parameter texts: what the file says about the picture, in text chunks before the pixels, in this order.
    /// - Throws: ``ImageError`` where there is not enough memory, a side is beyond PNG's 1,000,000 or a text cannot be
    ///   written.
    public func pngFile(texts: [PNGText] = []) throws(ImageError) -> [UInt8] {
        let source = mode == .grey || mode == .rgb ? self : rgb()
        guard let width = UInt32(exactly: source.width), let height = UInt32(exactly: source.height) else {
            throw ImageError(.request(reason: "a PNG cannot be \(source.width) x \(source.height) pixels"))
        }
        var out: UnsafeMutablePointer<UInt8>?
        var length = 0
        var error = ic_error()
        // The notes point into one buffer, where every keyword and every text ends with a zero.
        var words: [CChar] = []
        var places: [(keyword: Int, text: Int)] = []
        for text in texts {
            try text.check()
            places.append((words.count, words.count + text.keyword.utf8.count + 1))
            words += text.keyword.utf8CString
            words += text.text.utf8CString
        }
        let status = words.withUnsafeBufferPointer { words in
            let start = words.baseAddress
            let notes = places.map {
                ic_png_note(keyword: start?.advanced(by: $0.keyword), text: start?.advanced(by: $0.text))
            }
            return source.bytes.withUnsafeBufferPointer {
                ic_png_encode(
                    $0.baseAddress, width, height, UInt32(source.mode.bytesPerPixel), notes, UInt32(notes.count), &out,
                    &length, &error)
            }
        }
        guard status == ic_ok, let out else {
            if status == ic_memory { throw ImageError(.outOfMemory(type: "PNG")) }
            throw ImageError(.request(reason: "a PNG cannot be \(source.width) x \(source.height) pixels"))
        }
        defer { ic_free(out) }
        return Array(UnsafeBufferPointer(start: out, count: length))
    }
}
