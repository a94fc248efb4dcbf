public import Files
public import JSON

/// A tokenizer cannot be loaded, or a text does not fit.
public enum TokenizerError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A file is missing or cannot be read.
    case file(FileError)
    /// A JSON file is broken, contradicts another, or asks for something that is not supported.
    case config(ConfigError)
    /// A vocabulary or a table of merges breaks a rule of its format; `line` counts from 1, `nil` for binary files.
    case format(file: String, line: Int?, expected: String, found: String)
    /// A folder holds none of the files that a tokenizer is made of.
    case noTokenizer(folder: String, expected: [String])
    /// A text has more tokens than the model takes.
    case tooLong(tokens: Int, limit: Int, text: String)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .config(let error): error.description
        case .format(let file, let line, let expected, let found):
            "\(file)\(line.map { ":\($0)" } ?? ""): expected \(expected), found \(found)"
        case .noTokenizer(let folder, let expected):
            "\(folder): there is no tokenizer, none of \(expected.joined(separator: ", "))"
        case .tooLong(let tokens, let limit, let text):
            "the text has \(tokens) tokens, the model takes \(limit); shorten it, or cut it with --truncate: \(text)"
        }
    }
}
