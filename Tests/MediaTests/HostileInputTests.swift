import Foundation
import Media
import Testing

/// The catalogue of hostile pictures: each ends in the error that is written beside it, in little time and memory.
@Suite struct HostileInputTests {
    enum Ending: Sendable { case limit, malformed, truncated, unsupported, empty }

    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let bytes: [UInt8]
        let ending: Ending
        var testDescription: String { name }

        init(_ name: String, _ bytes: [UInt8], _ ending: Ending) {
            (self.name, self.bytes, self.ending) = (name, bytes, ending)
        }
    }

    private static let zeros = [UInt8](repeating: 0, count: 64)

    static let jpegs: [Case] = [
        Case("IM01 small JPEG of huge size", Hostile.jpeg(65_500, 65_500, scan: zeros), .limit),
        Case("IM01 small JPEG of the largest size", Hostile.jpeg(9459, 9459, scan: zeros), .malformed),
        Case("IM02 1200 scans of 14 Mpx", Hostile.progressive(3744, scans: 1200), .limit),
        Case("IM02 101 small scans", Hostile.progressive(64, scans: 101), .limit),
        Case("IM02 80 scans of 81 Mpx", Hostile.progressive(9000, scans: 80), .limit),
        Case("IM03 4 Gpx header and junk", Hostile.jpeg(65_535, 65_535, scan: noise(count: 999, seed: 1)), .malformed),
        Case("IM04 65408 x 64000", Hostile.jpeg(65_408, 64_000, scan: zeros), .limit),
        Case("JPEG without height", Hostile.jpeg(16, 0, scan: zeros), .malformed),
        Case("JPEG without width", Hostile.jpeg(0, 16, scan: zeros), .malformed),
        Case("IM10 12-bit JPEG", Hostile.jpeg(16, 16, precision: 12, scan: zeros), .unsupported),
        Case("JPEG with two components", Hostile.jpeg(16, 16, components: 2, scan: zeros), .unsupported),
        Case("JPEG without a scan", [0xFF, 0xD8, 0xFF, 0xD9], .malformed),
        Case("JPEG magic only", [0xFF, 0xD8, 0xFF], .truncated),
        Case("JPEG with a marker of length 0", [0xFF, 0xD8, 0xFF, 0xE0, 0, 0, 0, 0, 0xFF, 0xD9], .malformed),
        Case("JPEG with a marker of length 65535", [0xFF, 0xD8, 0xFF, 0xE0, 0xFF, 0xFF, 0, 0], .truncated),
    ]

    static let pngs: [Case] = [
        Case("IM05 2^31-1 x 1", Hostile.png(Hostile.header(Int(Int32.max), 1), Hostile.chunk("IDAT")), .malformed),
        Case("IM05 1 x 2^31-1", Hostile.png(Hostile.header(1, Int(Int32.max)), Hostile.chunk("IDAT")), .malformed),
        Case("IM05 0 x 5", Hostile.png(Hostile.header(0, 5), Hostile.chunk("IDAT")), .malformed),
        Case("IM05 5 x 0", Hostile.png(Hostile.header(5, 0), Hostile.chunk("IDAT")), .malformed),
        Case(
            "IM05 60000 x 60000 bilevel",
            Hostile.png(
                Hostile.header(60_000, 60_000, depth: 1, colour: 0), Hostile.chunk("IDAT", Hostile.bomb(1 << 20))),
            .limit),
        Case(
            "IM06 palette missing",
            Hostile.png(
                Hostile.header(2, 2, colour: 3), Hostile.chunk("IDAT", Hostile.stored(Array(zeros[..<6]))),
                Hostile.chunk("IEND")), .malformed),
        Case("colour type 5", Hostile.png(Hostile.header(2, 2, colour: 5), Hostile.chunk("IDAT")), .malformed),
        Case("depth 3", Hostile.png(Hostile.header(2, 2, depth: 3), Hostile.chunk("IDAT")), .malformed),
        Case("depth 4 RGB", Hostile.png(Hostile.header(2, 2, depth: 4), Hostile.chunk("IDAT")), .malformed),
        Case("interlace 2", Hostile.png(Hostile.header(2, 2, interlace: 2), Hostile.chunk("IDAT")), .malformed),
        Case("no IDAT", Hostile.png(Hostile.header(2, 2), Hostile.chunk("IEND")), .malformed),
        Case("no IHDR", Hostile.png(Hostile.chunk("IDAT", Hostile.stored(Array(zeros[..<14])))), .malformed),
        Case("unknown critical chunk", Hostile.smallPNG(before: Hostile.chunk("ABCD", zeros)), .malformed),
        Case(
            "chunk longer than the file",
            Hostile.png(Hostile.header(2, 2), Hostile.big(0x7FFF_FFFF), Array("IDAT".utf8)), .truncated),
        Case(
            "IDAT too short",
            Hostile.png(Hostile.header(2, 2), Hostile.chunk("IDAT", Hostile.stored([0, 1, 2])), Hostile.chunk("IEND")),
            .malformed),
        Case("damaged checksum", Hostile.smallPNG().dropLast(1) + [0], .malformed),
        Case("PNG magic only", Hostile.signature, .truncated),
    ]

    static let webps: [Case] = [
        Case(
            "IM08 damaged lossless codes",
            Hostile.riff(Hostile.riffChunk("VP8L", [0x2F, 0x1F, 0xC0, 0x07, 0x00] + noise(count: 300, seed: 2))),
            .malformed),
        Case(
            "IM08 16383 x 16383 of nothing",
            Hostile.riff(Hostile.riffChunk("VP8L", [0x2F, 0xFE, 0xBF, 0xFF, 0x0F] + zeros)), .limit),
        Case("IM08 animation without frames", Hostile.riff(Hostile.extended(9, 9, flags: 2)), .malformed),
        Case(
            "IM08 huge canvas",
            Hostile.riff(
                Hostile.extended(1 << 24, 1 << 24, flags: 2)
                    + Hostile.riffChunk("ANMF", [UInt8](repeating: 0, count: 40))), .limit),
        Case(
            "IM08 frame outside of the canvas",
            Hostile.riff(
                Hostile.extended(4, 4, flags: 2)
                    + Hostile.riffChunk("ANMF", [9, 0, 0] + [UInt8](repeating: 0, count: 37))), .malformed),
        Case(
            "IM08 frame without data",
            Hostile.riff(
                Hostile.extended(4, 4, flags: 2) + Hostile.riffChunk("ANMF", [UInt8](repeating: 0, count: 16))),
            .truncated),
        Case("RIFF longer than the file", Array("RIFF".utf8) + Hostile.little(-1) + Array("WEBPVP8 ".utf8), .truncated),
        Case("RIFF of length 0", Array("RIFF".utf8) + Hostile.little(0) + Array("WEBPVP8 ".utf8), .truncated),
        Case(
            "chunk longer than the file",
            Hostile.riff(Hostile.extended(4, 4, flags: 0) + Array("EXIF".utf8) + Hostile.little(-1)), .truncated),
        Case("WebP without chunks", Hostile.riff(zeros), .malformed),
    ]

    /// IM09: the type is decided by the first bytes; each of these is named.
    static let foreign: [(String, [UInt8])] = [
        ("GIF", Array("GIF89a".utf8) + zeros), ("BMP", Array("BM".utf8) + zeros),
        ("TIFF", [0x49, 0x49, 0x2A, 0] + zeros), ("TIFF", [0x4D, 0x4D, 0, 0x2A] + zeros),
        ("PDF", Array("%PDF-1.7".utf8)), ("PostScript", Array("%!PS-Adobe".utf8)), ("EPS", [0xC5, 0xD0, 0xD3, 0xC6]),
        ("SVG", Array("<?xml version=\"1.0\"?>\n<svg xmlns=\"\">".utf8)), ("SVG", Array("  <svg/>".utf8)),
        ("HEIC", [0, 0, 0, 24] + Array("ftypheic".utf8)), ("AVIF", [0, 0, 0, 24] + Array("ftypavif".utf8)),
        ("HEIF", [0, 0, 0, 24] + Array("ftypmif1".utf8)), ("MP4", [0, 0, 0, 24] + Array("ftypisom".utf8)),
        ("ZIP", Array("PK\u{3}\u{4}".utf8) + zeros), ("Photoshop", Array("8BPS".utf8)),
        ("PNM", Array("P6 2 2 255 ".utf8)),
        ("JPEG XL", [0xFF, 0x0A, 1]), ("JPEG 2000", [0, 0, 0, 12, 0x6A, 0x50, 0x20, 0x20]), ("gzip", [0x1F, 0x8B, 8]),
        ("this file's type", zeros), ("this file's type", Array("hello".utf8)), ("this file's type", [0x89]),
        ("RIFF (no WebP)", Array("RIFF".utf8) + zeros),
    ]

    @Test(arguments: jpegs + pngs + webps + [Case("nothing", [], .empty)])
    func endsInATypedError(hostile: Case) {
        let start = ContinuousClock.now
        let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(hostile.bytes) }
        let matches =
            switch (error?.problem, hostile.ending) {
            case (.limit, .limit), (.malformed, .malformed), (.truncated, .truncated), (.unsupported, .unsupported),
                (.empty, .empty):
                true
            default: false
            }
        #expect(matches, "\(String(describing: error?.problem)), expected \(hostile.ending)")
        let time = ContinuousClock.now - start
        #expect(time < .seconds(20), "\(time)")
    }

    @Test func foreignTypesAreNamed() {
        for (name, bytes) in Self.foreign {
            let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(bytes) }
            guard case .unsupported(let type, _)? = error?.problem else {
                Issue.record("\(name): \(String(describing: error))")
                continue
            }
            #expect(type == name)
        }
    }

    /// IM02: the limit itself is allowed.
    @Test func hundredScans() throws {
        #expect(
            try ImageDecoder.decode(Hostile.progressive(64, scans: 100)).bytes == [UInt8](repeating: 128, count: 4096))
    }

    /// What is read in spite of its oddity, since the pixels are not in doubt: a palette of an RGB picture is ignored,
    /// and of a bomb in the place of pixels no more is unpacked than they need.
    @Test func harmlessOddities() throws {
        let files = [
            Hostile.smallPNG(after: Hostile.chunk("PLTE", [0, 0, 0])),
            Hostile.smallPNG(before: Hostile.chunk("PLTE", Self.zeros)),
            Hostile.png(Hostile.header(2, 2), Hostile.chunk("IDAT", Hostile.bomb(1 << 24)), Hostile.chunk("IEND")),
        ]
        for file in files { #expect(try ImageDecoder.decode(file).bytes == [UInt8](repeating: 0, count: 12)) }
    }

    /// IM06: text bombs and a hundred thousand chunks are skipped without being unpacked or kept.
    @Test func ancillaryChunksAreSkipped() throws {
        let text = Hostile.chunk("zTXt", Array("a\0\0".utf8) + Hostile.bomb(1 << 22))
        let profile = Hostile.chunk("iCCP", Array("a\0\0".utf8) + [0x78])
        let many = (0..<100_000).flatMap { _ in Hostile.chunk("tEXt", [65, 0, 66]) }
        let late = Hostile.chunk("tRNS", [0, 1, 0, 2, 0, 3])
        let file = Hostile.smallPNG(before: text + profile + many + late, after: text + many)
        let image = try ImageDecoder.decode(file)
        #expect(image.bytes == [UInt8](repeating: 0, count: 12))
    }

    /// IM11 and the largest side: a strip decodes, and one pixel more is refused.
    @Test func largestSide() throws {
        for (width, height) in [(65_535, 1), (1, 65_535)] {
            let image = Image(width: width, height: height, mode: .grey, bytes: noise(count: 65_535, seed: 1))
            #expect(try ImageDecoder.decode(try image.pngFile()) == image)
        }
        let wide = Image(width: 65_536, height: 1, mode: .grey, bytes: noise(count: 65_536, seed: 1))
        #expect(throws: ImageError.self) { try ImageDecoder.decode(try wide.pngFile()) }
    }

    @Test func filesThatAreNone() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("media-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        let pipe = folder.appendingPathComponent("pipe").path
        #expect(mkfifo(pipe, 0o600) == 0)
        let huge = folder.appendingPathComponent("huge.png").path
        #expect(FileManager.default.createFile(atPath: huge, contents: nil))
        #expect(truncate(huge, 64 << 20 | 1) == 0)
        let empty = folder.appendingPathComponent("empty.png").path
        #expect(FileManager.default.createFile(atPath: empty, contents: nil))
        let expected: [(String, ImageError.Problem)] = [
            (folder.path + "/none.png", .notFound), ("a\0b", .notFound),
            (folder.path, .notARegularFile(kind: "a folder")),
            (empty + "/x.png", .notFound), (pipe, .notARegularFile(kind: "a pipe")),
            ("/dev/zero", .notARegularFile(kind: "a device")), ("/dev/null", .notARegularFile(kind: "a device")),
            (huge, .limit(type: "file", reason: "67108865 bytes; at most 67108864 are read")), (empty, .empty),
        ]
        for (path, problem) in expected {
            let error = #expect(throws: ImageError.self) { try ImageDecoder.decode(path: path) }
            #expect(error == ImageError(problem, path: path))
            #expect(error?.description.hasPrefix(path) == true)
        }
    }

    /// IM09: a JPEG with the name of a PNG is read as what it is.
    @Test func nameDoesNotMatter() throws {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("media-\(UUID().uuidString).png")
        defer { try? FileManager.default.removeItem(at: path) }
        let bytes = try MediaFixtures.bytes("images/jpeg_420.jpg")
        try Data(bytes).write(to: path)
        #expect(try ImageDecoder.decode(path: path.path) == (try ImageDecoder.decode(bytes)))
    }
}
