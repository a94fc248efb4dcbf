/// A command line that cannot be understood. It belongs to exit code 2.
public struct UsageError: Error, Sendable, Equatable, CustomStringConvertible {
    /// What is wrong, one line.
    public let message: String
    /// Where to read on, one line: `see 'zoo classify --help'`.
    public let hint: String

    /// An error in a call of the command that `path` names (the top command's name first). Declared checks of the
    /// parser throw it; so may a command for what the declaration cannot say.
    public init(_ message: String, path: [String]) {
        self.message = message
        hint = "see '\(path.joined(separator: " ")) --help'"
    }

    /// Message and hint in one line.
    public var description: String { "\(message) (\(hint))" }
}

/// `text` fit for one line of a terminal: control characters and invisible direction marks are written as `\u{..}`,
/// a line feed as `\n`, and what is longer than `limit` characters is cut.
///
/// Names of files and words of the command line may hold anything; unescaped they could steer the terminal.
public func printable(_ text: String, limit: Int = 300) -> String {
    var result = ""
    var count = 0
    for scalar in text.unicodeScalars {
        guard count < limit else { return result + "..." }
        count += 1
        switch scalar.value {
        case 0x0A: result += "\\n"
        case 0x00...0x1F, 0x7F...0x9F, 0x200E, 0x200F, 0x2028...0x202E, 0x2066...0x2069, 0xFEFF:
            result += "\\u{\(String(scalar.value, radix: 16))}"
        default: result.unicodeScalars.append(scalar)
        }
    }
    return result
}
