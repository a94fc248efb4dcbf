import Arguments
import TensorCore

/// Options and arguments that several subcommands share, so that they mean and read the same everywhere.
enum SharedOptions {
    /// Folders of models that go before the others; an option of `zoo` itself.
    static let registry = Option.folder("--registry", help: "Look for models in this folder first").repeatable()

    /// Nothing but results and errors; an option of `zoo` itself.
    static let quiet = Option.flag("--quiet", "-q", help: "No progress, notes or colour")

    /// Results for programs.
    static let json = Option.flag("--json", help: "Print one JSON object a line")

    /// Threads to compute with; `nil` takes what the process may use.
    static let threads = Option.int(
        "--threads", "-t", value: "N", range: 1...256, help: "Threads to compute with, as many as usable if left out")

    /// Texts that are too long for a model.
    static let truncate = Option.flag("--truncate", help: "Cut a text that is too long; an error otherwise")

    /// A model by option, for commands whose arguments are inputs.
    static let model = Option.text(
        "--model", "-m", value: "MODEL", kind: modelKind, help: "The model: a name, a folder, or hf:org/name")

    /// A model as the command's first argument.
    static let modelArgument = Argument("MODEL", modelKind, help: "The model: a name, a folder, or hf:org/name")

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
