public import TensorCore

/// Every element type that a safetensors file may name, in the order of the reference's writer.
public enum StoredType: String, Sendable, CaseIterable, Comparable {
    /// One byte, 0 or 1.
    case bool = "BOOL"
    /// 4-bit float, two a byte.
    case float4 = "F4"
    /// 6-bit float with 2 exponent bits.
    case float6e2m3 = "F6_E2M3"
    /// 6-bit float with 3 exponent bits.
    case float6e3m2 = "F6_E3M2"
    /// 8-bit unsigned integer.
    case uint8 = "U8"
    /// 8-bit integer.
    case int8 = "I8"
    /// 8-bit float with 5 exponent bits.
    case float8e5m2 = "F8_E5M2"
    /// 8-bit float with 4 exponent bits, finite.
    case float8e4m3 = "F8_E4M3"
    /// 8-bit power of two.
    case float8e8m0 = "F8_E8M0"
    /// 8-bit float with 4 exponent bits, without negative zero.
    case float8e4m3fnuz = "F8_E4M3FNUZ"
    /// 8-bit float with 5 exponent bits, without negative zero.
    case float8e5m2fnuz = "F8_E5M2FNUZ"
    /// 16-bit integer.
    case int16 = "I16"
    /// 16-bit unsigned integer.
    case uint16 = "U16"
    /// IEEE half precision.
    case float16 = "F16"
    /// bfloat16.
    case bfloat16 = "BF16"
    /// 32-bit integer.
    case int32 = "I32"
    /// 32-bit unsigned integer.
    case uint32 = "U32"
    /// IEEE single precision.
    case float32 = "F32"
    /// Two singles, a complex number.
    case complex64 = "C64"
    /// IEEE double precision.
    case float64 = "F64"
    /// 64-bit integer.
    case int64 = "I64"
    /// 64-bit unsigned integer.
    case uint64 = "U64"

    /// Bits of one element.
    public var bitCount: Int {
        switch self {
        case .float4: 4
        case .float6e2m3, .float6e3m2: 6
        case .bool, .uint8, .int8, .float8e5m2, .float8e4m3, .float8e8m0, .float8e4m3fnuz, .float8e5m2fnuz: 8
        case .int16, .uint16, .float16, .bfloat16: 16
        case .int32, .uint32, .float32: 32
        case .complex64, .float64, .int64, .uint64: 64
        }
    }

    /// The type as tensors have it; `nil` where values of this type cannot be read.
    public var dtype: DType? { DType(rawValue: rawValue) }

    /// Whether the reference's writer puts `left` after `right` (it writes the types from last to first).
    public static func < (left: StoredType, right: StoredType) -> Bool { left.rank < right.rank }

    private var rank: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
