import Layers
import TensorCore
import TestSupport
import Testing

/// A large weight is read a few outputs at a time, with the bits that it has as a whole.
@Suite struct TransposedConvolutionTests {
    /// One tensor `weight` in half precision, each element its place modulo 509.
    private struct Counting: TensorSource {
        let shape: [Int]
        var location: String { "memory" }
        var names: [String] { ["weight"] }

        func info(_ name: String) -> TensorInfo? {
            name == "weight" ? TensorInfo(name: name, dtype: .float16, shape: shape, file: "memory") : nil
        }

        static func value(_ index: Int) -> Float { Float(index % 509) / 64 - 4 }

        func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError) {
            for index in 0..<buffer.count / 2 {
                let bits = Float16Bits.of(Self.value(offset / 2 + index))
                buffer.storeBytes(of: bits, toByteOffset: 2 * index, as: UInt16.self)
            }
        }
    }

    /// Numbers with few digits as half precision.
    private enum Float16Bits {
        static func of(_ value: Float) -> UInt16 {
            guard value != 0 else { return 0 }
            let exponent = UInt16(Int(value.exponent) + 15) << 10
            return (value < 0 ? 0x8000 : 0) | exponent | UInt16(value.significandBitPattern >> 13)
        }
    }

    @Test func parts() throws {
        let shape = [512, 70, 4, 4]
        let runtime = Runtime(threads: 2)
        func layer(_ make: (Weights) throws -> TransposedConvolution) throws -> [Float] {
            let loader = WeightLoader(Counting(shape: shape), runtime: runtime)
            let layer = try make(Weights(loader))
            try loader.finish(ignoring: { _ in true })
            let x = Tensor((0..<512 * 6).map { Float($0 % 7) - 3 }, shape: [1, 2, 3, 512])
            return runtime.withWorkspace { ws in layer(x, ws).floats }
        }
        let read = try layer { w in
            try TransposedConvolution(512, 70, kernel: 4, stride: 2, padding: 1, bias: false, w)
        }
        let values = (0..<512 * 70 * 16).map(Counting.value)
        let given = try layer { w in
            try TransposedConvolution(values, 512, 70, kernel: 4, stride: 2, padding: 1, w)
        }
        #expect(bitDifference(read, given) == nil)
        #expect(read.contains { $0 != 0 })
    }
}
