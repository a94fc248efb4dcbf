import Arguments
import Checkpoints
import DualEncoder
import Hub
import JSON
import ModelZoo
import TensorCore

/// What every subcommand works with: where output goes, the registry, and the way to a runtime and a model.
///
/// Everything that depends on the environment is read here, once; the libraries get it as values.
final class CommandContext {
    /// The environment variables that have a say.
    static let variables =
        Terminal.variables + RegistryRoots.variables + HubSettings.variables + ["ZOO_TIER"]

    /// Those of ``variables`` that are set.
    let environment: [String: String]
    /// The words of the command line byte by byte, for paths that are not UTF-8.
    let rawWords: [[UInt8]]
    /// Standard output as a person would see it.
    let terminal: Terminal
    /// Standard error as a person would see it.
    let messageTerminal: Terminal
    /// Whether only results and errors are wanted.
    let isQuiet: Bool
    /// Whether questions are answered with yes.
    let saysYes: Bool
    /// Whether no connection may be opened, by the command line.
    let isOffline: Bool
    /// The models that can be named.
    let registry: Registry
    /// The highest tier to use, where one is set.
    let tierLimit: Tier?
    /// Bytes that a model may take; `nil` where nothing limits them.
    let memoryLimit: Int?
    /// Standard output.
    let output: Lines

    /// - Throws: ``UsageError`` where an environment variable or an option has a value that means nothing;
    ///   `ConfigError` where a registry's `models.json` does.
    init(_ parsed: ParsedArguments, environment: [String: String]) throws {
        self.environment = environment
        rawWords = InputPath.processWords()
        isQuiet = parsed[SharedOptions.quiet]
        saysYes = parsed[SharedOptions.yes]
        isOffline = parsed[SharedOptions.offline]
        terminal = Terminal(descriptor: 1, environment: environment, isQuiet: isQuiet)
        messageTerminal = Terminal(descriptor: 2, environment: environment, isQuiet: isQuiet)
        tierLimit = try SharedOptions.tierLimit(environment)
        memoryLimit = try SharedOptions.memoryLimit(parsed)
        output = Lines(flushesEachLine: terminal.isInteractive)
        let roots = RegistryRoots.find(named: parsed[SharedOptions.registry], environment: environment)
        registry = Registry(
            roots: roots, environment: environment,
            published: try RegistryRoots.published(roots: roots, environment: environment))
    }

    /// A runtime of the wanted number of threads, within the tier that is set.
    func runtime(threads: Int?, weights: WeightType = .float32) -> Runtime {
        Runtime(threads: threads, tier: tierLimit, weights: weights)
    }

    /// A runtime for a model as the command line asks for it: weights that are stored in eight bits are held so unless
    /// it says otherwise.
    func runtime(_ parsed: ParsedArguments, for entry: Registry.Entry) -> Runtime {
        runtime(threads: parsed[SharedOptions.threads], weights: Self.weights(parsed, of: entry.folder))
    }

    /// How the matrices of a folder's model are held.
    static func weights(_ parsed: ParsedArguments, of folder: String) -> WeightType {
        parsed[SharedOptions.dtype] ?? storedWeights(of: folder)
    }

    /// How the matrices of a folder's model are held where nobody says.
    static func storedWeights(of folder: String) -> WeightType {
        FolderQuantizer.isQuantized(folder) ? .int8 : .float32
    }

    /// Loads a model.
    ///
    /// - Parameters:
    ///   - towers: what is read into memory of a dual encoder.
    ///   - language: the adapter of an audio encoder that has one for each language.
    ///   - work: what it will be given at a time: it is refused where that would take too much memory.
    func model(
        _ entry: Registry.Entry, _ runtime: Runtime, towers: Set<DualEncoder.Tower> = [.image, .text],
        language: String? = nil, for work: AnyModel.Work
    ) throws(ModelError) -> AnyModel {
        try admit(entry.folder, entry.weights, runtime, towers: towers, language: language, for: work)
        return try AnyModel(
            folder: entry.folder, runtime: runtime, weights: entry.weights, towers: towers, language: language)
    }

    /// A model without its weights.
    func plan(_ entry: Registry.Entry, _ runtime: Runtime) throws(ModelError) -> AnyModel {
        try AnyModel(folder: entry.folder, runtime: runtime, weights: entry.weights, plansOnly: true)
    }

    /// Refuses a model that would take too much memory, before any of it is read. Parameters as of ``model(_:_:)``.
    func admit(
        _ folder: String, _ weights: WeightChoice, _ runtime: Runtime,
        towers: Set<DualEncoder.Tower> = [.image, .text], language: String? = nil, for work: AnyModel.Work
    ) throws(ModelError) {
        guard let memoryLimit else { return }
        try AnyModel(
            folder: folder, runtime: runtime, weights: weights, towers: towers, language: language, plansOnly: true
        ).check(work, within: memoryLimit)
    }

    /// Writes a value as one line of JSON.
    func write(_ value: JSONValue) throws(OutputError) { try output.write(value.serialized()) }

    /// Writes the lines of a table, as wide as the terminal allows; without a limit where it is none.
    func write(_ table: Table) throws(OutputError) {
        for line in table.lines(width: terminal.isInteractive ? terminal.columns : nil) { try output.write(line) }
    }

    /// Says something on standard error that is no error; not with `--quiet`.
    func note(_ text: String) {
        if !isQuiet { writeToStandardError("zoo: \(oneLine(text))\n") }
    }

    /// Reports an error on standard error that does not end the command.
    func report(_ text: String) {
        writeToStandardError("zoo: \(oneLine(text))\n")
    }

    /// A line on standard error that shows how far a long piece of work is.
    func progress(_ label: String, total: Int?) -> ProgressLine {
        ProgressLine(label, total: total, terminal: messageTerminal, isQuiet: isQuiet)
    }

    /// The path that a word of the command line means, also where it is not UTF-8.
    func path(_ word: String) -> InputPath { InputPath(argument: word, rawWords: rawWords) }
}
