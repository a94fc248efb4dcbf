import Arguments

/// `zoo completions`: scripts for the shell's tab key.
enum CompletionsCommand: Subcommand {
    private static let shell = Argument<Shell>.choice("SHELL", help: "The shell")

    static let command = Command(
        "completions", summary: "Print a script that completes command lines in a shell", arguments: [shell],
        examples: [
            Command.Example("zoo completions bash > ~/.local/share/bash-completion/completions/zoo", "For bash"),
            Command.Example("zoo completions zsh > ~/.zfunc/_zoo", "For zsh, with ~/.zfunc on fpath"),
            Command.Example("zoo completions fish > ~/.config/fish/completions/zoo.fish", "For fish"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        var script = ZooCommand.command.completions(for: parsed[shell])
        // The writer adds the line feed that the script already ends in.
        if script.hasSuffix("\n") { script.removeLast() }
        try context.output.write(script)
        return .success
    }
}
