import Arguments

/// One subcommand of `zoo`: its declaration, and what it does.
protocol Subcommand: Sendable {
    /// Name, options, arguments and help.
    static var command: Command { get }

    /// Does what the words of the command line ask for.
    ///
    /// - Returns: the exit code. Output that is still buffered is written out by the caller.
    /// - Throws: what ends the command; ``Failure`` says what is printed and the exit code for each error.
    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode
}
