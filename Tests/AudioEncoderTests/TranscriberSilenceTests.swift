import AudioEncoder
import TestSupport
import Testing

/// Silence that is skipped.
@Suite struct TranscriberSilenceTests {
    private let sound = MadeUpSound.whole
    /// Three sounds between silences.
    private var talk: [Float] {
        silence(3) + Array(sound[..<40_000]) + silence(2.5) + Array(sound[40_000..<100_000]) + silence(4)
            + Array(sound[100_000...]) + silence(1.2)
    }

    private func silence(_ seconds: Double) -> [Float] { [Float](repeating: 0, count: Int(seconds * 16_000)) }

    @Test(arguments: TranscriberFixtures.names) func passagesAreSoundsByThemselves(name: String) throws {
        let skipping = Transcriber.Options(voiceActivity: VoiceActivity())
        let plain = try TranscriberFixtures.transcriber(name)
        let found = try TranscriberFixtures.transcriber(name, skipping).transcribe(samples: talk)
        #expect(found.skipped.count == 4)
        #expect(found.duration == Double(talk.count) / 16_000)
        var known = Transcription(duration: found.duration)
        var start = 0
        for stretch in found.skipped {
            let end = Int((stretch.start * 16_000).rounded())
            let passage = try plain.transcribe(samples: Array(talk[start..<end]))
            func moved(_ span: TimedSpan) -> TimedSpan {
                let offset = Double(start)
                return TimedSpan(
                    text: span.text, start: (span.start * 16_000 + offset) / 16_000,
                    end: (span.end * 16_000 + offset) / 16_000, score: span.score)
            }
            if !passage.text.isEmpty { known.text += (known.text.isEmpty ? "" : " ") + passage.text }
            known.words += passage.words.map(moved)
            start = Int((stretch.end * 16_000).rounded())
        }
        #expect(found.text == known.text)
        #expect(found.words == known.words)
        #expect(start == talk.count)
        // Nobody speaks where it was silent, but for the padding.
        #expect(abs(found.skipped[0].end - 2.7) < 0.05 && found.skipped[0].start == 0)
    }

    @Test func blocksDoNotMatter() throws {
        let options = Transcriber.Options(chunking: .chunks(seconds: 2), voiceActivity: VoiceActivity())
        let transcriber = try TranscriberFixtures.transcriber("group", options)
        let whole = try transcriber.transcribe(samples: talk)
        for size in [1_000, 33_333] {
            var stream = try transcriber.stream()
            var (text, words, skipped) = ("", [TimedSpan](), 0.0)
            for start in stride(from: 0, to: talk.count, by: size) {
                let piece = try stream.append(Array(talk[start..<min(start + size, talk.count)]))
                text += piece.text
                words += piece.words
                skipped += piece.skipped.reduce(0) { $0 + $1.end - $1.start }
            }
            let rest = try stream.finish()
            text += rest.text
            words += rest.words
            skipped += rest.skipped.reduce(0) { $0 + $1.end - $1.start }
            #expect(text == whole.text && words == whole.words)
            #expect(abs(skipped - whole.skipped.reduce(0) { $0 + $1.end - $1.start }) < 1e-9)
        }
    }

    @Test func silenceIsSkippedWhole() throws {
        let transcriber = try TranscriberFixtures.transcriber("layer", .init(voiceActivity: VoiceActivity()))
        let found = try transcriber.transcribe(samples: silence(7))
        #expect(found == Transcription(skipped: [SkippedStretch(start: 0, end: 7)], duration: 7))
    }
}
