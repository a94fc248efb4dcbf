import TensorCore
import TestSupport
import Testing

/// Results written among the channels of a larger picture: the same bits as apart, and nothing beside them.
@Suite struct ChannelSlotTests {
    private let runtime = Runtime(threads: 2)

    private func picture(_ shape: Shape, seed: UInt64) -> Tensor {
        var generator = SeededGenerator(seed: seed)
        return Tensor(generator.floats(shape.elementCount), shape: shape)
    }

    /// A matrix of random weights.
    private func matrix(
        _ outputs: Int, _ channels: Int, taps: Int, form: PackedMatrix.Form, in memory: WeightMemory
    ) -> PackedMatrix {
        let matrix = PackedMatrix(outputs: outputs, inputs: channels * taps, form: form, in: memory)
        var generator = SeededGenerator(seed: UInt64(outputs + taps))
        generator.floats(outputs * channels * taps).withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            matrix.fill(row: 0, count: outputs, taps: taps, from: start, dtype: .float32, tier: runtime.tier)
        }
        return matrix
    }

    /// The channels of a picture, pixel by pixel.
    private func channels(_ range: Range<Int>, of x: Tensor) -> [Float] {
        let width = x.shape[3]
        let values = x.floats
        return (0..<values.count / width).flatMap {
            values[$0 * width + range.lowerBound..<$0 * width + range.upperBound]
        }
    }

    @Test(arguments: [5, 17, 32, 70])
    func convolutionsAndPoolingsSideBySide(outputs: Int) {
        let memory = WeightMemory()
        let x = picture([2, 9, 10, 40], seed: 3)
        let one = [matrix(outputs, 40, taps: 1, form: .plain, in: memory)]
        let direct = [matrix(outputs, 40, taps: 25, form: .plain, in: memory)]
        // By Winograd's algorithm where there are 32 outputs or more.
        let winograd = [matrix(outputs, 40, taps: 9, form: .plain, in: memory)]
        let bias = PackedVector((0..<outputs).map { Float($0) / 7 }, in: memory)
        runtime.withWorkspace { ws in
            let padded = Window(3, padding: 1)
            let apart = [
                ws.convolution(x, one, window: Window(1), bias: bias, activation: .relu).copied(),
                ws.convolution(x, direct, window: Window(5, padding: 2), bias: bias).copied(),
                ws.convolution(x, winograd, window: padded).copied(),
                ws.pooled(x, .maximum, window: padded).copied(),
                ws.pooled(x, .averageWithPadding, window: padded).copied(),
            ]
            let y = ws.unwritten([2, 9, 10, 3 * outputs + 80])
            // Backwards: what is written later must leave alone what is there.
            ws.pooled(x, .averageWithPadding, window: padded, into: y.slot(3 * outputs + 40..<3 * outputs + 80))
            ws.pooled(x, .maximum, window: padded, into: y.slot(3 * outputs..<3 * outputs + 40))
            ws.convolution(x, winograd, window: padded, into: y.slot(2 * outputs..<3 * outputs))
            ws.convolution(
                x, direct, window: Window(5, padding: 2), bias: bias, into: y.slot(outputs..<2 * outputs))
            ws.convolution(
                x, one, window: Window(1), bias: bias, activation: .relu, into: y.slot(0..<outputs))
            var first = 0
            for (index, part) in apart.enumerated() {
                let width = part.shape[3]
                #expect(
                    bitDifference(channels(first..<first + width, of: y), part.floats) == nil, "part \(index)")
                first += width
            }
            #expect(first == y.shape[3])
        }
    }

    @Test(arguments: [1, 15, 16, 33, 40])
    func affineOfTheFirstChannels(count: Int) {
        let memory = WeightMemory()
        let x = picture([2, 3, 5, 40], seed: 8)
        let scale = PackedVector((0..<count).map { 1 + Float($0) / 9 }, in: memory)
        let shift = PackedVector((0..<count).map { Float($0 % 3) - 1 }, in: memory)
        runtime.withWorkspace { ws in
            let y = ws.affine(x, scale: scale, shift: shift, activation: .relu, channels: count)
            #expect(y.shape == [2, 3, 5, count])
            let narrow = Tensor(channels(0..<count, of: x), shape: y.shape)
            let expected = ws.affine(narrow, scale: scale, shift: shift, activation: .relu)
            #expect(bitDifference(y.floats, expected.floats) == nil)
        }
    }

    @Test(arguments: [(1, 7), (2, 7), (6, 7), (7, 7), (8, 7), (13, 6), (20, 7), (5, 1), (9, 4)])
    func adaptiveAverages(size: Int, target: Int) {
        let x = picture([1, size, 3, 5], seed: UInt64(size))
        let found = runtime.withWorkspace { ws in ws.averaged(x, height: target, width: 2).copied() }
        let values = x.floats
        // PyTorch's windows: from the floor of the first edge to the ceiling of the last.
        func window(_ index: Int, _ size: Int, _ target: Int) -> Range<Int> {
            index * size / target..<((index + 1) * size + target - 1) / target
        }
        var expected: [Double] = []
        for row in 0..<target {
            for column in 0..<2 {
                for channel in 0..<5 {
                    let pixels = window(row, size, target).flatMap { y in
                        window(column, 3, 2).map { x in Double(values[(y * 3 + x) * 5 + channel]) }
                    }
                    expected.append(pixels.reduce(0, +) / Double(pixels.count))
                }
            }
        }
        #expect(mismatch(found.floats, expected, tolerance: 1e-6) == nil)
    }
}
