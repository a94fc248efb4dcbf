import Arguments
import Checkpoints
import ModelZoo
import TensorCore

/// Options and arguments that several subcommands share, so that they mean and read the same everywhere.
enum SharedOptions {
    /// Folders of models that go before the others; an option of `zoo` itself.
    static let registry = Option.folder("--registry", help: "Look for models in this folder first").repeatable()

    /// Nothing but results and errors; an option of `zoo` itself.
    static let quiet = Option.flag("--quiet", "-q", help: "No progress, notes or colour")

    /// Questions are answered with yes; an option of `zoo` itself.
    static let yes = Option.flag(
        "--yes", "-y", help: "Answer questions with yes: fetch, or remove, what is asked about")

    /// No connection is opened; an option of `zoo` itself.
    static let offline = Option.flag("--offline", help: "Open no connection; as HF_HUB_OFFLINE=1")

    /// Results for programs.
    static let json = Option.flag("--json", help: "Print one JSON object a line")

    /// Threads to compute with; `nil` takes what the process may use.
    static let threads = Option.int(
        "--threads", "-t", value: "N", range: 1...256, help: "Threads to compute with, as many as usable if left out")

    /// How matrices of weights are held.
    static let dtype = Option<WeightType?>.choice(
        "--dtype", value: "TYPE",
        help: "Hold matrices of weights as fp32, or smaller as bf16 or int8")

    /// The most memory that a model may take.
    static let maxMemory = Option.text(
        "--max-memory", value: "SIZE",
        help: "Refuse a model that would take more, such as 500M or 2GiB; what is free if left out")

    /// The bytes that a model may take: as the command line says, or what the system can give; `nil` where neither
    /// tells.
    ///
    /// - Throws: ``UsageError`` where the size is none.
    static func memoryLimit(_ parsed: ParsedArguments) throws(UsageError) -> Int? {
        guard parsed.isGiven(maxMemory), let text = parsed[maxMemory] else { return SystemMemory.available() }
        guard let bytes = ByteSize(text)?.bytes else {
            throw UsageError(
                "option '--max-memory': '\(printable(text))' is no size such as 500M, 2G or 1.5GiB", path: parsed.path)
        }
        return bytes
    }

    /// Texts that are too long for a model.
    static let truncate = Option.flag("--truncate", help: "Cut a text that is too long; an error otherwise")

    /// The adapter of a model that has one for each language.
    static let language = Option.text(
        "--language", value: "CODE", help: "The language of a model that has several, such as eng ('zoo show')")

    /// The adapter that the command line asks for.
    ///
    /// - Throws: ``UsageError`` where the model is of a family that has none.
    static func language(_ parsed: ParsedArguments, _ entry: Registry.Entry) throws(UsageError) -> String? {
        guard let language = parsed[language] else { return nil }
        let family = AnyModel.Family(folder: entry.folder)
        guard family == .audioEncoder else {
            throw UsageError(
                "option '--language' is for audio encoders; \(printable(entry.name)) is \(family.noun)",
                path: parsed.path)
        }
        return language
    }

    /// The running average of the weights.
    static let ema = Option.flag(
        "--ema", help: "Take the running average of the weights (EMA) that a training checkpoint holds beside them")

    /// The model with the weights that the command line asks for; says on standard error what was taken where there is
    /// a choice.
    static func weights(
        of entry: Registry.Entry, _ parsed: ParsedArguments, _ context: CommandContext
    ) -> Registry.Entry {
        var entry = entry
        entry.weights.usesEMA = parsed[ema]
        // What cannot be opened says so when the model is loaded.
        let checkpoint = try? Checkpoint.open(folder: entry.folder, choice: entry.weights)
        for case .pytorch(let file) in checkpoint?.shards ?? [] {
            for note in file.notes { context.note(note) }
        }
        return entry
    }

    /// Which channel of a sound is heard.
    static let channel = Option.int(
        "--channel", value: "N", range: 1...1024, help: "Hear this channel only, from 1; the mean of all if left out")

    /// A model by option, for commands whose arguments are inputs.
    static let model = Option.text(
        "--model", "-m", value: "MODEL", kind: modelKind,
        help: "The model: a name, a folder or a file of weights in it, or hf:org/name")

    /// A model as the command's first argument.
    static let modelArgument = Argument(
        "MODEL", modelKind,
        help: "The model: a name, a folder, a file of weights in it or of a whole pipeline, or hf:org/name")

    /// Completed by the names that `zoo list --names` prints.
    static let modelKind = ValueKind.named(by: ["list", "--names"])

    /// The tiers that `ZOO_TIER` may name.
    static let tierNames = Tier.allCases.map(\.rawValue).joined(separator: ", ")

    /// The highest tier to use, where `ZOO_TIER` names one.
    static func tierLimit(_ environment: [String: String]) throws(UsageError) -> Tier? {
        guard let name = environment["ZOO_TIER"], !name.isEmpty else { return nil }
        guard let tier = Tier(rawValue: name) else {
            throw UsageError("ZOO_TIER is '\(printable(name))', expected one of \(tierNames)", path: ["zoo"])
        }
        return tier
    }
}
