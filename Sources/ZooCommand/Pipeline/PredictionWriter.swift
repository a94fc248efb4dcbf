import JSON

/// Prints what `zoo classify` finds: a line of JSON for each input as it comes, or bars for a single picture and a
/// table of several.
struct PredictionWriter {
    /// Classes of each picture where nothing was said.
    static let defaultTop = 5
    private static let barWidth = 30

    let context: CommandContext
    let model: String
    let printsJSON: Bool
    /// Whether the JSON has logits beside the scores.
    let showsLogits: Bool
    /// Classes asked for; `nil` where nothing was said.
    let shown: Int?
    let progress: ProgressLine
    /// What went well so far.
    private(set) var tally = FailureTally()
    private var results: [(path: InputPath, predictions: [Prediction])] = []

    init(
        context: CommandContext, model: String, printsJSON: Bool, showsLogits: Bool, shown: Int?, progress: ProgressLine
    ) {
        (self.context, self.model, self.printsJSON) = (context, model, printsJSON)
        (self.showsLogits, self.shown, self.progress) = (showsLogits, shown, progress)
    }

    /// Takes in what is known of an input.
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

    private func json(_ path: InputPath, _ predictions: [Prediction]) -> JSONValue {
        [
            "input": JSONValue(path.text), "model": JSONValue(model),
            "predictions": .array(
                predictions.map { prediction in
                    var object: JSONObject = [
                        "label": JSONValue(prediction.label), "index": JSONValue(prediction.index),
                        "score": JSONValue(prediction.score),
                    ]
                    if showsLogits { object["logit"] = JSONValue(prediction.logit) }
                    return .object(object)
                }),
        ]
    }

    private func writeBars(_ path: InputPath, _ predictions: [Prediction]) throws(OutputError) {
        try context.output.write(context.terminal.styled(path.shown, .bold))
        let unicode = context.terminal.usesUnicode
        var table = Table(
            [Table.Column("Class", isElastic: true), Table.Column("Score", .right), Table.Column("")],
            hasHeader: false, usesUnicode: unicode)
        for prediction in predictions {
            table.add([
                "  " + prediction.label, Format.percent(Double(prediction.score)),
                Bar.draw(Double(prediction.score), width: Self.barWidth, usesUnicode: unicode),
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
