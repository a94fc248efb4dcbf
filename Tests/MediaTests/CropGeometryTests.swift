import Media
import Testing

@Suite struct CropGeometryTests {
    /// Differences 0...9 and negative ones: torchvision rounds half to even, Hugging Face down.
    @Test(arguments: [
        (0, 0, 0), (1, 0, 0), (2, 1, 1), (3, 2, 1), (4, 2, 2), (5, 2, 2), (6, 3, 3), (7, 4, 3), (9, 4, 4), (11, 6, 5),
        (-1, 0, -1), (-2, -1, -1), (-3, -1, -2), (-4, -2, -2), (-5, -2, -3),
    ])
    func origins(difference: Int, halfToEven: Int, down: Int) {
        #expect(CropRounding.halfToEven.origin(of: 100, in: 100 + difference) == halfToEven)
        #expect(CropRounding.down.origin(of: 100, in: 100 + difference) == down)
    }

    @Test func shortestEdgeTruncatesTheOther() {
        #expect(ResizeRule.shortestEdge(256).size(height: 375, width: 500) == (256, 341))
        #expect(ResizeRule.shortestEdge(256).size(height: 500, width: 375) == (341, 256))
        #expect(ResizeRule.shortestEdge(7).size(height: 1, width: 1) == (7, 7))
        #expect(ResizeRule.shortestEdge(256).size(height: 65_500, width: 1) == (16_768_000, 256))
    }

    @Test func coverAndContain() {
        #expect(ResizeRule.cover(height: 100, width: 50).size(height: 300, width: 200) == (100, 67))
        #expect(ResizeRule.contain(height: 100, width: 50).size(height: 300, width: 200) == (75, 50))
        // 12.5 rounds to even, and a side never vanishes.
        #expect(ResizeRule.contain(height: 25, width: 25).size(height: 50, width: 100) == (12, 25))
        #expect(ResizeRule.contain(height: 10, width: 10).size(height: 1, width: 65_500) == (1, 10))
    }

    /// IM11: a picture of 65,500 pixels by one: only the window that is kept is made.
    @Test func extremeProportionsTakeLittleMemory() {
        let strip = noiseImage(.rgb, width: 65_500, height: 1, seed: 1)
        let steps = ImagePreprocessing.torchvision()
        #expect(steps(strip).count == 3 * 224 * 224)
        #expect(steps(strip.applying(.transposed)).count == 3 * 224 * 224)
    }

    @Test func sizeMustNotDependOnThePicture() {
        let scaling = PixelScaling([.divide(255)])
        #expect(ImagePreprocessing(resize: .shortestEdge(9), filter: .box, crop: nil, scaling: scaling) == nil)
        #expect(ImagePreprocessing(resize: .none, filter: .box, crop: nil, scaling: scaling) == nil)
    }
}
