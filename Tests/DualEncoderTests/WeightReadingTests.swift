import Layers
import TensorCore
import TestSupport
import Testing

/// What dual encoders need of layers and operations beyond the classifiers': parts of matrices, turned matrices, tables
/// read once, tokens put together.
@Suite struct WeightReadingTests {
    /// Tensors in memory.
    private struct MemorySource: TensorSource {
        let location = "memory"
        private var tensors: [String: (info: TensorInfo, bytes: [UInt8])] = [:]

        /// Adds values, stored in fp32, fp16 or bf16.
        mutating func add(_ name: String, _ values: [Float], shape: [Int], as dtype: DType = .float32) {
            let bytes: [UInt8] =
                switch dtype {
                case .float16: values.flatMap { withUnsafeBytes(of: Float16($0).bitPattern) { Array($0) } }
                case .bfloat16:
                    values.flatMap { value in
                        withUnsafeBytes(of: UInt16(truncatingIfNeeded: value.bitPattern >> 16)) { Array($0) }
                    }
                default: values.flatMap { withUnsafeBytes(of: $0.bitPattern) { Array($0) } }
                }
            tensors[name] = (TensorInfo(name: name, dtype: dtype, shape: shape, file: location), bytes)
        }

        var names: [String] { tensors.keys.sorted() }
        func info(_ name: String) -> TensorInfo? { tensors[name]?.info }

