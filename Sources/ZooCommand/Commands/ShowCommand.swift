import Arguments
import Checkpoints
import ImageClassifiers
import JSON
import Media
import ModelZoo
import TensorCore

/// `zoo show`: everything that is known of a model, without reading its weights.
enum ShowCommand: Subcommand {
    private static let labels = Option.flag("--labels", help: "Show every label, not the first few only")
    private static let check = Option.flag("--check", help: "Compare the SHA-256 of the weights with the card's")

    static let command = Command(
        "show", summary: "Describe a model", arguments: [SharedOptions.modelArgument],
        options: [SharedOptions.json, labels, check],
        examples: [
            Command.Example("zoo show resnet-cifar10", "Architecture, costs, preprocessing, labels, accuracy, licence"),
            Command.Example("zoo show --check vit-cifar10", "Make sure that the weights are those of the card"),
            Command.Example("zoo show --json hf:microsoft/resnet-50", "For programs"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let entry = try context.registry.find(parsed[SharedOptions.modelArgument])
        let summary = ModelSummary(entry, context, context.runtime(threads: 1))
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

/// The facts of one model.
private struct ModelFacts {
    let summary: ModelSummary
    let model: ImageClassifier
    let card: ModelCard?
    let preprocessing: ImagePreprocessing?
    let cost: Workspace.Account?
    /// SHA-256 of each weight file, where it was computed.
    let hashes: [String: String]
    let checksFiles: Bool

    init(_ summary: ModelSummary, checksFiles: Bool) throws {
        self.summary = summary
        self.checksFiles = checksFiles
        let model = try summary.model.get()
        let preprocessing = try? model.preprocessing()
        self.model = model
        self.preprocessing = preprocessing
        card = try summary.card.get()
        cost = try preprocessing.map { try model.plan(batch: 1, height: $0.outputHeight, width: $0.outputWidth) }
        var hashes: [String: String] = [:]
        if checksFiles {
            for file in summary.files { hashes[file.name] = try SHA256.hexadecimal(ofFile: file.path) }
        }
        self.hashes = hashes
    }

    /// Why the weights are not those of the card, where that was to be checked.
    var checkFailure: Failure? {
        guard checksFiles else { return nil }
        for file in summary.files {
            guard let stated = card?.hashes[file.name] else {
                return Failure("\(file.path): no card.json beside it states its SHA-256", .unavailable)
            }
            let found = hashes[file.name] ?? ""
            guard stated.lowercased() == found else {
                return Failure(
                    "\(file.path): its SHA-256 is \(found), card.json states \(stated); the file is damaged or not the "
                        + "one the card is about, get it again", .badData)
            }
        }
        return nil
    }

    func rows(allLabels: Bool) -> [(String, String)] {
        var rows = [
            ("Model", summary.entry.name), ("Folder", summary.entry.folder), ("Task", summary.task),
            ("Architecture", model.architecture), ("Layout", model.layout.rawValue),
            ("Parameters", "\(Format.count(Double(model.parameterCount))) (\(model.parameterCount))"),
        ]
        if let cost, let preprocessing {
            rows += [
                ("Input", "\(model.network.channels) x \(preprocessing.outputHeight) x \(preprocessing.outputWidth)"),
                ("Operations", Format.count(cost.flops, unit: "FLOP") + " a picture"),
                (
                    "Memory",
                    "\(Format.bytes(model.weightBytes + cost.activationBytes)): weights "
                        + "\(Format.bytes(model.weightBytes)), activations \(Format.bytes(cost.activationBytes))"
                ),
                ("Preprocessing", preprocessing.description),
            ]
        } else {
            rows.append(("Memory", "\(Format.bytes(model.weightBytes)) of weights"))
            rows.append(("Preprocessing", preparationProblem))
        }
        let shown = allLabels ? model.labels.count : min(model.labels.count, 10)
        let rest = model.labels.count - shown
        rows.append(
            (
                "Labels",
                "\(model.labels.count): " + model.labels.prefix(shown).joined(separator: ", ")
                    + (rest > 0 ? " and \(rest) more" : "")
            ))
        if let card {
            rows += [
                ("Accuracy", "\(Format.percent(card.top1)) top-1 on \(card.measuredOn)"), ("Dataset", card.dataset),
                ("Licence", card.license),
            ]
            rows += card.papers.enumerated().map { ($0.offset == 0 ? "Papers" : "", $0.element) }
        }
        for file in summary.files {
            rows.append(("File", "\(file.name), \(Format.bytes(file.bytes))"))
            guard let hash = hashes[file.name] ?? card?.hashes[file.name] else { continue }
            let note = checksFiles ? (card?.hashes[file.name] == hash ? " (as the card states)" : "") : " (not checked)"
            rows.append(("SHA-256", hash + note))
        }
        return rows
    }

    private var preparationProblem: String {
        do { return try model.preprocessing().description } catch { return oneLine(error.description) }
    }

    var json: JSONValue {
        var object: JSONObject = [
            "name": JSONValue(summary.entry.name), "folder": JSONValue(summary.entry.folder),
            "task": JSONValue(summary.task), "architecture": JSONValue(model.architecture),
            "layout": JSONValue(model.layout.rawValue), "parameters": JSONValue(model.parameterCount),
            "weight_bytes": JSONValue(model.weightBytes),
            "activation_bytes": JSONValue(optional: cost?.activationBytes) { JSONValue($0) },
            "flops": JSONValue(optional: cost?.flops) { JSONValue($0) },
            "input": JSONValue(optional: preprocessing) {
                .array([JSONValue(model.network.channels), JSONValue($0.outputHeight), JSONValue($0.outputWidth)])
            },
            "preprocessing": JSONValue(optional: preprocessing) { JSONValue($0.description) },
            "labels": .array(model.labels.map { JSONValue($0) }),
        ]
        object["license"] = JSONValue(optional: card) { JSONValue($0.license) }
        object["dataset"] = JSONValue(optional: card) { JSONValue($0.dataset) }
        object["accuracy"] = JSONValue(optional: card) {
            ["top1": JSONValue($0.top1), "dataset": JSONValue($0.measuredOn)]
        }
        object["papers"] = JSONValue(optional: card) { .array($0.papers.map { JSONValue($0) }) }
        object["files"] = .array(
            summary.files.map { file in
                [
                    "name": JSONValue(file.name), "bytes": JSONValue(file.bytes),
                    "sha256": JSONValue(optional: card?.hashes[file.name]) { JSONValue($0) },
                    "computed_sha256": JSONValue(optional: hashes[file.name]) { JSONValue($0) },
                ]
            })
        return .object(object)
    }
}
