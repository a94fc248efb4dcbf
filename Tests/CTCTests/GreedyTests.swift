import Foundation
import JSON
import TestSupport
import Testing

@testable import CTC

/// The most likely tokens as text, whole and in parts.
@Suite struct GreedyTests {
    /// What the automatic speech recognition pipeline gives, places in seconds.
    @Test func thePipelinesTextAndTimes() throws {
        let fixture = try CTCFixtures.read("pipeline.json")
        let vocabulary = try lettersOf(fixture["tokens"]?.strings ?? [])
        let decoder = GreedyDecoder(vocabulary)
        func stamped(_ spans: [Span]) -> [JSONValue] {
            spans.map {
                .array([.init($0.text), .init(Double($0.start * 320) / 16000), .init(Double($0.end * 320) / 16000)])
            }
        }
        for entry in fixture["cases"]?.list ?? [] {
            let transcript = decoder.decode(ids: entry["ids"]?.ints ?? [])
            #expect(transcript.text == entry["text"]?.stringValue)
            #expect(stamped(transcript.words) == entry["words"]?.list)
            #expect(stamped(transcript.characters) == entry["characters"]?.list)
            guard entry["logits"]?.isNull == false else { continue }
            let scored = decoder.decode(try Emissions(entry["logits"], count: vocabulary.tokens.count))
            #expect(scored.text == transcript.text)
            #expect(scored.words.places == transcript.words.places)
            #expect(scored.characters.places == transcript.characters.places)
            #expect(abs(scored.logProbability - (entry["logProbability"]?.doubleValue ?? 0)) < 1e-4)
        }
    }

    /// A character's score is the mean of its frames' probabilities, a word's that of its characters' frames.
    @Test func scoresAreMeansOfProbabilities() throws {
        let vocabulary = try lettersOf(["<pad>", "a", "b", "|"])
        func row(_ token: Int, _ probability: Float) -> [Float] {
            (0..<4).map { log($0 == token ? probability : (1 - probability) / 3) }
        }
        let rows = [row(1, 0.5), row(1, 0.7), row(0, 0.9), row(2, 0.9), row(3, 0.6), row(2, 1)]
        let emissions = try Emissions(logProbabilities: rows.flatMap { $0 }, frames: 6, count: 4)
        let transcript = GreedyDecoder(vocabulary).decode(emissions)
        #expect(transcript.text == "ab b")
        let expected: [Float] = [0.6, 0.9, 0.6, 1]
        for (span, score) in zip(transcript.characters, expected) { #expect(abs(span.score - score) < 1e-6) }
        #expect(abs(transcript.words[0].score - 0.7) < 1e-6)
        #expect(abs(transcript.logProbability - log(0.5 * 0.7 * 0.9 * 0.9 * 0.6)) < 1e-6)
    }

    /// Wherever the frames are cut, nothing is dropped or doubled.
    @Test func partsGiveTheWhole() throws {
        let vocabulary = try CTCVocabulary(
            tokens: ["-", "a", "b", "|", "é"], blank: 0, delimiter: 3, unknown: nil, lowercases: true)
        var random = SeededGenerator(seed: 5)
        for _ in 0..<40 {
            let count = Int.random(in: 0...60, using: &random)
            let emissions = try Emissions.logSoftmax(
                logits: random.floats(count * 5, scale: 4), frames: count, count: 5)
            let whole = GreedyDecoder(vocabulary).decode(emissions)
            var parts = StreamingGreedyDecoder(vocabulary)
            var pieces = StreamingGreedyDecoder(vocabulary)
            var words: [Span] = []
            var taken = Transcript()
            var start = 0
            func note(_ piece: Transcript) {
                taken.text += piece.text
                taken.words += piece.words
                taken.characters += piece.characters
            }
            while start < count {
                let end = min(count, start + Int.random(in: 1...9, using: &random))
                words += parts.add(emissions, frames: start..<end)
                _ = pieces.add(emissions[start..<end])
                note(pieces.take())
                start = end
            }
            words += parts.finish()
            _ = pieces.finish()
            note(pieces.take())
            #expect(parts.transcript == whole)
            #expect(words == whole.words)
            #expect(taken.words == whole.words && taken.characters == whole.characters)
            #expect(vocabulary.finished(taken.text) == whole.text)
        }
    }

    @Test func aPauseThatIsLeftOutPartsWords() throws {
        let vocabulary = try lettersOf(["<pad>", "a", "b", "|"])
        var decoder = StreamingGreedyDecoder(vocabulary)
        #expect(decoder.add(ids: [1, 2]) == [])
        #expect(decoder.skip(frames: 10).places == ["ab 0 2"])
        #expect(decoder.add(ids: [2]) == [])
        #expect(decoder.finish().places == ["b 12 13"])
        #expect(decoder.transcript.text == "ab b")
    }

    @Test func logSoftmaxIsStable() throws {
        let emissions = try Emissions.logSoftmax(
            logits: [1e30, -1e30, -.infinity, 3e38, 3e38, -3e38, 0, 0, 0], frames: 3, count: 3)
        #expect(emissions.values[0] == 0 && emissions.values[2] == -.infinity)
        #expect(abs(emissions.values[3] - log(0.5)) < 1e-6)
        #expect(abs(emissions.values[8] - log(1 / 3)) < 1e-6)
        for bad in [Float.nan, .infinity] {
            #expect(throws: CTCError.self) { try Emissions.logSoftmax(logits: [0, bad], frames: 1, count: 2) }
            #expect(throws: CTCError.self) { try Emissions(logProbabilities: [0, bad], frames: 1, count: 2) }
        }
        let nothing = -Float.infinity
        #expect(throws: CTCError.self) { try Emissions.logSoftmax(logits: [nothing, nothing], frames: 1, count: 2) }
        #expect(throws: CTCError.self) { try Emissions.logSoftmax(logits: [0, 0, 0], frames: 1, count: 2) }
        #expect(throws: CTCError.self) { try Emissions.logSoftmax(logits: [], frames: -1, count: 2) }
        #expect(throws: CTCError.self) { try Emissions.logSoftmax(logits: [], frames: .max, count: .max) }
    }

    /// 33 minutes of frames.
    @Test(.timeLimit(.minutes(1))) func aHundredThousandFrames() throws {
        let vocabulary = try lettersOf(["<pad>", "|", "a", "b", "c", "d"])
        var random = SeededGenerator(seed: 9)
        let ids = (0..<100_000).map { _ in Int.random(in: 0..<6, using: &random) }
        #expect(GreedyDecoder(vocabulary).decode(ids: ids).characters.count > 50_000)
    }
}
