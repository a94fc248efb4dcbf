extension Command {
    /// The manual page of this command and everything below it, in roff with the `man` macros.
    ///
    /// - Parameter version: what stands at the foot of each page, "zoo 1.2.0".
    public func manualPage(version: String) -> String {
        var lines = [
            ".TH \(roff(name.uppercased())) 1 \"\" \(quoted(version)) \"User commands\"",
            ".SH NAME", "\(roff(name)) \\- \(roff(summary))",
        ]
        for context in walk() {
            lines += context.manualSection(isTop: context.path.count == 1)
        }
        lines += section("ENVIRONMENT", environment.map { ($0.name, $0.meaning) })
        lines += section("EXIT STATUS", exitCodes.map { ($0.name, $0.meaning) })
        let examples = walk().flatMap(\.command.examples)
        lines += section("EXAMPLES", examples.map { ($0.line, $0.purpose) })
        return lines.joined(separator: "\n") + "\n"
    }

    private func section(_ title: String, _ pairs: [(name: String, meaning: String)]) -> [String] {
        pairs.isEmpty ? [] : [".SH \(title)"] + entries(pairs)
    }
}

extension CommandInContext {
    /// Usage, text, arguments and options; inherited options are explained once, at the command that declares them.
    fileprivate func manualSection(isTop: Bool) -> [String] {
        var lines = isTop ? [".SH SYNOPSIS"] : [".SH \(roff(path.joined(separator: " ").uppercased()))"]
        let usage = usage(columns: .max).joined().dropFirst("Usage: ".count)
        if !isTop {
            lines += [roff(command.summary) + ".", ".PP"]
        }
        lines.append(".B \(roff(String(usage)))")
        if isTop, !command.discussion.isEmpty {
            lines.append(".SH DESCRIPTION")
        }
        for paragraph in command.discussion.split(separator: "\n") {
            lines += [".PP", roff(String(paragraph))]
        }
        lines += entries(command.arguments.map { ($0.specification.name, $0.specification.explanation) })
        let options = (isTop ? own + Command.builtIn : own).filter { !$0.isHidden }
        if isTop {
            lines.append(".SH OPTIONS")
        }
        let names = options.map { option in (option.shortName.map { "\($0), " } ?? "") + option.usage }
        lines += entries(Array(zip(names, options.map { $0.explanation(exclusive: command.exclusive) })))
        return lines
    }
}

private func entries(_ pairs: [(name: String, meaning: String)]) -> [String] {
    pairs.flatMap { [".TP", ".B \(roff($0.name))", roff($0.meaning) + "."] }
}

private func quoted(_ text: String) -> String { "\"\(roff(text))\"" }

/// `text` as roff sets it literally: dashes stay dashes, and no line is taken for a request.
private func roff(_ text: String) -> String {
    var result = ""
    for character in text {
        switch character {
        case "\\": result += "\\e"
        case "-": result += "\\-"
        case "\"": result += "\\(dq"
        default: result.append(character)
        }
    }
    return result.hasPrefix(".") || result.hasPrefix("'") ? "\\&" + result : result
}
