import Foundation
import JSON
import TestSupport
import Testing

@testable import CTC

/// Beam search against pyctcdecode, with and without a language model and preferred words.
@Suite struct BeamTests {
    private func decoder(_ entry: JSONValue, _ model: NGramModel) throws -> BeamSearchDecoder {
        let vocabulary = try lettersOf(entry["tokens"]?.strings ?? [])
        var options = BeamSearchDecoder.Options()
        let given = entry["options"]
        options.width = given?["beam_width"]?.intValue ?? options.width
        options.beamMargin = given?["beam_prune_logp"]?.doubleValue ?? options.beamMargin
        options.tokenMargin = given?["token_min_logp"]?.doubleValue ?? options.tokenMargin
        options.prunesHistory = given?["prune_history"]?.boolValue ?? options.prunesHistory
        options.weight = given?["alpha"]?.doubleValue ?? options.weight
        options.wordBonus = given?["beta"]?.doubleValue ?? options.wordBonus
        options.unknownOffset = given?["unk_score_offset"]?.doubleValue ?? options.unknownOffset
        options.scoresBoundaries = given?["lm_score_boundary"]?.boolValue ?? options.scoresBoundaries
        options.hotwordWeight = given?["hotword_weight"]?.doubleValue ?? options.hotwordWeight
        return try BeamSearchDecoder(
            vocabulary, options: options, languageModel: entry["languageModel"]?.boolValue == true ? model : nil,
            hotwords: given?["hotwords"]?.strings ?? [])
    }

