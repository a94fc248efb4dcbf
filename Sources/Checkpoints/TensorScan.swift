public import TensorCore

/// A value that is NaN or infinite.
public struct NonFiniteValue: Sendable, Equatable {
    /// The tensor.
    public var tensor: String
    /// The element, row-major.
    public var index: Int
}

extension TensorSource {
    /// Looks for the first NaN or infinity of a tensor; integers have none, and types that cannot be read are errors.
    ///
    /// A checkpoint may hold such values (the format allows them); who wants to know asks here.
    public func firstNonFinite(of name: String) throws(TensorReadError) -> NonFiniteValue? {
        guard let info = info(name) else {
            try read(name, at: 0, into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
            return nil
        }
        guard info.dtype.isFloatingWeight else { return nil }
        let width = info.dtype.byteCount
        var chunk = [UInt8](repeating: 0, count: min(info.byteCount, 1 << 20))
        var offset = 0
        while offset < info.byteCount {
            let count = min(chunk.count, info.byteCount - offset)
            var failure: TensorReadError?
            let hit: Int? = chunk.withUnsafeMutableBytes { buffer in
                let part = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
                do throws(TensorReadError) { try read(name, at: offset, into: part) } catch {
                    failure = error
                    return nil
                }
                return stride(from: 0, to: count, by: width).first { place in
                    var bits: UInt64 = 0
                    for byte in 0..<width { bits |= UInt64(part[place + byte]) << UInt64(8 * byte) }
                    return info.dtype.isNonFinite(bits)
                }
            }
            if let failure { throw failure }
            if let hit { return NonFiniteValue(tensor: name, index: (offset + hit) / width) }
            offset += count
        }
        return nil
    }
}

extension DType {
    /// Whether the bits of a float are those of NaN or an infinity.
    fileprivate func isNonFinite(_ bits: UInt64) -> Bool {
        func hasAll(_ mask: UInt64) -> Bool { bits & mask == mask }
        return switch self {
        case .float64: hasAll(0x7FF0_0000_0000_0000)
        case .float32: hasAll(0x7F80_0000)
        case .bfloat16: hasAll(0x7F80)
        case .float16: hasAll(0x7C00)
        case .float8e5m2: hasAll(0x7C)
        case .float8e4m3: hasAll(0x7F)
        case .float8e8m0: bits == 0xFF
        case .float8e4m3fnuz, .float8e5m2fnuz: bits == 0x80
        case .bool, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: false
        }
    }
}
