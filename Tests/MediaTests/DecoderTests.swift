import JSON
import Media
import Testing

@Suite struct DecoderTests {
    static let files: [String] = (try? MediaFixtures.cases("images.json").map { try $0.string("file") }) ?? []

    /// IM10: every kind of picture, byte for byte as Pillow reads it; the fixtures' count guards against an empty list.
    @Test func pixelsEqualPillow() throws {
        let rows = try MediaFixtures.cases("images.json")
        #expect(rows.count >= 100)
        for row in rows {
            let name = try row.string("file")
            let image = try ImageDecoder.decode(try MediaFixtures.bytes("images/" + name))
            let rgb = image.rgb()
            #expect(image.width == (try row.int("width", in: 1...1000)), "\(name)")
            #expect(image.height == (try row.int("height", in: 1...1000)), "\(name)")
            #expect(crc32(rgb.bytes) == (try row.int("rgb", in: 0...0xFFFF_FFFF)), "\(name): RGB")
            // 16-bit grey with alpha is RGBA in Pillow and grey with alpha here.
            if let native = try row.optionalInt("native", in: 0...0xFFFF_FFFF), !name.hasPrefix("png_c4_d16") {
                #expect(Image.Mode(pillow: try row.string("mode")) == image.mode, "\(name)")
                #expect(crc32(image.bytes) == native, "\(name): \(image.mode)")
            }
        }
    }

    @Test func grey16CanBeScaled() {
        let values: [UInt16] = [0, 200, 255, 256, 300, 32_768, 65_534, 65_535]
        let bytes = values.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8(truncatingIfNeeded: $0 >> 8)] }
        let image = Image(width: 8, height: 1, mode: .grey16, bytes: bytes)
        let clipped = stride(from: 0, to: 24, by: 3).map { image.rgb().bytes[$0] }
        #expect(clipped == [0, 200, 255, 255, 255, 255, 255, 255])
        let scaled = stride(from: 0, to: 24, by: 3).map { image.rgb(grey16: .scale).bytes[$0] }
        let rounded = values.map { UInt8((Double($0) / 257).rounded()) }
        #expect(scaled == rounded)
    }

    /// The picture a 2 x 3 grid becomes for each orientation, written out by hand.
    @Test(
        arguments: [
            (Orientation.upright, 2, [1, 2, 3, 4, 5, 6]), (.mirrored, 2, [2, 1, 4, 3, 6, 5]),
            (.turned180, 2, [6, 5, 4, 3, 2, 1]), (.flipped, 2, [5, 6, 3, 4, 1, 2]),
            (.transposed, 3, [1, 3, 5, 2, 4, 6]), (.turnedClockwise, 3, [5, 3, 1, 6, 4, 2]),
            (.transversed, 3, [6, 4, 2, 5, 3, 1]), (.turnedCounterclockwise, 3, [2, 4, 6, 1, 3, 5]),
        ] as [(Orientation, Int, [UInt8])])
    func orientations(orientation: Orientation, width: Int, bytes: [UInt8]) {
        let turned = Image(width: 2, height: 3, mode: .grey, bytes: [1, 2, 3, 4, 5, 6]).applying(orientation)
        #expect(turned == Image(width: width, height: 6 / width, mode: .grey, bytes: bytes))
    }

    @Test(arguments: [Image.Mode.grey, .rgb])
    func pngRoundTrip(mode: Image.Mode) throws {
        let image = noiseImage(mode, width: 61, height: 43, seed: 5)
        let file = try image.pngFile()
        #expect(try ImageDecoder.decode(file) == image)
        #expect(try image.pngFile() == file)
    }

    @Test func pngOfOtherModesIsRGB() throws {
        let image = noiseImage(.rgba, width: 9, height: 4, seed: 6)
        #expect(try ImageDecoder.decode(try image.pngFile()) == image.rgb())
    }

    @Test func pngTooWideIsRefused() throws {
        let image = Image(width: 1_000_001, height: 1, mode: .grey, bytes: [UInt8](repeating: 0, count: 1_000_001))
        #expect(throws: ImageError.self) { try image.pngFile() }
    }

    @Test func limitsHoldAtTheEdge() throws {
        let file = try noiseImage(.grey, width: 20, height: 10, seed: 1).pngFile()
        #expect(
            try ImageDecoder.decode(file, limits: ImageLimits(fileBytes: file.count, pixels: 200, side: 20)).width == 20
        )
        for limits in [
            ImageLimits(fileBytes: file.count - 1), ImageLimits(pixels: 199), ImageLimits(side: 19),
        ] {
            #expect(throws: ImageError.self) { try ImageDecoder.decode(file, limits: limits) }
        }
    }

    @Test(arguments: ["jpeg_444_progressive.jpg", "webp_lossy.webp", "webp_animated_inset.webp"])
    func limitsHoldForOtherTypes(name: String) throws {
        let bytes = try MediaFixtures.bytes("images/" + name)
        #expect(try ImageDecoder.decode(bytes, limits: ImageLimits(pixels: 37 * 29, side: 37)).height == 29)
        for limits in [ImageLimits(pixels: 37 * 29 - 1), ImageLimits(side: 36)] {
            let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(bytes, limits: limits) }
            guard case .limit? = error?.problem else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
        }
    }

    @Test func progressiveScansAreLimited() throws {
        let bytes = try MediaFixtures.bytes("images/jpeg_444_progressive.jpg")
        #expect(throws: ImageError(.limit(type: "JPEG", reason: "more scans than are read"))) {
            try ImageDecoder.decode(bytes, limits: ImageLimits(scans: 2))
        }
    }
}
