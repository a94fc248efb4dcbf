extension Command {
    /// A function a command, over `_arguments` of the completion system.
    func zshCompletions() -> String {
        let function = functionName
        return """
            #compdef \(name)
            # Completions of \(name) for zsh, made by \(name) itself.

            \(function)__named() {
                local -a names
                names=(${(f)"$(\(name) "$@" 2>/dev/null </dev/null)"})
                compadd -a names
                _files -/
            }

            \(walk().map { $0.zshFunction(function: function) }.joined(separator: "\n\n"))

            if [[ $funcstack[1] == \(function) ]]; then
                \(function) "$@"
            else
                compdef \(function) \(name)
            fi

            """
    }
}

extension CommandInContext {
    /// The function of one command; it calls those of the subcommands.
    fileprivate func zshFunction(function: String) -> String {
        let own = functionName(of: path, function: function)
        var specifications = completed.flatMap { $0.zshSpecifications(function: function) }
        specifications += command.arguments.map { argument in
            let specification = argument.specification
            let action = specification.kind.zshAction(function: function)
            let position = specification.isRepeating ? "*" : specification.minimum == 0 ? ":" : ""
            return shellQuoted("\(position):\(zshEscaped(specification.name)):\(action)")
        }
        if !command.subcommands.isEmpty {
            specifications += ["'1:subcommand:->subcommand'", "'*::argument:->argument'"]
        }
        var lines = [
            "\(own)() {",
            "    local context state state_descr line",
            "    typeset -A opt_args",
            "    _arguments -C -s -S \\",
            "        \(specifications.joined(separator: " \\\n        "))",
        ]
        if !command.subcommands.isEmpty {
            lines += ["    case $state in", "    subcommand)", "        local -a subcommands", "        subcommands=("]
            lines += command.subcommands.map {
                "            " + shellQuoted("\($0.name):\($0.summary)")
            }
            lines += [
                "        )", "        _describe -t commands subcommand subcommands", "        ;;", "    argument)",
                "        case $words[1] in",
            ]
            lines += command.subcommands.map {
                "        \($0.name)) \(functionName(of: path + [$0.name], function: function)) ;;"
            }
            lines += ["        esac", "        ;;", "    esac"]
        }
        return (lines + ["}"]).joined(separator: "\n")
    }

    private func functionName(of path: [String], function: String) -> String {
        ([function] + path.dropFirst()).joined(separator: "_")
    }
}

extension OptionSpecification {
    /// One specification for `_arguments` a name.
    fileprivate func zshSpecifications(function: String) -> [String] {
        let names = (shortName.map { [$0] } ?? []) + [name]
        let exclusion = isRepeatable ? "*" : names.count > 1 ? "(\(names.joined(separator: " ")))" : ""
        return names.map { name in
            let help = "[\(zshEscaped(help))]"
            guard case .value(let kind, let placeholder) = form else { return shellQuoted(exclusion + name + help) }
            let joint = name.hasPrefix("--") ? "=" : "+"
            let action = ":\(zshEscaped(placeholder)):\(kind.zshAction(function: function))"
            return shellQuoted(exclusion + name + joint + help + action)
        }
    }
}

extension ValueKind {
    /// The action of a specification for `_arguments`.
    fileprivate func zshAction(function: String) -> String {
        switch self {
        case .text, .integer, .number: " "
        case .choice(let words): "(\(words.joined(separator: " ")))"
        case .file(let extensions) where extensions.isEmpty: "_files"
        case .file(let extensions):
            "_files -g \"*.(\((extensions + extensions.map { $0.uppercased() }).joined(separator: "|")))\""
        case .folder: "_files -/"
        // The space keeps _arguments from putting options of its own between the words.
        case .named(let arguments): " \(function)__named \(arguments.joined(separator: " "))"
        }
    }
}

/// `text` without the characters that separate the parts of a specification.
private func zshEscaped(_ text: String) -> String {
    var result = ""
    for character in text {
        result += ["[", "]", ":", "\\"].contains(character) ? "\\\(character)" : String(character)
    }
    return result
}
