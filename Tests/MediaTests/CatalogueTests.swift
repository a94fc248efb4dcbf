import Media
import Testing

/// Pictures that have broken other decoders and that are either refused or read as what they must be, by the
/// catalogue's names (see `Tests/README.md`). Those that must be refused in one way are in ``HostileInputTests``.
@Suite struct CatalogueTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let id: String
        let bytes: [UInt8]
        /// The pixels where the picture is read; `nil` where it must be refused.
        let pixels: [UInt8]?
        var testDescription: String { id }

        init(_ id: String, _ pixels: [UInt8]?, _ bytes: [UInt8]) {
            (self.id, self.pixels, self.bytes) = (id, pixels, bytes)
        }
    }

    private static let zeros = [UInt8](repeating: 0, count: 64)
    /// The pixels of ``Hostile/smallPNG(before:after:)``.
    private static let black = [UInt8](repeating: 0, count: 12)

    /// A palette picture of 2 x 1 pixels with the given palette, other chunks and indexes.
    private static func palette(_ colours: [UInt8], _ other: [UInt8] = [], indexes: [UInt8] = [0, 1]) -> [UInt8] {
        Hostile.png(
            Hostile.header(2, 1, colour: 3), Hostile.chunk("PLTE", colours), other,
            Hostile.chunk("IDAT", Hostile.stored([0] + indexes)), Hostile.chunk("IEND"))
    }

    private static let two: [UInt8] = [1, 2, 3, 4, 5, 6]

    static let cases: [Case] = [
        Case("IM05 0 x 0", nil, Hostile.png(Hostile.header(0, 0), Hostile.chunk("IDAT"), Hostile.chunk("IEND"))),
        Case("IM05 2^31 x 2^31", nil, Hostile.png(Hostile.header(1 << 31, 1 << 31), Hostile.chunk("IDAT"))),
        Case("IM05 2^32-1 x 1", nil, Hostile.png(Hostile.header(0xFFFF_FFFF, 1), Hostile.chunk("IDAT"))),
        Case("IM05 65536 x 1", nil, Hostile.png(Hostile.header(65_536, 1), Hostile.chunk("IDAT"))),
        Case("IM06 palette", two, palette(two)),
        Case(
            "IM06 index beyond the palette, which Pillow takes for black", [1, 2, 3, 0, 0, 0],
            palette(Array(two[..<3]), indexes: [0, 7])),
        Case("IM06 palette of 257 colours", nil, palette([UInt8](repeating: 7, count: 771))),
        Case("IM06 palette of 4 bytes", nil, palette([1, 2, 3, 4])),
        Case("IM06 empty palette", nil, palette([])),
        Case("IM06 more transparency than palette", two, palette(two, Hostile.chunk("tRNS", zeros))),
        Case(
            "IM06 palette after the pixels", nil,
            Hostile.png(
                Hostile.header(2, 1, colour: 3), Hostile.chunk("IDAT", Hostile.stored([0, 0, 1])),
                Hostile.chunk("PLTE", two), Hostile.chunk("IEND"))),
        Case(
            "IM06 transparency before the palette", two,
            Hostile.png(
                Hostile.header(2, 1, colour: 3), Hostile.chunk("tRNS", [0]), Hostile.chunk("PLTE", two),
                Hostile.chunk("IDAT", Hostile.stored([0, 0, 1])), Hostile.chunk("IEND"))),
        Case("IM06 profile cut short", black, Hostile.smallPNG(before: Hostile.chunk("iCCP", [0x61, 0, 0, 0x78]))),
        Case(
            "IM06 profile bomb", black,
            Hostile.smallPNG(before: Hostile.chunk("iCCP", [0x61, 0, 0] + Hostile.bomb(1 << 24)))),
        Case(
            "IM06 text bomb", black,
            Hostile.smallPNG(before: Hostile.chunk("iTXt", [0x61, 0, 1, 0, 0, 0] + Hostile.bomb(1 << 24)))),
        Case("IM06 gamma of 0", black, Hostile.smallPNG(before: Hostile.chunk("gAMA", Hostile.big(0)))),
        Case("IM06 background of another kind", black, Hostile.smallPNG(before: Hostile.chunk("bKGD", [1]))),
        Case("IM06 two headers", nil, Hostile.smallPNG(before: Hostile.header(9, 9))),
        Case(
            "IM08 lossy frame without partitions", nil,
            Hostile.riff(Hostile.riffChunk("VP8 ", [0xF0, 0xFF, 0x0F, 0x9D, 0x01, 0x2A, 2, 0, 2, 0] + zeros))),
        Case(
            "IM08 lossy 16383 x 16383", nil,
            Hostile.riff(Hostile.riffChunk("VP8 ", [0x10, 2, 0, 0x9D, 0x01, 0x2A, 0xFF, 0x3F, 0xFF, 0x3F] + zeros))),
        Case("IM08 lossless 0 bytes", nil, Hostile.riff(Hostile.riffChunk("VP8L", []))),
        Case("IM09 PNG and ZIP", black, Hostile.smallPNG() + Array("PK\u{3}\u{4}".utf8) + zeros),
        Case("IM09 ZIP and PNG", nil, Array("PK\u{3}\u{4}".utf8) + zeros + Hostile.smallPNG()),
        Case("IM09 GIF named by its first bytes", nil, Array("GIF89a".utf8) + Hostile.smallPNG()),
        Case(
            "IM12 animation of 2^31-1 frames", black,
            Hostile.smallPNG(before: Hostile.chunk("acTL", Hostile.big(0x7FFF_FFFF) + Hostile.big(0)))),
        Case(
            "IM12 animation of no frames", black,
            Hostile.smallPNG(before: Hostile.chunk("acTL", Hostile.big(0) + Hostile.big(0)))),
        Case(
            "IM12 frame outside of the picture", black,
            Hostile.smallPNG(
                before: Hostile.chunk("acTL", Hostile.big(1) + Hostile.big(0))
                    + Hostile.chunk("fcTL", Hostile.big(0) + Hostile.big(1 << 30) + zeros[..<18]))),
        Case("IM12 a GIF of many frames", nil, Array("GIF89a".utf8) + [1, 0, 1, 0, 0, 0, 0] + zeros + [0x3B]),
    ]

    @Test(arguments: cases)
    func readOrRefused(hostile: Case) {
        do {
            let image = try ImageDecoder.decode(hostile.bytes)
            #expect(image.rgb().bytes == hostile.pixels)
        } catch {
            #expect(hostile.pixels == nil, "\(error)")
            #expect(!error.description.isEmpty && error.description.utf8.count < 500)
        }
    }

    /// IM07: what a cut file leaves of the heap never shows: it is refused whatever the memory held before.
    @Test(arguments: ["png_c2_d8.png", "jpeg_420.jpg", "webp_lossy.webp", "webp_lossless.webp"])
    func cutFilesShowNothingOfTheHeap(name: String) throws {
        let bytes = try MediaFixtures.bytes("images/" + name)
        for length in stride(from: bytes.count / 2, to: bytes.count, by: 7) {
            var errors: Set<String> = []
            for fill in [UInt8(0), 0xAA, 0xFF] {
                // Memory of the picture's size with another filling each time, given back before the decoder asks.
                for size in [1 << 8, 1 << 12, 1 << 16] {
                    _ = [UInt8](repeating: fill, count: size).withUnsafeBufferPointer { $0.last }
                }
                let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(Array(bytes[..<length])) }
                errors.insert(error?.description ?? "")
            }
            #expect(errors.count == 1, "\(errors)")
        }
    }

    /// IM11: a pixel, and strips, through every way of resizing: no side becomes 0 and no value leaves its range.
    @Test(arguments: [(1, 1), (1, 65_500), (65_500, 1), (2, 3000), (3, 1)])
    func stripsThroughPreprocessing(width: Int, height: Int) {
        let image = noiseImage(.rgb, width: width, height: height, seed: 3)
        for filter in ResizeFilter.allCases {
            let preprocessing = ImagePreprocessing.torchvision(resizeSize: 32, cropSize: 24, filter: filter)
            let values = preprocessing(image)
            #expect(values.count == 3 * 24 * 24)
            #expect(values.allSatisfy { $0.isFinite && abs($0) < 10 })
        }
    }
}
