import Arguments
import Diffusion
import ModelZoo

/// A command line of `zoo generate` beside the model that it names: what is said of the two where they do not fit.
struct GenerationWords {
    private let parsed: ParsedArguments
    /// The model as messages call it.
    let name: String

    init(_ entry: Registry.Entry, _ parsed: ParsedArguments) {
        self.parsed = parsed
        name = printable(entry.name)
    }

    /// An error in the command line.
    func usage(_ text: String) -> UsageError { UsageError(text, path: parsed.path) }

    /// Refuses options that have no meaning for the model.
    ///
    /// - Parameters:
    ///   - options: of which none may be given.
    ///   - whose: models that they are for.
    ///   - noun: what the model is.
    func refuse(_ options: [any OptionDeclaration], _ whose: String, _ noun: String) throws(UsageError) {
        guard let option = options.first(where: { parsed.isGiven($0) }) else { return }
        throw usage("option '\(option.specification.name)' is for \(whose); \(name) is \(noun)")
    }

    /// Refuses options that say of a file what a folder says itself, unless the model is such a file.
    func refuseOfSingleFiles(_ entry: Registry.Entry) throws(UsageError) {
        guard !entry.isSingleFile else { return }
        try refuse(GenerateCommand.ofSingleFiles, "Stable Diffusion checkpoints in one file", "a folder")
    }

    /// The scheduler that is named, if any.
    func schedulerKind() throws(UsageError) -> SchedulerKind? {
        guard let name = parsed[GenerateCommand.scheduler] else { return nil }
        do throws(SchedulerError) { return try SchedulerKind(named: name) } catch {
            throw usage("option '--scheduler': \(error.description)")
        }
    }
}
