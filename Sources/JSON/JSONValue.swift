/// A JSON value (RFC 8259).
///
/// Equality compares strings and keys by their bytes and members in order; `1` and `1.0` differ.
public enum JSONValue: Sendable {
    /// `null`.
    case null
    /// `true` or `false`.
    case bool(Bool)
    /// A number, see ``JSONNumber``.
    case number(JSONNumber)
    /// A string, unescaped.
    case string(String)
    /// A list.
    case array([JSONValue])
    /// An object, in the order of the file.
    case object(JSONObject)

    /// An integer.
    public init(_ value: Int) { self = .number(.int(value)) }
    /// A double; NaN and infinities are written as `null`.
    public init(_ value: Double) { self = .number(.double(value)) }
    /// A float, with the fewest digits that give the same float again.
    public init(_ value: Float) { self = .number(.double(Double(value.description) ?? Double(value))) }
    /// A string.
    public init(_ value: String) { self = .string(value) }
    /// `true` or `false`.
    public init(_ value: Bool) { self = .bool(value) }
}

extension JSONValue {
    /// The members where this is an object.
    public var objectValue: JSONObject? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// The elements where this is a list.
    public var arrayValue: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The text where this is a string.
    public var stringValue: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The truth value where this is `true` or `false`.
    public var boolValue: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The value where this is a number written as an integer that fits `Int`.
    public var intValue: Int? {
        guard case .number(let value) = self else { return nil }
        return value.intValue
    }

    /// The value where this is a number.
    public var doubleValue: Double? {
        guard case .number(let value) = self else { return nil }
        return value.doubleValue
    }

    /// Whether this is `null`.
    public var isNull: Bool {
        guard case .null = self else { return false }
        return true
    }

    /// The value of a key; `nil` where it is absent or this is no object.
    public subscript(key: String) -> JSONValue? { objectValue?[key] }
}

extension JSONValue: Equatable {
    /// Whether both are the same value, see ``JSONValue``.
    public static func == (left: JSONValue, right: JSONValue) -> Bool {
        switch (left, right) {
        case (.null, .null): true
        case (.bool(let a), .bool(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a.hasSameBytes(as: b)
        case (.array(let a), .array(let b)): a == b
        case (.object(let a), .object(let b)): a == b
        default: false
        }
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByFloatLiteral,
    ExpressibleByBooleanLiteral, ExpressibleByNilLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
    /// A string.
    public init(stringLiteral value: String) { self = .string(value) }
    /// An integer.
    public init(integerLiteral value: Int) { self.init(value) }
    /// A double.
    public init(floatLiteral value: Double) { self.init(value) }
    /// `true` or `false`.
    public init(booleanLiteral value: Bool) { self = .bool(value) }
    /// `null`.
    public init(nilLiteral: ()) { self = .null }
    /// A list.
    public init(arrayLiteral elements: JSONValue...) { self = .array(elements) }
    /// An object; of a key written twice the last value stays.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }
}
