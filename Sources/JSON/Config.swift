/// Typed reading of an object in a JSON file; every error names the file and the key's path in it.
///
/// Each kind of value is read in three forms: `int(_:in:)` needs the key; `int(_:in:default:)` takes the caller's value
/// and `optionalInt(_:in:)` gives `nil` where the key is absent or `null`. A value of another type or outside of the
/// range is an error in all of them, and so is `null` in the first. Keys nobody asks for are not looked at.
public struct Config: Sendable {
    /// The file's name, for messages.
    public let file: String
    /// The path of this object in the file, such as `text_config`; empty for the whole file.
    public let keyPath: String
    /// The members as read.
    public let object: JSONObject

    /// The longest configuration file, in bytes.
    public static let byteLimit = 1 << 20

    /// A reader over an object.
    public init(file: String, object: JSONObject, keyPath: String = "") {
        self.file = file
        self.object = object
        self.keyPath = keyPath
    }

    /// Parses a file's bytes, whose outermost value must be an object.
    ///
    /// - Parameters:
    ///   - file: what messages call it.
    ///   - bytes: all of the file's.
    ///   - limits: ``byteLimit`` and 128 levels unless said otherwise.
    public init(file: String, bytes: [UInt8], limits: JSONLimits = JSONLimits(byteCount: byteLimit))
        throws(ConfigError)
    {
        let value: JSONValue
        do { value = try JSONValue.parse(bytes, limits: limits) } catch {
            throw .syntax(file: file, error)
        }
        guard let object = value.objectValue else {
            throw .value(file: file, keyPath: "", expected: "an object", found: value.excerpt)
        }
        self.init(file: file, object: object)
    }

    /// The keys in the order of the file.
    public var keys: [String] { object.keys }

    /// Whether a key is there and not `null`.
    public func has(_ key: String) -> Bool { value(key) != nil }

    /// The value of a key as read; `nil` where it is absent or `null`.
    public func value(_ key: String) -> JSONValue? {
        guard let value = object[key], !value.isNull else { return nil }
        return value
    }

    /// An error about a key of this object, for checks that the methods here do not make.
    ///
    /// - Parameters:
    ///   - key: the name in this object.
    ///   - expected: what may be there.
    ///   - found: what is there instead; `nil` takes it from the file.
    public func failure(_ key: String, expected: String, found: String? = nil) -> ConfigError {
        .value(file: file, keyPath: path(key), expected: expected, found: found ?? describe(object[key]))
    }

    /// The path of a key of this object in the file.
    func path(_ key: String) -> String { keyPath.isEmpty ? key : "\(keyPath).\(key)" }

    private func describe(_ value: JSONValue?) -> String {
        guard let value else { return "no such key" }
        return (value.stringValue == nil ? "" : "the string ") + value.excerpt
    }
}

extension Config {
    /// An integer in `range`; a number written with a fraction or an exponent is refused.
    public func int(_ key: String, in range: ClosedRange<Int>) throws(ConfigError) -> Int {
        try convert(key, int: object[key], in: range, at: path(key))
    }

    /// An integer in `range`, or `default` where the key is absent or `null`.
    public func int(_ key: String, in range: ClosedRange<Int>, default value: Int) throws(ConfigError) -> Int {
        has(key) ? try int(key, in: range) : value
    }

    /// An integer in `range`, or `nil` where the key is absent or `null`.
    public func optionalInt(_ key: String, in range: ClosedRange<Int>) throws(ConfigError) -> Int? {
        has(key) ? try int(key, in: range) : nil
    }

    /// A number in `range`; integers are taken, too.
    public func double(_ key: String, in range: ClosedRange<Double>) throws(ConfigError) -> Double {
        try convert(key, double: object[key], in: range, at: path(key))
    }

    /// A number in `range`, or `default` where the key is absent or `null`.
    public func double(_ key: String, in range: ClosedRange<Double>, default value: Double) throws(ConfigError)
        -> Double
    {
        has(key) ? try double(key, in: range) : value
    }

