import JSON
import TensorCore

/// What `zoo bench --balance` counted.
struct BalanceReport {
    let model: String
    let architecture: String
    /// The shapes of the inputs.
    let shapes: [Shape]
    let balances: [Balance]
    /// Whether each kind of operation has a line, too.
    let showsKinds: Bool

    /// The report for programs.
    var json: JSONValue {
        [
            "model": JSONValue(model),
            "shapes": .array(shapes.map { .array($0.dimensions.map { JSONValue($0) }) }),
            "balances": .array(balances.map(figures)),
        ]
    }

    private func figures(_ balance: Balance) -> JSONValue {
        let bytes = Self.touched(balance)
        var object: JSONObject = [
            "threads": JSONValue(balance.threads), "balance": rounded(balance.ratio),
            "jobs": JSONValue(balance.all.jobs), "unshared": JSONValue(balance.all.unshared),
            "cycles_of_one": JSONValue(balance.all.whole.rounded()),
            "cycles": JSONValue(balance.all.slowest.rounded()),
            "touched_mean": JSONValue(bytes.mean.rounded()), "touched_most": JSONValue(bytes.most.rounded()),
            "touched_by_one": JSONValue(balance.touchedAlone.rounded()),
        ]
        if showsKinds {
            object["kinds"] = .array(
                sorted(balance).map { kind in
                    [
                        "kind": JSONValue(kind.name), "jobs": JSONValue(kind.tally.jobs),
                        "unshared": JSONValue(kind.tally.unshared),
                        "cycles_of_one": JSONValue(kind.tally.whole.rounded()),
                        "cycles": JSONValue(kind.tally.slowest.rounded()),
                    ]
                })
        }
        return .object(object)
    }

    /// The figures for people: a line for each number of threads.
    func figures(usesUnicode: Bool) -> Table {
        var table = Table(
            [
                Table.Column("Threads", .right), Table.Column("Balance", .right), Table.Column("Jobs", .right),
                Table.Column("Unshared", .right), Table.Column("Cycles", .right),
                Table.Column("Touched by a thread", .right), Table.Column("at most", .right),
                Table.Column("by one alone", .right),
            ], usesUnicode: usesUnicode)
        for balance in balances {
            let bytes = Self.touched(balance)
            table.add([
                "\(balance.threads)", Format.percent(balance.ratio), "\(balance.all.jobs)", "\(balance.all.unshared)",
                Format.count(balance.all.slowest), Format.bytes(Int(bytes.mean)), Format.bytes(Int(bytes.most)),
                Format.bytes(Int(balance.touchedAlone)),
            ])
        }
        return table
    }

    /// For each number of threads a table of the kinds of operations, where those are wanted.
    func kinds(usesUnicode: Bool) -> [Table] {
        guard showsKinds else { return [] }
        return balances.map { balance in
            var table = Table(
                [
                    Table.Column("Operation", isElastic: true), Table.Column("Jobs", .right),
                    Table.Column("Unshared", .right), Table.Column("Balance", .right),
                    Table.Column("Share of \(balance.threads) threads' time", .right),
                ], usesUnicode: usesUnicode)
            for kind in sorted(balance) {
                let time = Double(balance.threads) * kind.tally.slowest
                table.add([
                    kind.name, "\(kind.tally.jobs)", "\(kind.tally.unshared)",
                    Format.percent(time > 0 ? kind.tally.whole / time : 1),
                    Format.percent(balance.all.slowest > 0 ? kind.tally.slowest / balance.all.slowest : 0),
                ])
            }
            return table
        }
    }

    /// Kinds of operations, those that take the threads' time most first.
    private func sorted(_ balance: Balance) -> [(name: String, tally: Balance.Tally)] {
        balance.kinds.map { (name: $0.key, tally: $0.value) }
            .sorted { $0.tally.slowest != $1.tally.slowest ? $0.tally.slowest > $1.tally.slowest : $0.name < $1.name }
    }

    /// Bytes that a thread touches on an average, and at most.
    private static func touched(_ balance: Balance) -> (mean: Double, most: Double) {
        (balance.touched.reduce(0, +) / Double(max(1, balance.threads)), balance.touched.max() ?? 0)
    }

    /// A figure without digits that mean nothing.
    private func rounded(_ value: Double) -> JSONValue { JSONValue((value * 1e4).rounded() / 1e4) }
}
