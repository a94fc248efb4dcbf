import Arguments
import Audio
import AudioEncoder
import ModelZoo
import TensorCore

/// `zoo classify` of sounds.
enum SoundClassification {
    /// Seconds of the longest sound, which goes through the network in one piece.
    static let longest = Transcriber.longestPass

    /// Classifies sounds one by one, as they come.
    static func run(
        _ list: InputList, _ entry: Registry.Entry, _ parsed: ParsedArguments, _ context: CommandContext,
        top: Int?
    ) throws -> FailureTally {
        let runtime = context.runtime(parsed, for: entry)
        try context.admit(entry.folder, entry.weights, runtime, for: .arrays([:]))
        let model = try AudioEncoder(folder: entry.folder, runtime: runtime, weights: entry.weights)
        guard case .classification = model.head else {
            let advice =
                if case .ctc = model.head { "it transcribes, with 'zoo transcribe'" } else { "it has no head for that" }
            throw UsageError("\(printable(entry.name)) names no classes: \(advice)", path: parsed.path)
        }
        let progress = context.progress("classify", total: list.knownCount)
        var writer = PredictionWriter(
            context: context, model: entry.name, printsJSON: parsed[SharedOptions.json], showsLogits: false, shown: top,
            progress: progress)
        for path in list where Interruption.exitCode == nil {
            let input = SoundInput.file(path)
            let outcome: Result<[Prediction], Failure>
            do {
                let clip = try input.clip(model, longest: longest, memoryLimit: context.memoryLimit)
                outcome = .success(
                    try model.classify(clip).prefix(top ?? PredictionWriter.defaultTop).map {
                        Prediction(label: $0.label, index: $0.index, score: $0.score, logit: $0.logit)
                    })
            } catch {
                let failure = Failure(error)
                if failure.exitCode == .unavailable { throw failure }
                outcome = .failure(failure)
            }
            try writer.add(BatchClassifier.Outcome(path: InputPath(input), predictions: outcome))
            try context.output.flush()
            progress.advance()
        }
        progress.finish()
        try writer.finish()
        return writer.tally
    }
}

extension InputPath {
    /// The path of a sound.
    init(_ input: SoundInput) {
        switch input {
        case .file(.success(let path)): self = path
        case .file(.failure(let error)): self = error.path
        case .standardInput: self.init("-")
        }
    }
}

extension SoundInput {
    /// All of a sound's samples for a network.
    ///
    /// - Parameters:
    ///   - model: the network.
    ///   - longest: seconds at most.
    ///   - memoryLimit: bytes that the network may take for it, weights included; `nil` where nothing limits them.
    /// - Throws: ``Failure``, ``ModelError`` or ``AudioError``.
    func clip(_ model: AudioEncoder, longest: Double, memoryLimit: Int?) throws -> [Float] {
        let clip = try clip(rate: model.samplingRate, channel: .mean, longest: longest)
        guard clip.samples.count >= model.minimumSamples else {
            throw Failure(
                "\(clip.samples.count) samples are too few, the network needs \(model.minimumSamples)", .badData)
        }
        if let memoryLimit {
            do throws(ModelError) {
                let work = AnyModel.Work.arrays(["input_values": Shape(1, clip.samples.count)])
                try AnyModel.audioEncoder(model).check(work, within: memoryLimit)
            } catch { throw Failure(error.description, .badData) }
        }
        return clip.samples
    }
}
