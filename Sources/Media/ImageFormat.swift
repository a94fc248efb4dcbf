/// The type of a picture file, decided by its first bytes and never by its name.
enum ImageFormat: Equatable {
    case png
    case jpeg
    case webp
    /// A known type that is not read.
    case foreign(String)
    /// None of the types known here.
    case unknown

    init(_ bytes: [UInt8]) {
        let data = ByteReader(bytes)
        if bytes.starts(with: [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]) {
            self = .png
        } else if bytes.starts(with: [0xFF, 0xD8, 0xFF]) {
            self = .jpeg
        } else if data.has("RIFF"), data.has("WEBP", at: 8) {
            self = .webp
        } else if let name = Self.foreignName(bytes) {
            self = .foreign(name)
        } else {
            self = .unknown
        }
    }

    private static let signatures: [(bytes: [UInt8], name: String)] = [
        (Array("GIF8".utf8), "GIF"), (Array("BM".utf8), "BMP"),
        ([0x49, 0x49, 0x2A, 0], "TIFF"), ([0x4D, 0x4D, 0, 0x2A], "TIFF"),
        ([0x49, 0x49, 0x2B, 0], "BigTIFF"), ([0x4D, 0x4D, 0, 0x2B], "BigTIFF"),
        (Array("%PDF".utf8), "PDF"), (Array("%!PS".utf8), "PostScript"), ([0xC5, 0xD0, 0xD3, 0xC6], "EPS"),
        (Array("8BPS".utf8), "Photoshop"), (Array("qoif".utf8), "QOI"), ([0, 0, 1, 0], "ICO"),
        ([0xFF, 0x0A], "JPEG XL"), ([0, 0, 0, 0x0C, 0x4A, 0x58, 0x4C, 0x20], "JPEG XL"),
        ([0xFF, 0x4F, 0xFF, 0x51], "JPEG 2000"), ([0, 0, 0, 0x0C, 0x6A, 0x50, 0x20, 0x20], "JPEG 2000"),
        ([0x76, 0x2F, 0x31, 0x01], "OpenEXR"), (Array("#?RADIANCE".utf8), "Radiance HDR"),
        (Array("DDS ".utf8), "DDS"), (Array("PK\u{3}\u{4}".utf8), "ZIP"), ([0x1F, 0x8B], "gzip"),
        ([0x8A, 0x4D, 0x4E, 0x47, 0x0D, 0x0A], "MNG"), ([0x8B, 0x4A, 0x4E, 0x47, 0x0D, 0x0A], "JNG"),
    ]

    /// Brands of ISO media files, at offset 8 behind `ftyp`.
    private static let brands: [(name: StaticString, type: String)] = [
        ("avif", "AVIF"), ("avis", "AVIF"), ("heic", "HEIC"), ("heix", "HEIC"), ("heim", "HEIC"), ("heis", "HEIC"),
        ("hevc", "HEIC"), ("hevx", "HEIC"), ("mif1", "HEIF"), ("msf1", "HEIF"), ("crx ", "Canon raw"),
    ]

    private static func foreignName(_ bytes: [UInt8]) -> String? {
        for signature in signatures where bytes.starts(with: signature.bytes) { return signature.name }
        let data = ByteReader(bytes)
        if data.has("ftyp", at: 4) {
            for brand in brands where data.has(brand.name, at: 8) { return brand.type }
            return "MP4"
        }
        if data.has("RIFF") { return "RIFF (no WebP)" }
        if let second = data.byte(1), let third = data.byte(2), data.has("P"),
            (UInt8(ascii: "1")...UInt8(ascii: "7")).contains(second), [9, 10, 13, 32].contains(third)
        {
            return "PNM"
        }
        return isSVG(bytes) ? "SVG" : nil
    }

    /// XML with an `svg` element among its first bytes, or one that starts with it.
    private static func isSVG(_ bytes: [UInt8]) -> Bool {
        var head = bytes.prefix(1024)
        if head.starts(with: [0xEF, 0xBB, 0xBF]) { head = head.dropFirst(3) }
        let text = head.drop { [9, 10, 13, 32].contains($0) }
        guard text.first == UInt8(ascii: "<") else { return false }
        return text.indices.contains { text[$0...].starts(with: "<svg".utf8) }
    }
}
