/// Reads JSON (RFC 8259) token by token, for readers that need no tree of values.
///
/// An object is read as `beginObject()`, then `nextKey()` and its value until `nextKey()` gives `nil`; a list as
/// `beginArray()`, then `nextElement()` and its value until it gives `false`. Keys that occur twice are the caller's to
/// find in this form; ``value()`` finds them itself.
package struct JSONScanner {
    /// What a value is, by its first byte.
    package enum Kind: String, Sendable {
        case object = "an object"
        case array = "a list"
        case string = "a string"
        case number = "a number"
        case bool = "true or false"
        case null = "null"
    }

    let bytes: [UInt8]
    let limits: JSONLimits
    /// The bytes consumed so far.
    package internal(set) var offset = 0
    /// Where the last key started.
    package private(set) var keyOffset = 0
    var depth = 0
    /// Just after an opening bracket: the next member or element has no comma before it.
    var atFirst = false
    var scratch: [UInt8] = []

    /// A scanner at the start of a text.
    package init(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) {
        self.bytes = bytes
        self.limits = limits
        guard bytes.count <= limits.byteCount else {
            throw failure(.tooLarge(bytes: bytes.count, limit: limits.byteCount), at: 0)
        }
        guard !bytes.starts(with: [0xEF, 0xBB, 0xBF]) else { throw failure(.byteOrderMark, at: 0) }
    }

    /// The kind of the next value.
    package mutating func peek() throws(JSONError) -> Kind {
        skipWhitespace()
        guard offset < bytes.count else { throw failure(.unexpectedEnd) }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        default: throw unexpected("a value")
        }
    }

    /// Enters an object.
    package mutating func beginObject() throws(JSONError) {
        try open(UInt8(ascii: "{"), "an object")
    }

    /// The next key of the object, its colon consumed; `nil` after the last, the object left.
    package mutating func nextKey() throws(JSONError) -> String? {
        guard try advance(closing: UInt8(ascii: "}"), "',' or '}' after a member") else { return nil }
        guard offset < bytes.count else { throw failure(.unexpectedEnd) }
        guard bytes[offset] == UInt8(ascii: "\"") else { throw unexpected("a key in quotes") }
        keyOffset = offset
        let key = try string()
        skipWhitespace()
        guard offset < bytes.count else { throw failure(.unexpectedEnd) }
        guard bytes[offset] == UInt8(ascii: ":") else { throw unexpected("':' after a key") }
        offset += 1
        return key
    }

    /// Enters a list.
    package mutating func beginArray() throws(JSONError) {
        try open(UInt8(ascii: "["), "a list")
    }

    /// Whether another element follows; after the last, the list is left.
    package mutating func nextElement() throws(JSONError) -> Bool {
        try advance(closing: UInt8(ascii: "]"), "',' or ']' after an element")
    }

    /// Consumes `true` or `false`.
    package mutating func bool() throws(JSONError) -> Bool {
        skipWhitespace()
        if consume("true") { return true }
        if consume("false") { return false }
        throw unexpected("true or false")
    }

    /// Consumes `null`.
    package mutating func null() throws(JSONError) {
        skipWhitespace()
        guard consume("null") else { throw unexpected("null") }
    }

    /// Consumes any value.
    package mutating func value() throws(JSONError) -> JSONValue {
        switch try peek() {
        case .object:
            try beginObject()
            var object = JSONObject()
            while let key = try nextKey() {
                let place = keyOffset
                let value = try value()
                guard object.append(key: key, value: value) else { throw failure(.duplicateKey(key), at: place) }
            }
            return .object(object)
        case .array:
            try beginArray()
            var elements: [JSONValue] = []
            while try nextElement() { elements.append(try value()) }
            return .array(elements)
        case .string: return .string(try string())
        case .number: return .number(try number())
        case .bool: return .bool(try bool())
        case .null:
            try null()
            return .null
        }
    }

    /// Checks that only white space follows.
    package mutating func finish() throws(JSONError) {
        skipWhitespace()
        guard offset == bytes.count else { throw failure(.trailing(found: found())) }
    }

    /// An error at a place, the current one unless said otherwise.
    package func failure(_ reason: JSONError.Reason, at place: Int? = nil) -> JSONError {
        let place = min(place ?? offset, bytes.count)
        var line = 1
        for byte in bytes[..<place] where byte == UInt8(ascii: "\n") { line += 1 }
        return JSONError(reason, offset: place, line: line)
    }
}

extension JSONScanner {
    mutating func skipWhitespace() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x09, 0x0A, 0x0D: offset += 1
            default: return
            }
        }
    }

    func unexpected(_ expected: String) -> JSONError {
        guard offset < bytes.count else { return failure(.unexpectedEnd) }
        return failure(.unexpected(found: found(), expected: expected))
    }

    /// The byte at the current place, for a message.
    private func found() -> String {
        let byte = bytes[offset]
        return (0x20..<0x7F).contains(byte) ? "'\(Character(UnicodeScalar(byte)))'" : "the byte \(byte)"
    }

    private mutating func open(_ bracket: UInt8, _ expected: String) throws(JSONError) {
        skipWhitespace()
        guard offset < bytes.count, bytes[offset] == bracket else { throw unexpected(expected) }
        guard depth < limits.depth else { throw failure(.tooDeep(limit: limits.depth)) }
        depth += 1
        offset += 1
        atFirst = true
    }

    /// Steps to the next member or element; `false` where the closing bracket was consumed instead.
    private mutating func advance(closing bracket: UInt8, _ expected: String) throws(JSONError) -> Bool {
        skipWhitespace()
        guard offset < bytes.count else { throw failure(.unexpectedEnd) }
        if bytes[offset] == bracket {
            offset += 1
            depth -= 1
            atFirst = false
            return false
        }
        if atFirst {
            atFirst = false
            return true
        }
        guard bytes[offset] == UInt8(ascii: ",") else { throw unexpected(expected) }
        offset += 1
        skipWhitespace()
        guard offset < bytes.count else { throw failure(.unexpectedEnd) }
        guard bytes[offset] != bracket else { throw unexpected("another value after ','") }
        return true
    }

    private mutating func consume(_ word: StaticString) -> Bool {
        let count = word.utf8CodeUnitCount
        guard bytes.count - offset >= count else { return false }
        let matches = word.withUTF8Buffer { expected in
            bytes[offset..<offset + count].elementsEqual(expected)
        }
        if matches { offset += count }
        return matches
    }
}

extension JSONValue {
    /// Parses a whole text strictly: RFC 8259, UTF-8 without a byte order mark, no key twice in an object, nothing
    /// after the value.
    ///
    /// - Throws: ``JSONError`` with the byte offset and the line.
    public static func parse(_ bytes: [UInt8], limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
        var scanner = try JSONScanner(bytes, limits: limits)
        let value = try scanner.value()
        try scanner.finish()
        return value
    }

    /// Parses a text, see ``parse(_:limits:)``.
    public static func parse(_ text: String, limits: JSONLimits = JSONLimits()) throws(JSONError) -> JSONValue {
        try parse(Array(text.utf8), limits: limits)
    }
}
