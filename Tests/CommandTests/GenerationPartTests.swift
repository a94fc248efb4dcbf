import Media
import Testing

@testable import ZooCommand

/// What `zoo generate` is told, and how pictures are put together.
@Suite struct GenerationPartTests {
    @Test(arguments: [
        ("7", [7]), ("0-3", [0, 1, 2, 3]), ("0-2,42", [0, 1, 2, 42]), ("5,5", [5, 5]), ("9-9", [9]),
        ("18446744073709551615", [UInt64.max]),
        ("18446744073709551614-18446744073709551615", [UInt64.max - 1, UInt64.max]),
    ])
    func seeds(_ text: String, _ seeds: [UInt64]) { #expect(SeedList(text)?.seeds == seeds) }

    @Test(arguments: [
        "", "-1", "1-", "-", "3-2", "a", "1,,2", "1, 2", "0-10000", "18446744073709551616", "1.5", "+1", "0x1", "1-2-3",
        "٣",
    ])
    func noSeeds(_ text: String) { #expect(SeedList(text) == nil) }

    @Test func seedsInARow() {
        #expect(SeedList(from: 3, count: 3)?.seeds == [3, 4, 5])
        #expect(SeedList(from: .max, count: 1)?.seeds == [.max])
        #expect(SeedList(from: .max, count: 2) == nil)
        #expect(SeedList("0-9999")?.seeds.count == SeedList.limit)
    }

    @Test func walks() {
        #expect(SeedWalk("3..8") == SeedWalk("3..8") && SeedWalk("3..8")?.last == 8)
        for text in ["3", "3.8", "3..", "..8", "1-2..3", "3..8..9", "a..b"] {
            #expect(SeedWalk(text) == nil, "\(text)")
        }
    }

    @Test func theWayBetweenTwoDraws() {
        let (a, b): ([Float], [Float]) = ([3, 0, 0, 4], [0, 5, 0, 0])
        #expect(SeedWalk.between(a, b, at: 0) == a)
        #expect(zip(SeedWalk.between(a, b, at: 1), b).allSatisfy { abs($0 - $1) < 1e-6 })
        let middle = SeedWalk.between(a, b, at: 0.5)
        // Half way round a right angle between two vectors of length 5.
        #expect(abs(middle.map { $0 * $0 }.reduce(0, +).squareRoot() - 5) < 1e-5)
        #expect(SeedWalk.between(a, a, at: 0.3).elementsEqual(a) { abs($0 - $1) < 1e-6 })
        #expect(SeedWalk.between([0, 0], [0, 0], at: 0.3) == [0, 0])
        #expect(SeedWalk.between([1, 0], [-1, 0], at: 0.25) == [0.5, 0])
    }

    @Test func grids() throws {
        #expect(PictureGrid("2x3") == PictureGrid(rows: 2, columns: 3))
        for text in ["2", "0x1", "1x101", "x", "2x3x4", "-1x2", "2X3", " 2x3"] { #expect(PictureGrid(text) == nil) }
        let pictures = (0..<3).map {
            Image(width: 2, height: 1, mode: .rgb, bytes: Array(repeating: UInt8($0), count: 6))
        }
        let grid = try PictureGrid(rows: 2, columns: 2).picture(of: pictures)
        #expect((grid.width, grid.height) == (10, 8))
        func red(_ x: Int, _ y: Int) -> UInt8 { grid.bytes[(y * 10 + x) * 3] }
        #expect([red(2, 2), red(3, 2), red(6, 2), red(2, 5), red(6, 5), red(0, 0)] == [0, 0, 1, 2, 255, 255])
        #expect(throws: ImageError.self) { try PictureGrid(rows: 1, columns: 2).picture(of: pictures) }
        #expect(throws: ImageError.self) { try PictureGrid(rows: 1, columns: 2).picture(of: []) }
    }

    @Test(arguments: [(1, [0]), (2, [0, 1]), (10, Array(0..<10)), (19, [0, 2, 4, 6, 8, 10, 12, 14, 16, 18])])
    func stages(_ steps: Int, _ kept: [Int]) {
        #expect((0..<steps).filter { GenerationWatcher.isStage($0, of: steps) } == kept)
    }
}
