import Foundation
import Media
import Testing

@testable import ZooCommand

@Suite struct ContactSheetTests {
    private func picture(width: Int, height: Int, mode: Image.Mode = .rgb, _ pixel: [UInt8]) -> Image {
        Image(
            width: width, height: height, mode: mode, bytes: Array(repeatElement(pixel, count: width * height).joined())
        )
    }

    private func pixel(_ image: Image, _ x: Int, _ y: Int) -> [UInt8] {
        let place = (y * image.width + x) * 3
        return Array(image.bytes[place..<place + 3])
    }

    @Test(arguments: [(1, 1, 1), (2, 2, 1), (3, 2, 2), (4, 2, 2), (5, 3, 2), (10, 4, 3), (17, 5, 4), (1000, 32, 32)])
    func asManyInARowAsRows(count: Int, columns: Int, rows: Int) {
        let image = ContactSheet(count: count).image
        #expect(image.width == 16 + columns * 256 && (image.height - 16) % rows == 0)
    }

    @Test func aspectAndColoursAreKept() throws {
        var sheet = ContactSheet(count: 4)
        try sheet.put(picture(width: 40, height: 10, [200, 10, 20]), at: 0, lines: ["1  0.987", "wide.png"])
        try sheet.put(picture(width: 300, height: 900, [10, 200, 20]), at: 1, lines: [])
        try sheet.put(picture(width: 9, height: 9, mode: .rgba, [0, 0, 0, 0]), at: 2, lines: [])
        try sheet.put(nil, at: 3, lines: ["4  0.100", "gone.png"])
        let image = sheet.image
        let paper = pixel(image, 0, 0)
        // 240 x 60 in the middle of its square.
        #expect(pixel(image, 16, 16 + 120) == [200, 10, 20] && pixel(image, 255, 16 + 120) == [200, 10, 20])
        #expect(pixel(image, 136, 16 + 91) == [200, 10, 20] && pixel(image, 136, 16 + 149) == [200, 10, 20])
        #expect(pixel(image, 136, 16 + 88) == paper && pixel(image, 136, 16 + 152) == paper)
        // 80 x 240.
        #expect(pixel(image, 272 + 120, 16) == [10, 200, 20] && pixel(image, 272 + 120, 255) == [10, 200, 20])
        #expect(pixel(image, 272 + 78, 100) == paper && pixel(image, 272 + 162, 100) == paper)
        // What can be seen through shows the paper; what is missing is a frame.
        let below = (image.height - 16) / 2 + 16
        #expect(pixel(image, 100, below + 100) == paper && pixel(image, 400, below + 100) != paper)
        // There is ink below the pictures, of the first and the last.
        let ink = (0..<image.width * image.height).count { place in
            image.bytes[3 * place..<3 * place + 3].allSatisfy { $0 == 24 }
        }
        #expect(ink > 4 * 150)
    }

    @Test func everyCharacterHasAFormOfItsOwn() {
        #expect(ContactSheetFont.glyphs.count == 95)
        #expect(Set(ContactSheetFont.glyphs).count == 95)
        for code in UInt8(32)...126 {
            let rows = ContactSheetFont.glyph(Character(Unicode.Scalar(code)))
            #expect(rows.count <= ContactSheetFont.height && rows.allSatisfy { $0.count == 5 }, "\(code)")
            #expect(rows.joined().allSatisfy { $0 == "." || $0 == "#" })
            #expect(code == 32 || rows.joined().contains("#"))
        }
        #expect(ContactSheetFont.glyph("é") == ContactSheetFont.glyph("🙂"))
        var dots = 0
        ContactSheetFont.draw("-.") { column, row in
            dots += 1
            #expect(column < 11 && row < ContactSheetFont.height)
        }
        #expect(dots == 5 + 4)
    }

    @Test func longNamesLoseTheirMiddle() {
        #expect(ContactSheet.shortened("short.png") == "short.png")
        let name = "a-rather-long-name-0001.png"
        let shown = ContactSheet.shortened(name)
        #expect(shown.count == ContactSheet.lettersALine && shown.hasPrefix("a-rather") && shown.hasSuffix("0001.png"))
    }

    @Test func aSheetOfASearch() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for seed in 1...5 { try scratch.picture("set/\(seed).png", seed: UInt64(seed)) }
        let index = "\(scratch.path)/a.index"
        let model = Fixtures.dual("transformers-clip")
        _ = try ZooBinary.run(["index", "\(scratch.path)/set", "-o", index, "--model", model])
        let sheet = "\(scratch.path)/sheet.png"
        let arguments = ["search", "--index", index, "a dog", "--sheet", sheet]
        let outcome = try ZooBinary.run(arguments)
        #expect(outcome.code == 0 && outcome.lines.count == 7)
        let image = try ImageDecoder.decode(path: sheet)
        #expect(image.width == ContactSheet(count: 5).image.width && image.mode == .rgb)
        // A picture that is gone meanwhile leaves a frame and is told of.
        try FileManager.default.removeItem(atPath: "\(scratch.path)/set/2.png")
        let gone = try ZooBinary.run(arguments)
        #expect(gone.code == 66 && gone.lines.count == 7 && gone.errors.contains("2.png: No such file"))
        #expect(try ImageDecoder.decode(path: sheet) != image)
    }
}
