import TensorCore
import TestSupport
import Testing

/// Patches, channels side by side, and the response norm.
@Suite struct PatchTests {
    private let runtime = Runtime(threads: 2)

    private func numbered(_ shape: Shape) -> Tensor {
        Tensor((0..<shape.elementCount).map { Float($0) }, shape: shape)
    }

    @Test(arguments: [(1, 2, 2, 1, 2), (2, 4, 6, 3, 2), (3, 3, 9, 17, 3), (2, 5, 4, 2, 1), (0, 4, 4, 3, 2)])
    func placesBecomeSequences(batch: Int, height: Int, width: Int, channels: Int, side: Int) {
        let x = numbered(Shape(batch, height, width, channels))
        let (cut, whole) = runtime.withWorkspace { ws in
            let cut = ws.unfolded(x, side: side)
            return (cut.copied(), ws.folded(cut, side: side, height: height, width: width).copied())
        }
        let patches = height / side * (width / side)
        #expect(cut.shape == Shape(batch * side * side, patches, channels))
        #expect(whole.shape == x.shape)
        #expect(whole.floats == x.floats)
        // Sequence by sequence: image, place in the patch, patch.
        var expected: [Float] = []
        for image in 0..<batch {
            for place in 0..<side * side {
                for patch in 0..<patches {
                    let row = patch / (width / side) * side + place / side
                    let column = patch % (width / side) * side + place % side
                    let pixel = (image * height + row) * width + column
                    expected += (0..<channels).map { Float(pixel * channels + $0) }
                }
            }
        }
        #expect(cut.floats == expected)
    }

    @Test func channelsSideBySide() {
        let (a, b) = (numbered([2, 1, 2, 3]), Tensor((0..<8).map { Float(-$0) }, shape: [2, 1, 2, 2]))
        let y = runtime.withWorkspace { ws in ws.sideBySide(a, b).copied() }
        #expect(y.shape == [2, 1, 2, 5])
        #expect(y.floats == [0, 1, 2, 0, -1, 3, 4, 5, -2, -3, 6, 7, 8, -4, -5, 9, 10, 11, -6, -7])
    }

    @Test(arguments: [(1, 1, 1), (2, 49, 40), (3, 17, 33)])
    func responseNorm(batch: Int, pixels: Int, channels: Int) {
        var generator = SeededGenerator(seed: UInt64(channels))
        let values = generator.floats(batch * pixels * channels)
        let (weight, bias) = (generator.floats(channels), generator.floats(channels))
        let memory = WeightMemory()
        let packed = (PackedVector(weight, in: memory), PackedVector(bias, in: memory))
        var expected: [Double] = []
        for image in 0..<batch {
            func value(_ pixel: Int, _ channel: Int) -> Double {
                Double(values[(image * pixels + pixel) * channels + channel])
            }
            let lengths = (0..<channels).map { channel in
                (0..<pixels).reduce(0) { $0 + value($1, channel) * value($1, channel) }.squareRoot()
            }
            let mean = lengths.reduce(0, +) / Double(channels) + 1e-6
            for pixel in 0..<pixels {
                for channel in 0..<channels {
                    let x = value(pixel, channel)
                    expected.append(x + x * lengths[channel] / mean * Double(weight[channel]) + Double(bias[channel]))
                }
            }
        }
        for threads in 1...3 {
            let runtime = Runtime(threads: threads)
            let (apart, inPlace) = runtime.withWorkspace { ws in
                let x = Tensor(values, shape: [batch, pixels, 1, channels])
                let apart = ws.responseNorm(x, weight: packed.0, bias: packed.1, epsilon: 1e-6).copied()
                return (
                    apart, ws.responseNorm(x, weight: packed.0, bias: packed.1, epsilon: 1e-6, inPlace: true).copied()
                )
            }
            #expect(mismatch(apart.floats, expected, tolerance: 1e-6) == nil)
            #expect(bitDifference(apart.floats, inPlace.floats) == nil)
        }
    }
}
