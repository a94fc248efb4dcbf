extension OptionSpecification {
    /// `--top K`.
    var usage: String {
        switch form {
        case .flag: name
        case .value(_, let placeholder): "\(name) \(placeholder)"
        }
    }

    /// `-k, --top K`, with room for the short name where there is none.
    var heading: String { (shortName.map { "\($0), " } ?? "    ") + usage }

    /// The help with what is allowed, what is assumed, and what it cannot be combined with.
    func explanation(exclusive: [[any OptionDeclaration]]) -> String {
        var notes: [String] = []
        if case .value(let kind, _) = form, let constraint = kind.constraint {
            notes.append(constraint)
        }
        if let defaultText, !defaultText.isEmpty {
            notes.append("default \(defaultText)")
        }
        if isRequired {
            notes.append("required")
        }
        if isRepeatable {
            notes.append("may be repeated")
        }
        let others = exclusive.map { $0.map(\.specification.name) }.filter { $0.contains(name) }.joined()
            .filter { $0 != name }
        if !others.isEmpty {
            notes.append("not with \(others.joined(separator: ", "))")
        }
        return notes.isEmpty ? help : "\(help) (\(notes.joined(separator: "; ")))"
    }
}

extension Command {
    /// The help of the command at `path` (this command's name first), ending in a line feed.
    ///
    /// - Parameter columns: the width to wrap to; less than 40 counts as 40, more than 100 as 100.
    public func help(for path: [String], columns: Int = 80) -> String {
        guard let context = CommandInContext(chain: chain(for: path)) else { return "" }
        let columns = min(100, max(40, columns))
        let command = context.command
        var sections = [wrap("\(command.summary).", width: columns), context.usage(columns: columns)]
        if !command.discussion.isEmpty {
            sections.append(wrap(command.discussion, width: columns))
        }
        func add(_ title: String, _ pairs: [(name: String, meaning: String)]) {
            guard !pairs.isEmpty else { return }
            sections.append([title] + definitions(pairs, columns: columns))
        }
        add("Subcommands:", command.subcommands.map { ($0.name, $0.summary) })
        add("Arguments:", command.arguments.map { ($0.specification.name, $0.specification.explanation) })
        add("Options:", context.shown.map { ($0.heading, $0.explanation(exclusive: command.exclusive)) })
        add("Environment:", command.environment.map { ($0.name, $0.meaning) })
        if !command.examples.isEmpty {
            sections.append(
                ["Examples:"]
                    + command.examples.flatMap { example in
                        ["  \(example.line)"] + wrap(example.purpose, width: columns - 6).map { "      \($0)" }
                    })
        }
        add("Exit codes:", command.exitCodes.map { ($0.name, $0.meaning) })
        if !command.subcommands.isEmpty {
            let line = "See '\(context.path.joined(separator: " ")) SUBCOMMAND --help' for more on a subcommand."
            sections.append(wrap(line, width: columns))
        }
        return sections.map { $0.joined(separator: "\n") }.joined(separator: "\n\n") + "\n"
    }
}

extension ArgumentSpecification {
    /// The help with what is allowed.
    var explanation: String { kind.constraint.map { "\(help) (\($0))" } ?? help }
}

extension CommandInContext {
    /// The usage line, continued below itself where it is too long.
    func usage(columns: Int) -> [String] {
        var parts = ["[OPTION...]"]
        parts += own.filter { $0.isRequired && !$0.isHidden }.map(\.usage)
        parts += command.subcommands.isEmpty ? [] : ["SUBCOMMAND"]
        parts += command.arguments.map(\.specification.usage)
        let start = "Usage: \(path.joined(separator: " ")) "
        let lines = wrap(parts.joined(separator: " "), width: columns - start.count)
        let margin = String(repeating: " ", count: start.count)
        return lines.enumerated().map { ($0.offset == 0 ? start : margin) + $0.element }
    }
}
