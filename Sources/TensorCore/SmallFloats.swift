/// The 8-bit floats of the Open Compute Project's formats (OFP8, MX) and of the variants without negative zero, as
/// PyTorch converts them to fp32: every value is exact.
enum SmallFloats {
    /// The 256 values of a type; `nil` for types that are no 8-bit floats.
    static func table(_ dtype: DType) -> [Float]? {
        switch dtype {
        case .float8e4m3: e4m3
        case .float8e5m2: e5m2
        case .float8e4m3fnuz: e4m3fnuz
        case .float8e5m2fnuz: e5m2fnuz
        case .float8e8m0: e8m0
        case .bool, .uint8, .int8, .uint16, .int16, .float16, .bfloat16, .uint32, .int32, .float32, .uint64, .int64,
            .float64:
            nil
        }
    }

    /// Sign, 4 bits of exponent with bias 7, 3 of fraction; all ones is NaN, there is no infinity.
    private static let e4m3 = (0..<256).map { (code: Int) -> Float in
        code & 0x7F == 0x7F ? .nan : value(code, fractionBits: 3, bias: 7)
    }

    /// Sign, 5 bits of exponent with bias 15, 2 of fraction; infinities and NaN as IEEE 754 has them.
    private static let e5m2 = (0..<256).map { (code: Int) -> Float in
        switch code & 0x7F {
        case 0x7C: code < 0x80 ? Float.infinity : -Float.infinity
        case 0x7D...: .nan
        default: value(code, fractionBits: 2, bias: 15)
        }
    }

    /// As `e4m3` with bias 8; what would be negative zero is NaN, and all else is finite.
    private static let e4m3fnuz = (0..<256).map { (code: Int) -> Float in
        code == 0x80 ? .nan : value(code, fractionBits: 3, bias: 8)
    }

    /// As `e5m2` with bias 16; what would be negative zero is NaN, and all else is finite.
    private static let e5m2fnuz = (0..<256).map { (code: Int) -> Float in
        code == 0x80 ? .nan : value(code, fractionBits: 2, bias: 16)
    }

    /// A power of two, 2^-127 to 2^127; all ones is NaN.
    private static let e8m0 = (0..<256).map { (code: Int) -> Float in
        code == 0xFF ? .nan : Float(sign: .plus, exponent: code - 127, significand: 1)
    }

    private static func value(_ code: Int, fractionBits: Int, bias: Int) -> Float {
        let exponent = (code & 0x7F) >> fractionBits
        let fraction = code & ((1 << fractionBits) - 1)
        // Numbers of exponent 0 have no leading one.
        let significand = exponent == 0 ? fraction : fraction + (1 << fractionBits)
        return Float(
            sign: code < 0x80 ? .plus : .minus, exponent: max(exponent, 1) - bias - fractionBits,
            significand: Float(significand))
    }
}
