import JSON
import Media
import Testing

@Suite struct ResizeTests {
    private func check(_ fixture: String, _ compatibility: PillowCompatibility, atLeast count: Int) throws {
        let rows = try MediaFixtures.cases(fixture)
        #expect(rows.count >= count)
        for row in rows {
            let mode = try #require(Image.Mode(pillow: try row.string("mode")))
            let filter = try #require(ResizeFilter(rawValue: try row.int("filter", in: 0...5)))
            let source = noiseImage(
                mode, width: try row.int("width", in: 1...9999), height: try row.int("height", in: 1...9999),
                seed: try row.int("seed", in: 0...9999))
            let edges = try row.optionalDoubles("box", count: 4...4, in: 0...9999)?.map { Float($0) }
            let box = edges.map { Image.Box(left: $0[0], top: $0[1], right: $0[2], bottom: $0[3]) }
            let result = try source.resized(
                width: try row.int("newWidth", in: 1...9999), height: try row.int("newHeight", in: 1...9999),
                filter: filter, box: box, compatibility: compatibility)
            #expect(crc32(result.bytes) == (try row.int("crc", in: 0...0xFFFF_FFFF)), "\(fixture): \(row.object)")
        }
    }

    @Test func pixelsEqualPillow12() throws { try check("resize12.json", .v12, atLeast: 300) }

    @Test func pixelsEqualPillow13() throws { try check("resize13.json", .v13, atLeast: 240) }

    /// The two versions differ for this squashed portrait, so the option is not without effect.
    @Test func versionsDifferForTallPictures() throws {
        let source = noiseImage(.rgb, width: 300, height: 400, seed: 9)
        let results = try PillowCompatibility.allCases.map {
            try source.resized(width: 224, height: 224, filter: .bicubic, compatibility: $0)
        }
        #expect(results[0] != results[1])
    }

    /// Small enough to follow by hand: numbers printed by Pillow 12.0.
    @Test func printedNumbers() throws {
        let bytes = (0..<48).map { index in
            let (x, y) = (index % 8, index / 8)
            return UInt8((37 * x + 91 * y + 13 * ((x * y) % 7)) % 256)
        }
        let source = Image(width: 8, height: 6, mode: .grey, bytes: bytes)
        let expected: [(ResizeFilter, [UInt8])] = [
            (.bilinear, [51, 115, 133, 151, 100]), (.bicubic, [41, 117, 134, 155, 95]),
            (.lanczos, [36, 124, 128, 154, 97]),
        ]
        for (filter, row) in expected {
            #expect(Array(try source.resized(width: 5, height: 4, filter: filter).bytes.prefix(5)) == row)
        }
        let bicubic = try source.resized(width: 5, height: 4, filter: .bicubic)
        #expect(Array(bicubic.bytes[5..<10]) == [169, 146, 120, 132, 160])
    }

    @Test(arguments: ResizeFilter.allCases)
    func sameSizeIsACopy(filter: ResizeFilter) throws {
        let source = noiseImage(.rgba, width: 17, height: 5, seed: 2)
        #expect(try source.resized(width: 17, height: 5, filter: filter) == source)
    }

    /// A constant stays what it is, at any size and in any mode.
    @Test(arguments: ResizeFilter.allCases)
    func constantStays(filter: ResizeFilter) throws {
        for mode in [Image.Mode.grey, .greyAlpha, .rgb, .rgba, .cmyk] {
            let source = Image(
                width: 31, height: 9, mode: mode, bytes: [UInt8](repeating: 255, count: 279 * mode.bytesPerPixel))
            let result = try source.resized(width: 12, height: 40, filter: filter)
            #expect(result.bytes.allSatisfy { $0 == 255 })
        }
    }

    @Test func refusedRequests() {
        let source = noiseImage(.rgb, width: 8, height: 8, seed: 1)
        for (width, height) in [(0, 5), (5, 0), (-1, 5), (Int.max, 2), (100_000, 100_000)] {
            #expect(throws: ImageError.self) { try source.resized(width: width, height: height, filter: .box) }
        }
        for box in [
            Image.Box(left: -1, top: 0, right: 8, bottom: 8), Image.Box(left: 0, top: 0, right: 8.5, bottom: 8),
            Image.Box(left: 4, top: 0, right: 4, bottom: 8), Image.Box(left: 0, top: .nan, right: 8, bottom: 8),
        ] {
            #expect(throws: ImageError.self) { try source.resized(width: 4, height: 4, filter: .box, box: box) }
        }
        #expect(throws: ImageError.self) {
            try noiseImage(.grey16, width: 4, height: 4, seed: 1).resized(width: 2, height: 2, filter: .box)
        }
    }
}
