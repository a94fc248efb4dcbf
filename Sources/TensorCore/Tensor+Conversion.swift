extension Tensor {
    /// A tensor of raw values: row-major, little-endian, as many as the shape has elements.
    ///
    /// - Precondition: as many bytes as type and shape need.
    public init(bytes: [UInt8], dtype: DType, shape: Shape) {
        precondition(
            bytes.count == shape.elementCount * dtype.byteCount, "\(bytes.count) bytes for \(dtype.rawValue) \(shape)")
        let storage = Storage(byteCount: bytes.count)
        bytes.withUnsafeBytes { source in
            UnsafeMutableRawBufferPointer(start: storage.pointer, count: source.count).copyMemory(from: source)
        }
        self.init(shape: shape, dtype: dtype, storage: storage)
    }

    /// The values in row-major order as they are stored, little-endian.
    public var bytes: [UInt8] {
        Array(UnsafeRawBufferPointer(start: start, count: count * dtype.byteCount))
    }

    /// The same values stored as fp32, fp16 or bf16; where precision is lost, rounded to the nearest, ties to even
    /// (fp64 to fp32 first, as PyTorch does).
    ///
    /// - Parameters:
    ///   - type: the new type.
    ///   - tier: whose kernel converts.
    /// - Precondition: the tensor is of a type of weights, and the new type is among these three.
    public func converted(to type: DType, tier: Tier = .best) -> Tensor {
        precondition(dtype.isFloatingWeight && type.hasKernel, "\(dtype.rawValue) to \(type.rawValue)")
        guard type != dtype else { return self }
        guard dtype == .float32 else {
            let wide = Tensor(shape: shape, storage: Storage(byteCount: count * 4))
            convertToFloat(start, dtype: dtype, count: count, into: wide.mutableFloatPointer, tier: tier)
            return wide.converted(to: type, tier: tier)
        }
        let narrow = Tensor(shape: shape, dtype: type, storage: Storage(byteCount: count * 2))
        let target = narrow.storage.pointer.bindMemory(to: UInt16.self, capacity: count)
        withFloats { values in
            guard type == .float16 else { return roundToBFloat16(values, into: target) }
            for (index, value) in values.enumerated() { target[index] = Float16(value).bitPattern }
        }
        return narrow
    }
}

/// Rounds values to brain floats: the nearest, ties to even; NaN stays NaN.
///
/// - Parameters:
///   - values: what is rounded.
///   - target: where the bits of as many brain floats go.
public func roundToBFloat16(_ values: UnsafeBufferPointer<Float>, into target: UnsafeMutablePointer<UInt16>) {
    for (index, value) in values.enumerated() { target[index] = value.bfloat16Bits }
}

extension Float {
    /// The upper half of the nearest value that bf16 can hold; NaN stays NaN.
    fileprivate var bfloat16Bits: UInt16 {
        guard !isNaN else { return 0x7fc0 }
        let lowest = bitPattern >> 16 & 1
        return UInt16(truncatingIfNeeded: (bitPattern &+ 0x7fff &+ lowest) >> 16)
    }
}
