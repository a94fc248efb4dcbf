import Arguments
import Checkpoints
import JSON
import ModelZoo

/// `zoo list`: the models that can be named.
enum ListCommand: Subcommand {
    private static let published = Option.flag(
        "--published", help: "Show the models that can be fetched by a short name")
    private static let names = Option.flag("--names", help: "Print names alone, one a line")

    static let command = Command(
        "list", summary: "Show the models that can be named",
        discussion: "A folder that is broken is shown with what is wrong with it.",
        options: [SharedOptions.json, published, names, ArchitectureList.option],
        exclusive: [
            [SharedOptions.json, names], [names, ArchitectureList.option], [published, ArchitectureList.option],
        ],
        examples: [
            Command.Example("zoo list", "A table"),
            Command.Example("zoo list --published", "What 'zoo pull' knows by a short name"),
            Command.Example("zoo --registry ~/models list", "With the models of one more folder"),
            Command.Example("zoo list --architectures", "What can be loaded from transformers, timm and others"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        if parsed[ArchitectureList.option] {
            try ArchitectureList.write(asJSON: parsed[SharedOptions.json], context)
            return .success
        }
        if parsed[published] {
            return try PublishedList.write(context, json: parsed[SharedOptions.json], names: parsed[names])
        }
        let entries = context.registry.entries()
        if parsed[names] {
            for entry in entries { try context.output.write(entry.name) }
            return .success
        }
        let runtime = context.runtime(threads: 1)
        let broken = strays(context.registry)
        if parsed[SharedOptions.json] {
            for entry in entries { try context.write(json(ModelSummary(entry, context, runtime))) }
            for stray in broken {
                try context.write([
                    "name": JSONValue(stray.name), "folder": JSONValue(stray.folder), "error": JSONValue(stray.problem),
                ])
            }
            return .success
        }
        if entries.isEmpty, broken.isEmpty {
            context.note(
                "no models were found in \(context.registry.roots.joined(separator: ", ")); "
                    + "name a folder of models with --registry or ZOO_MODELS")
            return .success
        }
        // One after the other: a model that is only planned has its weights' address space all the same.
        try writeTable(entries.lazy.map { ModelSummary($0, context, runtime) }, strays: broken, context)
        return .success
    }

    private static func writeTable(
        _ summaries: some Sequence<ModelSummary>, strays: [Stray], _ context: CommandContext
    ) throws(OutputError) {
        var table = Table(
            [
                Table.Column("Model"), Table.Column("Task"), Table.Column("Architecture"),
                Table.Column("Parameters", .right), Table.Column("Size", .right), Table.Column("Accuracy", .right),
                Table.Column("Licence", isElastic: true),
            ], usesUnicode: context.terminal.usesUnicode)
        var problems = strays.map { (name: $0.name, problem: $0.problem) }
        var rows = 0
        for summary in summaries {
            if let failure = summary.failure { problems.append((summary.entry.name, oneLine(failure.message))) }
            guard case .success(let model) = summary.model else { continue }
            let card = (try? summary.card.get()) ?? nil
            rows += 1
            table.add([
                summary.entry.name, summary.task, model.architecture, Format.count(Double(model.parameterCount)),
                Format.bytes(summary.fileBytes), card.map { Self.shown($0.headline) } ?? "-", card?.license ?? "-",
            ])
        }
        if rows > 0 { try context.write(table) }
        if rows > 0, !problems.isEmpty { try context.output.write("") }
        for (name, problem) in problems.sorted(by: { $0.name < $1.name }) {
            try context.output.write("\(context.terminal.styled(printable(name), .red)) is broken: \(problem)")
        }
    }

    /// A figure for a column that is mostly about top-1; others say what they are.
    private static func shown(_ figure: ModelCard.Figure) -> String {
        figure.name == "top1" ? Format.percent(figure.value) : "\(figure.title) \(Format.percent(figure.value))"
    }

    private static func json(_ summary: ModelSummary) -> JSONValue {
        var object: JSONObject = [
            "name": JSONValue(summary.entry.name), "folder": JSONValue(summary.entry.folder),
        ]
        if let failure = summary.failure { object["error"] = JSONValue(oneLine(failure.message)) }
        guard case .success(let model) = summary.model else { return .object(object) }
        let card = (try? summary.card.get()) ?? nil
        object["task"] = JSONValue(summary.task)
        object["architecture"] = JSONValue(model.architecture)
        if case .imageClassifier(let model) = model { object["layout"] = JSONValue(model.layout.rawValue) }
        object["parameters"] = JSONValue(model.parameterCount)
        object["bytes"] = JSONValue(summary.fileBytes)
        object["top1"] = JSONValue(optional: card?.top1) { JSONValue($0) }
        object["accuracy"] = JSONValue(optional: card) { .object($0.accuracy) }
        object["measured_on"] = JSONValue(optional: card?.measuredOn) { JSONValue($0) }
        object["license"] = JSONValue(optional: card?.license) { JSONValue($0) }
        return .object(object)
    }

    /// A folder that looks like a model's but lacks its configuration.
    struct Stray {
        let name: String
        let folder: String
        var problem: String { "\(folder): there is no config.json in it" }
    }

    /// Folders of the registry that hold weights but no configuration.
    static func strays(_ registry: Registry) -> [Stray] {
        var found: [Stray] = []
        for root in registry.roots {
            for name in (try? FileSystem.list(root).names) ?? [] {
                let folder = FileSystem.join(root, name)
                guard
                    !Registry.configurationFiles.contains(where: { FileSystem.exists(FileSystem.join(folder, $0)) }),
                    Checkpoint.fileNames.contains(where: { FileSystem.exists(FileSystem.join(folder, $0)) })
                else { continue }
                found.append(Stray(name: name, folder: folder))
            }
        }
        return found
    }
}

extension ModelCard {
    /// Every figure by its name.
    var accuracy: JSONObject {
        var object = JSONObject()
        for figure in figures { object[figure.name] = JSONValue(figure.value) }
        return object
    }
}
