import Arguments

enum EvalCommand: Subcommand {
    static let command = Command("eval", summary: "Eval")

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode { .success }
}
