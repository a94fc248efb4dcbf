import TensorCore
import TestSupport
import Testing

/// Weights in brain floats and in eight bits: products have the bits that the widened weights would give in fp32, but
/// for linear layers in int8, which multiply integers.
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
            case .bfloat16: return values.map(\.roundedToBrainFloat)
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

    /// x W^T in integers as the contract has it (Jacob et al. 2017, arXiv:1712.05877, section 2.1): rows of x quantised
    /// to 0 ... 255 of their own range, rows of W to -127 ... 127.
    private func integerProduct(_ x: Tensor, _ source: Source) -> [Float] {
        var integers: [Int8] = []
        var scales: [Float] = []
        for row in 0..<source.outputs {
            let row = source.values[row * source.inputs..<(row + 1) * source.inputs]
            let scale = (row.map(\.magnitude).max() ?? 0) / 127
            scales.append(scale)
            integers += row.map { scale > 0 ? Int8(($0 * (1 / scale)).rounded(.toNearestOrEven)) : 0 }
        }
        return integerProduct(x, integers, scales)
    }

    private func integerProduct(_ x: Tensor, _ integers: [Int8], _ scales: [Float]) -> [Float] {
        let inputs = x.shape[1]
        return (0..<x.shape[0]).flatMap { index -> [Float] in
            let row = x.rows(index..<index + 1).floats
            let (low, high) = (min(row.min() ?? 0, 0), max(row.max() ?? 0, 0))
            let scale = (high - low) / 255
            let inverse = scale > 0 ? 1 / scale : 0
            func integer(_ value: Float) -> Int { Int((value * inverse).rounded(.toNearestOrEven)) }
            let zero = min(integer(-low), 255)
            let quantized = row.map { min(max(integer($0) + zero, 0), 255) - zero }
            return scales.indices.map { output in
                var sum = 0
                for input in 0..<inputs { sum += quantized[input] * Int(integers[output * inputs + input]) }
                return Float(sum) * (scales[output] * scale)
            }
        }
    }

    @Test(arguments: [(1, 1), (33, 63), (70, 130), (32, 2500), (200, 768), (5, 4099)])
    func integers(size: (outputs: Int, inputs: Int)) {
        let source = Source(size.outputs, size.inputs)
        let rows = input([40, size.inputs])
        let expected = integerProduct(rows, source)
        for tier in Tier.everySupported {
            let packed = matrix(source.values, size.outputs, size.inputs, .int8, tier)
            for (count, threads) in [(1, 1), (3, 2), (13, 1), (40, 3)] {
                let found = Runtime(threads: threads, tier: tier).withWorkspace { ws in
                    ws.linear(rows.rows(0..<count), packed).floats
                }
                #expect(found == Array(expected[..<(count * size.outputs)]), "\(count) rows of \(size) on \(tier)")
            }
        }
    }

    /// Rows of one sign, of zeros, of one value and of the largest numbers; bias, factor, residual and activation.
    @Test func integersOfUnusualRows() {
        let source = Source(37, 50)
        var random = SeededGenerator(seed: 3)
        let noise = random.floats(50)
        let rows = [
            noise.map(\.magnitude), noise.map { -$0.magnitude }, noise.map { _ in 0 }, noise.map { _ in 2.5 },
            noise.map { $0 * 1e36 }, noise.map { $0 * 1e-30 }, noise.map { $0 + 1000 },
        ]
        let x = Tensor(rows.flatMap { $0 }, shape: [rows.count, 50])
        let (scale, bias) = (random.floats(37), random.floats(37))
        let memory = WeightMemory()
        let residual = Tensor(random.floats(rows.count * 37), shape: [rows.count, 37])
        let sums = integerProduct(x, source)
        let expected = sums.indices.map { index -> Float in
            let column = index % 37
            let sum = Float(bias[column]).addingProduct(sums[index], scale[column])
            return max(sum + residual.floats[index], 0)
        }
        for tier in Tier.everySupported where tier != .portable {
            let packed = matrix(source.values, 37, 50, .int8, tier)
            let found = Runtime(threads: 2, tier: tier).withWorkspace { ws in
                ws.linear(
                    x, packed, scale: PackedVector(scale, in: memory), bias: PackedVector(bias, in: memory),
                    activation: .relu, residual: residual
                ).floats
            }
            #expect(found == expected, "\(tier)")
        }
    }

    /// More terms than an integer has room for are widened and summed in fp32.
    @Test func manyTerms() {
        let source = Source(3, 40_000)
        let runtime = Runtime(threads: 2)
        let x = input([2, 40_000])
        let (found, expected) = runtime.withWorkspace { ws in
            (
                ws.linear(x, matrix(source.values, 3, 40_000, .int8, runtime.tier)).floats,
                ws.linear(x, matrix(source.rounded(.int8), 3, 40_000, .plain, runtime.tier)).floats
            )
        }
        #expect(found == expected)
    }

    @Test(arguments: [(1, 1), (33, 63), (70, 130), (32, 2500), (200, 768)])
    func products(size: (outputs: Int, inputs: Int)) {
        let source = Source(size.outputs, size.inputs)
        let type = WeightType.bfloat16
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

    /// Where a tier multiplies pairs of bf16: the input is rounded as the weights are; the sums are fp32, so that what
    /// is left is their rounding. An output does not depend on the others, the rows of a pass, or threads.
    @Test(.enabled(if: Tier.avx512BF16.isSupported), arguments: [(1, 1), (33, 63), (70, 130), (32, 2500), (200, 768)])
    func pairs(size: (outputs: Int, inputs: Int)) {
        let source = Source(size.outputs, size.inputs)
        let narrow = matrix(source.values, size.outputs, size.inputs, .bfloat16, .avx512BF16)
        let wide = matrix(source.rounded(.bfloat16), size.outputs, size.inputs, .plain, .avx512BF16)
        var alone: [Float] = []
        for (rows, threads) in [(1, 1), (3, 2), (40, 1), (40, 3)] {
            let x = input([rows, size.inputs])
            let rounded = Tensor(x.floats.map(\.roundedToBrainFloat), shape: x.shape)
            let (found, expected) = Runtime(threads: threads, tier: .avx512BF16).withWorkspace { ws in
                (ws.linear(x, narrow).copied(), ws.linear(rounded, wide).copied())
            }
            #expect(mismatch(found, expected, tolerance: 2e-6) == nil)
            if alone.isEmpty { alone = found.floats }
            #expect(Array(found.floats[..<size.outputs]) == alone)
        }
    }

    @Test(
        .enabled(if: Tier.avx512BF16.isSupported),
        arguments: [(3, 7, 2, 3, 1), (6, 3, 1, 1, 1), (40, 1, 1, 0, 1), (64, 3, 2, 1, 1), (12, 3, 1, 1, 3)])
    func convolutionsOfPairs(layer: (channels: Int, kernel: Int, stride: Int, padding: Int, groups: Int)) {
        expectPairs(
            input([2, 9, 11, layer.channels]),
            Window(layer.kernel, stride: layer.stride, padding: layer.padding), groups: layer.groups, "\(layer)")
    }

    /// Lines whose patches overlap are rounded once: with padding on either side, in groups, more of them than a block.
    @Test(
        .enabled(if: Tier.avx512BF16.isSupported),
        arguments: [
            (6, 7, 1, 3, 3, 3), (48, 8, 1, 4, 3, 3), (32, 3, 2, 0, 0, 1), (34, 5, 2, 2, 0, 1), (4, 3, 1, 0, 5, 1),
            (20, 4, 3, 1, 1, 2), (1024, 3, 1, 1, 1, 1), (9, 3, 1, 1, 1, 1),
        ])
    func linesOfPairs(
        layer: (channels: Int, kernel: Int, stride: Int, before: Int, after: Int, groups: Int)
    ) {
        let window = Window(
            kernel: (1, layer.kernel), stride: (1, layer.stride), paddingBefore: (0, layer.before),
            paddingAfter: (0, layer.after))
        for width in [layer.kernel, 61, 320] {
            expectPairs(
                input([2, 1, width, layer.channels]), window, groups: layer.groups, "\(layer), \(width) pixels")
        }
    }

    /// A convolution of brain floats gives what one in fp32 gives of the rounded inputs and weights, and the same bits
    /// for any number of threads and without the rest of the batch.
    private func expectPairs(_ x: Tensor, _ window: Window, groups: Int, _ name: String) {
        let (taps, channels) = (window.kernel.height * window.kernel.width, x.shape[3])
        let (outputs, inputs) = (45 / groups, channels / groups * taps)
        let sources = (0..<groups).map { Source(outputs, inputs, seed: $0) }
        func packed(_ form: PackedMatrix.Form, _ values: (Source) -> [Float]) -> [PackedMatrix] {
            let memory = WeightMemory()
            _ = memory.reserve(groups * PackedMatrix.floatCount(outputs: outputs, inputs: inputs, form: form))
            return sources.map { matrix(values($0), outputs, inputs, taps: taps, form, .avx512BF16, in: memory) }
        }
        let rounded = Tensor(x.floats.map(\.roundedToBrainFloat), shape: x.shape)
        let narrow = packed(.bfloat16) { $0.values }
        let wide = packed(.plain) { $0.rounded(.bfloat16) }
        let last = Tensor(
            Array(x.floats.suffix(x.count / x.shape[0])), shape: Shape([1] + x.shape.dimensions.dropFirst()))
        var results: [[Float]] = []
        for threads in [1, 3] {
            let (found, expected, alone) = Runtime(threads: threads, tier: .avx512BF16).withWorkspace { ws in
                (
                    ws.convolution(x, narrow, window: window, activation: .relu).copied(),
                    ws.convolution(rounded, wide, window: window, activation: .relu).copied(),
                    ws.convolution(last, narrow, window: window, activation: .relu).floats
                )
            }
            #expect(mismatch(found, expected, tolerance: 2e-6) == nil, "\(name)")
            #expect(Array(found.floats.suffix(alone.count)) == alone, "\(name)")
            results.append(found.floats)
        }
        #expect(results[0] == results[1], "\(name)")
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
        let runtime = Runtime(threads: 2, tier: .avx512VNNI)  // which widens bf16
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
        for tier in Tier.everySupported {
            let packed = matrix(source, 40, 50, type.form, tier)
            let y = Runtime(threads: 1, tier: tier).withWorkspace { $0.linear(input([1, 50]), packed).floats }
            #expect(y.indices.filter { !y[$0].isFinite } == [7], "\(tier)")
            // And in a row of the input: all of its outputs, no other's.
            var rows = input([3, 50]).floats
            rows[60] = value
            let whole = matrix(Source(40, 50).values, 40, 50, type.form, tier)
            let z = Runtime(threads: 1, tier: tier).withWorkspace { ws in
                ws.linear(Tensor(rows, shape: [3, 50]), whole).floats
            }
            #expect(z.indices.filter { !z[$0].isFinite } == Array(40..<80), "\(tier)")
        }
    }

    /// Integers with a factor for each row, as a checkpoint may store them, are packed as the numbers they stand for,
    /// and in eight bits as they are.
    @Test(arguments: [1, 9]) func storedIntegers(taps: Int) {
        let (outputs, inputs) = (70, 45)
        var random = SeededGenerator(seed: 4)
        let integers = (0..<outputs * inputs).map { index -> Int8 in
            index % inputs == index / inputs % inputs ? -127 : Int8(random.floats(1)[0] * 120)
        }
        let factors = random.floats(outputs).map { $0.magnitude + 0.01 }
        let values = integers.indices.map { Float(integers[$0]) * factors[$0 / inputs] }
        for tier in Tier.supported {
            let x = input([3, inputs])
            for form in [PackedMatrix.Form.plain, .bfloat16, .int8] {
                let stored = PackedMatrix(outputs: outputs, inputs: inputs, form: form, in: WeightMemory())
                integers.withUnsafeBytes { bytes in
                    guard let start = bytes.baseAddress else { return }
                    factors.withUnsafeBufferPointer { factors in
                        stored.fill(
                            row: 0, count: outputs, taps: taps, from: start, dtype: .int8, tier: tier,
                            factors: factors.baseAddress)
                    }
                }
                let (found, expected) = Runtime(threads: 1, tier: tier).withWorkspace { ws in
                    (
                        ws.linear(x, stored).floats,
                        ws.linear(x, matrix(values, outputs, inputs, taps: taps, form, tier)).floats
                    )
                }
                #expect(form == .int8 || found == expected, "\(form) on \(tier)")
                #expect(mismatch(Tensor(found, shape: [3, outputs]), Tensor(expected, shape: [3, outputs])) == nil)
                guard form == .int8 else { continue }
                #expect(taps > 1 || found == integerProduct(x, integers, factors), "\(tier)")
            }
        }
    }

    @Test func sizes() {
        func bytes(_ type: WeightType) -> Int { matrix([], 0, 0, type.form, .portable).byteCount }
        #expect(bytes(.float32) == 0 && bytes(.int8) == 0)
        let counts = WeightType.allCases.map { PackedMatrix.floatCount(outputs: 768, inputs: 768, form: $0.form) }
        #expect(counts == [768 * 768, 768 * 768 / 2, 768 * 768 / 4 + 2 * 768])
        #expect(Runtime(threads: 1).weights == .float32 && Runtime(threads: 1, weights: .int8).weights == .int8)
    }
}
