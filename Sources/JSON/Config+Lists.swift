extension Config {
    /// Whether a single value may stand where a list is expected.
    public enum Scalar: Sendable, Equatable {
        /// Only a list will do.
        case refused
        /// A single value counts as a list that repeats it this often, as `"image_size": 224` means 224 x 224.
        case repeated(Int)
    }

    /// Integers in `range`.
    ///
    /// - Parameters:
    ///   - key: the name in this object.
    ///   - count: the allowed lengths of a list; a list is checked before any element is read.
    ///   - range: the allowed values.
    ///   - scalar: whether a single integer is taken, too.
    public func ints(_ key: String, count: ClosedRange<Int>, in range: ClosedRange<Int>, scalar: Scalar = .refused)
        throws(ConfigError) -> [Int]
    {
        if case .repeated(let copies) = scalar, case .number? = object[key] {
            return Array(repeating: try int(key, in: range), count: copies)
        }
        let elements = try list(key, count: count, of: "integers")
        var result: [Int] = []
        for (position, element) in elements.enumerated() {
            result.append(try convert(key, int: element, in: range, at: "\(path(key))[\(position)]"))
        }
        return result
    }

    /// Integers in `range`, or `default` where the key is absent or `null`.
    public func ints(
        _ key: String, count: ClosedRange<Int>, in range: ClosedRange<Int>, scalar: Scalar = .refused,
        default value: [Int]
    ) throws(ConfigError) -> [Int] {
        has(key) ? try ints(key, count: count, in: range, scalar: scalar) : value
    }

    /// Integers in `range`, or `nil` where the key is absent or `null`.
    public func optionalInts(
        _ key: String, count: ClosedRange<Int>, in range: ClosedRange<Int>, scalar: Scalar = .refused
    ) throws(ConfigError) -> [Int]? {
        has(key) ? try ints(key, count: count, in: range, scalar: scalar) : nil
    }

    /// A list of lists of integers in `range`, or `nil` where the key is absent or `null`.
    ///
    /// - Parameters:
    ///   - key: the name in this object.
    ///   - count: the allowed numbers of lists.
    ///   - length: the length of each.
    ///   - range: the allowed values.
    public func optionalLists(
        _ key: String, count: ClosedRange<Int>, length: Int, in range: ClosedRange<Int>
    ) throws(ConfigError) -> [[Int]]? {
        guard has(key) else { return nil }
        var result: [[Int]] = []
        for (row, element) in try list(key, count: count, of: "lists").enumerated() {
            let place = "\(path(key))[\(row)]"
            guard let elements = element.arrayValue, elements.count == length else {
                throw .value(
                    file: file, keyPath: place, expected: "a list of \(length) integers", found: element.excerpt)
            }
            var values: [Int] = []
            for (position, value) in elements.enumerated() {
                values.append(try convert(key, int: value, in: range, at: "\(place)[\(position)]"))
            }
            result.append(values)
        }
        return result
    }

    /// Numbers in `range`; integers are taken, too. Parameters as of ``ints(_:count:in:scalar:)``.
    public func doubles(
        _ key: String, count: ClosedRange<Int>, in range: ClosedRange<Double>, scalar: Scalar = .refused
    ) throws(ConfigError) -> [Double] {
        if case .repeated(let copies) = scalar, case .number? = object[key] {
            return Array(repeating: try double(key, in: range), count: copies)
        }
        let elements = try list(key, count: count, of: "numbers")
        var result: [Double] = []
        for (position, element) in elements.enumerated() {
            result.append(try convert(key, double: element, in: range, at: "\(path(key))[\(position)]"))
        }
        return result
    }

    /// Numbers in `range`, or `default` where the key is absent or `null`.
    public func doubles(
        _ key: String, count: ClosedRange<Int>, in range: ClosedRange<Double>, scalar: Scalar = .refused,
        default value: [Double]
    ) throws(ConfigError) -> [Double] {
        has(key) ? try doubles(key, count: count, in: range, scalar: scalar) : value
    }

    /// Numbers in `range`, or `nil` where the key is absent or `null`.
    public func optionalDoubles(
        _ key: String, count: ClosedRange<Int>, in range: ClosedRange<Double>, scalar: Scalar = .refused
    ) throws(ConfigError) -> [Double]? {
        has(key) ? try doubles(key, count: count, in: range, scalar: scalar) : nil
    }

    /// Strings.
    public func strings(_ key: String, count: ClosedRange<Int>) throws(ConfigError) -> [String] {
        let elements = try list(key, count: count, of: "strings")
        var result: [String] = []
        for (position, element) in elements.enumerated() {
            guard let text = element.stringValue else {
                throw .value(
                    file: file, keyPath: "\(path(key))[\(position)]", expected: "a string", found: element.excerpt)
            }
            result.append(text)
        }
        return result
    }

    /// Strings, or `nil` where the key is absent or `null`.
    public func optionalStrings(_ key: String, count: ClosedRange<Int>) throws(ConfigError) -> [String]? {
        has(key) ? try strings(key, count: count) : nil
    }

    /// A list of objects.
    public func objects(_ key: String, count: ClosedRange<Int>) throws(ConfigError) -> [Config] {
        let elements = try list(key, count: count, of: "objects")
        var result: [Config] = []
        for (position, element) in elements.enumerated() {
            let place = "\(path(key))[\(position)]"
            guard let object = element.objectValue else {
                throw .value(file: file, keyPath: place, expected: "an object", found: element.excerpt)
            }
            result.append(Config(file: file, object: object, keyPath: place))
        }
        return result
    }

    /// The names of classes as Hugging Face writes them: an object whose keys are the numbers `"0"` to `"count - 1"`,
    /// each once, in any order.
    ///
    /// - Returns: the names by number. Two classes may share a name (ImageNet has two cranes).
    public func labels(_ key: String, count: Int) throws(ConfigError) -> [String] {
        let members = try object(key)
        guard members.object.count == count else {
            throw failure(key, expected: "labels for \(count) classes", found: "\(members.object.count)")
        }
        var result = [String?](repeating: nil, count: count)
        for member in members.object.members {
            guard let number = Int(member.key), number.description.hasSameBytes(as: member.key),
                result.indices.contains(number)
            else {
                throw failure(
                    key, expected: "the keys \"0\" to \"\(count - 1)\"",
                    found: "the key " + JSONValue.string(member.key).excerpt)
            }
            result[number] = try members.string(member.key)
        }
        // The keys are distinct, canonical, in range and `count` in number: none is left out.
        return result.compactMap { $0 }
    }

    /// The names of classes, or `nil` where the key is absent or `null`; see ``labels(_:count:)``.
    public func optionalLabels(_ key: String, count: Int) throws(ConfigError) -> [String]? {
        has(key) ? try labels(key, count: count) : nil
    }

    private func list(_ key: String, count: ClosedRange<Int>, of kind: String) throws(ConfigError) -> [JSONValue] {
        let length = count.lowerBound == count.upperBound ? "\(count.lowerBound)" : "\(count)"
        let expected = "a list of \(length) \(kind)"
        guard let elements = object[key]?.arrayValue else { throw failure(key, expected: expected) }
        guard count.contains(elements.count) else {
            throw failure(key, expected: expected, found: "\(elements.count)")
        }
        return elements
    }
}
