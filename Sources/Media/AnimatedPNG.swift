import CImageCodecs

/// Pictures one after another in one PNG file, which a program without animation shows as the first of them.
///
/// Source: Portable Network Graphics (PNG) Specification, Third Edition, 11.3.6 (`acTL`, `fcTL`, `fdAT`).
public enum AnimatedPNG {
    /// The bytes of an animation that is shown again and again.
    ///
    /// - Parameters:
    ///   - frames: the pictures, all of one size and mode, grey or RGB with 8 bits a sample.
    ///   - milliseconds: how long each is shown, 1...65535.
    ///   - texts: what the file says about them.
    /// - Throws: ``ImageError`` where there is no frame, they differ in size or mode, and as of
    ///   ``Image/pngFile(texts:)``.
    public static func file(
        _ frames: [Image], milliseconds: Int, texts: [PNGText] = []
    ) throws(ImageError) -> [UInt8] {
        guard let first = frames.first, let delay = UInt16(exactly: milliseconds), delay > 0 else {
            throw ImageError(.request(reason: "an animation needs frames, each shown for 1 to 65535 ms"))
        }
        for frame in frames {
            guard (frame.width, frame.height, frame.mode) == (first.width, first.height, first.mode) else {
                throw ImageError(.request(reason: "the frames of an animation must be of one size and mode"))
            }
        }
        var file: [UInt8] = []
        var sequence: UInt32 = 0
        for (number, frame) in frames.enumerated() {
            let still = try frame.pngFile(texts: number == 0 ? texts : [])
            if number == 0 { file += still.prefix(8) }
            var isControlled = false
            for chunk in chunks(of: still) {
                switch (chunk.type, number) {
                case ("IDAT", _):
                    if !isControlled {
                        append("fcTL", frameControl(frame, delay: delay, &sequence), to: &file)
                        isControlled = true
                    }
                    if number == 0 {
                        append("IDAT", Array(chunk.data), to: &file)
                    } else {
                        append("fdAT", bigEndian(sequence) + chunk.data, to: &file)
                        sequence += 1
                    }
                case ("IHDR", 0):
                    append("IHDR", Array(chunk.data), to: &file)
                    append("acTL", bigEndian(UInt32(frames.count)) + bigEndian(UInt32(0)), to: &file)
                case ("IEND", _): break
                case (let type, 0): append(type, Array(chunk.data), to: &file)
                default: break
                }
            }
        }
        append("IEND", [], to: &file)
        return file
    }

    /// The chunks of a file that libpng has just written.
    private static func chunks(of file: [UInt8]) -> [(type: String, data: ArraySlice<UInt8>)] {
        var chunks: [(type: String, data: ArraySlice<UInt8>)] = []
        var place = 8
        while place + 12 <= file.count {
            let length = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            let type = String(decoding: file[place + 4..<place + 8], as: UTF8.self)
            chunks.append((type, file[place + 8..<place + 8 + length]))
            place += 12 + length
        }
        return chunks
    }

    /// `fcTL`: the whole picture, shown for `delay` ms, replacing the one before.
    private static func frameControl(_ frame: Image, delay: UInt16, _ sequence: inout UInt32) -> [UInt8] {
        defer { sequence += 1 }
        let size = bigEndian(UInt32(frame.width)) + bigEndian(UInt32(frame.height))
        let place = bigEndian(UInt32(0)) + bigEndian(UInt32(0))
        return bigEndian(sequence) + size + place + bigEndian(delay) + bigEndian(UInt16(1000)) + [0, 0]
    }

    private static func append(_ type: String, _ data: [UInt8], to file: inout [UInt8]) {
        let body = Array(type.utf8) + data
        file += bigEndian(UInt32(data.count)) + body + bigEndian(ic_png_crc(body, body.count))
    }

    private static func bigEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.bigEndian) { Array($0) }
    }
}
