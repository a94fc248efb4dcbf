import Arguments

enum DoctorCommand: Subcommand {
    static let command = Command("doctor", summary: "Doctor")

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode { .success }
}
