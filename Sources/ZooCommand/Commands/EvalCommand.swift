import Arguments
import DualEncoder
import ImageClassifiers
import ModelZoo

/// `zoo eval`: how often a classifier is right, and how many words a transcriber gets wrong.
enum EvalCommand: Subcommand {
    private static let limit = Option.int(
        "--limit", "-n", value: "N", range: 1...1_000_000_000,
        help: "Pictures of each class, or sounds, to use, all if left out")
    private static let batch = Option.int(
        "--batch", "-b", value: "N", default: 16, range: 1...256,
        help: "Pictures to classify at once; results do not depend on it")
    private static let folder = Argument(
        "DIR", .folder, help: "A folder with one folder of pictures for each class, or of sounds with transcripts")

    static let command = Command(
        "eval", summary: "Measure how often a model is right",
        discussion: """
            Folders are matched with labels in any case of letters. A label without a folder, and a folder that no \
            label has, are errors: the figures would not mean what they say. A dual encoder has no labels: it chooses \
            among the folders' names (a _ in them is read as a space), which the templates make prompts of.
            A model that transcribes is given a folder of sounds with what is said in them, and its word and character \
            error rates are measured: the words (characters) to replace, leave out and put in, for each that was said. \
            The folder has transcripts.txt, lines of NAME, a tab and the text, or NAME.txt beside each NAME.wav (or \
            .flac, .mp3 ...), also in folders below it. Letters are compared in any case, words by what is between \
            white space; nothing else is made equal. A sound without a transcript is an error.
            """,
        arguments: [SharedOptions.modelArgument, folder],
        options: [
            limit, PromptOptions.template, PromptOptions.templates, SharedOptions.json, SharedOptions.threads,
            SharedOptions.dtype, batch,
            SharedOptions.maxMemory, SharedOptions.language, SharedOptions.ema,
        ] + TranscribeOptions.search,
        exclusive: [[PromptOptions.template, PromptOptions.templates]],
        examples: [
            Command.Example("zoo eval resnet-cifar10 cifar10/test", "Top-1, top-5 and the worst confusions"),
            Command.Example("zoo eval --limit 100 --json resnet-cifar10 cifar10/test", "A part of it, for programs"),
            Command.Example(
                "zoo eval clip-tiny cifar10/test --template 'a photo of a {}.'", "Zero-shot accuracy by prompt"),
            Command.Example("zoo eval wav2vec2-tiny recordings", "Word error rate, and which words are mistaken"),
            Command.Example("zoo eval wav2vec2-tiny recordings --lm numbers.arpa", "What a language model helps"),
        ])

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let named = try context.find(parsed[SharedOptions.modelArgument])
        let entry = SharedOptions.weights(of: named, parsed, context)
        if AnyModel.Family(folder: entry.folder) == .audioEncoder {
            guard !PromptOptions.areGiven(parsed) else {
                throw UsageError(
                    "templates are for dual encoders; \(printable(entry.name)) is an audio encoder", path: parsed.path)
            }
            return try SpeechEvaluation.run(entry, parsed[folder], limit: parsed[limit], parsed, context)
        }
        for option in TranscribeOptions.search + [SharedOptions.language] where parsed.isGiven(option) {
            throw UsageError(
                "option '\(option.specification.name)' is for models that transcribe", path: parsed.path)
        }
        let (classifier, set) = try load(entry, parsed, context)
        let stream = try ImageStream(set.inputs.map(\.input), ahead: parsed[batch])
        stream.prepare(with: classifier.preprocessing)

        let progress = context.progress("eval", total: set.inputs.count)
        let batches = BatchClassifier(classifier: classifier, batch: parsed[batch])
        var score = EvalScore()
        var tally = FailureTally()
        let start = monotonicSeconds()
        while true {
            let outcomes = batches.next(stream, top: EvalScore.depth)
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
        let report = EvalReport(
            model: entry.name, folder: parsed[folder], score: score, tally: tally, seconds: seconds,
            classes: classifier.labels.count)
        if parsed[SharedOptions.json] {
            try context.write(report.json)
        } else {
            try report.write(to: context)
        }
        return tally.exitCode
    }

    /// The model, and the pictures with their labels.
    private static func load(
        _ entry: Registry.Entry, _ parsed: ParsedArguments, _ context: CommandContext
    ) throws -> (PictureClassifier, LabelledFolder) {
        let runtime = context.runtime(parsed, for: entry)
        let path = context.path(parsed[folder])
        let templates = try PromptOptions.read(parsed, context)
        switch AnyModel.Family(folder: entry.folder) {
        case .imageClassifier:
            guard !PromptOptions.areGiven(parsed) else {
                throw UsageError(
                    "templates are for dual encoders; \(printable(entry.name)) has classes of its own",
                    path: parsed.path)
            }
            try context.admit(entry.folder, entry.weights, runtime, for: .pictures(parsed[batch]))
            let classifier = try PictureClassifier(
                ImageClassifier(folder: entry.folder, runtime: runtime, weights: entry.weights))
            return (classifier, try LabelledFolder(path, labels: classifier.labels, limit: parsed[limit]))
        case .dualEncoder:
            let set = try LabelledFolder(path, labels: nil, limit: parsed[limit])
            let plan = try DualEncoder(
                folder: entry.folder, runtime: runtime, weights: entry.weights, plansOnly: true)
            let request = ZeroShot.Request(
                labels: set.labels, templates: templates, isMultiLabel: false, batch: parsed[batch],
                cache: ClassMatrixCache(environment: context.environment))
            return (try ZeroShot(request, plan, context).classifier(), set)
        case .sentenceEncoder, .audioEncoder, .gan, .diffusion, .latentDiffusion:
            throw UsageError(
                "\(printable(entry.name)) is \(AnyModel.Family(folder: entry.folder).noun) and reads no pictures: name "
                    + "an image classifier or a dual encoder", path: parsed.path)
        }
    }
}