        func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError) {
            guard let bytes = tensors[name]?.bytes else {
                throw TensorReadError(file: location, tensor: name, reason: "there is none")
            }
            buffer.copyBytes(from: bytes[offset..<offset + buffer.count])
        }
    }

    private func values(_ count: Int, seed: UInt64) -> [Float] {
        var generator = SeededGenerator(seed: seed)
        // Few bits, so that every type holds them exactly.
        return generator.floats(count).map { ($0 * 64).rounded() / 64 }
    }

    @Test(arguments: [DType.float32, .float16, .bfloat16], [1, 2, 3])
    func tablesOfAnySize(dtype: DType, threads: Int) throws {
        let runtime = Runtime(threads: threads)
        for (count, width) in [(1, 1), (3, 5), (1 << 12, 256), ((1 << 12) + 3, 129)] {
            let expected = values(count * width, seed: UInt64(count))
            var source = MemorySource()
            source.add("table", expected, shape: [count, width], as: dtype)
            let loader = WeightLoader(source, runtime: runtime)
            let table = try Weights(loader).tensor("table", shape: [count, width])
            try loader.finish()
            #expect(bitDifference(table.floats, expected) == nil)
            #expect(loader.byteCount == 4 * count * width)
            let planned = WeightLoader(source, runtime: runtime, plansOnly: true)
            let zeros = try Weights(planned).tensor("table", shape: [count, width])
            #expect(zeros.floats.allSatisfy { $0 == 0 })
            #expect(planned.byteCount == loader.byteCount && planned.hasTaken("table"))
        }
    }

    @Test("a vocabulary is held in bf16 beside narrower weights, other tables are not", arguments: WeightType.allCases)
    func vocabularies(type: WeightType) throws {
        let runtime = Runtime(threads: 2, weights: type)
        for (dtype, count, width) in [
            (DType.float32, 3, 5), (.float32, (1 << 12) + 3, 129), (.float16, 7001, 77), (.bfloat16, 7001, 77),
        ] {
            var generator = SeededGenerator(seed: UInt64(width))
            // More bits than bf16 has, and ties.
            let stored = Tensor(
                generator.floats(count * width).map { ($0 * 1024).rounded() / 1024 }, shape: [count, width]
            ).converted(to: dtype)
            var source = MemorySource()
            source.add("weight", stored.converted(to: .float32).floats, shape: [count, width], as: dtype)
            let isNarrow = type != .float32
            let loader = WeightLoader(source, runtime: runtime)
            let words = try Embedding(count, width, isVocabulary: true, Weights(loader))
            try loader.finish()
            #expect(loader.byteCount == (isNarrow ? 2 : 4) * count * width)
            let plain = WeightLoader(source, runtime: runtime)
            let positions = try Embedding(count, width, Weights(plain))
            try plain.finish()
            #expect(plain.byteCount == 4 * count * width)

            let held = (isNarrow ? stored.converted(to: .bfloat16) : stored).converted(to: .float32)
            let exact = stored.converted(to: .float32)
            #expect(bitDifference(words.prefix(count).floats, held.floats) == nil)
            #expect(bitDifference(positions.prefix(count).floats, exact.floats) == nil)
            let ids = [count - 1, 0, 1, count - 1], addend = Tensor(generator.floats(2 * width), shape: [2, width])
            let found = runtime.withWorkspace { ws in
                (words(ids, shape: [2, 2], ws).floats, words(ids, shape: [2, 2], adding: addend, ws).floats)
            }
            let rows = ids.flatMap { held.rows($0..<$0 + 1).floats }
            #expect(bitDifference(found.0, rows) == nil)
            #expect(bitDifference(found.1, zip(rows, addend.floats + addend.floats).map { $0 + $1 }) == nil)
        }
    }

    @Test(arguments: [(5, 7), (33, 64), (96, 40)])
    func turnedAndPartedMatrices(inputs: Int, outputs: Int) throws {
        let runtime = Runtime(threads: 2)
        let (matrix, bias) = (values(outputs * inputs, seed: 1), values(outputs, seed: 2))
        let turned = (0..<inputs * outputs).map { matrix[$0 % outputs * inputs + $0 / outputs] }
        var source = MemorySource()
        source.add("weight", matrix, shape: [outputs, inputs])
        source.add("turned", turned, shape: [inputs, outputs])
        source.add("bias", bias, shape: [outputs])
        let loader = WeightLoader(source, runtime: runtime)
        let w = Weights(loader)
        let whole = try Linear(inputs, outputs, w)
        let plain = try Linear(inputs, outputs, transposed: "turned", w)
        let split = outputs / 3
        let parts = try [0..<split, split..<outputs].map {
            try Linear(inputs, rows: $0, of: outputs, weight: "weight", bias: "bias", w)
        }
        try loader.finish()
        let x = Tensor(values(4 * inputs, seed: 3), shape: [4, inputs])
        let results = runtime.withWorkspace { ws in
            (whole(x, ws).floats, plain(x, ws).floats, parts.map { $0(x, ws).floats })
        }
        let widths = [split, outputs - split]
        for row in 0..<4 {
            let expected = Array(results.0[row * outputs..<(row + 1) * outputs])
            let found = zip(results.2, widths).flatMap { part, width in part[row * width..<(row + 1) * width] }
            #expect(bitDifference(found, expected) == nil)
            let turnedRow = results.1[row * outputs..<(row + 1) * outputs]
            #expect(zip(zip(turnedRow, bias), expected).allSatisfy { abs($0.0.0 + $0.0.1 - $0.1) < 1e-4 })
        }
    }

    @Test func tokensPutTogether() {
        let runtime = Runtime(threads: 1)
        let first = Tensor(values(2 * 1 * 3, seed: 1), shape: [2, 1, 3])
        let second = Tensor(values(2 * 2 * 3, seed: 2), shape: [2, 2, 3])
        let addend = Tensor(values(3 * 3, seed: 3), shape: [3, 3])
        let (joined, summed, repeated) = runtime.withWorkspace { ws in
            (
                ws.joined(first, second).copied(), ws.joined(first, second, adding: addend).copied(),
                ws.repeated(addend, batch: 2).copied()
            )
        }
        let rows = (0..<2).flatMap { Array(first.rows($0..<$0 + 1).floats) + second.rows($0..<$0 + 1).floats }
        #expect(joined.shape == [2, 3, 3] && bitDifference(joined.floats, rows) == nil)
        let twice = addend.floats + addend.floats
        #expect(repeated.shape == [2, 3, 3] && bitDifference(repeated.floats, twice) == nil)
        #expect(bitDifference(summed.floats, zip(rows, twice).map { $0 + $1 }) == nil)
    }
}
