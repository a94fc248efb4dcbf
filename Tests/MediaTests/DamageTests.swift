import Media
import Testing

/// Cut and damaged files of every kind: an error or a picture, never a trap, and never memory that was not written.
@Suite struct DamageTests {
    static let files = [
        "png_c2_d8.png", "png_c3_d4_adam7.png", "png_c0_d16.png", "exif_6.png", "apng.png", "jpeg_420.jpg",
        "jpeg_444_progressive.jpg", "jpeg_cmyk.jpg", "jpeg_arithmetic.jpg", "jpeg_restart.jpg", "exif_6.jpg",
        "webp_lossy.webp", "webp_lossless.webp", "webp_lossy_alpha.webp", "exif_6.webp", "webp_animated_inset.webp",
    ]

    /// IM07: a file cut at any byte is an error. An animation whose first frame is whole is cut behind it, too.
    @Test(arguments: files)
    func truncation(name: String) throws {
        let bytes = try MediaFixtures.bytes("images/" + name)
        for length in 0..<bytes.count {
            #expect(throws: ImageError.self, "\(length) of \(bytes.count) bytes") {
                try ImageDecoder.decode(Array(bytes[..<length]))
            }
        }
    }

    /// Bytes after the end are not looked at.
    @Test(arguments: files)
    func trailingBytes(name: String) throws {
        let bytes = try MediaFixtures.bytes("images/" + name)
        #expect(try ImageDecoder.decode(bytes + noise(count: 99, seed: 1)) == (try ImageDecoder.decode(bytes)))
    }

    /// IM07: one to eight changed bytes; a result is the same the second time, so it does not depend on the heap.
    @Test(arguments: files)
    func damage(name: String) throws {
        let bytes = try MediaFixtures.bytes("images/" + name)
        var generator = SeededGenerator(seed: UInt64(crc32(Array(name.utf8))))
        var pictures = 0
        for round in 0..<400 {
            var damaged = bytes
            for _ in 0...round % 8 {
                let place = Int.random(in: 0..<damaged.count, using: &generator)
                damaged[place] = UInt8.random(in: 0...255, using: &generator)
            }
            // Small limits: a damaged size may be large, and 400 such pictures would take long.
            let limits = ImageLimits(pixels: 1 << 20)
            guard let first = try? ImageDecoder.decode(damaged, limits: limits) else { continue }
            let poison = [UInt8](repeating: UInt8(round & 255), count: first.bytes.count)
            #expect(try ImageDecoder.decode(damaged, limits: limits) == first, "\(poison.count)")
            pictures += 1
        }
        #expect(pictures < 400)
    }
}
