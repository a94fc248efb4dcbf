public import Files
public import JSON

/// Logits cannot become words: a file is broken, an option is out of range, or a text does not fit.
public enum CTCError: Error, Equatable, Sendable, CustomStringConvertible {
    /// A file is missing, cannot be read or cannot be written.
    case file(FileError)
    /// A JSON file is broken, contradicts another, or asks for something that is not supported.
    case config(ConfigError)
    /// A file breaks a rule of its format; `line` counts from 1.
    case format(file: String, line: Int?, expected: String, found: String)
    /// Numbers do not have the shape or the values that log-probabilities have.
    case emissions(expected: String, found: String)
    /// An option is out of its range, or two of them contradict each other.
    case option(name: String, expected: String, found: String)
    /// A text has letters that the vocabulary lacks; `missing` are the first of them.
    case unspellable(text: String, missing: [String])
    /// A text needs more frames than there are: one a label, and one between two equal labels.
    case tooFewFrames(labels: Int, needed: Int, frames: Int)
    /// Work that would take more memory than allowed.
    case tooLarge(what: String, size: Int, limit: Int, advice: String)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .config(let error): error.description
        case .format(let file, let line, let expected, let found):
            "\(file)\(line.map { ":\($0)" } ?? ""): expected \(expected), found \(found)"
        case .emissions(let expected, let found): "emissions: expected \(expected), found \(found)"
        case .option(let name, let expected, let found): "\(name): expected \(expected), found \(found)"
        case .unspellable(let text, let missing):
            "the vocabulary cannot spell \(CTCError.excerpt(text)): it has no "
                + missing.map(CTCError.excerpt).joined(separator: ", ")
                + "; write numbers as words, and leave out marks and letters that the model does not know"
        case .tooFewFrames(let labels, let needed, let frames):
            "the text has \(labels) labels and needs \(needed) frames, the audio has \(frames); "
                + "check that the text belongs to this audio, and cut both into parts where only a part is spoken"
        case .tooLarge(let what, let size, let limit, let advice):
            "\(what): \(size), the limit is \(limit); \(advice)"
        }
    }

    /// A text in quotes, cut to a length fit for a message.
    static func excerpt(_ text: String) -> String {
        let longest = 40
        guard text.unicodeScalars.count > longest else { return JSONValue.string(text).serialized() }
        return JSONValue.string(String(String.UnicodeScalarView(text.unicodeScalars.prefix(longest)))).serialized()
            + "..."
    }
}
