/// What is known about a positional argument without its Swift type.
public struct ArgumentSpecification: Sendable, Equatable {
    /// The name in the usage line, in capitals: `INPUT`.
    public let name: String
    /// What it may be.
    public let kind: ValueKind
    /// One sentence, no full stop.
    public let help: String
    /// The least number of times it is given: 0 where it may be left out.
    public internal(set) var minimum = 1
    /// True where it takes every word that is left.
    public internal(set) var isRepeating = false

    /// The name as the usage line shows it: `INPUT`, `[INPUT]`, `INPUT...` or `[INPUT...]`.
    var usage: String {
        let repeated = isRepeating ? "\(name)..." : name
        return minimum == 0 ? "[\(repeated)]" : repeated
    }
}

/// A positional argument of any value type, as lists of arguments hold it.
public protocol ArgumentDeclaration: Sendable {
    /// What the parser, the help and the completions need to know.
    var specification: ArgumentSpecification { get }
}

/// One declared positional argument. The declaration is also the key that its value is looked up with:
///
///     static let inputs = Argument("INPUT", .file(extensions: ["png"]), help: "A picture").repeating()
///     for input in parsed[inputs] { ... }
public struct Argument<Value: Sendable>: ArgumentDeclaration {
    /// What the parser, the help and the completions need to know.
    public let specification: ArgumentSpecification
    /// The value for the words that were given, already accepted by the kind.
    let decode: @Sendable ([String]) -> Value?

    /// The same argument, which may be left out.
    public func optional() -> Argument<Value?> {
        var specification = specification
        specification.minimum = 0
        return Argument<Value?>(specification: specification) { [decode] words in
            words.isEmpty ? .some(nil) : decode(words).map(Value?.some)
        }
    }

    /// The same argument, given at least `minimum` times; it must be the command's last.
    public func repeating(minimum: Int = 1) -> Argument<[Value]> {
        var specification = specification
        specification.minimum = minimum
        specification.isRepeating = true
        return Argument<[Value]>(specification: specification) { [decode] words in
            var values: [Value] = []
            for word in words {
                guard let value = decode([word]) else { return nil }
                values.append(value)
            }
            return values
        }
    }
}

extension Argument where Value == String {
    /// A word of the given kind, which must be given once.
    public init(_ name: String, _ kind: ValueKind = .text, help: String) {
        self.init(specification: ArgumentSpecification(name: name, kind: kind, help: help)) { $0.last }
    }
}

extension Argument where Value: RawRepresentable<String> & CaseIterable {
    /// One of the cases of `Value`, which must be given once.
    public static func choice(_ name: String, help: String) -> Argument<Value> {
        let kind = ValueKind.choice(Value.allCases.map(\.rawValue))
        return Argument(specification: ArgumentSpecification(name: name, kind: kind, help: help)) { words in
            words.last.flatMap(Value.init(rawValue:))
        }
    }
}
