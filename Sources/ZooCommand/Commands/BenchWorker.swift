import Arguments
import Checkpoints
import Glibc
import JSON
import ModelZoo
import TensorCore

/// `zoo bench --worker`: answers requests, one JSON object a line, so that we can be timed turn by turn with others.
///
///     {"op":"prep","case":C}        -> {"ok":true,"max_abs_err":E,"rel_rms_err":E,...}
///     {"op":"run","case":C,"n":N}   -> {"times":[SECONDS, ...]}
///     {"op":"free","case":C}        -> {"ok":true}
///     {"op":"quit"}                 ends the worker; a failure answers {"ok":false,"error":TEXT}
final class BenchWorker {
    private let context: CommandContext
    private let folder: String
    private let runtime: Runtime
    private var model: AnyModel?
    /// The cases that are prepared: what goes in, and what is asked for.
    private var cases: [String: (inputs: [String: Tensor], outputs: [String])] = [:]

    private static let mostRuns = 1_000_000

    /// - Throws: ``UsageError`` where the environment does not say what to run.
    init(_ context: CommandContext, _ parsed: ParsedArguments) throws(UsageError) {
        let variables = environmentVariables(["BENCH_CKPT", "BENCH_THREADS"])
        guard let folder = variables["BENCH_CKPT"], !folder.isEmpty else {
            throw UsageError("option '--worker' needs a model's folder in BENCH_CKPT", path: parsed.path)
        }
        var threads = parsed[SharedOptions.threads]
        if let text = variables["BENCH_THREADS"], threads == nil {
            guard let count = Int(text), (1...256).contains(count) else {
                throw UsageError("BENCH_THREADS is '\(printable(text))', expected 1 to 256", path: parsed.path)
            }
            threads = count
        }
        self.context = context
        self.folder = folder
        runtime = context.runtime(threads: threads, weights: CommandContext.weights(parsed, of: folder))
    }

    /// Answers until asked to quit or the requests end.
    func serve() throws -> ExitCode {
        while Interruption.exitCode == nil, let line = readLine() {
            guard !line.isEmpty else { continue }
            let answer: JSONValue
            do {
                let request = try JSONValue.parse(line)
                if request["op"]?.stringValue == "quit" { break }
                answer = try self.answer(request)
            } catch {
                answer = ["ok": false, "error": JSONValue(oneLine(Failure(error).message))]
            }
            try context.write(answer)
            try context.output.flush()
        }
        return .success
    }

    private func answer(_ request: JSONValue) throws -> JSONValue {
        guard let operation = request["op"]?.stringValue, let name = request["case"]?.stringValue else {
            throw Failure("a request needs \"op\" and \"case\"", .badData)
        }
        switch operation {
        case "prep": return try prepare(name)
        case "run":
            guard let count = request["n"]?.intValue, (0...Self.mostRuns).contains(count) else {
                throw Failure("\"n\" is not a whole number of 0 to \(Self.mostRuns)", .badData)
            }
            return ["times": .array(try run(name, count: count).map { JSONValue($0) })]
        case "free":
            cases[name] = nil
            return ["ok": true]
        default: throw Failure("unknown op \"\(printable(operation))\"", .badData)
        }
    }

    /// Loads what a case needs, compares its outputs with the reference's, and warms up.
    private func prepare(_ name: String) throws -> JSONValue {
        let start = monotonicSeconds()
        let model = try self.model ?? AnyModel(folder: folder, runtime: runtime)
        self.model = model
        let references = try ReferenceCases(model: folder)
        let reference = try references.named(name)
        var arrays: [String: Tensor] = [:]
        for (input, file) in reference.inputs { arrays[input] = try references.tensor(file) }
        let outputs = BenchCommand.timed(try model.outputNames(given: arrays.keys), reference: reference)
        guard !outputs.isEmpty else {
            throw Failure(
                "case \(printable(name)) has nothing to compare with, none of "
                    + (try model.outputNames(given: arrays.keys)).joined(separator: ", "), .unavailable)
        }
        let results = try model.run(arrays, outputs: outputs)
        var errors = (largest: 0.0, relative: 0.0)
        for output in outputs {
            guard let file = reference.outputs[output], let found = results[output] else { continue }
            let expected = try references.tensor(file)
            guard found.shape == expected.shape, expected.dtype == .float32 else {
                throw Failure("\(output) of case \(printable(name)) is not of the reference's shape", .badData)
            }
            let own = Self.errors(found.floats, expected.floats)
            errors = (max(errors.largest, own.largest), max(errors.relative, own.relative))
        }
        for _ in 0..<BenchCommand.warmUp { _ = try model.run(arrays, outputs: outputs) }
        cases[name] = (arrays, outputs)
        return [
            "ok": true, "max_abs_err": JSONValue(errors.largest), "rel_rms_err": JSONValue(errors.relative),
            "prep_s": JSONValue(((monotonicSeconds() - start) * 1e4).rounded() / 1e4),
            // In units of 2^20 bytes, as the peers' workers count.
            "rss_peak_mb": Machine.peakMemory.map { JSONValue($0 >> 20) } ?? .null,
        ]
    }

    /// Seconds of each of `count` passes.
    private func run(_ name: String, count: Int) throws -> [Double] {
        guard let model, let (inputs, outputs) = cases[name] else {
            throw Failure("case \(printable(name)) is not prepared", .badData)
        }
        var times: [Double] = []
        times.reserveCapacity(count)
        for _ in 0..<count where Interruption.exitCode == nil {
            let start = monotonicSeconds()
            _ = try model.run(inputs, outputs: outputs)
            times.append(monotonicSeconds() - start)
        }
        return times
    }

    /// The largest absolute error, and the root of the mean squared error over that of the reference.
    private static func errors(_ found: [Float], _ expected: [Float]) -> (largest: Double, relative: Double) {
        var (largest, errors, squares) = (0.0, 0.0, 0.0)
        for (a, b) in zip(found, expected) {
            let difference = Double(a) - Double(b)
            largest = max(largest, abs(difference))
            errors += difference * difference
            squares += Double(b) * Double(b)
        }
        return (largest, squares > 0 ? (errors / squares).squareRoot() : errors.squareRoot())
    }
}
