import Arguments

enum ShowCommand: Subcommand {
    static let command = Command("show", summary: "Show")

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode { .success }
}
