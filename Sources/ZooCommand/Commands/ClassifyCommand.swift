import Arguments
import Checkpoints
import DualEncoder
import ImageClassifiers
import JSON
import ModelZoo
import TensorCore

/// `zoo classify`: what is in pictures, and in sounds.
enum ClassifyCommand: Subcommand {
    private static let top = Option.int(
        "--top", "-k", value: "K", range: 1...1000, help: "Classes to show of each picture, 5 if left out")
    private static let batch = Option.int(
        "--batch", "-b", value: "N", default: 16, range: 1...256,
        help: "Pictures to classify at once; results do not depend on it")
    private static let null = Option.flag("--null", help: "Paths on standard input end in a zero byte")
    private static let noCache = Option.flag(
        "--no-cache", help: "Encode the labels anew, and do not keep what comes of it")
    private static let inputs = Argument(
        "INPUT", .file(extensions: InputList.pictures + InputList.sounds),
        help: "A picture (PNG, JPEG, WebP), a folder with everything below it, or - for paths on standard input"
    ).repeating()

    static let command = Command(
        "classify", summary: "Say what is in pictures",
        discussion: """
            Pictures are read on one thread while others compute. One that cannot be used is reported, and the others \
            go on. With --json each gives a line {"input","model","predictions":[{"label","index","score"}]}, or \
            {"input","error"}, in the order of the inputs.
            With --labels or --labels-from the classes are any texts, and the model is a dual encoder (CLIP, SigLIP); \
            predictions then have a "logit", too. Each label goes into every template, and the embeddings are averaged \
            as open_clip does it. CLIP's scores are probabilities among the labels and add up to one; SigLIP's are one \
            probability a label. With --multi-label CLIP's labels are scored one by one, each against the word \
            '\(ZeroShot.neutralWord)' in the same templates: above 50 % where the label fits better than that.
            With an audio encoder that classifies, inputs are sounds (WAV, FLAC, Ogg, Opus, MP3, AIFF).
            What the labels come to is kept in the cache folder, so that the next run with the same model, labels and \
            templates need not encode them.
            """,
        arguments: [inputs],
        options: [
            SharedOptions.model, SharedOptions.ema, top, LabelOptions.labels, LabelOptions.file, PromptOptions.template,
            PromptOptions.templates, LabelOptions.multiLabel, SharedOptions.truncate, noCache, SharedOptions.json,
            SharedOptions.threads, SharedOptions.dtype, SharedOptions.maxMemory, batch, null,
        ],
        exclusive: [[LabelOptions.labels, LabelOptions.file], [PromptOptions.template, PromptOptions.templates]],
        environment: [
            Command.Entry("XDG_CACHE_HOME", "Its zoo/class-matrices keeps encoded labels; ~/.cache where not set")
        ],
        examples: [
            Command.Example("zoo classify cat.jpg", "The five most probable classes of a picture"),
            Command.Example("zoo classify --model vit-cifar10 samples", "A table of a folder, by another model"),
            Command.Example("find . -name '*.png' -print0 | zoo classify --null --json -", "For programs"),
            Command.Example("zoo classify --labels 'a cat,a dog,a plane' photo.jpg", "Classes of your own"),
            Command.Example(
                "zoo classify --labels-from names.txt --templates openai-80 -m ./clip-vit-base-patch32 photos",
                "Many labels, each in 80 prompts"),
            Command.Example("zoo classify --model ./wav2vec2-keywords word.wav", "A sound, by an audio encoder"),
        ])

    /// The model that is used where none is named.
    static let defaultModel = "resnet-cifar10"
    /// The same where labels are given.
    static let defaultDualEncoder = "clip-tiny"

    static func run(_ parsed: ParsedArguments, _ context: CommandContext) throws -> ExitCode {
        let labels = try LabelOptions.read(parsed, context)
        let templates = try PromptOptions.read(parsed, context)
        let named = try model(
            parsed[SharedOptions.model], context, default: labels == nil ? defaultModel : defaultDualEncoder)
        let entry = SharedOptions.weights(of: named, parsed, context)
        let family = AnyModel.Family(folder: entry.folder)
        try check(parsed, entry, family, hasLabels: labels != nil)
        let words = parsed[inputs]
        if parsed[SharedOptions.model] == nil, context.path(words[0]).hasExtension(in: InputList.sounds) {
            throw UsageError(
                "\(printable(words[0])) is a sound: name an audio encoder that classifies with --model; what is said in "
                    + "it is written down by 'zoo transcribe'", path: parsed.path)
        }
        let batch = parsed[batch]
        if family == .audioEncoder {
            let list = InputList(
                words.map(context.path), list: PathList(isNullSeparated: parsed[null]), extensions: InputList.sounds)
            let tally = try SoundClassification.run(list, entry, parsed, context, top: parsed[top])
            return try finish(tally, words, "sounds", InputList.sounds, context)
        }
        let list = InputList(
            words.map(context.path), list: PathList(isNullSeparated: parsed[null]))
        let stream = try ImageStream(list, ahead: batch)
        let runtime = context.runtime(parsed, for: entry)
        let classifier: PictureClassifier
        if let labels {
            let request = ZeroShot.Request(
                labels: labels, templates: templates, isMultiLabel: parsed[LabelOptions.multiLabel],
                truncates: parsed[SharedOptions.truncate], batch: batch,
                cache: parsed[noCache] ? nil : ClassMatrixCache(environment: context.environment))
            classifier = try zeroShot(request, entry, context, runtime, stream)
        } else {
            try context.admit(entry.folder, entry.weights, runtime, for: .pictures(batch))
            classifier = try PictureClassifier(
                ImageClassifier(folder: entry.folder, runtime: runtime, weights: entry.weights))
            stream.prepare(with: classifier.preprocessing)
        }

        let progress = context.progress("classify", total: total(list, context))
        let batches = BatchClassifier(classifier: classifier, batch: batch)
        var writer = PredictionWriter(
            context: context, model: entry.name, printsJSON: parsed[SharedOptions.json], showsLogits: labels != nil,
            shown: parsed[top], progress: progress)
        while true {
            // Whoever reads along gets what there is before this waits for more.
            if !stream.isReady { try context.output.flush() }
            let outcomes = batches.next(stream, top: parsed[top] ?? PredictionWriter.defaultTop)
            if outcomes.isEmpty { break }
            for outcome in outcomes { try writer.add(outcome) }
            progress.advance(by: outcomes.count)
        }
        progress.finish()
        try writer.finish()
        return try finish(writer.tally, words, "pictures", InputList.pictures, context)
    }

