extension Command {
    /// One `complete` line an option, argument and subcommand, each on the condition that its command is meant.
    func fishCompletions() -> String {
        var lines = [
            "# Completions of \(name) for fish, made by \(name) itself.",
            "",
            "function \(functionName)_named",
            "    \(name) $argv 2>/dev/null </dev/null",
            "    __fish_complete_directories",
            "end",
            "",
            "complete -c \(name) -f",
        ]
        for context in walk() {
            lines += context.fishLines(program: name, function: functionName)
        }
        return lines.joined(separator: "\n") + "\n"
    }
}

extension CommandInContext {
    fileprivate func fishLines(program: String, function: String) -> [String] {
        var conditions = path.dropFirst().map { "__fish_seen_subcommand_from \($0)" }
        if !command.subcommands.isEmpty {
            let names = command.subcommands.map(\.name).joined(separator: " ")
            conditions.append("not __fish_seen_subcommand_from \(names)")
        }
        let condition = conditions.isEmpty ? "" : " -n \(fishQuoted(conditions.joined(separator: "; and ")))"
        let start = "complete -c \(program)\(condition)"
        var lines = command.subcommands.map { "\(start) -a \($0.name) -d \(fishQuoted($0.summary))" }
        for option in completed {
            var line = "\(start) -l \(option.name.dropFirst(2))"
            line += option.shortName.map { " -s \($0.dropFirst())" } ?? ""
            if case .value(let kind, _) = option.form {
                line += " \(kind.fishValue(function: function))"
            }
            lines.append("\(line) -d \(fishQuoted(option.help))")
        }
        for argument in command.arguments.map(\.specification) {
            guard let offer = argument.kind.fishArgument(function: function) else { continue }
            lines.append("\(start) \(offer)")
        }
        return lines
    }
}

extension ValueKind {
    /// The part of a `complete` line that says what the option's value may be.
    fileprivate func fishValue(function: String) -> String {
        switch self {
        case .text, .integer, .number: "-x"
        case .file: "-r -F"
        case .choice, .folder, .named: "-x \(fishArgument(function: function) ?? "")"
        }
    }

    /// The part of a `complete` line that offers this kind; nil where there is nothing to offer.
    fileprivate func fishArgument(function: String) -> String? {
        switch self {
        case .text, .integer, .number: nil
        case .choice(let words): "-a \(fishQuoted(words.joined(separator: " ")))"
        case .file: "-F"
        case .folder: "-a '(__fish_complete_directories)'"
        case .named(let arguments): "-a '(\(function)_named \(arguments.joined(separator: " ")))'"
        }
    }
}

/// `text` as one word of fish, whose single quotes know two escapes.
private func fishQuoted(_ text: String) -> String {
    var result = "'"
    for character in text {
        result += character == "'" || character == "\\" ? "\\\(character)" : String(character)
    }
    return result + "'"
}
