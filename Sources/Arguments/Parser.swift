extension Command {
    /// Understands the words that follow the program's name.
    ///
    /// `--` ends the options; a lone `-` is an argument; names are never completed from a prefix. A word that begins
    /// with a dash is not taken as the value of the option before it, unless that takes a number and the word is one
    /// (`--opt=-x` says it in any case). `--help` counts anywhere before `--`, whatever is wrong with the rest.
    ///
    /// - Throws: the first thing that is wrong.
    public func parse(_ words: [String]) throws(UsageError) -> Invocation {
        let options = words.prefix { $0 != "--" }
        if options.contains("--help") || options.contains("-h") {
            return .help(path: pathAsked(by: options), wasAsked: true)
        }
        if options.contains("--version") {
            return .version
        }
        var parser = Parser(command: self, words: words)
        return try parser.run()
    }

    /// The subcommands that are named among `words`, for the help.
    private func pathAsked(by words: ArraySlice<String>) -> [String] {
        var path = [name]
        var current = self
        for word in words {
            guard let next = current.subcommands.first(where: { $0.name == word }) else { continue }
            path.append(word)
            current = next
        }
        return path
    }
}

/// One pass over the words of a command line.
private struct Parser {
    private var chain: [Command]
    private var current: Command
    private var specifications: [OptionSpecification]
    private let words: [String]
    private var next = 0
    private var given: [String: [String]] = [:]
    private var positional: [String] = []

    init(command: Command, words: [String]) {
        chain = [command]
        current = command
        specifications = command.options.map(\.specification)
        self.words = words
    }

    private var path: [String] { chain.map(\.name) }

    private func error(_ message: String) -> UsageError { UsageError(message, path: path) }

    mutating func run() throws(UsageError) -> Invocation {
        var optionsEnded = false
        while next < words.count {
            let word = words[next]
            next += 1
            if optionsEnded || word == "-" || !word.hasPrefix("-") {
                try takePositional(word)
            } else if word == "--" {
                optionsEnded = true
            } else if word.hasPrefix("--") {
                try takeLong(word)
            } else if try takeShort(word) {
                return .help(path: path, wasAsked: true)
            }
        }
        guard current.subcommands.isEmpty else { return .help(path: path, wasAsked: false) }
        try checkGroups()
        let arguments = try assignArguments()
        for specification in specifications where given[specification.name] == nil {
            guard !specification.isRequired else { throw error("missing option \(specification.usage)") }
            given[specification.name] = []
        }
        return .run(ParsedArguments(path: path, options: given, arguments: arguments))
    }

    private mutating func takePositional(_ word: String) throws(UsageError) {
        guard !current.subcommands.isEmpty else {
            positional.append(word)
            return
        }
        guard let command = current.subcommands.first(where: { $0.name == word }) else {
            let guess = nearest(to: word, among: current.subcommands.map(\.name))
            throw error("unknown subcommand '\(printable(word))'\(question(guess))")
        }
        chain.append(command)
        current = command
        specifications += command.options.map(\.specification)
    }

    /// `--name`, `--name value` or `--name=value`.
    private mutating func takeLong(_ word: String) throws(UsageError) {
        let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        let name = String(parts[0])
        guard let specification = specifications.first(where: { $0.name == name }) else { throw unknown(name) }
        try take(specification, as: name, attached: parts.count > 1 ? String(parts[1]) : nil)
    }

    /// `-k`, `-k value`, `-kvalue`, or flags in one word, `-qv`. Returns true where help is asked for.
    private mutating func takeShort(_ word: String) throws(UsageError) -> Bool {
        var rest = word.dropFirst()
        while let letter = rest.popFirst() {
            let name = "-\(letter)"
            guard name != "-h" else { return true }
            guard let specification = specifications.first(where: { $0.shortName == name }) else {
                throw rest.isEmpty && word.count == 2 ? unknown(name) : unknown(word)
            }
            if case .value = specification.form {
                try take(specification, as: name, attached: rest.isEmpty ? nil : String(rest))
                return false
            }
            try take(specification, as: name, attached: nil)
        }
        return false
    }

    private mutating func take(
        _ specification: OptionSpecification, as name: String, attached: String?
    ) throws(UsageError) {
        var text = ""
        switch specification.form {
        case .flag:
            guard attached == nil else { throw error("option '\(name)' takes no value") }
        case .value(let kind, let placeholder):
            guard let value = attached ?? followingValue(for: kind) else {
                throw error("option '\(name)' needs a value, \(placeholder)")
            }
            if let refusal = kind.refusal(of: value) {
                throw error("option '\(name)': '\(printable(value))' \(refusal)")
            }
            text = value
        }
        guard specification.isRepeatable || given[specification.name] == nil else {
            throw error("option '\(name)' is given twice")
        }
        given[specification.name, default: []].append(text)
    }

    /// The next word, where it can be a value.
    private mutating func followingValue(for kind: ValueKind) -> String? {
        guard next < words.count else { return nil }
        let word = words[next]
        if word.hasPrefix("-"), word != "-" {
            switch kind {
            case .integer, .number: guard Double(word) != nil else { return nil }
            default: return nil
            }
        }
        next += 1
        return word
    }

    private func unknown(_ name: String) -> UsageError {
        let shown = printable(name)
        let owners = current.subcommands.filter { command in
            command.options.contains { $0.specification.name == name || $0.specification.shortName == name }
        }
        if let owner = owners.first {
            let place = owners.count == 1 ? "'\((path + [owner.name]).joined(separator: " "))'" : "the subcommand"
            return error("option '\(shown)' comes after \(place)")
        }
        let names = specifications.filter { !$0.isHidden }.map(\.name) + Command.builtIn.map(\.name)
        let guess = names.contains("-\(name)") ? "-\(name)" : nearest(to: name, among: names)
        return error("unknown option '\(shown)'\(question(guess))")
    }

    private func question(_ guess: String?) -> String {
        guess.map { ", did you mean '\($0)'?" } ?? ""
    }

    private func checkGroups() throws(UsageError) {
        for group in chain.flatMap(\.exclusive) {
            let names = group.map(\.specification.name).filter { given[$0] != nil }
            guard names.count < 2 else {
                throw error("options '\(names[0])' and '\(names[1])' cannot be used together")
            }
        }
    }

    /// Deals the positional words out to the declared arguments.
    private func assignArguments() throws(UsageError) -> [String: [String]] {
        var assigned: [String: [String]] = [:]
        var rest = positional[...]
        for specification in current.arguments.map(\.specification) {
            let taken = specification.isRepeating ? rest : rest.prefix(1)
            rest = rest.dropFirst(taken.count)
            guard taken.count >= specification.minimum else { throw error("missing argument \(specification.name)") }
            for word in taken {
                if let refusal = specification.kind.refusal(of: word) {
                    throw error("\(specification.name): '\(printable(word))' \(refusal)")
                }
            }
            assigned[specification.name] = Array(taken)
        }
        if let extra = rest.first {
            throw error("unexpected argument '\(printable(extra))'")
        }
        return assigned
    }
}
