// The kinds of value that an option takes. Each comes in two forms: with a default, and without, where the value is
// optional and `required()` or `repeatable()` may follow. `value` is the placeholder in the help (the long name in
// capitals where it is nil).

extension Option where Value == String {
    /// Text, with a default.
    public static func text(
        _ name: String, _ shortName: String? = nil, value: String? = nil, kind: ValueKind = .text,
        default text: String, help: String
    ) -> Option<String> {
        Option<String?>.text(name, shortName, value: value, kind: kind, help: help)
            .defaulting(to: text, shownAs: text)
    }
}

extension Option where Value == String? {
    /// Text, or any other kind of value that the caller wants as text.
    public static func text(
        _ name: String, _ shortName: String? = nil, value: String? = nil, kind: ValueKind = .text, help: String
    ) -> Option<String?> {
        single(name, shortName, kind, placeholder: value, help: help) { $0 }
    }

    /// The path of a file; `extensions` (lower case, no dot) narrows what completions offer.
    public static func file(
        _ name: String, _ shortName: String? = nil, value: String = "FILE", extensions: [String] = [], help: String
    ) -> Option<String?> {
        single(name, shortName, .file(extensions: extensions), placeholder: value, help: help) { $0 }
    }

    /// The path of a folder.
    public static func folder(
        _ name: String, _ shortName: String? = nil, value: String = "DIR", help: String
    ) -> Option<String?> {
        single(name, shortName, .folder, placeholder: value, help: help) { $0 }
    }
}

extension Option where Value == Int {
    /// A whole number within `range`, with a default.
    public static func int(
        _ name: String, _ shortName: String? = nil, value: String? = nil, default number: Int,
        range: ClosedRange<Int> = .min ... .max, help: String
    ) -> Option<Int> {
        Option<Int?>.int(name, shortName, value: value, range: range, help: help)
            .defaulting(to: number, shownAs: String(number))
    }
}

extension Option where Value == Int? {
    /// A whole number within `range`.
    public static func int(
        _ name: String, _ shortName: String? = nil, value: String? = nil, range: ClosedRange<Int> = .min ... .max,
        help: String
    ) -> Option<Int?> {
        single(name, shortName, .integer(range), placeholder: value, help: help) { Int($0) }
    }
}

extension Option where Value == Double {
    /// A finite number within `range`, with a default.
    public static func double(
        _ name: String, _ shortName: String? = nil, value: String? = nil, default number: Double,
        range: ClosedRange<Double>? = nil, help: String
    ) -> Option<Double> {
        Option<Double?>.double(name, shortName, value: value, range: range, help: help)
            .defaulting(to: number, shownAs: String(number))
    }
}

extension Option where Value == Double? {
    /// A finite number within `range`.
    public static func double(
        _ name: String, _ shortName: String? = nil, value: String? = nil, range: ClosedRange<Double>? = nil,
        help: String
    ) -> Option<Double?> {
        let kind = ValueKind.number(range ?? ValueKind.anyNumber)
        return single(name, shortName, kind, placeholder: value, help: help) { Double($0) }
    }
}

extension Option where Value: RawRepresentable<String> & CaseIterable {
    /// One of the cases of `Value`, with a default.
    public static func choice(
        _ name: String, _ shortName: String? = nil, value: String? = nil, default choice: Value, help: String
    ) -> Option<Value> {
        Option<Value?>.choice(name, shortName, value: value, help: help)
            .defaulting(to: choice, shownAs: choice.rawValue)
    }
}

extension Option {
    /// One of the cases of an enumeration.
    public static func choice<Element: RawRepresentable<String> & CaseIterable & Sendable>(
        _ name: String, _ shortName: String? = nil, value: String? = nil, help: String
    ) -> Option<Element?> where Value == Element? {
        let kind = ValueKind.choice(Element.allCases.map(\.rawValue))
        return single(name, shortName, kind, placeholder: value, help: help) { Element(rawValue: $0) }
    }
}