    /// A number in `range`, or `nil` where the key is absent or `null`.
    public func optionalDouble(_ key: String, in range: ClosedRange<Double>) throws(ConfigError) -> Double? {
        has(key) ? try double(key, in: range) : nil
    }

    /// `true` or `false`.
    public func bool(_ key: String) throws(ConfigError) -> Bool {
        guard let value = object[key]?.boolValue else { throw failure(key, expected: "true or false") }
        return value
    }

    /// `true` or `false`, or `default` where the key is absent or `null`.
    public func bool(_ key: String, default value: Bool) throws(ConfigError) -> Bool {
        has(key) ? try bool(key) : value
    }

    /// `true` or `false`, or `nil` where the key is absent or `null`.
    public func optionalBool(_ key: String) throws(ConfigError) -> Bool? {
        has(key) ? try bool(key) : nil
    }

    /// A string.
    public func string(_ key: String) throws(ConfigError) -> String {
        guard let value = object[key]?.stringValue else { throw failure(key, expected: "a string") }
        return value
    }

    /// A string, or `default` where the key is absent or `null`.
    public func string(_ key: String, default value: String) throws(ConfigError) -> String {
        has(key) ? try string(key) : value
    }

    /// A string, or `nil` where the key is absent or `null`.
    public func optionalString(_ key: String) throws(ConfigError) -> String? {
        has(key) ? try string(key) : nil
    }

    /// What a name stands for, such as an activation; any name that is not in `known` is refused.
    public func choice<Value>(_ key: String, _ known: [String: Value]) throws(ConfigError) -> Value {
        if let name = object[key]?.stringValue {
            for (candidate, value) in known where candidate.hasSameBytes(as: name) { return value }
        }
        let names = known.keys.sorted { $0.precedesByBytes($1) }.map { JSONValue.string($0).serialized() }
        throw failure(key, expected: names.count == 1 ? names[0] : "one of " + names.joined(separator: ", "))
    }

    /// What a name stands for, or `default` where the key is absent or `null`.
    public func choice<Value>(_ key: String, _ known: [String: Value], default value: Value) throws(ConfigError)
        -> Value
    {
        has(key) ? try choice(key, known) : value
    }

    /// What a name stands for, or `nil` where the key is absent or `null`.
    public func optionalChoice<Value>(_ key: String, _ known: [String: Value]) throws(ConfigError) -> Value? {
        has(key) ? try choice(key, known) : nil
    }

    /// A nested object.
    public func object(_ key: String) throws(ConfigError) -> Config {
        guard let value = object[key]?.objectValue else { throw failure(key, expected: "an object") }
        return Config(file: file, object: value, keyPath: path(key))
    }

    /// A nested object, or `nil` where the key is absent or `null`.
    public func optionalObject(_ key: String) throws(ConfigError) -> Config? {
        has(key) ? try object(key) : nil
    }
}

extension Config {
    /// The value as an integer; `place` is its path.
    func convert(_ key: String, int value: JSONValue?, in range: ClosedRange<Int>, at place: String)
        throws(ConfigError) -> Int
    {
        if case .number(.int(let number))? = value, range.contains(number) { return number }
        var found = describe(value)
        if case .number(.double(let number))? = value, number == number.rounded(), number.magnitude < 1e18 {
            found += ", which is not written as an integer"
        }
        throw .value(file: file, keyPath: place, expected: range.description(of: "an integer"), found: found)
    }

    /// The value as a double; `place` is its path.
    func convert(_ key: String, double value: JSONValue?, in range: ClosedRange<Double>, at place: String)
        throws(ConfigError) -> Double
    {
        if let number = value?.doubleValue, range.contains(number) { return number }
        throw .value(
            file: file, keyPath: place, expected: range.description(of: "a number"), found: describe(value))
    }
}

extension ClosedRange where Bound: CustomStringConvertible {
    func description(of kind: String) -> String { "\(kind) in \(lowerBound)...\(upperBound)" }
}
