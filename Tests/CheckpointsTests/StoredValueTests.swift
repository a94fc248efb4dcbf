import Checkpoints
import TensorCore
import Testing

/// Values of types that kernels do not read, against PyTorch's conversion to fp32.
@Suite struct StoredValueTests {
    @Test(arguments: [
        DType.float8e4m3, .float8e5m2, .float8e4m3fnuz, .float8e5m2fnuz, .float8e8m0, .float64,
    ])
    func asPyTorchConverts(type: DType) throws {
        let file = try Safetensors(file: "\(PyTorchFixtures.folder)/conversions.safetensors")
        let name = try #require(file.names.first { file.info($0)?.dtype == type })
        let info = try #require(file.info(name))
        #expect(info.count >= 256)
        let values = Tensor(bytes: try file.bytes(of: name), dtype: type, shape: Shape(info.shape))
        let expected = Tensor(
            bytes: try file.bytes(of: "\(name).fp32"), dtype: .float32, shape: Shape(info.shape))
        for (index, pair) in zip(values.converted(to: .float32).floats, expected.floats).enumerated() {
            #expect(pair.0.bitPattern == pair.1.bitPattern || pair.0.isNaN && pair.1.isNaN, "\(type) \(index): \(pair)")
        }
    }

    @Test(arguments: [DType.float16, .bfloat16])
    func allValuesOf16Bits(type: DType) {
        let codes = (0...UInt16.max).map { $0 }
        let values = Tensor(
            bytes: codes.withUnsafeBytes { Array($0) }, dtype: type, shape: Shape([codes.count])
        ).converted(to: .float32).floats
        for (code, value) in zip(codes, values) {
            let expected =
                type == .float16 ? Float(Float16(bitPattern: code)) : Float(bitPattern: UInt32(code) << 16)
            guard value.bitPattern != expected.bitPattern, !(value.isNaN && expected.isNaN) else { continue }
            Issue.record("\(type) \(code): \(value), expected \(expected)")
        }
    }

    @Test(arguments: [DType.float8e4m3, .float8e5m2fnuz, .float8e8m0, .float64])
    func packedAsIfConvertedBefore(type: DType) {
        let (rows, inputs) = (5, 18)
        let bytes = (0..<rows * inputs * type.byteCount).map { UInt8(truncatingIfNeeded: $0 &* 37 &+ 11) }
        let stored = Tensor(bytes: bytes, dtype: type, shape: Shape([rows, inputs]))
        let wide = stored.converted(to: .float32).bytes
        let memory = WeightMemory()
        func product(_ bytes: [UInt8], _ type: DType) -> [UInt32] {
            let matrix = PackedMatrix(outputs: rows, inputs: inputs, in: memory)
            bytes.withUnsafeBytes { raw in
                guard let start = raw.baseAddress else { return }
                matrix.fill(row: 0, count: rows, taps: 9, from: start, dtype: type, tier: .best)
            }
            let input = Tensor((0..<inputs).map { 1 / Float($0 + 1) }, shape: [1, inputs])
            return Runtime(threads: 1).withWorkspace { $0.linear(input, matrix).floats.map(\.bitPattern) }
        }
        #expect(product(bytes, type) == product(wide, .float32))
    }

    @Test(arguments: [
        (DType.float8e8m0, UInt8(0xFF), UInt8(0x7F)), (.float8e4m3fnuz, 0x80, 0xFF), (.float8e5m2fnuz, 0x80, 0xFF),
        (.float8e4m3, 0xFF, 0x7E), (.float8e5m2, 0xFC, 0x7B),
    ])
    func nonFiniteValuesAreFound(type: DType, bad: UInt8, good: UInt8) throws {
        let bytes = try Safetensors.serialized([
            StoredTensor(name: "bad", dtype: type, shape: [3], bytes: [good, good, bad]),
            StoredTensor(name: "good", dtype: type, shape: [2], bytes: [good, 0]),
        ])
        let file = try Safetensors(bytes: bytes, file: "values")
        let found = try file.firstNonFinite(of: "bad")
        #expect(found?.tensor == "bad" && found?.index == 2)
        #expect(try file.firstNonFinite(of: "good") == nil)
    }
}
