import TensorCore
import TestSupport
import Testing

/// Weights in brain floats and in eight bits: products have the bits that the widened weights would give in fp32.
@Suite struct NarrowWeightTests {
    private struct Source {
        let outputs: Int
        let inputs: Int
        let values: [Float]

        init(_ outputs: Int, _ inputs: Int, seed: Int = 0) {
            (self.outputs, self.inputs) = (outputs, inputs)
            var random = SeededGenerator(seed: UInt64(outputs * 31 + inputs + seed))
            values = random.floats(outputs * inputs, scale: 3)
        }

        /// The values as a type holds them.
        func rounded(_ type: WeightType) -> [Float] {
            switch type {
            case .float32: return values
            case .bfloat16:
                return values.map { value in
                    let bits = value.bitPattern
                    return Float(bitPattern: (bits + 0x7fff + (bits >> 16 & 1)) & 0xffff_0000)
                }
            case .int8:
                return (0..<outputs).flatMap { row -> [Float] in
                    let row = values[row * inputs..<(row + 1) * inputs]
                    let scale = (row.map(\.magnitude).max() ?? 0) / 127
                    return row.map { ($0 * (1 / scale)).rounded(.toNearestOrEven) * scale }
                }
            }
        }
    }

    private func matrix(
        _ values: [Float], _ outputs: Int, _ inputs: Int, taps: Int = 1, _ form: PackedMatrix.Form, _ tier: Tier,
        in memory: WeightMemory = WeightMemory()
    ) -> PackedMatrix {
        let matrix = PackedMatrix(outputs: outputs, inputs: inputs, form: form, in: memory)
        values.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            matrix.fill(row: 0, count: outputs, taps: taps, from: start, dtype: .float32, tier: tier)
        }
        return matrix
    }

    private func input(_ shape: Shape) -> Tensor {
        var random = SeededGenerator(seed: 9)
        return Tensor(random.floats(shape.elementCount), shape: shape)
    }

    @Test(arguments: [(1, 1), (33, 63), (70, 130), (32, 2500), (200, 768)], [WeightType.bfloat16, .int8])
    func products(size: (outputs: Int, inputs: Int), type: WeightType) {
        let source = Source(size.outputs, size.inputs)
        for tier in Tier.supported {
            let narrow = matrix(source.values, size.outputs, size.inputs, type.form, tier)
            let wide = matrix(source.rounded(type), size.outputs, size.inputs, .plain, tier)
            var alone: [Float] = []
            for (rows, threads) in [(1, 1), (3, 2), (40, 1), (40, 3)] {
                let x = input([rows, size.inputs])
                let (found, expected) = Runtime(threads: threads, tier: tier).withWorkspace { ws in
                    (ws.linear(x, narrow).floats, ws.linear(x, wide).floats)
                }
                #expect(found == expected, "\(rows) rows of \(size) on \(tier)")
                // Whatever is in the batch, the first row is the same.
                if alone.isEmpty { alone = found }
                #expect(Array(found[..<size.outputs]) == alone)
            }
        }
    }

    @Test(arguments: [(3, 7, 2, 3), (6, 3, 1, 1), (40, 1, 1, 0), (64, 3, 2, 1)], [WeightType.bfloat16, .int8])
    func convolutions(layer: (channels: Int, kernel: Int, stride: Int, padding: Int), type: WeightType) {
        let taps = layer.kernel * layer.kernel
        let source = Source(45, layer.channels * taps)
        let window = Window(layer.kernel, stride: layer.stride, padding: layer.padding)
        let x = input([2, 9, 11, layer.channels])
        for tier in Tier.supported {
            let narrow = matrix(source.values, 45, source.inputs, taps: taps, type.form, tier)
            let wide = matrix(source.rounded(type), 45, source.inputs, taps: taps, .plain, tier)
            let (found, expected) = Runtime(threads: 2, tier: tier).withWorkspace { ws in
                (
                    ws.convolution(x, [narrow], window: window, activation: .relu).floats,
                    ws.convolution(x, [wide], window: window, activation: .relu).floats
                )
            }
            #expect(found == expected, "\(layer) on \(tier)")
        }
    }

    /// The groups' matrices lie one after another, whatever a panel takes.
    @Test(arguments: [WeightType.bfloat16, .int8]) func groups(type: WeightType) {
        let runtime = Runtime(threads: 2)
        let sources = (0..<3).map { Source(20, 45, seed: $0) }
        let memory = WeightMemory()
        func packed(_ form: PackedMatrix.Form, _ values: (Source) -> [Float]) -> [PackedMatrix] {
            _ = memory.reserve(3 * PackedMatrix.floatCount(outputs: 20, inputs: 45, form: form))
            return sources.map { matrix(values($0), 20, 45, taps: 9, form, runtime.tier, in: memory) }
        }
        let x = input([1, 6, 7, 15])
        let narrow = packed(type.form) { $0.values }
        let wide = packed(.plain) { $0.rounded(type) }
        let (found, expected) = runtime.withWorkspace { ws in
            (
                ws.convolution(x, narrow, window: Window(3, padding: 1)).floats,
                ws.convolution(x, wide, window: Window(3, padding: 1)).floats
            )
        }
        #expect(found == expected)
    }

    @Test(arguments: [WeightType.bfloat16, .int8]) func transposed(type: WeightType) {
        let runtime = Runtime(threads: 2)
        let source = Source(6, 10 * 16)
        func kernel(_ form: PackedMatrix.Form) -> TransposedKernel {
            TransposedKernel(
                source.values, channels: 6, outputs: 10, kernel: 4, stride: 2, padding: 1, form: form,
                in: WeightMemory(), tier: runtime.tier)
        }
        let x = input([1, 5, 4, 6])
        let (found, expected) = runtime.withWorkspace { ws in
            (ws.transposedConvolution(x, kernel(type.form)), ws.transposedConvolution(x, kernel(.plain)))
        }
        #expect(mismatch(found, expected, tolerance: type == .int8 ? 0.02 : 0.01) == nil)
        #expect(mismatch(found, expected, tolerance: 1e-5) != nil, "the weights are not rounded")
    }

    @Test(arguments: [WeightType.float32, .bfloat16, .int8], [Float.nan, .infinity])
    func whatIsNoNumberStays(type: WeightType, value: Float) {
        var source = Source(40, 50).values
        source[7 * 50 + 3] = value
        for tier in Tier.supported {
            let packed = matrix(source, 40, 50, type.form, tier)
            let y = Runtime(threads: 1, tier: tier).withWorkspace { $0.linear(input([1, 50]), packed).floats }
            #expect(y.indices.filter { !y[$0].isFinite } == [7], "\(tier)")
        }
    }

    @Test func sizes() {
        func bytes(_ type: WeightType) -> Int { matrix([], 0, 0, type.form, .portable).byteCount }
        #expect(bytes(.float32) == 0 && bytes(.int8) == 0)
        let counts = WeightType.allCases.map { PackedMatrix.floatCount(outputs: 768, inputs: 768, form: $0.form) }
        #expect(counts == [768 * 768, 768 * 768 / 2, 768 * 768 / 4 + 768])
        #expect(Runtime(threads: 1).weights == .float32 && Runtime(threads: 1, weights: .int8).weights == .int8)
    }
}
