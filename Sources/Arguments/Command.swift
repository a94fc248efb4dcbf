/// A command, or a subcommand of one, as data: parsing, help, completions and the manual page are made from it.
public struct Command: Sendable {
    /// A command line worth showing.
    public struct Example: Sendable, Equatable {
        /// The whole line as it is typed.
        public let line: String
        /// What it does, one sentence, no full stop.
        public let purpose: String

        /// An example of use.
        public init(_ line: String, _ purpose: String) {
            self.line = line
            self.purpose = purpose
        }
    }

    /// A named thing and what it means: an environment variable, an exit code.
    public struct Entry: Sendable, Equatable {
        /// The variable's name or the code.
        public let name: String
        /// What it means, one sentence, no full stop.
        public let meaning: String

        /// An entry of a reference section.
        public init(_ name: String, _ meaning: String) {
            self.name = name
            self.meaning = meaning
        }
    }

    /// The word that is typed.
    public let name: String
    /// One sentence in the imperative, no full stop.
    public let summary: String
    /// What a first-time user needs to know, in paragraphs separated by line feeds; may be empty.
    public let discussion: String
    /// Positional arguments, in order; a repeating one comes last.
    public let arguments: [any ArgumentDeclaration]
    /// Options of this command and of every subcommand below it. `--help` and `--version` are always there.
    public let options: [any OptionDeclaration]
    /// Groups of options of which at most one may be given.
    public let exclusive: [[any OptionDeclaration]]
    /// Environment variables that have an effect.
    public let environment: [Entry]
    /// Examples of use.
    public let examples: [Example]
    /// Exit codes and their meanings.
    public let exitCodes: [Entry]
    /// Subcommands; a command has either these or positional arguments.
    public let subcommands: [Command]

    /// Declares a command; `validate()` says whether the declaration is sound.
    public init(
        _ name: String, summary: String, discussion: String = "", arguments: [any ArgumentDeclaration] = [],
        options: [any OptionDeclaration] = [], exclusive: [[any OptionDeclaration]] = [], environment: [Entry] = [],
        examples: [Example] = [], exitCodes: [Entry] = [], subcommands: [Command] = []
    ) {
        self.name = name
        self.summary = summary
        self.discussion = discussion
        self.arguments = arguments
        self.options = options
        self.exclusive = exclusive
        self.environment = environment
        self.examples = examples
        self.exitCodes = exitCodes
        self.subcommands = subcommands
    }

    /// The options that every command has.
    static let builtIn = [
        OptionSpecification(name: "--help", shortName: "-h", form: .flag, help: "Show this help"),
        OptionSpecification(name: "--version", shortName: nil, form: .flag, help: "Show the version"),
    ]

    /// The commands along `path` (this command's name first) as far as they exist, this one always included.
    func chain(for path: [String]) -> [Command] {
        var chain = [self]
        var current = self
        for word in path.dropFirst() {
            guard let next = current.subcommands.first(where: { $0.name == word }) else { break }
            chain.append(next)
            current = next
        }
        return chain
    }
}

/// A command with the commands above it, which is what help and completions are made for.
struct CommandInContext {
    /// The names from the top command down.
    let path: [String]
    let command: Command
    /// The options of the commands above.
    let inherited: [OptionSpecification]

    /// The command that `chain` ends in; nil for an empty chain.
    init?(chain: [Command]) {
        guard let last = chain.last else { return nil }
        path = chain.map(\.name)
        command = last
        inherited = chain.dropLast().flatMap { $0.options.map(\.specification) }
    }

    var own: [OptionSpecification] { command.options.map(\.specification) }

    /// Every option that help and completions show, built-in ones last.
    var shown: [OptionSpecification] { (own + inherited + Command.builtIn).filter { !$0.isHidden } }
}

extension Command {
    /// This command and every one below it, each with the commands above it, from the top down.
    func walk(above: [Command] = []) -> [CommandInContext] {
        let chain = above + [self]
        let here = CommandInContext(chain: chain).map { [$0] } ?? []
        return here + subcommands.flatMap { $0.walk(above: chain) }
    }
}
