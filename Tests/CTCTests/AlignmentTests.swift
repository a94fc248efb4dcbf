import JSON
import TestSupport
import Testing

@testable import CTC

/// Forced alignment against torchaudio.
@Suite struct AlignmentTests {
    @Test func pathsAreThoseOfTorchaudio() throws {
        let fixture = try CTCFixtures.read("alignments.json")
        let vocabulary = try lettersOf(fixture["tokens"]?.strings ?? [])
        let aligner = ForcedAligner(vocabulary)
        let cases = fixture["cases"]?.list ?? []
        #expect(cases.count == 14)
        for entry in cases {
            let text = entry["text"]?.stringValue ?? ""
            let emissions = try Emissions(entry["logits"], count: vocabulary.tokens.count)
            // The text is in small letters, the vocabulary in capitals.
            let transcript = try aligner.align(emissions, text: text)
            let labels = text.uppercased().map { vocabulary.tokens.firstIndex(of: $0 == " " ? "|" : String($0)) ?? -1 }
            #expect(try aligner.align(emissions, labels: labels) == entry["path"]?.ints)
            #expect(transcript.text == text)
            #expect(transcript.words.map(\.text) == text.split(separator: " ").map(String.init))
            #expect(abs(transcript.logProbability - (entry["logProbability"]?.doubleValue ?? 0)) < 1e-4)
            let spans = entry["spans"]?.list ?? []
            #expect(transcript.characters.count == spans.count)
            for (span, expected) in zip(transcript.characters, spans) {
                #expect([span.start, span.end] == [expected.list[1].intValue, expected.list[2].intValue])
                #expect(abs(Double(span.score) - (expected.list[3].doubleValue ?? 0)) < 1e-5)
            }
        }
    }

    /// Every path is tried on small cases: none is better.
    @Test func noPathIsBetter() throws {
        var random = SeededGenerator(seed: 8)
        for labels in [[1], [1, 2], [1, 1], [2, 1, 1]] {
            for frames in AlignmentPath.framesNeeded(labels)...7 {
                let emissions = try Emissions.logSoftmax(
                    logits: random.floats(frames * 3, scale: 3), frames: frames, count: 3)
                var best = -Double.infinity
                func go(_ frame: Int, _ last: Int, _ done: Int, _ score: Double) {
                    if frame == frames {
                        if done == labels.count { best = max(best, score) }
                        return
                    }
                    for token in 0..<3 {
                        let next = score + Double(emissions[frame, token])
                        if token == 0 || token == last {
                            go(frame + 1, token, done, next)
                        } else if done < labels.count && labels[done] == token {
                            go(frame + 1, token, done + 1, next)
                        }
                    }
                }
                go(0, 0, 0, 0)
                let path = AlignmentPath(emissions, labels: labels, blank: 0)
                #expect(abs(path.logProbability - best) < 1e-9, "\(labels) \(frames)")
            }
        }
    }

    /// Frames that say nothing leave all paths as likely: one of them is found.
    @Test func evenFramesHaveAPath() throws {
        let vocabulary = try lettersOf(["<pad>", "|", "a", "b"])
        let emissions = try Emissions.logSoftmax(logits: [Float](repeating: 0, count: 80), frames: 20, count: 4)
        let transcript = try ForcedAligner(vocabulary).align(emissions, text: "ab ba")
        #expect(transcript.characters.map(\.text).joined() == "ab ba")
    }

    @Test func refusesTextsThatDoNotFit() throws {
        let vocabulary = try lettersOf(["<pad>", "<unk>", "|", "a", "b", "ab"])
        let aligner = ForcedAligner(vocabulary)
        let emissions = try Emissions.logSoftmax(logits: [Float](repeating: 0, count: 30), frames: 5, count: 6)
        #expect(throws: CTCError.unspellable(text: "a7, <pad>", missing: ["7", ",", "<", "p", "d", ">"])) {
            try aligner.align(emissions, text: "a7, <pad>")
        }
        #expect(throws: CTCError.tooFewFrames(labels: 6, needed: 7, frames: 5)) {
            try aligner.align(emissions, text: "bb a b")
        }
        #expect(throws: CTCError.tooFewFrames(labels: 4, needed: 7, frames: 5)) {
            try aligner.align(emissions, text: "aaaa")
        }
        for label in [-1, 0, 6] { #expect(throws: CTCError.self) { try aligner.align(emissions, labels: [label]) } }
        #expect(try aligner.align(emissions, text: " \n") == Transcript())
        #expect(try aligner.align(emissions, text: "AB").characters.map(\.text) == ["ab"])
        let nothing = -Float.infinity
        let impossible = try Emissions(logProbabilities: [0, nothing, 0, nothing], frames: 2, count: 2)
        #expect(throws: CTCError.self) {
            try ForcedAligner(try lettersOf(["<pad>", "a"])).align(impossible, text: "a")
        }
        #expect(throws: CTCError.self) {
            try aligner.align(try .logSoftmax(logits: [0], frames: 1, count: 1), labels: [3])
        }
        let few = try Emissions.logSoftmax(logits: [0, 0], frames: 2, count: 1)
        let last = try CTCVocabulary(tokens: ["a", "-"], blank: 1)
        #expect(throws: CTCError.self) { try ForcedAligner(last).align(few, text: "a") }
    }
}
