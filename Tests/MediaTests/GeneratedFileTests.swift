import Testing

@testable import Media

/// PNG files that say what they are, and those that move.
@Suite struct GeneratedFileTests {
    private func picture(_ seed: Int, width: Int = 9, height: Int = 7) -> Image {
        let bytes = (0..<width * height * 3).map { UInt8(truncatingIfNeeded: $0 * 37 + seed * 101 + $0 / 5) }
        return Image(width: width, height: height, mode: .rgb, bytes: bytes)
    }

    @Test func textsComeBack() throws {
        let texts = [
            PNGText("Software", "Zoo 1.0"), PNGText("seed", "-3"), PNGText("model", "größe/模型"),
            PNGText("seed", "42"), PNGText("long", String(repeating: "x", count: 100_000)),
        ]
        let file = try picture(1).pngFile(texts: texts)
        #expect(try ImageDecoder.decode(file) == picture(1))
        #expect(try PNGText.read("Software", in: file) == "Zoo 1.0")
        #expect(try PNGText.read("model", in: file) == "größe/模型")
        #expect(try PNGText.read("seed", in: file) == "42")
        #expect(try PNGText.read("long", in: file)?.utf8.count == 100_000)
        #expect(try PNGText.read("other", in: file) == nil)
        #expect(try picture(1).pngFile(texts: texts) == file)
        #expect(try PNGText.read("seed", in: picture(1).pngFile()) == nil)
    }

    @Test(arguments: ["", " a", "a ", "a\nb", "é", String(repeating: "k", count: 80)])
    func noKeywords(_ keyword: String) {
        #expect(throws: ImageError.self) { try picture(1).pngFile(texts: [PNGText(keyword, "x")]) }
    }

    @Test func noTexts() throws {
        for text in ["a\0b", String(repeating: "x", count: 1 << 19 + 1)] {
            #expect(throws: ImageError.self) { try picture(1).pngFile(texts: [PNGText("k", text)]) }
        }
        #expect(throws: ImageError.self) { try PNGText.read("k", in: []) }
        #expect(throws: ImageError.self) { try PNGText.read("k", in: Array("GIF89a".utf8)) }
        let file = try picture(1).pngFile(texts: [PNGText("k", "v")])
        for end in 1..<50 { #expect(throws: ImageError.self) { try PNGText.read("k", in: Array(file.prefix(end))) } }
    }

    /// Chunk types in order.
    private func chunks(_ file: [UInt8]) -> [String] {
        var types: [String] = []
        var place = 8
        while place + 12 <= file.count {
            let length = file[place..<place + 4].reduce(0) { $0 << 8 | Int($1) }
            types.append(String(decoding: file[place + 4..<place + 8], as: UTF8.self))
            place += 12 + length
        }
        #expect(place == file.count)
        return types
    }

    @Test func animation() throws {
        let frames = (0..<3).map { picture($0) }
        let file = try AnimatedPNG.file(frames, milliseconds: 80, texts: [PNGText("seed", "1..2")])
        #expect(chunks(file) == ["IHDR", "acTL", "tEXt", "fcTL", "IDAT", "fcTL", "fdAT", "fcTL", "fdAT", "IEND"])
        #expect(try ImageDecoder.decode(file) == frames[0])
        #expect(try PNGText.read("seed", in: file) == "1..2")
        #expect(throws: ImageError.self) { try AnimatedPNG.file([], milliseconds: 80) }
        #expect(throws: ImageError.self) { try AnimatedPNG.file(frames, milliseconds: 0) }
        #expect(throws: ImageError.self) { try AnimatedPNG.file(frames, milliseconds: 65536) }
        #expect(throws: ImageError.self) {
            try AnimatedPNG.file([picture(1), picture(1, width: 8)], milliseconds: 80)
        }
    }
}
