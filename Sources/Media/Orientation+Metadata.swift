import CImageCodecs

/// What a file's metadata says of its orientation, as Pillow's `Image.getexif` collects it.
struct OrientationMetadata {
    /// The EXIF data, a TIFF file without picture; several JPEG segments are joined.
    var exif: [UInt8] = []
    /// The XMP packet, asked where EXIF has no orientation.
    var xmp: [UInt8] = []

    /// The orientation; damaged or absent metadata and values outside of 1...8 leave the picture as it is stored.
    var orientation: Orientation {
        let value = Self.inEXIF(exif) ?? Self.inXMP(xmp)
        return value.flatMap { UInt8(exactly: $0) }.flatMap(Orientation.init(rawValue:)) ?? .upright
    }

    /// Tag 0x0112 of the first directory (TIFF 6.0, section 2). The last entry of the tag counts, as in Pillow.
    private static func inEXIF(_ bytes: [UInt8]) -> Int? {
        let whole = ByteReader(bytes)
        let data = whole.has("Exif\0\0") ? whole.part(6, whole.count - 6) ?? whole : whole
        let endianness: ByteReader.Endianness
        if data.has("II") { endianness = .little } else if data.has("MM") { endianness = .big } else { return nil }
        guard data.integer(2, width: 2, endianness) == 42, let directory = data.integer(4, width: 4, endianness),
            let entries = data.integer(directory, width: 2, endianness)
        else { return nil }
        var found: Int?
        for index in 0..<entries {
            guard let entry = data.part(directory + 2 + 12 * index, 12) else { break }
            guard entry.integer(0, width: 2, endianness) == 0x0112, entry.integer(4, width: 4, endianness) == 1 else {
                continue
            }
            switch entry.integer(2, width: 2, endianness) {
            case 1: found = entry.integer(8, width: 1, endianness)
            case 3: found = entry.integer(8, width: 2, endianness)
            case 4: found = entry.integer(8, width: 4, endianness)
            default: continue
            }
        }
        return found
    }

    /// The digit of the first `tiff:Orientation="6` or `tiff:Orientation>6`.
    private static func inXMP(_ bytes: [UInt8]) -> Int? {
        let data = ByteReader(bytes)
        let name: StaticString = "tiff:Orientation"
        var offset = 0
        while let start = data.firstIndex(of: UInt8(ascii: "t"), from: offset) {
            offset = start + 1
            guard data.has(name, at: start) else { continue }
            let after = start + name.utf8CodeUnitCount
            let digitAt: Int
            if data.has("=\"", at: after) {
                digitAt = after + 2
            } else if data.has(">", at: after) {
                digitAt = after + 1
            } else {
                continue
            }
            if let digit = data.byte(digitAt), (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) {
                return Int(digit - UInt8(ascii: "0"))
            }
        }
        return nil
    }
}

extension OrientationMetadata {
    /// From the APP1 segments before the first scan of a JPEG.
    init(jpeg bytes: [UInt8]) {
        let data = ByteReader(bytes)
        let xmpName: StaticString = "http://ns.adobe.com/xap/1.0/\0"
        var offset = 2
        while let start = data.firstIndex(of: 0xFF, from: offset), let marker = data.byte(start + 1) {
            if marker == 0xFF || marker == 0 || marker == 0x01 || (0xD0...0xD8).contains(marker) {
                // Fill bytes, junk, and markers without a body.
                offset = marker == 0xFF ? start + 1 : start + 2
                continue
            }
            if marker == 0xD9 || marker == 0xDA { return }
            guard let length = data.integer(start + 2, width: 2, .big), length >= 2,
                let body = data.part(start + 4, length - 2)
            else { return }
            if marker == 0xE1, body.has("Exif\0\0") {
                exif += bytes[body.range].dropFirst(6)
            } else if marker == 0xE1, body.has(xmpName) {
                xmp = Array(bytes[body.range].dropFirst(xmpName.utf8CodeUnitCount))
            }
            offset = start + 2 + length
        }
    }

    /// From the `eXIf` chunk of a PNG, before or after the pixels, or from one of two texts before them: an EXIF
    /// profile as ImageMagick writes it (a line with a newline before it, one with the name, one with the length, and
    /// then hexadecimal digits), and XMP.
    init(png bytes: [UInt8], limits: ImageLimits) {
        let data = ByteReader(bytes)
        let profileName: StaticString = "Raw profile type exif\0"
        let xmpName: StaticString = "XML:com.adobe.xmp\0"
        var hasProfile = false
        var hasXMP = false
        var offset = 8
        while let length = data.integer(offset, width: 4, .big), let body = data.part(offset + 8, length) {
            if data.has("eXIf", at: offset + 4) {
                exif = Array(bytes[body.range])
            } else if data.has("EXt", at: offset + 5) || data.has("TXt", at: offset + 5) {
                hasProfile = hasProfile || body.has(profileName)
                hasXMP = hasXMP || body.has(xmpName)
            }
            offset += 12 + length
        }
        if exif.isEmpty, hasProfile {
            exif = Self.profile(pngText(profileName, in: bytes, limits))
        }
        if hasXMP { xmp = pngText(xmpName, in: bytes, limits) }
    }

    /// The bytes whose hexadecimal digits follow the third newline; none where there is anything else.
    private static func profile(_ text: [UInt8]) -> [UInt8] {
        let lines = text.split(separator: 10, maxSplits: 3, omittingEmptySubsequences: false)
        guard lines.count == 4 else { return [] }
        let digits = lines[3].filter { ![9, 10, 13, 32].contains($0) }.map {
            Character(Unicode.Scalar($0)).hexDigitValue
        }
        var bytes: [UInt8] = []
        for start in stride(from: 0, to: digits.count - 1, by: 2) {
            guard let high = digits[start], let low = digits[start + 1] else { return [] }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}

/// The text of a PNG under a keyword, which ends with a zero byte; empty where it cannot be read.
private func pngText(_ keyword: StaticString, in bytes: [UInt8], _ limits: ImageLimits) -> [UInt8] {
    keyword.withUTF8Buffer { name in
        name.withMemoryRebound(to: CChar.self) { name in
            (try? PNGText.bytes(name.baseAddress, in: bytes, limits)) ?? []
        }
    }
}
