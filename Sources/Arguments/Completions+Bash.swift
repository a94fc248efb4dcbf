extension Command {
    /// One function that finds the subcommand, then offers values of the option before the cursor, options, or
    /// arguments. It needs nothing but bash itself.
    func bashCompletions() -> String {
        let function = functionName
        let contexts = walk()
        let subcommands = contexts.flatMap { context in
            context.command.subcommands.map { subcommand in
                let path = context.path.joined(separator: " ")
                return "            '\(path) \(subcommand.name)') path='\(path) \(subcommand.name)' ;;"
            }
        }
        return """
            # Completions of \(name) for bash, made by \(name) itself.

            \(function)_words() {
                local IFS=$' \\t\\n'
                COMPREPLY+=($(compgen -W "$1" -- "$current"))
            }

            \(function)_files() {
                local IFS=$' \\t\\n' entry lower extension
                compopt -o filenames 2>/dev/null
                while IFS= read -r entry; do
                    lower=${entry,,}
                    if [[ $# -eq 0 || -d $entry ]]; then
                        COMPREPLY+=("$entry")
                        continue
                    fi
                    for extension in "$@"; do
                        if [[ $lower == *".$extension" ]]; then
                            COMPREPLY+=("$entry")
                            break
                        fi
                    done
                done < <(compgen -f -- "$current")
            }

            \(function)_folders() {
                local entry
                compopt -o filenames 2>/dev/null
                while IFS= read -r entry; do
                    COMPREPLY+=("$entry")
                done < <(compgen -d -- "$current")
            }

            \(function)_named() {
                local entry
                while IFS= read -r entry; do
                    if [[ $entry == "$current"* ]]; then
                        COMPREPLY+=("$entry")
                    fi
                done < <("${COMP_WORDS[0]}" "$@" 2>/dev/null </dev/null)
                \(function)_folders
            }

            \(function)() {
                local current=${COMP_WORDS[COMP_CWORD]} option='' path='\(name)' ended='' word index
                COMPREPLY=()
                # '--option=value' comes as three words.
                if ((COMP_CWORD > 0)); then
                    option=${COMP_WORDS[COMP_CWORD - 1]}
                fi
                if [[ $current == '=' ]]; then
                    current=''
                elif [[ $option == '=' ]] && ((COMP_CWORD > 1)); then
                    option=${COMP_WORDS[COMP_CWORD - 2]}
                fi
                for ((index = 1; index < COMP_CWORD; index++)); do
                    word=${COMP_WORDS[index]}
                    if [[ $word == '--' ]]; then
                        ended=1
                        option=''
                        break
                    fi
                    case "$path $word" in
            \(subcommands.joined(separator: "\n"))
                    *) ;;
                    esac
                done
                case $path in
            \(contexts.map { $0.bashCase(function: function) }.joined(separator: "\n"))
                esac
            }

            complete -F \(function) \(name)

            """
    }
}

extension CommandInContext {
    /// The branch of one command.
    fileprivate func bashCase(function: String) -> String {
        var lines = ["    '\(path.joined(separator: " "))')"]
        let values = completed.compactMap { option -> String? in
            guard case .value(let kind, _) = option.form else { return nil }
            let names = [option.name] + (option.shortName.map { [$0] } ?? [])
            let action = kind.bashAction(function: function).map { "\($0); return" } ?? "return"
            return "        \(names.joined(separator: " | "))) \(action) ;;"
        }
        if !values.isEmpty {
            lines += ["        case $option in"] + values + ["        *) ;;", "        esac"]
        }
        let names = completed.map(\.name).joined(separator: " ")
        lines += [
            "        if [[ -z $ended && $current == -* ]]; then",
            "            \(function)_words '\(names)'",
            "            return",
            "        fi",
        ]
        if !command.subcommands.isEmpty {
            lines.append("        \(function)_words '\(command.subcommands.map(\.name).joined(separator: " "))'")
        }
        var actions: [String] = []
        for action in argumentKinds.compactMap({ $0.bashAction(function: function) }) where !actions.contains(action) {
            actions.append(action)
        }
        lines += actions.map { "        \($0)" }
        return (lines + ["        ;;"]).joined(separator: "\n")
    }
}

extension ValueKind {
    /// The call that offers values; nil where there is nothing to offer.
    fileprivate func bashAction(function: String) -> String? {
        switch self {
        case .text, .integer, .number: nil
        case .choice(let words): "\(function)_words '\(words.joined(separator: " "))'"
        case .file(let extensions): ([function + "_files"] + extensions).joined(separator: " ")
        case .folder: "\(function)_folders"
        case .named(let arguments): ([function + "_named"] + arguments).joined(separator: " ")
        }
    }
}