    /// Tells what could not be done.
    private static func finish(
        _ tally: FailureTally, _ words: [String], _ noun: String, _ extensions: [String], _ context: CommandContext
    ) throws(Failure) -> ExitCode {
        if tally.total == 0, Interruption.exitCode == nil {
            let what = words.map { $0 == "-" ? "standard input" : printable($0) }.joined(separator: ", ")
            throw Failure(
                "no \(noun) in \(what) (looked for \(extensions.joined(separator: ", ")))", .inputNotFound)
        }
        if tally.failed > 0, tally.total > 1 {
            context.note("\(tally.failed) of \(tally.total) inputs could not be classified")
        }
        return tally.exitCode
    }

    /// Loads a dual encoder for labels, while the first picture is decoded and prepared.
    private static func zeroShot(
        _ request: ZeroShot.Request, _ entry: Registry.Entry, _ context: CommandContext, _ runtime: Runtime,
        _ stream: ImageStream
    ) throws -> PictureClassifier {
        let plan = try DualEncoder(
            folder: entry.folder, runtime: runtime, weights: entry.weights, plansOnly: true)
        stream.prepare(with: try plan.preprocessing())
        let zeroShot = try ZeroShot(request, plan, context)
        switch zeroShot.scoring {
        case .sigmoid: context.note("each score is a probability of its own: they need not add up to 100 %")
        case .againstNeutral:
            context.note(
                "each score sets its label against '\(ZeroShot.neutralWord)' alone, where 50 % means that both fit alike"
            )
        case .amongLabels:
            if request.labels.count == 1 {
                context.note("a single label always scores 100 %: name others to choose from, or use --multi-label")
            }
        }
        return try zeroShot.classifier()
    }

    /// Refuses options that do not belong together with the model, saying what does.
    private static func check(
        _ parsed: ParsedArguments, _ entry: Registry.Entry, _ family: AnyModel.Family, hasLabels: Bool
    ) throws {
        let name = printable(entry.name)
        switch (family, hasLabels) {
        case (.imageClassifier, true):
            // What cannot be read at all says so first.
            _ = try Config(path: FileSystem.join(entry.folder, "config.json"))
            throw UsageError(
                "\(name) is an image classifier and has classes of its own: leave the labels out, or name a dual "
                    + "encoder with --model", path: parsed.path)
        case (.dualEncoder, false):
            throw UsageError(
                "\(name) is a dual encoder and has no classes of its own: name some with --labels 'a cat,a dog' or "
                    + "--labels-from FILE", path: parsed.path)
        case (.sentenceEncoder, _):
            throw UsageError(
                "\(name) is a sentence encoder and reads no pictures: name an image classifier with --model, or a "
                    + "dual encoder and labels", path: parsed.path)
        case (.gan, _), (.diffusion, _), (.latentDiffusion, _):
            throw UsageError(
                "\(name) is a generator and reads no pictures: 'zoo generate' makes some with it", path: parsed.path)
        case (.audioEncoder, _):
            guard hasLabels || PromptOptions.areGiven(parsed) || parsed[LabelOptions.multiLabel] else { return }
            throw UsageError(
                "\(name) is an audio encoder and has classes of its own: leave labels and templates out",
                path: parsed.path)
        case (.imageClassifier, false):
            guard PromptOptions.areGiven(parsed) || parsed[LabelOptions.multiLabel] else { return }
            throw UsageError(
                "templates and --multi-label are about labels: name some with --labels 'a cat,a dog' or --labels-from "
                    + "FILE", path: parsed.path)
        case (.dualEncoder, true): return
        }
    }

    /// The model of a name, or the default one where none is named.
    static func model(
        _ name: String?, _ context: CommandContext, default defaultName: String = defaultModel
    ) throws -> Registry.Entry {
        try name.map(context.find) ?? fallback(defaultName, context.registry)
    }

    /// The model that is meant where none is named.
    static func fallback(_ defaultName: String, _ registry: Registry) throws -> Registry.Entry {
        let entries = registry.entries()
        if let entry = entries.first(where: { $0.name == defaultName }) { return entry }
        let known = entries.map(\.name).joined(separator: ", ")
        throw Failure(
            entries.isEmpty
                ? "no models were found in \(registry.roots.joined(separator: ", ")); name a folder with --model DIR"
                : "there is no model \(defaultName); name one with --model, known: \(known)", .unavailable)
    }

    /// How many inputs there will be, looked for only where somebody sees it.
    private static func total(_ list: InputList, _ context: CommandContext) -> Int? {
        if let count = list.knownCount { return count }
        guard context.messageTerminal.isInteractive, !context.isQuiet, !list.readsStandardInput else { return nil }
        return list.reduce(0) { count, _ in count + 1 }
    }
}
