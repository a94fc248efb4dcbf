import JSON

/// The JSON header of a safetensors file, taken apart: the rules that concern its text (R4 to R7, R13) are checked
/// here.
struct SafetensorsHeader {
    /// A tensor as the header names it; nothing is known yet of how its numbers fit together.
    struct Entry {
        var name: String
        var type: StoredType
        var shape: [Int]
        var begin: Int
        var end: Int
        /// The byte of the file where the entry starts.
        var place: Int
    }

    /// Bounds on what an untrusted file may ask for; the format itself has none.
    static let tensorLimit = 1_000_000
    static let rankLimit = 8
    static let nameLimit = 1024

    private(set) var entries: [Entry] = []
    private(set) var metadata: JSONObject?

    private let file: String
    /// Where the header's text starts in the file.
    private let start: Int
    private var scanner: JSONScanner

    /// Parses the header's text.
    ///
    /// - Parameter start: its place in the file.
    init(file: String, text: [UInt8], start: Int) throws(SafetensorsError) {
        self.file = file
        self.start = start
        do {
            scanner = try JSONScanner(text, limits: JSONLimits(byteCount: text.count))
            try parse()
        } catch let error as JSONError {
            throw SafetensorsError(
                file: file, rule: error.reason == .invalidUTF8 ? .utf8 : .json, tensor: nil,
                expected: error.reason == .invalidUTF8 ? "a header in UTF-8" : "a header in JSON",
                found: error.description, offset: start + error.offset)
        } catch let error as SafetensorsError {
            throw error
        } catch {
            throw SafetensorsError(
                file: file, rule: .json, tensor: nil, expected: "a header in JSON", found: "\(error)", offset: start)
        }
    }

    private mutating func parse() throws {
        guard try scanner.peek() == .object else {
            throw try failure(.startsWithBrace, nil, "a header that starts with '{'")
        }
        try scanner.beginObject()
        while let name = try scanner.nextKey() {
            let place = start + scanner.keyOffset
            if name.hasSameBytes(as: "__metadata__") {
                guard metadata == nil else {
                    throw failure(.duplicateName, nil, "one __metadata__", found: "a second", at: place)
                }
                metadata = try parseMetadata()
            } else {
                try parseEntry(name, at: place)
            }
        }
        try scanner.finish()
    }

    private mutating func parseMetadata() throws -> JSONObject {
        var result = JSONObject()
        // The reference takes null for absent.
        if try scanner.peek() == .null {
            try scanner.null()
            return result
        }
        guard try scanner.peek() == .object else { throw try failure(.entryForm, nil, "__metadata__ to be an object") }
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            let place = start + scanner.keyOffset
            guard try scanner.peek() == .string else {
                throw try failure(.entryForm, nil, "__metadata__ to hold a string for \(key.quoted)")
            }
            guard result.append(key: key, value: .string(try scanner.string())) else {
                throw failure(.entryForm, nil, "each key of __metadata__ once", found: "\(key.quoted) twice", at: place)
            }
        }
        return result
    }

    private mutating func parseEntry(_ name: String, at place: Int) throws {
        guard entries.count < Self.tensorLimit else {
            throw failure(.limit, name, "at most \(Self.tensorLimit) tensors", found: "more", at: place)
        }
        guard name.utf8.count <= Self.nameLimit else {
            throw failure(
                .limit, name, "a name of at most \(Self.nameLimit) bytes", found: "\(name.utf8.count)", at: place)
        }
        guard try scanner.peek() == .object else { throw try failure(.entryForm, name, "an object") }
        var type: StoredType?
        var shape: [Int]?
        var offsets: [Int]?
        try scanner.beginObject()
        while let key = try scanner.nextKey() {
            let keyPlace = start + scanner.keyOffset
            let repeated: Bool
            // These keys are ASCII without canonical twins, so comparing strings compares bytes.
            switch key {
            case "dtype":
                repeated = type != nil
                type = try parseType(name)
            case "shape":
                repeated = shape != nil
                shape = try parseNumbers(
                    name, "a dimension", atMost: Self.rankLimit, beyond: .limit, overflow: .elementCount)
            case "data_offsets":
                repeated = offsets != nil
                offsets = try parseNumbers(name, "an offset", atMost: 2, beyond: .entryForm, overflow: .layout)
            default:
                // As the reference does: what else an entry holds is only checked to be JSON.
                repeated = false
                _ = try scanner.value()
            }
            guard !repeated else { throw failure(.entryForm, name, "\(key) once", found: "it twice", at: keyPlace) }
        }
        guard let type else { throw failure(.entryForm, name, "dtype", found: "no such key", at: place) }
        guard let shape else { throw failure(.entryForm, name, "shape", found: "no such key", at: place) }
        guard let offsets else { throw failure(.entryForm, name, "data_offsets", found: "no such key", at: place) }
        guard offsets.count == 2 else {
            throw failure(.entryForm, name, "two data_offsets", found: "\(offsets.count)", at: place)
        }
        entries.append(
            Entry(name: name, type: type, shape: shape, begin: offsets[0], end: offsets[1], place: place))
    }

    private mutating func parseType(_ name: String) throws -> StoredType {
        guard try scanner.peek() == .string else { throw try failure(.dtype, name, "a dtype's name") }
        let place = start + scanner.offset
        let text = try scanner.string()
        guard let type = StoredType(rawValue: text) else {
            throw failure(.dtype, name, "a known dtype", found: text.quoted, at: place)
        }
        return type
    }

    /// A list of unsigned integers.
    private mutating func parseNumbers(
        _ name: String, _ kind: String, atMost limit: Int, beyond: SafetensorsError.Rule,
        overflow: SafetensorsError.Rule
    ) throws -> [Int] {
        guard try scanner.peek() == .array else { throw try failure(.entryForm, name, "a list, each element \(kind)") }
        try scanner.beginArray()
        var numbers: [Int] = []
        while try scanner.nextElement() {
            guard try scanner.peek() == .number else { throw try failure(.entryForm, name, "\(kind), an integer") }
            let place = start + scanner.offset
            guard numbers.count < limit else {
                throw failure(beyond, name, "a list of at most \(limit)", found: "more", at: place)
            }
            switch try scanner.number() {
            case .int(let number) where number >= 0: numbers.append(number)
            case .unsigned(let number):
                throw failure(overflow, name, "\(kind) below 2^63", found: "\(number)", at: place)
            case let number:
                throw failure(
                    .entryForm, name, "\(kind), an integer from 0 on",
                    found: JSONValue.number(number).serialized(), at: place)
            }
        }
        return numbers
    }

    private func failure(
        _ rule: SafetensorsError.Rule, _ tensor: String?, _ expected: String, found: String, at place: Int
    ) -> SafetensorsError {
        SafetensorsError(file: file, rule: rule, tensor: tensor, expected: expected, found: found, offset: place)
    }

    /// A failure about the next value, which is of the wrong kind.
    private mutating func failure(
        _ rule: SafetensorsError.Rule, _ tensor: String?, _ expected: String
    ) throws -> SafetensorsError {
        let found = try scanner.peek().rawValue
        return failure(rule, tensor, expected, found: found, at: start + scanner.offset)
    }
}
