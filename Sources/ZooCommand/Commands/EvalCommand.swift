import Arguments
import Checkpoints
import ImageClassifiers
import JSON
import Media
import ModelZoo

/// `zoo eval`: how often a classifier is right.
enum EvalCommand: Subcommand {
    private static let limit = Option.int(
        "--limit", "-n", value: "N", range: 1...1_000_000_000,
        help: "Pictures of each class to look at, all if left out")
    private static let batch = Option.int(
        "--batch", "-b", value: "N", default: 16, range: 1...256,
        help: "Pictures to classify at once; results do not depend on it")
    private static let folder = Argument(
        "DIR", .folder, help: "A folder with one folder of pictures for each class, called as its label")

    static let command = Command(
        "eval", summary: "Measure how often a classifier is right",
        discussion: """
            Folders are matched with labels in any case of letters. A label without a folder, and a folder that no \
            label has, are errors: the figures would not mean what they say.
            """,
        arguments: [SharedOptions.modelArgument, folder],
        options: [limit, SharedOptions.json, SharedOptions.threads, batch],
        examples: [
            Command.Example("zoo eval resnet-cifar10 cifar10/test", "Top-1, top-5 and the worst confusions"),
            Command.Example("zoo eval --limit 100 --json resnet-cifar10 cifar10/test", "A part of it, for programs"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let entry = try context.registry.find(parsed[SharedOptions.modelArgument])
        let classifier = try context.classifier(entry, context.runtime(threads: parsed[SharedOptions.threads]))
        let set = try LabelledFolder(context.path(parsed[folder]), labels: classifier.labels, limit: parsed[limit])
        let stream = try ImageStream(set.inputs.map(\.input), ahead: parsed[batch])
        stream.prepare(with: try classifier.preprocessing())

        let progress = context.progress("eval", total: set.inputs.count)
        let batches = BatchClassifier(classifier: classifier, batch: parsed[batch])
        var score = Score()
        var tally = FailureTally()
        let start = monotonicSeconds()
        while true {
            let outcomes = try batches.next(stream, top: Score.depth)
            if outcomes.isEmpty { break }
            for outcome in outcomes {
                let truth = set.inputs[tally.total].label
                switch outcome.predictions {
                case .success(let predictions):
                    tally.add(nil)
                    score.add(predictions.map(\.label), truth: truth)
                case .failure(let failure):
                    tally.add(failure)
                    progress.message("\(Failure("\(outcome.path.shown): \(failure.message)", failure.exitCode))")
                }
            }
            progress.advance(by: outcomes.count)
        }
        let seconds = monotonicSeconds() - start
        progress.finish()
        if let code = Interruption.exitCode {
            context.note("stopped after \(tally.total) of \(set.inputs.count) pictures; nothing was measured")
            return code
        }
        guard score.total > 0 else {
            throw Failure(
                "none of \(tally.total) pictures in \(printable(parsed[folder])) could be read", tally.exitCode)
        }
        let report = Report(
            model: entry.name, folder: parsed[folder], score: score, tally: tally, seconds: seconds,
            classes: classifier.labels.count)
        if parsed[SharedOptions.json] {
            try context.write(report.json)
        } else {
            try report.write(to: context)
        }
        return tally.exitCode
    }
}

/// Counts of right and wrong answers.
private struct Score {
    /// Classes looked at for each picture.
    static let depth = 5

    private(set) var total = 0
    private(set) var top1 = 0
    private(set) var top5 = 0
    private var confusions: [Confusion: Int] = [:]
    private var totals: [String: Int] = [:]

    struct Confusion: Hashable {
        let truth: String
        let answer: String
    }

    /// Notes what a model says, the most probable label first. Labels are compared, not numbers: label sets such as
    /// ImageNet's have classes of the same name.
    mutating func add(_ labels: [String], truth: String) {
        total += 1
        totals[truth, default: 0] += 1
        if labels.contains(truth) { top5 += 1 }
        if labels.first == truth {
            top1 += 1
        } else if let answer = labels.first {
            confusions[Confusion(truth: truth, answer: answer), default: 0] += 1
        }
    }

    /// The most frequent wrong answers, with the share of the class's pictures that got them.
    func worst(_ count: Int) -> [(confusion: Confusion, count: Int, share: Double)] {
        let sorted = confusions.sorted { a, b in
            a.value != b.value ? a.value > b.value : (a.key.truth, a.key.answer) < (b.key.truth, b.key.answer)
        }
        return sorted.prefix(count).map { ($0.key, $0.value, Double($0.value) / Double(totals[$0.key.truth] ?? 1)) }
    }
}

/// The outcome of an evaluation.
private struct Report {
    let model: String
    let folder: String
    let score: Score
    let tally: FailureTally
    let seconds: Double
    let classes: Int

    private static let confusions = 10
    private var top1: Double { Double(score.top1) / Double(score.total) }
    private var top5: Double { Double(score.top5) / Double(score.total) }
    private var rate: Double { Double(score.total) / max(seconds, 1e-9) }

    func write(to context: CommandContext) throws(OutputError) {
        var rows = [("Model", model), ("Pictures", "\(score.total) of \(classes) classes")]
        if tally.failed > 0 { rows.append(("Unreadable", "\(tally.failed)")) }
        rows.append(("Top-1", "\(Format.decimal(top1 * 100, 2)) %"))
        // Of five classes or fewer the right one is always among five.
        if classes > Score.depth { rows.append(("Top-5", "\(Format.decimal(top5 * 100, 2)) %")) }
        rows.append(("Speed", "\(Format.count(rate)) pictures/s, \(Format.duration(seconds: seconds))"))
        for (name, value) in rows {
            let margin = String(repeating: " ", count: 12 - name.count)
            try context.output.write(context.terminal.styled(name, .bold) + margin + printable(value))
        }
        let worst = score.worst(Self.confusions)
        guard !worst.isEmpty else { return }
        var table = Table(
            [
                Table.Column("Class", isElastic: true), Table.Column("Taken for", isElastic: true),
                Table.Column("Count", .right), Table.Column("Of the class", .right),
            ], usesUnicode: context.terminal.usesUnicode)
        for row in worst {
            table.add([row.confusion.truth, row.confusion.answer, "\(row.count)", Format.percent(row.share)])
        }
        try context.output.write("")
        try context.write(table)
    }

    var json: JSONValue {
        [
            "model": JSONValue(model), "folder": JSONValue(folder), "images": JSONValue(score.total),
            "failed": JSONValue(tally.failed), "top1": JSONValue(top1), "top5": JSONValue(top5),
            "seconds": JSONValue(seconds), "images_per_second": JSONValue(rate),
            "confusions": .array(
                score.worst(Self.confusions).map {
                    [
                        "label": JSONValue($0.confusion.truth), "predicted": JSONValue($0.confusion.answer),
                        "count": JSONValue($0.count),
                    ]
                }),
        ]
    }
}
