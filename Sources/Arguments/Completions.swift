/// A shell that completions can be made for.
public enum Shell: String, CaseIterable, Sendable {
    /// GNU bash, 4 or later.
    case bash
    /// The Z shell.
    case zsh
    /// The friendly interactive shell.
    case fish
}

extension Command {
    /// A completion script for this command and everything below it, ending in a line feed.
    ///
    /// bash: source it, or put it where bash-completion looks for it. zsh: put it as `_NAME` on `fpath`, or source it
    /// after `compinit`. fish: put it into its folder of completions. The declaration must be sound (`validate()`):
    /// names, choices and extensions go into the script as they are.
    public func completions(for shell: Shell) -> String {
        switch shell {
        case .bash: bashCompletions()
        case .zsh: zshCompletions()
        case .fish: fishCompletions()
        }
    }

    /// The program's name as part of a shell function's name.
    var functionName: String { "_" + name.map { $0.isASCII && ($0.isLetter || $0.isNumber) ? $0 : "_" } }
}

extension CommandInContext {
    /// The options that completions offer.
    var completed: [OptionSpecification] { shown }

    /// What the next positional argument may be, as far as it can be said without counting: the kinds of all.
    var argumentKinds: [ValueKind] { command.arguments.map(\.specification.kind) }
}

/// `text` as one word of a POSIX shell.
func shellQuoted(_ text: String) -> String {
    "'" + text.split(separator: "'", omittingEmptySubsequences: false).joined(separator: "'\\''") + "'"
}
