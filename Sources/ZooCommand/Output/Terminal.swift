import Glibc

/// What is known about where output goes: a terminal or not, its width, and what it can show.
struct Terminal: Sendable, Equatable {
    /// True where a person looks at it.
    let isInteractive: Bool
    /// Characters a line; 80 where it cannot be known.
    let columns: Int
    /// True where colour may be used.
    let usesColour: Bool
    /// True where the locale's encoding is UTF-8.
    let usesUnicode: Bool

    /// The environment variables that have a say.
    static let variables = ["COLUMNS", "NO_COLOR", "TERM", "LC_ALL", "LC_CTYPE", "LANG"]

    /// The facts about an open file: is it a terminal, and how wide.
    ///
    /// Colour is for a terminal only, and off where `NO_COLOR` is not empty (no-color.org), `TERM` is `dumb` or
    /// missing, or `isQuiet`. `COLUMNS` goes before what the terminal says, as POSIX has it.
    init(descriptor: Int32, environment: [String: String], isQuiet: Bool = false) {
        self.init(
            isInteractive: isatty(descriptor) == 1, width: Terminal.width(of: descriptor), environment: environment,
            isQuiet: isQuiet)
    }

    /// The same from facts that are given; `width` is nil where the terminal does not say.
    init(isInteractive: Bool, width: Int?, environment: [String: String], isQuiet: Bool = false) {
        self.isInteractive = isInteractive
        let stated = environment["COLUMNS"].flatMap { Int($0) }
        columns = [stated, width].lazy.compactMap { $0 }.first { (20...1000).contains($0) } ?? 80
        let term = environment["TERM"] ?? ""
        let refused = environment["NO_COLOR"].map { !$0.isEmpty } ?? false
        usesColour = isInteractive && !isQuiet && !refused && !term.isEmpty && term != "dumb"
        let locale = ["LC_ALL", "LC_CTYPE", "LANG"].lazy.compactMap { environment[$0] }.first { !$0.isEmpty } ?? ""
        let encoding = locale.lowercased()
        usesUnicode = encoding.contains("utf-8") || encoding.contains("utf8")
    }

    private static func width(of descriptor: Int32) -> Int? {
        var size = winsize()
        guard ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0 else { return nil }
        return Int(size.ws_col)
    }
}

extension Terminal {
    /// How a piece of text stands out.
    enum Style: String {
        case bold = "1"
        case dim = "2"
        case red = "31"
        case green = "32"
        case yellow = "33"
    }

    /// `text` in a style, where there is colour.
    func styled(_ text: String, _ style: Style) -> String {
        usesColour ? "\u{1B}[\(style.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// Those of the named environment variables that are set; what is not UTF-8 is repaired.
func environmentVariables(_ names: [String] = Terminal.variables) -> [String: String] {
    var result: [String: String] = [:]
    for name in names {
        result[name] = getenv(name).map { String(cString: $0) }
    }
    return result
}
