import Arguments
import TensorCore

/// The `zoo` command.
public enum ZooCommand {
    /// The version of the command and its libraries.
    static let version = "0.1.0"

    /// The subcommands, in the order of the help.
    static let all: [any Subcommand.Type] = [
        ClassifyCommand.self, GenerateCommand.self, ListCommand.self, ShowCommand.self, PullCommand.self,
        CacheCommand.self, EvalCommand.self,
        RunCommand.self,
        PreprocessCommand.self, TokenizeCommand.self, EmbedCommand.self, MergeCommand.self, IndexCommand.self,
        SearchCommand.self, TranscribeCommand.self, NGramCommand.self, ConvertCommand.self, QuantizeCommand.self,
        VerifyCommand.self,
        BenchCommand.self,
        DoctorCommand.self, CompletionsCommand.self,
    ]

    /// The command with everything below it, as data.
    static let command = Command(
        "zoo", summary: "Run pretrained models on this computer's processor",
        discussion: """
            A model is named by its name in a registry ('zoo list' shows them), by the path of a folder, or as \
            hf:org/name[@revision] on the hub. What is not there is fetched by 'zoo pull', or on first use after a \
            question; never without being asked to.
            Results go to standard output, everything else to standard error.
            """,
        options: [SharedOptions.registry, SharedOptions.quiet, SharedOptions.yes, SharedOptions.offline],
        environment: [
            Command.Entry("ZOO_MODELS", "Registry folders, separated by colons"),
            Command.Entry("ZOO_TIER", "The highest instruction set to use: \(SharedOptions.tierNames)"),
            Command.Entry("HF_ENDPOINT", "The hub's address, https://huggingface.co where not set"),
            Command.Entry(
                "HF_TOKEN", "A token for the hub; else that of HF_TOKEN_PATH, or of the file token in HF_HOME"),
            Command.Entry("HF_HUB_OFFLINE", "Where it is 1, no connection is opened"),
            Command.Entry("https_proxy", "The proxy for https; likewise http_proxy, all_proxy, and no_proxy"),
            Command.Entry("SSL_CERT_FILE", "Certificates to trust instead of the system's"),
            Command.Entry("HF_HOME", "Where the Hugging Face cache is; HF_HUB_CACHE goes before it"),
            Command.Entry("XDG_DATA_HOME", "Its zoo/models is a registry folder; ~/.local/share where not set"),
            Command.Entry("NO_COLOR", "Where it is not empty, output has no colour"),
        ],
        examples: [
            Command.Example("zoo classify samples", "Classify every picture of a folder"),
            Command.Example("zoo list", "Show the models that can be named"),
            Command.Example("zoo doctor", "Check this computer and the installation"),
        ],
        exitCodes: ExitCode.entries, subcommands: all.map { $0.command })

    /// Runs the command.
    ///
    /// - Parameter words: the command line without the program's name.
    /// - Returns: the exit code of the process.
    public static func main(_ words: [String]) -> Int32 {
        returnLargeMemoryWhenFreed()
        ignoreBrokenPipes()
        Interruption.install()
        var context: CommandContext?
        do {
            return try run(words, &context).rawValue
        } catch {
            // What was computed before the failure is still worth having, unless writing is what failed.
            if !(error is OutputError) { try? context?.output.flush() }
            if case OutputError.readerGone = error { endAsBrokenPipe() }
            let failure = Failure(error)
            writeToStandardError("\(failure)\n")
            return failure.exitCode.rawValue
        }
    }

    private static func run(_ words: [String], _ context: inout CommandContext?) throws -> ExitCode {
        let environment = environmentVariables(CommandContext.variables)
        switch try command.parse(words) {
        case .help(let path, let wasAsked):
            let columns = Terminal(descriptor: wasAsked ? 1 : 2, environment: environment).columns
            let help = command.help(for: path, columns: columns)
            try writeAll(help.utf8, to: wasAsked ? 1 : 2, called: wasAsked ? "standard output" : "standard error")
            return wasAsked ? .success : .usage
        case .version:
            let tier = Tier.best(upTo: try SharedOptions.tierLimit(environment) ?? .best)
            try writeAll("zoo \(version) (\(tier.rawValue))\n".utf8, to: 1, called: "standard output")
            return .success
        case .run(let parsed):
            guard let subcommand = all.first(where: { parsed.path.dropFirst().first == $0.command.name }) else {
                throw UsageError("missing subcommand", path: parsed.path)
            }
            let made = try CommandContext(parsed, environment: environment)
            context = made
            let code = try subcommand.run(parsed, made)
            try made.output.flush()
            return Interruption.exitCode ?? code
        }
    }
}
