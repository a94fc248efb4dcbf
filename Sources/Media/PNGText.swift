import CImageCodecs

/// A text that a PNG file carries about its picture: a `tEXt`, `zTXt` or `iTXt` chunk before the pixels.
///
/// Source: Portable Network Graphics (PNG) Specification, 11.3.3.
public struct PNGText: Sendable, Equatable {
    /// What the text is about, such as `Software`: 1 to 79 printable ASCII characters, no space at an end.
    public let keyword: String
    /// The text, of any characters but NUL.
    public let text: String

    /// A text and what it is about.
    public init(_ keyword: String, _ text: String) {
        self.keyword = keyword
        self.text = text
    }

    /// - Throws: ``ImageError`` where the keyword or the text is none that a chunk can hold.
    func check() throws(ImageError) {
        let keyword = keyword.utf8
        guard (1...79).contains(keyword.count), keyword.allSatisfy({ (0x20..<0x7F).contains($0) }),
            keyword.first != 0x20, keyword.last != 0x20
        else {
            throw ImageError(.request(reason: "'\(self.keyword)' cannot be the keyword of a text in a PNG"))
        }
        guard !text.utf8.contains(0), text.utf8.count <= Self.limit else {
            throw ImageError(.request(reason: "the text '\(self.keyword)' cannot be written into a PNG"))
        }
    }

    /// Bytes that a text may have, written or read.
    private static let limit = 1 << 19

    /// The text of a keyword in a PNG file, the last one where there are several.
    ///
    /// - Parameters:
    ///   - keyword: what the text is about.
    ///   - file: the bytes of the file; the pixels behind the texts are not read.
    /// - Returns: the text, or `nil` where there is none, or one that is longer than 512 KiB or not UTF-8.
    /// - Throws: ``ImageError`` where the bytes are no PNG file up to its pixels.
    public static func read(_ keyword: String, in file: [UInt8]) throws(ImageError) -> String? {
        let name = Array(keyword.utf8CString)
        let bytes = try bytes(name, in: file, ImageLimits())
        return bytes.isEmpty ? nil : String(validating: bytes, as: UTF8.self)
    }

    /// The bytes of the text of a keyword, which ends with a zero byte; none where there is no such text.
    static func bytes(
        _ keyword: UnsafePointer<CChar>?, in file: [UInt8], _ limits: ImageLimits
    ) throws(ImageError) -> [UInt8] {
        var limits = limits.codec
        var error = ic_error()
        var status = ic_ok
        let text = [UInt8](unsafeUninitializedCapacity: limit) { out, count in
            status = ic_png_text(
                file, file.count, &limits, keyword, out.baseAddress, out.count, &count, &error)
            if status != ic_ok { count = 0 }
        }
        guard status == ic_ok else { throw ImageDecoder.png.failure(status, error) }
        return text
    }
}
