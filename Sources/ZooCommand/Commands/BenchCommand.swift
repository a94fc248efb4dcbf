import Arguments
import AudioEncoder
import DualEncoder
import ModelZoo
import TensorCore

/// `zoo bench`: how fast a model runs here.
enum BenchCommand: Subcommand {
    private static let model = SharedOptions.modelArgument.optional()
    private static let reference = Option.text("--case", "-c", help: "Use the input of this case of ref/manifest.json")
    private static let tower = Option<TowerChoice?>.choice(
        "--tower", help: "What of a dual encoder to time with made-up inputs, image if left out")
    private static let tokens = Option.int(
        "--tokens", value: "T", range: 1...100_000, help: "Tokens of made-up texts, all that fit if left out")
    private static let batch = Option.int(
        "--batch", "-b", value: "B", range: 1...4096, help: "Use B inputs of made-up values, 1 if left out")
    private static let size = Option.text(
        "--size", value: "HxW", help: "Size of made-up images, such as 224x224; what the model is made for if left out")
    private static let duration = Option.double(
        "--duration", value: "S", range: 0.1...3600, help: "Seconds of made-up sounds, 10 if left out")
    private static let iterations = Option.int(
        "--iterations", "-n", value: "N", range: 1...1_000_000, help: "Time N passes")
    private static let seconds = Option.double(
        "--seconds", value: "S", range: 0...86_400, help: "Time passes for S seconds, 3 if left out")
    private static let profile = Option.flag("--profile", help: "Show the time of each kind of operation")
    private static let balance = Option.text(
        "--balance", value: "T,...",
        help: "Instead of timing, count how evenly these numbers of threads would share the work")
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
            reference, batch, size, tower, tokens, duration, SharedOptions.ema, SharedOptions.threads,
            SharedOptions.dtype, SharedOptions.maxMemory, iterations, seconds, profile, balance, SharedOptions.json,
            worker,
        ],
        exclusive: [
            [reference, batch], [reference, size], [reference, tower], [reference, tokens], [reference, duration],
            [iterations, seconds], [worker, SharedOptions.ema], [balance, iterations], [balance, seconds],
            [balance, worker], [balance, SharedOptions.threads],
        ],
        environment: [
            Command.Entry("BENCH_CKPT", "With --worker: the model's folder"),
            Command.Entry("BENCH_THREADS", "With --worker: threads to compute with"),
        ],
        examples: [
            Command.Example("zoo bench resnet-cifar10 --profile", "Where the time goes for one picture"),
            Command.Example("zoo bench ./vit --batch 8 --threads 2 --json", "For programs"),
            Command.Example("zoo bench ./clip --tower text --batch 80", "The text tower on 80 prompts"),
            Command.Example("zoo bench ./wav2vec2-base --duration 30", "Half a minute of sound at once"),
            Command.Example("zoo bench ./resnet50 --balance 8,16,32,64", "How the work would be divided, by counting"),
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
        let entry = SharedOptions.weights(of: try context.find(name), parsed, context)
        let runtime = context.runtime(parsed, for: entry)
        let references = try parsed[reference].map { name in
            let all = try ReferenceCases(model: entry.folder)
            return (folder: all, reference: try all.named(name))
        }
        let towers = references.map { AnyModel.Family.towers(for: $0.reference.inputs.keys) }
        var inputs: [String: Tensor] = [:]
        if let references {
            for (name, file) in references.reference.inputs { inputs[name] = try references.folder.tensor(file) }
        } else {
            inputs = try madeUp(parsed, context.plan(entry, runtime))
        }
        let shapes = inputs.mapValues(\.shape)
        if let counts = try threadCounts(parsed) {
            let plan = try context.plan(entry, runtime)
            let balances = try runtime.balances(threads: counts) { () throws(ModelError) in _ = try plan.plan(shapes) }
            return try report(balances, of: entry.name, plan, shapes, parsed, context)
        }
        let chosen = towers ?? (parsed[tower] ?? .image).towers
        try context.admit(entry.folder, entry.weights, runtime, towers: chosen, for: .arrays(shapes))
        let start = monotonicSeconds()
        let model = try AnyModel(folder: entry.folder, runtime: runtime, towers: chosen)
        let loadSeconds = monotonicSeconds() - start
        let outputs = timed(try model.outputNames(given: inputs.keys), reference: references?.reference)
        guard !outputs.isEmpty else {
            throw Failure(
                "case \(printable(parsed[reference] ?? "")) has none of the model's outputs: "
                    + model.outputNames.joined(separator: ", "), .unavailable)
        }
        let first = try model.profile(inputs)
        for _ in 1..<warmUp { _ = try model.run(inputs, outputs: outputs) }
        var peak = runtime.measuredPeak()
        let (times, memory) = try times(parsed, model, inputs, outputs)
        peak = max(peak, runtime.measuredPeak())
        let last = try model.profile(inputs)
        guard !times.isEmpty else { return .success }

        let report = BenchReport(
            model: entry.name, architecture: model.architecture, reference: parsed[reference],
            shapes: model.inputNames.compactMap { inputs[$0]?.shape }, runtime: runtime, loadSeconds: loadSeconds,
            times: times, soundSeconds: soundSeconds(model, inputs),
            peak: peak, flops: last.flops, peakMemory: Machine.peakMemory, memoryGrowth: MemoryGrowth(memory)?.slope,
            activationBytes: first.activationBytes, scratchBytes: first.scratchBytes,
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

    /// The outputs that are timed: the one that stands for the model, or those that a case has where it lacks that.
    ///
    /// - Parameter possible: what the model gives for the inputs.
    static func timed(_ possible: [String], reference: ReferenceCases.Case?) -> [String] {
        let principal = possible.contains("logits") ? "logits" : possible.last ?? ""
        guard let reference, reference.outputs[principal] == nil else { return [principal] }
        return possible.filter { reference.outputs[$0] != nil }
    }

    /// The numbers of threads that are to be simulated, where any are.
    private static func threadCounts(_ parsed: ParsedArguments) throws(UsageError) -> [Int]? {
        guard let text = parsed[balance] else { return nil }
        let counts = text.split(separator: ",", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard counts.allSatisfy({ (1...256).contains($0) }) else {
            throw UsageError(
                "option '--balance': '\(printable(text))' is no list of numbers of threads, each 1 to 256",
                path: parsed.path)
        }
        return counts
    }

    /// Writes what a simulation found.
    private static func report(
        _ balances: [Balance], of name: String, _ model: AnyModel, _ shapes: [String: Shape], _ parsed: ParsedArguments,
        _ context: CommandContext
    ) throws(OutputError) -> ExitCode {
        let report = BalanceReport(
            model: name, architecture: model.architecture, shapes: model.inputNames.compactMap { shapes[$0] },
            balances: balances, showsKinds: parsed[profile])
        guard !parsed[SharedOptions.json] else {
            try context.write(report.json)
            return .success
        }
        try context.write(report.figures(usesUnicode: context.terminal.usesUnicode))
        for table in report.kinds(usesUnicode: context.terminal.usesUnicode) {
            try context.output.write("")
            try context.write(table)
        }
        return .success
    }

    /// Seconds of each timed pass, and the bytes that the process held after it.
    private static func times(
        _ parsed: ParsedArguments, _ model: AnyModel, _ inputs: [String: Tensor], _ outputs: [String]
    ) throws -> (seconds: [Double], memory: [Int]) {
        let wanted = parsed[iterations]
        let end = monotonicSeconds() + (parsed[seconds] ?? defaultSeconds)
        var times: [Double] = []
        // Room for both at once: growing would be taken for the model's.
        var memory: [Int] = []
        memory.reserveCapacity(wanted ?? 100_000)
        times.reserveCapacity(wanted ?? 100_000)
        while Interruption.exitCode == nil {
            if let wanted {
                if times.count == wanted { break }
            } else if times.count >= leastIterations, monotonicSeconds() >= end {
                break
            }
            let start = monotonicSeconds()
            _ = try model.run(inputs, outputs: outputs)
            times.append(monotonicSeconds() - start)
            if let resident = Machine.residentMemory { memory.append(resident) }
        }
        return (times, memory)
    }

    /// Inputs of made-up values.
    private static func madeUp(_ parsed: ParsedArguments, _ model: AnyModel) throws -> [String: Tensor] {
        let batch = parsed[batch] ?? 1
        guard parsed[tower] == nil || model.family == .dualEncoder else {
            throw UsageError("option '--tower' is for dual encoders", path: parsed.path)
        }
        let towers = model.family == .dualEncoder ? (parsed[tower] ?? .image).towers : []
        let readsImages = model.family == .imageClassifier || towers.contains(.image)
        guard parsed[size] == nil || readsImages else {
            throw UsageError("option '--size' is for images", path: parsed.path)
        }
        let readsTexts = model.family == .sentenceEncoder || towers.contains(.text)
        guard parsed[tokens] == nil || readsTexts else {
            throw UsageError("option '--tokens' is for texts", path: parsed.path)
        }
        guard parsed[duration] == nil || model.family == .audioEncoder else {
            throw UsageError("option '--duration' is for sounds", path: parsed.path)
        }
        var inputs: [String: Tensor] = [:]
        if readsImages { inputs["pixel_values"] = try MadeUpInputs.images(model, batch: batch, size: try size(parsed)) }
        if case .audioEncoder(let encoder) = model {
            inputs["input_values"] = try MadeUpInputs.sounds(encoder, batch: batch, seconds: parsed[duration] ?? 10)
        }
        if case .gan(let generator) = model { inputs = MadeUpInputs.latents(generator, batch: batch) }
        if case .diffusion(let denoiser) = model { inputs = try MadeUpInputs.sample(denoiser, batch: batch) }
        if case .latentDiffusion(let folder) = model { inputs = try MadeUpInputs.latents(folder, batch: batch) }
        if readsTexts {
            inputs.merge(try MadeUpInputs.texts(model, batch: batch, tokens: parsed[tokens])) { $1 }
        }
        return inputs
    }

    /// Seconds of sound in the inputs together; `nil` where they are no sound.
    private static func soundSeconds(_ model: AnyModel, _ inputs: [String: Tensor]) -> Double? {
        guard case .audioEncoder(let encoder) = model, let values = inputs["input_values"] else { return nil }
        return Double(values.count) / Double(encoder.samplingRate)
    }

    /// The size that made-up images shall have, where it is said.
    private static func size(_ parsed: ParsedArguments) throws(UsageError) -> (height: Int, width: Int)? {
        guard let text = parsed[size] else { return nil }
        let sides = text.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) ?? 0 }
        guard sides.count == 2, sides.allSatisfy({ (1...8192).contains($0) }) else {
            throw UsageError(
                "option '--size': '\(printable(text))' is not HEIGHTxWIDTH, each 1 to 8192", path: parsed.path)
        }
        return (sides[0], sides[1])
    }
}

/// What of a dual encoder is timed.
enum TowerChoice: String, CaseIterable, Sendable {
    case image, text, both

    /// The towers.
    var towers: Set<DualEncoder.Tower> {
        switch self {
        case .image: [.image]
        case .text: [.text]
        case .both: [.image, .text]
        }
    }
}
