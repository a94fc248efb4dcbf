import Arguments
import Checkpoints
import JSON
import LatentDiffusion
import Media
import ModelZoo
import Randomness
import TensorCore

/// One run of `zoo generate`, from the words of the command line to the files.
struct GenerationRun {
    private let parsed: ParsedArguments
    private let context: CommandContext
    private let entry: Registry.Entry
    private let plan: GenerationPlan
    private let expected: GenerationRecord.Identity?

    /// - Parameters:
    ///   - parsed: the command line.
    ///   - context: what commands work with.
    ///   - expected: what the model and the files that are read must be, where a picture is made again.
    /// - Throws: ``UsageError`` for what cannot be together, ``RegistryError`` where there is no such model.
    init(_ parsed: ParsedArguments, _ context: CommandContext, expected: GenerationRecord.Identity?) throws {
        guard let name = parsed[GenerateCommand.model] else {
            throw UsageError("missing option --model MODEL", path: parsed.path)
        }
        self.parsed = parsed
        self.context = context
        self.expected = expected
        entry = SharedOptions.weights(of: try context.find(name), parsed, context)
        plan = try GenerationPlan(parsed)
    }

    func run() throws -> ExitCode {
        let runtime = context.runtime(parsed, for: entry)
        // Other families have no such option, which the picture maker says.
        if parsed[GenerateCommand.plan], AnyModel.Family(folder: entry.folder) == .latentDiffusion {
            let wanted: any LatentPlan =
                UnconditionalLatentModel.recognises(folder: entry.folder)
                ? try UnconditionalPlan(entry, parsed, runtime) : try makeTextPlan(entry, parsed, runtime, context)
            try GenerationCost(wanted, pictures: plan.pictureCount, within: context.memoryLimit)
                .write(context, asJSON: parsed[SharedOptions.json])
            return .success
        }
        var times = GenerationTimes()
        try plan.checkOutputs()
        let identity = try GenerationRecord.Identity(
            entry, files: plan.inputs.map(context.path), tokenizer: parsed[GenerateCommand.tokenizer])
        if let expected, expected != identity { throw expected.failure(found: identity, entry.name) }
        let maker = try makePictureMaker(entry, parsed, plan, runtime, context)
        try plan.check(maker.classes, path: parsed.path)
        let starts = try plan.starts(maker)
        var files = GenerationFiles(
            plan, model: parsed[GenerateCommand.model] ?? entry.name, identity: identity, facts: maker.facts,
            classes: maker.classes, context, asJSON: parsed[SharedOptions.json])
        let progress = context.progress("generate", total: starts.count * maker.steps)
        defer { progress.finish() }
        var watcher = GenerationWatcher(plan, steps: maker.steps)
        do {
            for first in stride(from: 0, to: starts.count, by: maker.picturesAtATime) {
                let part = Array(starts[first..<min(first + maker.picturesAtATime, starts.count)])
                watcher.isFirstPart = first == 0
                times.begin()
                let made = try maker.pictures(
                    from: part,
                    StepObserver { index, current, expected in
                        progress.advance(by: part.count)
                        times.step()
                        try watcher.look(index, current, expected)
                        return Interruption.exitCode == nil
                    })
                try files.take(made, first: first, times)
            }
            try watcher.finish()
            try files.finish(times)
            progress.finish()
            if let summary = times.summary { context.note(summary) }
        } catch let stop as PicturesStopped {
            progress.finish()
            context.note("stopped; what was not whole was not written")
            guard let code = Interruption.exitCode else { throw stop }
            return code
        }
        return .success
    }
}
