import AudioEncoder
import CTC
import JSON
import ModelZoo
import TensorCore

extension FamilyFacts {
    /// Seconds of sound whose costs are told.
    private static let seconds = 10

    /// - Throws: ``AudioEncoderError``.
    mutating func add(_ model: AudioEncoder) throws {
        let samples = Self.seconds * model.samplingRate
        let cost = try model.plan(batch: 1, samples: samples)
        let frames = Double(model.samplingRate) / Double(model.samplesPerFrame)
        let perSecond = cost.flops / Double(Self.seconds)
        lines += [
            (
                "Input",
                "sound at \(model.samplingRate) Hz, \(Format.decimal(frames, 1)) frames a second of "
                    + "\(model.samplesPerFrame) samples, \(model.minimumSamples) samples at least"
            ),
            ("Layers", "\(model.layerCount) of width \(model.hiddenWidth)"),
            (
                "Operations",
                "\(Format.count(perSecond, unit: "FLOP")) a second of sound (of \(Self.seconds) s heard at once)"
            ),
            ("Memory", Self.memory(weights: model.weightBytes, activations: cost.activationBytes)),
        ]
        json += [
            ("sampling_rate", JSONValue(model.samplingRate)), ("samples_per_frame", JSONValue(model.samplesPerFrame)),
            ("minimum_samples", JSONValue(model.minimumSamples)), ("layers", JSONValue(model.layerCount)),
            ("width", JSONValue(model.hiddenWidth)), ("flops_per_second", JSONValue(perSecond)),
            ("flops_seconds", JSONValue(Self.seconds)), ("activation_bytes", JSONValue(cost.activationBytes)),
        ]
        switch model.head {
        case .none: lines.append(("Head", "none: hidden states only"))
        case .classification(let labels):
            self.labels = labels
            json.append(("labels", .array(labels.map { JSONValue($0) })))
        case .ctc(let count): addVocabulary(model, count)
        }
        if !model.languages.isEmpty {
            lines.append(("Languages", "\(model.languages.count): \(model.languages.joined(separator: ", "))"))
        }
        json.append(("languages", .array(model.languages.map { JSONValue($0) })))
    }

    /// A checkpoint without its vocabulary can still be described.
    private mutating func addVocabulary(_ model: AudioEncoder, _ count: Int) {
        do throws(CTCError) {
            let vocabulary = try CTCVocabulary(folder: model.folder, language: model.language)
            let letters = vocabulary.tokens.enumerated().filter { place, _ in
                place != vocabulary.delimiter && !vocabulary.specials.contains(place)
            }.map(\.element)
            let shown = letters.prefix(60).joined(separator: " ")
            let rest = letters.count - min(letters.count, 60)
            lines.append(("Vocabulary", "\(count) tokens: \(shown)\(rest > 0 ? " and \(rest) more" : "")"))
            json.append(("vocabulary", .array(vocabulary.tokens.map { JSONValue($0) })))
        } catch {
            lines.append(("Vocabulary", "\(count) tokens; \(oneLine(error.description))"))
            json.append(("vocabulary", .null))
        }
    }
}
