import JSON
import ModelZoo
import TensorCore

/// What `zoo verify` prints: a line of JSON for each check as it is made, or a table of all.
struct VerifyReport {
    /// One comparison with the reference.
    enum Check {
        /// A weight file's SHA-256 with the card's.
        case hash(file: String, agrees: Bool)
        /// The values made of the stored picture or sound, by the input's name; `differing` counts those that are not
        /// equal.
        case prepared(String, Comparison, differing: Int)
        /// The ids of the stored texts; `differing` counts the texts whose ids are not equal, `first` is one.
        case tokens(texts: Int, differing: Int, first: Int?)
        /// An output of a case.
        case output(case: String, name: String, Comparison, shape: Shape, passes: Bool)

        var passes: Bool {
            switch self {
            case .hash(_, let agrees): agrees
            case .prepared(_, let comparison, let differing): comparison.shapesAgree && differing == 0
            case .tokens(_, let differing, _): differing == 0
            case .output(_, _, _, _, let passes): passes
            }
        }
    }

    let context: CommandContext
    let model: String
    let printsJSON: Bool
    /// Checks that failed so far.
    private(set) var failures = 0
    private var count = 0
    private var table: Table

    init(context: CommandContext, model: String, printsJSON: Bool) {
        self.context = context
        self.model = model
        self.printsJSON = printsJSON
        table = Table(
            [
                Table.Column("Case", isElastic: true), Table.Column("Check", isElastic: true),
                Table.Column("Largest error", .right), Table.Column("Of scale", .right), Table.Column("At"),
                Table.Column("Result"),
            ], usesUnicode: context.terminal.usesUnicode)
    }

    mutating func add(_ check: Check) throws(OutputError) {
        count += 1
        if !check.passes { failures += 1 }
        if printsJSON {
            try context.write(.object(json(check)))
            // Cases can take seconds each: whoever reads along sees them as they come.
            try context.output.flush()
        } else {
            table.add(cells(check))
        }
    }

    /// Prints what waits for all checks.
    func finish() throws(OutputError) {
        guard !printsJSON else { return }
        try context.write(table)
        let verdict = failures == 0 ? "all \(count) checks passed" : "\(failures) of \(count) checks failed"
        try context.output.write("\(model): \(verdict)")
    }

    private func json(_ check: Check) -> JSONObject {
        var object: JSONObject = ["model": JSONValue(model)]
        switch check {
        case .hash(let file, _):
            object["check"] = "sha256"
            object["file"] = JSONValue(file)
        case .prepared(_, let comparison, let differing):
            object["check"] = "preprocess"
            object["shapes_agree"] = JSONValue(comparison.shapesAgree)
            object["differing"] = JSONValue(differing)
            object["max_abs_err"] = JSONValue(comparison.largestError)
            object["index"] = JSONValue(comparison.index)
        case .tokens(let texts, let differing, let first):
            object["check"] = "tokenizer"
            object["texts"] = JSONValue(texts)
            object["differing"] = JSONValue(differing)
            object["index"] = JSONValue(optional: first) { JSONValue($0) }
        case .output(let reference, let name, let comparison, _, _):
            object["check"] = "output"
            object["case"] = JSONValue(reference)
            object["output"] = JSONValue(name)
            object["shapes_agree"] = JSONValue(comparison.shapesAgree)
            object["max_abs_err"] = JSONValue(comparison.largestError)
            object["max_rel_err"] = JSONValue(comparison.relativeError)
            object["index"] = JSONValue(comparison.index)
        }
        object["passes"] = JSONValue(check.passes)
        return object
    }

    private func cells(_ check: Check) -> [String] {
        let verdict = check.passes ? "ok" : "FAILED"
        switch check {
        case .hash(let file, _): return ["", "SHA-256 of \(file)", "", "", "", verdict]
        case .prepared(let name, let comparison, let differing):
            guard comparison.shapesAgree else { return ["preprocess", name, "other shape", "", "", verdict] }
            let error = differing == 0 ? "equal" : "\(comparison.largestError)"
            return ["preprocess", name, error, "", differing == 0 ? "" : "\(differing) values", verdict]
        case .tokens(let texts, let differing, let first):
            let error = differing == 0 ? "equal" : "\(differing) of \(texts)"
            return ["tokenizer", "ids of \(texts) texts", error, "", first.map { "text \($0)" } ?? "", verdict]
        case .output(let reference, let name, let comparison, let shape, _):
            guard comparison.shapesAgree else { return [reference, name, "other shape", "", "", verdict] }
            return [
                reference, name, Self.figures(comparison.largestError), Self.figures(comparison.relativeError),
                "\(Self.position(comparison.index, in: shape))", verdict,
            ]
        }
    }

    /// Two figures, such as `1.2e-06`.
    private static func figures(_ value: Float) -> String {
        guard value.isFinite, value > 0 else { return "\(value)" }
        var exponent = 0
        var mantissa = Double(value)
        while mantissa < 1 { (mantissa, exponent) = (mantissa * 10, exponent - 1) }
        while mantissa >= 9.95 { (mantissa, exponent) = (mantissa / 10, exponent + 1) }
        return "\(Format.decimal(mantissa, 1))e\(exponent)"
    }

    /// The index along each axis of the element number `index`.
    private static func position(_ index: Int, in shape: Shape) -> [Int] {
        var rest = index
        return shape.dimensions.reversed().map { size in
            defer { rest /= max(size, 1) }
            return rest % max(size, 1)
        }.reversed()
    }
}
