/// Writes JSON text: the same value always gives the same bytes.
///
/// Strings are escaped as Python's `json.dumps(..., ensure_ascii=False)` and Rust's serde_json escape them; numbers
/// have the fewest digits that read back the same; NaN and infinities, which JSON lacks, become `null`.
struct JSONWriter {
    private(set) var output: [UInt8] = []
    private let pretty: Bool
    private var level = 0

    init(pretty: Bool) { self.pretty = pretty }

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: put("null")
        case .bool(let flag): put(flag ? "true" : "false")
        case .number(.int(let number)): put(number.description)
        case .number(.unsigned(let number)): put(number.description)
        case .number(.double(let number)): put(number.isFinite ? number.description : "null")
        case .string(let text): write(text)
        case .array(let elements):
            put("[")
            level += 1
            for (position, element) in elements.enumerated() {
                separate(first: position == 0)
                write(element)
            }
            close("]", empty: elements.isEmpty)
        case .object(let object):
            put("{")
            level += 1
            for (position, member) in object.members.enumerated() {
                separate(first: position == 0)
                write(member.key)
                put(pretty ? ": " : ":")
                write(member.value)
            }
            close("}", empty: object.isEmpty)
        }
    }

    private mutating func write(_ text: String) {
        put("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): put("\\\"")
            case UInt8(ascii: "\\"): put("\\\\")
            case 0x08: put("\\b")
            case 0x09: put("\\t")
            case 0x0A: put("\\n")
            case 0x0C: put("\\f")
            case 0x0D: put("\\r")
            case 0..<0x20:
                put(byte < 0x10 ? "\\u000" : "\\u00")
                put(String(byte, radix: 16))
            default: output.append(byte)
            }
        }
        put("\"")
    }

    private mutating func separate(first: Bool) {
        if !first { put(",") }
        if pretty { breakLine() }
    }

    private mutating func close(_ bracket: String, empty: Bool) {
        level -= 1
        if pretty && !empty { breakLine() }
        put(bracket)
    }

    private mutating func breakLine() {
        put("\n")
        output.append(contentsOf: repeatElement(UInt8(ascii: " "), count: 2 * level))
    }

    private mutating func put(_ text: String) {
        output.append(contentsOf: text.utf8)
    }
}

extension JSONValue {
    /// The value as JSON text.
    ///
    /// - Parameter pretty: `false`: one line without spaces. `true`: as `json.dumps(value, indent=2)` lays it out.
    public func serialized(pretty: Bool = false) -> String {
        String(decoding: serializedBytes(pretty: pretty), as: UTF8.self)
    }

    /// The value as the UTF-8 bytes of JSON text, see ``serialized(pretty:)``.
    public func serializedBytes(pretty: Bool = false) -> [UInt8] {
        var writer = JSONWriter(pretty: pretty)
        writer.write(self)
        return writer.output
    }

    /// The value on one line, cut to a length fit for a message.
    var excerpt: String {
        let longest = 80
        switch self {
        case .string(let text) where text.utf8.count > longest:
            return JSONValue.string(String(text.unicodeScalars.prefix(longest))).serialized() + "..."
        case .array(let elements):
            let shown = JSONValue.array(Array(elements.prefix(16))).serialized()
            return shown.utf8.count > longest || elements.count > 16 ? "a list of \(elements.count)" : shown
        case .object(let object):
            return "an object of \(object.count) keys"
        default:
            return serialized()
        }
    }
}
