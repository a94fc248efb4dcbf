/// What is known about an option without its Swift type: enough to parse, explain and complete it.
public struct OptionSpecification: Sendable, Equatable {
    /// How an option is written.
    public enum Form: Sendable, Equatable {
        /// Stands alone: `--json`.
        case flag
        /// Takes a value: `--top 5`, `--top=5`, `-k 5`, `-k5`.
        case value(ValueKind, placeholder: String)
    }

    /// The long name with its dashes, `--top`; it identifies the option.
    public let name: String
    /// The short name with its dash, `-k`.
    public let shortName: String?
    /// Flag or value.
    public let form: Form
    /// One sentence, no full stop.
    public let help: String
    /// The value that is used when the option is not given, as it would be typed; nil where there is none.
    public internal(set) var defaultText: String?
    /// True where the option may be given more than once.
    public internal(set) var isRepeatable = false
    /// True where the command cannot run without it.
    public internal(set) var isRequired = false
    /// True where help and completions leave it out.
    public internal(set) var isHidden = false
}

/// An option of any value type, as lists of options hold it.
public protocol OptionDeclaration: Sendable {
    /// What the parser, the help and the completions need to know.
    var specification: OptionSpecification { get }
}

/// One declared option. The declaration is also the key that its value is looked up with:
///
///     static let top = Option.int("--top", "-k", value: "K", default: 5, range: 1...1000, help: "Labels to show")
///     let k = parsed[top]
public struct Option<Value: Sendable>: OptionDeclaration {
    /// What the parser, the help and the completions need to know.
    public private(set) var specification: OptionSpecification
    /// The value for the texts that were given, already accepted by the kind; no text where the option was not given.
    let decode: @Sendable ([String]) -> Value?

    /// The same option, left out of help and completions.
    public func hidden() -> Option<Value> {
        var copy = self
        copy.specification.isHidden = true
        return copy
    }

    /// The same option, which may be given any number of times; the value is the list, in order, of what was given.
    public func repeatable<Element: Sendable>() -> Option<[Element]> where Value == Element? {
        var specification = specification
        specification.isRepeatable = true
        return Option<[Element]>(specification: specification) { [decode] texts in
            var values: [Element] = []
            for text in texts {
                guard let decoded = decode([text]), let value = decoded else { return nil }
                values.append(value)
            }
            return values
        }
    }

    /// The same option, without which the command cannot run.
    public func required<Element: Sendable>() -> Option<Element> where Value == Element? {
        var specification = specification
        specification.isRequired = true
        return Option<Element>(specification: specification) { [decode] texts in decode(texts) ?? nil }
    }

    /// The same option with a value for when it is not given.
    func defaulting<Element: Sendable>(to value: Element, shownAs text: String) -> Option<Element>
    where Value == Element? {
        var specification = specification
        specification.defaultText = text
        return Option<Element>(specification: specification) { [decode] texts in
            texts.isEmpty ? value : decode(texts) ?? nil
        }
    }

    /// An optional option of one value.
    static func single<Element: Sendable>(
        _ name: String, _ shortName: String?, _ kind: ValueKind, placeholder: String?, help: String,
        decode: @escaping @Sendable (String) -> Element?
    ) -> Option<Element?> where Value == Element? {
        let placeholder = placeholder ?? String(name.drop { $0 == "-" }).uppercased()
        let form = OptionSpecification.Form.value(kind, placeholder: placeholder)
        let specification = OptionSpecification(name: name, shortName: shortName, form: form, help: help)
        return Option<Element?>(specification: specification) { texts in
            guard let last = texts.last else { return .some(nil) }
            return decode(last).map(Element?.some)
        }
    }
}

extension Option where Value == Bool {
    /// An option without a value; false where it is not given.
    public static func flag(_ name: String, _ shortName: String? = nil, help: String) -> Option<Bool> {
        let specification = OptionSpecification(name: name, shortName: shortName, form: .flag, help: help)
        return Option<Bool>(specification: specification) { !$0.isEmpty }
    }
}
