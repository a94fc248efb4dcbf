import Arguments
import ImageClassifiers
import JSON
import ModelZoo

/// `zoo classify`: what is in pictures.
enum ClassifyCommand: Subcommand {
    private static let top = Option.int(
        "--top", "-k", value: "K", range: 1...1000, help: "Classes to show of each picture, 5 if left out")
    private static let batch = Option.int(
        "--batch", "-b", value: "N", default: 16, range: 1...256,
        help: "Pictures to classify at once; results do not depend on it")
    private static let null = Option.flag("--null", help: "Paths on standard input end in a zero byte")
    private static let inputs = Argument(
        "INPUT", .file(extensions: InputList.pictures),
        help: "A picture (PNG, JPEG, WebP), a folder with everything below it, or - for paths on standard input"
    ).repeating()

    static let command = Command(
        "classify", summary: "Say what is in pictures",
        discussion: """
            Pictures are read on one thread while others compute. One that cannot be used is reported, and the others \
            go on. With --json each gives a line {"input","model","predictions":[{"label","index","score"}]}, or \
            {"input","error"}, in the order of the inputs.
            """,
        arguments: [inputs],
        options: [SharedOptions.model, top, SharedOptions.json, SharedOptions.threads, batch, null],
        examples: [
            Command.Example("zoo classify cat.jpg", "The five most probable classes of a picture"),
            Command.Example("zoo classify --model vit-cifar10 samples", "A table of a folder, by another model"),
            Command.Example("find . -name '*.png' -print0 | zoo classify --null --json -", "For programs"),
        ])

    /// The model that is used where none is named.
    static let defaultModel = "resnet-cifar10"

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let entry = try model(parsed[SharedOptions.model], context.registry)
        let words = parsed[inputs]
        let batch = parsed[batch]
        let list = InputList(
            words.map(context.path), list: PathList(isNullSeparated: parsed[null]))
        let stream = try ImageStream(list, ahead: batch)
        let runtime = context.runtime(threads: parsed[SharedOptions.threads])
        let classifier = try context.classifier(entry, runtime)
        stream.prepare(with: try classifier.preprocessing())

        let progress = context.progress("classify", total: total(list, context))
        let batches = BatchClassifier(classifier: classifier, batch: batch)
        var writer = Writer(
            context: context, model: entry.name, printsJSON: parsed[SharedOptions.json],
            shown: parsed[top], progress: progress)
        while true {
            // Whoever reads along gets what there is before this waits for more.
            if !stream.isReady { try context.output.flush() }
            let outcomes = try batches.next(stream, top: parsed[top] ?? Writer.defaultTop)
            if outcomes.isEmpty { break }
            for outcome in outcomes { try writer.add(outcome) }
            progress.advance(by: outcomes.count)
        }
        progress.finish()
        try writer.finish()
        if writer.tally.total == 0, Interruption.exitCode == nil {
            let what = words.map { $0 == "-" ? "standard input" : printable($0) }.joined(separator: ", ")
            throw Failure(
                "no pictures in \(what) (looked for \(InputList.pictures.joined(separator: ", ")))", .inputNotFound)
        }
        if writer.tally.failed > 0, writer.tally.total > 1 {
            context.note("\(writer.tally.failed) of \(writer.tally.total) inputs could not be classified")
        }
        return writer.tally.exitCode
    }

    /// The model of a name, or the default one where none is named.
    static func model(_ name: String?, _ registry: Registry) throws -> Registry.Entry {
        if let name { return try registry.find(name) }
        let entries = registry.entries()
        if let entry = entries.first(where: { $0.name == defaultModel }) { return entry }
        let known = entries.map(\.name).joined(separator: ", ")
        throw Failure(
            entries.isEmpty
                ? "no models were found in \(registry.roots.joined(separator: ", ")); name a folder with --model DIR"
                : "there is no model \(defaultModel); name one with --model, known: \(known)", .unavailable)
    }

    /// How many inputs there will be, looked for only where somebody sees it.
    private static func total(_ list: InputList, _ context: CommandContext) -> Int? {
        if let count = list.knownCount { return count }
        guard context.messageTerminal.isInteractive, !context.isQuiet, !list.readsStandardInput else { return nil }
        return list.reduce(0) { count, _ in count + 1 }
    }
}

