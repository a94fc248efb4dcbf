extension Command {
    /// What is wrong with the declaration of this command and those below it, one sentence each; empty where it is
    /// sound. A test calls it: the parser takes a sound declaration for granted.
    public func validate() -> [String] {
        walk().flatMap { $0.problems() }
    }
}

extension CommandInContext {
    fileprivate func problems() -> [String] {
        let here = path.joined(separator: " ")
        let found = nameProblems() + own.flatMap(valueProblems) + argumentProblems() + groupProblems() + textProblems()
        return found.map { "\(here): \($0)" }
    }

    /// Names are well formed and unique, also against built-in and inherited ones.
    private func nameProblems() -> [String] {
        var problems: [String] = []
        var seen = Set((inherited + Command.builtIn).flatMap { [$0.name] + ($0.shortName.map { [$0] } ?? []) })
        for option in own {
            let word = option.name.dropFirst(2)
            if !option.name.hasPrefix("--") || word.count < 2 || !isWord(word) {
                problems.append("'\(option.name)' is not a long name: two dashes, then \(wordRule)")
            }
            if let short = option.shortName, short.count != 2 || !short.hasPrefix("-") || !isLetter(short.last) {
                problems.append("'\(short)' is not a short name: a dash and a letter")
            }
            for name in [option.name] + (option.shortName.map { [$0] } ?? []) where !seen.insert(name).inserted {
                problems.append("'\(name)' is declared twice")
            }
        }
        var words: Set<String> = []
        for subcommand in command.subcommands {
            if !isWord(subcommand.name[...]) {
                problems.append("'\(subcommand.name)' is not a name of a subcommand: \(wordRule)")
            }
            if !words.insert(subcommand.name).inserted {
                problems.append("subcommand '\(subcommand.name)' is declared twice")
            }
        }
        return problems
    }

    private func valueProblems(_ option: OptionSpecification) -> [String] {
        guard case .value(let kind, let placeholder) = option.form else { return [] }
        var problems = placeholder.isEmpty ? ["'\(option.name)' has no placeholder"] : []
        if let text = option.defaultText, let refusal = kind.refusal(of: text) {
            problems.append("default of '\(option.name)': '\(text)' \(refusal)")
        }
        return problems + kindProblems(kind, of: option.name)
    }

    /// Completion scripts hold choices, extensions and arguments as they are, so they are plain words.
    private func kindProblems(_ kind: ValueKind, of name: String) -> [String] {
        let words: [String]
        switch kind {
        case .choice(let choices):
            guard !choices.isEmpty, Set(choices).count == choices.count else {
                return ["choices of '\(name)' are none or repeated"]
            }
            words = choices
        case .file(let extensions): words = extensions
        case .named(let arguments): words = arguments
        case .text, .integer, .number, .folder: words = []
        }
        return words.filter { !isPlain($0) }.map { "'\($0)' of '\(name)' is not a plain word" }
    }

    /// Required ones first, then those that may be left out, a repeating one last.
    private func argumentProblems() -> [String] {
        let arguments = command.arguments.map(\.specification)
        var problems = arguments.flatMap { kindProblems($0.kind, of: $0.name) }
        if !arguments.isEmpty, !command.subcommands.isEmpty {
            problems.append("has both arguments and subcommands")
        }
        if Set(arguments.map(\.name)).count != arguments.count {
            problems.append("an argument is declared twice")
        }
        for (argument, following) in zip(arguments, arguments.dropFirst()) {
            if argument.isRepeating {
                problems.append("'\(argument.name)' takes all words, '\(following.name)' can never be given")
            }
            if argument.minimum == 0, following.minimum > 0 {
                problems.append("'\(argument.name)' may be left out, '\(following.name)' after it may not")
            }
        }
        return problems
    }

    private func groupProblems() -> [String] {
        var problems: [String] = []
        for group in command.exclusive.map({ $0.map(\.specification) }) {
            if group.count < 2 {
                problems.append("an exclusive group has less than two options")
            }
            for option in group {
                if !own.contains(option) {
                    problems.append("'\(option.name)' of an exclusive group is not an option of this command")
                }
                if option.isRequired {
                    problems.append("'\(option.name)' is required and exclusive")
                }
            }
        }
        return problems
    }

    /// Every entry is explained, in one line without a full stop (the layout adds what is needed).
    private func textProblems() -> [String] {
        var texts = [("summary", command.summary)]
        texts += own.map { ($0.name, $0.help) }
        texts += command.arguments.map { ($0.specification.name, $0.specification.help) }
        texts += command.environment.map { ($0.name, $0.meaning) }
        texts += command.exitCodes.map { ($0.name, $0.meaning) }
        texts += command.examples.map { ($0.line, $0.purpose) }
        return texts.filter { $0.1.isEmpty || $0.1.hasSuffix(".") || $0.1.contains("\n") }
            .map { "the text of '\($0.0)' is empty, has a line feed or ends in a full stop" }
    }

    private func isLetter(_ character: Character?) -> Bool {
        character.map { $0.isASCII && $0.isLetter } ?? false
    }

    private var wordRule: String { "lower case letters, digits, dashes" }

    private func isWord(_ text: Substring) -> Bool {
        let allowed = text.allSatisfy { $0 == "-" || $0.isASCII && ($0.isLowercase || $0.isWholeNumber) }
        return allowed && !text.isEmpty && !text.hasPrefix("-")
    }

    private func isPlain(_ text: String) -> Bool {
        !text.isEmpty
            && text.allSatisfy { $0.isASCII && ($0.isLetter || $0.isWholeNumber) || "-_.+".contains($0) }
    }
}
