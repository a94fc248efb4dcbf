/// A JSON number, its written form kept apart: `10` is an integer, `10.0` and `1e1` are not.
public enum JSONNumber: Sendable, Equatable {
    /// Digits only, within `Int`.
    case int(Int)
    /// Digits only, in 2^63 ..< 2^64.
    case unsigned(UInt64)
    /// Written with a fraction or an exponent, or an integer outside of the 64-bit ranges (rounded to nearest).
    case double(Double)

    /// The value as a double, rounded to nearest.
    public var doubleValue: Double {
        switch self {
        case .int(let value): Double(value)
        case .unsigned(let value): Double(value)
        case .double(let value): value
        }
    }

    /// The value where it was written as an integer and fits `Int`.
    public var intValue: Int? {
        guard case .int(let value) = self else { return nil }
        return value
    }
}