/// Prints outcomes: a line of JSON for each as it comes, or bars for a single picture and a table of several.
private struct Writer {
    static let defaultTop = 5
    private static let barWidth = 30

    let context: CommandContext
    let model: String
    let printsJSON: Bool
    /// Classes asked for; `nil` where nothing was said.
    let shown: Int?
    let progress: ProgressLine
    private(set) var tally = FailureTally()
    private var results: [(path: InputPath, predictions: [ImageClassifier.Prediction])] = []

    init(context: CommandContext, model: String, printsJSON: Bool, shown: Int?, progress: ProgressLine) {
        (self.context, self.model, self.printsJSON) = (context, model, printsJSON)
        (self.shown, self.progress) = (shown, progress)
    }

    mutating func add(_ outcome: BatchClassifier.Outcome) throws(OutputError) {
        switch outcome.predictions {
        case .success(let predictions):
            tally.add(nil)
            if printsJSON {
                try context.write(json(outcome.path, predictions))
            } else {
                results.append((outcome.path, predictions))
            }
        case .failure(let failure):
            tally.add(failure)
            if printsJSON {
                try context.write(
                    ["input": JSONValue(outcome.path.text), "error": JSONValue(oneLine(failure.message))])
            } else {
                progress.message("\(Failure("\(outcome.path.shown): \(failure.message)", failure.exitCode))")
            }
        }
    }

    /// Prints what waits for all inputs to be known.
    func finish() throws(OutputError) {
        guard !printsJSON, !results.isEmpty else { return }
        if results.count == 1, tally.total == 1 {
            try writeBars(results[0].path, results[0].predictions)
        } else {
            try writeTable()
        }
    }

    private func json(_ path: InputPath, _ predictions: [ImageClassifier.Prediction]) -> JSONValue {
        [
            "input": JSONValue(path.text), "model": JSONValue(model),
            "predictions": .array(
                predictions.map {
                    ["label": JSONValue($0.label), "index": JSONValue($0.index), "score": JSONValue($0.score)]
                }),
        ]
    }

    private func writeBars(_ path: InputPath, _ predictions: [ImageClassifier.Prediction]) throws(OutputError) {
        try context.output.write(context.terminal.styled(path.shown, .bold))
        let unicode = context.terminal.usesUnicode
        var table = Table(
            [Table.Column("Class", isElastic: true), Table.Column("Score", .right), Table.Column("")],
            hasHeader: false, usesUnicode: unicode)
        for prediction in predictions {
            table.add([
                "  " + prediction.label, Format.percent(Double(prediction.score)),
                Bar.draw(Double(prediction.score), width: Writer.barWidth, usesUnicode: unicode),
            ])
        }
        try context.write(table)
    }

    private func writeTable() throws(OutputError) {
        let runnersUp = (shown ?? 2) - 1
        var columns = [Table.Column("Input", isElastic: true), Table.Column("Class", isElastic: true)]
        columns.append(Table.Column("Score", .right))
        if runnersUp > 0 { columns.append(Table.Column(runnersUp == 1 ? "Runner-up" : "Runners-up", isElastic: true)) }
        var table = Table(columns, usesUnicode: context.terminal.usesUnicode)
        for result in results {
            guard let best = result.predictions.first else { continue }
            let others = result.predictions.dropFirst().prefix(runnersUp)
                .map { "\($0.label) \(Format.percent(Double($0.score)))" }
            table.add([
                result.path.text, best.label, Format.percent(Double(best.score)), others.joined(separator: ", "),
            ])
        }
        try context.write(table)
    }
}
