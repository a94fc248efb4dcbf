import Arguments
import JSON

/// Counts of right and wrong answers.
struct EvalScore {
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
struct EvalReport {
    let model: String
    let folder: String
    let score: EvalScore
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
        if classes > EvalScore.depth { rows.append(("Top-5", "\(Format.decimal(top5 * 100, 2)) %")) }
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
