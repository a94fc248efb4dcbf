import Arguments

enum ListCommand: Subcommand {
    static let command = Command("list", summary: "List")

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode { .success }
}
