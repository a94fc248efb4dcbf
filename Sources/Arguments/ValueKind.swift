/// What a value on the command line may be: checked by the parser, described by the help, offered by completions.
public enum ValueKind: Sendable, Equatable {
    /// Any text.
    case text
    /// A whole decimal number within the range.
    case integer(ClosedRange<Int>)
    /// A finite decimal number within the range.
    case number(ClosedRange<Double>)
    /// One of the listed words.
    case choice([String])
    /// The path of a file; `extensions` (lower case, no dot) only narrows what completions offer, empty offers all.
    case file(extensions: [String])
    /// The path of a folder.
    case folder
    /// A name out of a set that is known only at run time, or a folder. Completions offer the lines that the program
    /// itself prints when it is called with `arguments`.
    case named(by: [String])

    /// Why `text` is not a value of this kind, as the end of a sentence; nil where it is one.
    func refusal(of text: String) -> String? {
        switch self {
        case .text:
            return nil
        case .integer(let range):
            guard let value = Int(text) else { return "is not a whole number" }
            return range.contains(value) ? nil : "is out of range, expected \(ValueKind.describe(range))"
        case .number(let range):
            guard let value = Double(text), value.isFinite else { return "is not a number" }
            return range.contains(value) ? nil : "is out of range, expected \(ValueKind.describe(range))"
        case .choice(let words):
            guard !words.contains(text) else { return nil }
            let guess = nearest(to: text, among: words).map { ", did you mean '\($0)'?" } ?? ""
            return "is not one of \(words.joined(separator: ", "))\(guess)"
        case .file, .folder, .named:
            return text.isEmpty ? "is empty" : nil
        }
    }

    /// The allowed values in a few words for the help; nil where anything goes.
    var constraint: String? {
        switch self {
        case .text, .file, .folder, .named: nil
        case .integer(let range): range == .min ... .max ? nil : ValueKind.describe(range)
        case .number(let range): range == ValueKind.anyNumber ? nil : ValueKind.describe(range)
        case .choice(let words): words.joined(separator: ", ")
        }
    }

    /// Every finite number.
    static let anyNumber = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude

    private static func describe(_ range: ClosedRange<Int>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (let low, .max): "at least \(low)"
        case (.min, let high): "at most \(high)"
        case (let low, let high): "\(low) to \(high)"
        }
    }

    private static func describe(_ range: ClosedRange<Double>) -> String {
        switch (range.lowerBound, range.upperBound) {
        case (let low, .greatestFiniteMagnitude): "at least \(low)"
        case (-Double.greatestFiniteMagnitude, let high): "at most \(high)"
        case (let low, let high): "\(low) to \(high)"
        }
    }
}
