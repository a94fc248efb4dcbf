/// A text is not JSON, or exceeds a limit.
public struct JSONError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong.
    public enum Reason: Sendable, Equatable {
        /// More bytes than allowed.
        case tooLarge(bytes: Int, limit: Int)
        /// Lists and objects nested deeper than allowed.
        case tooDeep(limit: Int)
        /// The text ends within a value.
        case unexpectedEnd
        /// Another thing was expected here.
        case unexpected(found: String, expected: String)
        /// Something follows the value.
        case trailing(found: String)
        /// A key stands twice in one object.
        case duplicateKey(String)
        /// A byte sequence that is not UTF-8.
        case invalidUTF8
        /// A `\u` escape of half a surrogate pair.
        case loneSurrogate
        /// An unknown or incomplete escape.
        case invalidEscape
        /// A control character that must be escaped.
        case controlCharacter(UInt8)
        /// Not a number as RFC 8259 writes it.
        case invalidNumber
        /// A number beyond the range of a double, or of more digits than allowed.
        case numberOutOfRange
        /// A byte order mark at the start.
        case byteOrderMark
    }

    /// What is wrong.
    public var reason: Reason
    /// Bytes before the place.
    public var offset: Int
    /// The line of the place, from 1.
    public var line: Int

    /// An error at a place.
    public init(_ reason: Reason, offset: Int, line: Int) {
        self.reason = reason
        self.offset = offset
        self.line = line
    }

    /// The sentence a person reads.
    public var description: String { "line \(line), byte \(offset): \(reason.text)" }
}

extension JSONError.Reason {
    fileprivate var text: String {
        switch self {
        case .tooLarge(let bytes, let limit): "\(bytes) bytes of JSON, the limit is \(limit)"
        case .tooDeep(let limit): "nested deeper than \(limit) levels"
        case .unexpectedEnd: "the text ends within a value"
        case .unexpected(let found, let expected): "expected \(expected), found \(found)"
        case .trailing(let found): "expected the end after the value, found \(found)"
        case .duplicateKey(let key): "the key \(JSONValue.string(key).excerpt) occurs twice in one object"
        case .invalidUTF8: "invalid UTF-8"
        case .loneSurrogate: "a \\u escape of a lone surrogate"
        case .invalidEscape: "an invalid escape in a string"
        case .controlCharacter(let byte): "an unescaped control character (\(byte)) in a string"
        case .invalidNumber: "not a number in JSON's form"
        case .numberOutOfRange: "a number beyond the range of a 64-bit float"
        case .byteOrderMark: "a byte order mark; JSON files have none"
        }
    }
}

/// Bounds on what is parsed.
public struct JSONLimits: Sendable {
    /// The longest text, in bytes.
    public var byteCount: Int
    /// The most lists and objects within one another.
    public var depth: Int

    /// Bounds; 64 MiB and 128 levels unless said otherwise.
    public init(byteCount: Int = 64 << 20, depth: Int = 128) {
        self.byteCount = byteCount
        self.depth = depth
    }
}
