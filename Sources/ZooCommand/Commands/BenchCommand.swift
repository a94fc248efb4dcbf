import Arguments
import Checkpoints
import ImageClassifiers
import JSON
import ModelZoo
import TensorCore

/// `zoo bench`: how fast a model runs here.
enum BenchCommand: Subcommand {
    private static let model = SharedOptions.modelArgument.optional()
    private static let reference = Option.text("--case", "-c", help: "Use the input of this case of ref/manifest.json")
    private static let batch = Option.int(
        "--batch", "-b", value: "B", range: 1...4096, help: "Use B inputs of made-up values, 1 if left out")
    private static let size = Option.text(
        "--size", value: "HxW", help: "Size of made-up images, such as 224x224; what the model is made for if left out")
    private static let iterations = Option.int(
        "--iterations", "-n", value: "N", range: 1...1_000_000, help: "Time N passes")
    private static let seconds = Option.double(
        "--seconds", value: "S", range: 0...86_400, help: "Time passes for S seconds, 3 if left out")
    private static let profile = Option.flag("--profile", help: "Show the time of each kind of operation")
    private static let worker = Option.flag(
        "--worker", help: "Answer the requests of Scripts/bench_peers.py on standard input")

    static let command = Command(
        "bench", summary: "Measure how fast a model runs",
        discussion: """
            The peak is that of independent fused multiply-adds in registers with the same instruction set and \
            threads, measured right before and after the passes. Operations are those of matrix products, convolutions \
            and attention; a 3x3 convolution that Winograd's algorithm shortens counts in full.
            """,
        arguments: [model],
        options: [
            reference, batch, size, SharedOptions.threads, iterations, seconds, profile, SharedOptions.json, worker,
        ],
        exclusive: [[reference, batch], [reference, size], [iterations, seconds]],
        environment: [
            Command.Entry("BENCH_CKPT", "With --worker: the model's folder"),
            Command.Entry("BENCH_THREADS", "With --worker: threads to compute with"),
        ],
        examples: [
            Command.Example("zoo bench resnet-cifar10 --profile", "Where the time goes for one picture"),
            Command.Example("zoo bench ./vit --batch 8 --threads 2 --json", "For programs"),
        ])

    /// Passes before the first timed one: memory is taken, caches fill, threads wake.
    static let warmUp = 3
    private static let defaultSeconds = 3.0
    private static let leastIterations = 3

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        if parsed[worker] { return try BenchWorker(context, parsed).serve() }
        guard let name = parsed[model] else {
            throw UsageError("missing argument MODEL", path: parsed.path)
        }
        let entry = try context.registry.find(name)
        let runtime = context.runtime(threads: parsed[SharedOptions.threads])
        let start = monotonicSeconds()
        let model = try AnyModel(folder: entry.folder, runtime: runtime)
        let loadSeconds = monotonicSeconds() - start

        let inputs = try inputs(parsed, entry, model)
        let first = try account(model, inputs)
        for _ in 1..<warmUp { _ = try model.run(inputs, outputs: logits) }
        var peak = runtime.measuredPeak()
        let times = try times(parsed, model, inputs)
        peak = max(peak, runtime.measuredPeak())
        let last = try account(model, inputs)
        guard !times.isEmpty else { return .success }

        let report = BenchReport(
            model: entry.name, architecture: model.architecture, reference: parsed[reference],
            shape: inputs[model.inputNames[0]]?.shape ?? [], runtime: runtime, loadSeconds: loadSeconds, times: times,
            peak: peak, flops: last.flops, peakMemory: peakMemory(), activationBytes: first.activationBytes,
            allocations: last.allocations, profile: parsed[profile] ? last : nil)
        if parsed[SharedOptions.json] {
            try context.write(report.json)
        } else {
            try context.write(report.figures(usesUnicode: context.terminal.usesUnicode))
            if let operations = report.operations(usesUnicode: context.terminal.usesUnicode) {
                try context.output.write("")
                try context.write(operations)
            }
        }
        return .success
    }

    /// The output that is timed.
    static let logits = ["logits"]

    /// What one pass costs.
    private static func account(
        _ model: AnyModel, _ inputs: [String: Tensor]
    ) throws(ImageClassifierError) -> Workspace.Account {
        switch model {
        case .imageClassifier(let classifier):
            guard let pixels = inputs["pixel_values"] else {
                throw .input(expected: "pixel_values", found: inputs.keys.sorted().joined(separator: ", "))
            }
            return try classifier.profile(pixels)
        }
    }

    /// Seconds of each timed pass.
    private static func times(
        _ parsed: ParsedArguments, _ model: AnyModel, _ inputs: [String: Tensor]
    ) throws -> [Double] {
        let wanted = parsed[iterations]
        let end = monotonicSeconds() + (parsed[seconds] ?? defaultSeconds)
        var times: [Double] = []
        while Interruption.exitCode == nil {
            if let wanted {
                if times.count == wanted { break }
            } else if times.count >= leastIterations, monotonicSeconds() >= end {
                break
            }
            let start = monotonicSeconds()
            _ = try model.run(inputs, outputs: logits)
            times.append(monotonicSeconds() - start)
        }
        return times
    }

    /// The inputs of a case, or made-up ones.
    private static func inputs(
        _ parsed: ParsedArguments, _ entry: Registry.Entry, _ model: AnyModel
    ) throws -> [String: Tensor] {
        if let name = parsed[reference] {
            let references = try ReferenceCases(model: entry.folder)
            var inputs: [String: Tensor] = [:]
            for (name, file) in try references.named(name).inputs { inputs[name] = try references.tensor(file) }
            return inputs
        }
        let batch = parsed[batch] ?? 1
        switch model {
        case .imageClassifier(let classifier):
            let (height, width) = try imageSize(parsed, classifier)
            let shape = Shape(batch, classifier.network.channels, height, width)
            return ["pixel_values": noise(shape)]
        }
    }

    /// The size of made-up images.
    private static func imageSize(
        _ parsed: ParsedArguments, _ classifier: ImageClassifier
    ) throws -> (height: Int, width: Int) {
        if let text = parsed[size] {
            let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
            guard sides.count == 2, sides.allSatisfy({ (1...8192).contains($0) }) else {
                throw UsageError(
                    "option '--size': '\(printable(text))' is not HEIGHTxWIDTH, each 1 to 8192", path: parsed.path)
            }
            return (sides[0], sides[1])
        }
        do throws(ImageClassifierError) {
            let preprocessing = try classifier.preprocessing()
            return (preprocessing.outputHeight, preprocessing.outputWidth)
        } catch {
            throw Failure("\(error.description); give a size with --size", .unavailable)
        }
    }

    /// Values between -1 and 1, always the same.
    private static func noise(_ shape: Shape) -> Tensor {
        var state: UInt32 = 1
        return Tensor(shape: shape) { values in
            for index in values.indices {
                state = state &* 1_664_525 &+ 1_013_904_223
                values[index] = Float(Int32(bitPattern: state)) * 0x1p-31
            }
        }
    }

    /// The most memory this process has held so far, in bytes; `nil` where the system does not say.
    static func peakMemory() -> Int? {
        guard let bytes = try? InputPath("/proc/self/status").contents(limit: 1 << 20) else { return nil }
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n")
        guard let line = lines.first(where: { $0.hasPrefix("VmHWM:") }) else { return nil }
        return line.split(whereSeparator: { !$0.isNumber }).first.flatMap { Int($0) }.map { $0 * 1024 }
    }
}
