import Arguments
import ModelZoo

/// `zoo show`: everything that is known of a model, without reading its weights.
enum ShowCommand: Subcommand {
    private static let labels = Option.flag("--labels", help: "Show every label, not the first few only")
    private static let check = Option.flag("--check", help: "Compare the SHA-256 of the weights with the card's")

    static let command = Command(
        "show", summary: "Describe a model", arguments: [SharedOptions.modelArgument],
        options: [SharedOptions.json, labels, check, SharedOptions.ema],
        examples: [
            Command.Example("zoo show resnet-cifar10", "Architecture, costs, preprocessing, labels, accuracy, licence"),
            Command.Example("zoo show --check vit-cifar10", "Make sure that the weights are those of the card"),
            Command.Example("zoo show --json hf:microsoft/resnet-50", "For programs"),
            Command.Example("zoo show clip-tiny", "Both towers of a dual encoder"),
            Command.Example("zoo show v1-5.safetensors", "Stable Diffusion in one file, in the original layout"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let name = parsed[SharedOptions.modelArgument]
        // What is published can be described before it is fetched.
        if let model = context.registry.published(name), (try? context.registry.find(name)) == nil {
            if parsed[SharedOptions.json] {
                try context.write(PublishedList.json(model))
            } else {
                try write(PublishedList.rows(model), context)
            }
            return .success
        }
        let entry = SharedOptions.weights(of: try context.find(name), parsed, context)
        let runtime = context.runtime(threads: 1, weights: CommandContext.storedWeights(of: entry.folder))
        let summary = ModelSummary(entry, context, runtime)
        if let failure = summary.failure { throw failure }
        let facts = try ModelFacts(summary, checksFiles: parsed[check])
        if parsed[SharedOptions.json] {
            try context.write(facts.json)
        } else {
            try write(facts.rows(allLabels: parsed[labels]), context)
        }
        if let problem = facts.checkFailure { throw problem }
        return .success
    }

    private static func write(_ rows: [(String, String)], _ context: CommandContext) throws(OutputError) {
        let width = rows.reduce(0) { max($0, displayWidth($1.0)) }
        for (name, value) in rows {
            let margin = String(repeating: " ", count: width - displayWidth(name) + 2)
            try context.output.write(context.terminal.styled(name, .bold) + margin + printable(value, limit: 100_000))
        }
    }
}