    @Test func textsAndPlacesAreThoseOfPyctcdecode() throws {
        let cases = try CTCFixtures.list("beams.json")
        let model = try NGramModel(path: CTCFixtures.path("corpus.arpa"))
        #expect(cases.count == 24)
        for (number, entry) in cases.enumerated() {
            let decoder = try decoder(entry, model)
            let emissions = try Emissions(entry["logits"], count: decoder.vocabulary.tokens.count)
            let transcript = decoder.decode(emissions)
            #expect(transcript.text == entry["text"]?.stringValue, "\(number)")
            #expect(transcript.words.places == entry["words"]?.spans, "\(number)")
            #expect(abs(transcript.logProbability - (entry["score"]?.doubleValue ?? 0)) < 1e-3, "\(number)")
            #expect(transcript.words.allSatisfy { $0.score >= 0 && $0.score <= 1 })
            if number < 4 { #expect(decoder.decode(emissions) == transcript) }
            // As frames come, in parts: the same words and, where hypotheses agree on them, the same places.
            var live = StreamingBeamSearchDecoder(decoder)
            var words: [Span] = []
            var text = ""
            for start in stride(from: 0, to: emissions.frames, by: 7) {
                words += live.add(emissions, frames: start..<min(emissions.frames, start + 7))
                text += live.take().text
            }
            words += live.finish()
            text += live.take().text
            #expect(words.map(\.text) == transcript.words.map(\.text), "\(number)")
            #expect(text == transcript.text, "\(number)")
        }
    }

    /// One hypothesis and no pruning of the others' tokens is not greedy decoding, but on clear frames it says the
    /// same.
    @Test func clearFramesGiveTheGreedyText() throws {
        let vocabulary = try lettersOf(["<pad>", "<unk>", "|", "a", "b", "c"])
        let ids = [3, 3, 0, 3, 2, 0, 4, 5, 5, 0, 2, 2, 0, 3]
        var logits = [Float](repeating: 0, count: ids.count * 6)
        for (frame, id) in ids.enumerated() { logits[frame * 6 + id] = 12 }
        let emissions = try Emissions.logSoftmax(logits: logits, frames: ids.count, count: 6)
        for width in [1, 3, 100] {
            var options = BeamSearchDecoder.Options()
            options.width = width
            let beam = try BeamSearchDecoder(vocabulary, options: options).decode(emissions)
            let greedy = GreedyDecoder(vocabulary).decode(emissions)
            #expect(beam.text == greedy.text)
            #expect(beam.words.places == greedy.words.places)
            for (one, other) in zip(beam.words, greedy.words) { #expect(abs(one.score - other.score) < 1e-3) }
            #expect(beam.characters.map(\.text).joined() == "aabca")
        }
        let none = try BeamSearchDecoder(vocabulary).decode(try .logSoftmax(logits: [], frames: 0, count: 6))
        #expect(none.text == "" && none.words == [])
    }

    /// Memory is bounded by what is open: long audio is forgotten as it goes, and the text stays that of the whole.
    @Test func longAudioIsForgotten() throws {
        let model = try NGramModel(path: CTCFixtures.path("corpus.arpa"))
        let entry = try CTCFixtures.list("beams.json").first { $0["languageModel"]?.boolValue == true }
        let base = try #require(entry)
        let vocabulary = try lettersOf(base["tokens"]?.strings ?? [])
        var options = BeamSearchDecoder.Options()
        options.width = 20
        let decoder = try BeamSearchDecoder(vocabulary, options: options, languageModel: model)
        let one = try Emissions(base["logits"], count: vocabulary.tokens.count)
        var all = Emissions(count: vocabulary.tokens.count)
        for _ in 0..<120 { try all.append(one) }
        let whole = decoder.decode(all)
        var live = StreamingBeamSearchDecoder(decoder)
        var words: [String] = []
        var largest = 0
        for start in stride(from: 0, to: all.frames, by: 50) {
            words += live.add(all, frames: start..<min(all.frames, start + 50)).map(\.text)
            largest = max(largest, live.size)
        }
        words += live.finish().map(\.text)
        #expect(words == whole.words.map(\.text))
        #expect(largest < 1 << 16)
    }

    /// A search over the whole forgets what it does not need, too.
    @Test func longAudioAtOnceIsForgotten() throws {
        let entry = try #require(try CTCFixtures.list("beams.json").first)
        let vocabulary = try lettersOf(entry["tokens"]?.strings ?? [])
        var options = BeamSearchDecoder.Options()
        options.width = 20
        let decoder = try BeamSearchDecoder(vocabulary, options: options)
        let one = try Emissions(entry["logits"], count: vocabulary.tokens.count)
        var whole = StreamingBeamSearchDecoder(decoder, isLive: false)
        var largest = 0
        for _ in 0..<100 {
            #expect(whole.add(one).isEmpty)
            largest = max(largest, whole.nodes)
        }
        let words = whole.finish()
        #expect(words.count > 100 && words.map(\.text).joined(separator: " ") == whole.transcript.text)
        #expect(largest < 1 << 15, "\(largest)")
    }

    /// A model in small letters serves a vocabulary of capitals.
    @Test func theOtherCaseIsLookedUp() throws {
        let model = try NGramModel(path: CTCFixtures.path("corpus.arpa"))
        let entry = try #require(try CTCFixtures.list("beams.json").first { $0["languageModel"]?.boolValue == true })
        let tokens = entry["tokens"]?.strings ?? []
        let upper = tokens.map { $0.hasPrefix("<") ? $0 : $0.uppercased() }
        let emissions = try Emissions(entry["logits"], count: tokens.count)
        let small = try BeamSearchDecoder(try lettersOf(tokens), languageModel: model).decode(emissions)
        let large = try BeamSearchDecoder(try lettersOf(upper), languageModel: model).decode(emissions)
        #expect(large.text == small.text.uppercased())
        #expect(large.logProbability == small.logProbability)
        #expect(throws: CTCError.self) {
            try BeamSearchDecoder(try lettersOf(["<pad>", "|", "ж", "ш"]), languageModel: model)
        }
    }

    @Test func refusesOptionsAndVocabularies() throws {
        let vocabulary = try lettersOf(["<pad>", "|", "a", "b"])
        func options(_ change: (inout BeamSearchDecoder.Options) -> Void) -> BeamSearchDecoder.Options {
            var options = BeamSearchDecoder.Options()
            change(&options)
            return options
        }
        for bad in [
            options { $0.width = 0 }, options { $0.width = 1_000_000 }, options { $0.weight = -1 },
            options { $0.weight = .nan }, options { $0.beamMargin = 1 }, options { $0.hotwordWeight = .infinity },
        ] {
            #expect(throws: CTCError.self) { try BeamSearchDecoder(vocabulary, options: bad) }
        }
        for piece in ["##b", "\u{2581}b", "b c"] {
            #expect(throws: CTCError.self) { try BeamSearchDecoder(try lettersOf(["<pad>", "|", "a", piece])) }
        }
        #expect(throws: CTCError.unspellable(text: "zoo", missing: ["z", "o", "o"])) {
            try BeamSearchDecoder(vocabulary, hotwords: ["ab zoo"])
        }
    }
}
