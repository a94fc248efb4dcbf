import Audio
import CTC
import TestSupport
import Testing

@testable import AudioEncoder

/// When the words of a text that is known are said.
@Suite struct TranscriberAlignmentTests {
    private let sound = MadeUpSound.whole

    @Test(arguments: TranscriberFixtures.names) func isTheAlignmentOfTheFrames(name: String) throws {
        let transcriber = try TranscriberFixtures.transcriber(name, .init(chunking: .whole))
        let text = "  nose on\tthe oasis\nis in\u{a0}tone "
        let found = try transcriber.align(samples: sound, text: text)
        let known = try ForcedAligner(transcriber.vocabulary).align(transcriber.emissions(sound), text: text)
        #expect(found.text == "nose on the oasis is in tone" && found.text == known.text)
        #expect(found.words == known.words.map { transcriber.timed($0) })
        #expect(found.characters == known.characters.map { transcriber.timed($0) })
        #expect(found.words.map(\.text) == ["nose", "on", "the", "oasis", "is", "in", "tone"])
        #expect(zip(found.words, found.words.dropFirst()).allSatisfy { $0.end <= $1.start })
        #expect(found.duration == 9.37)
    }

    @Test func whatWasHeardIsFoundWhereItWasHeard() throws {
        let transcriber = try TranscriberFixtures.transcriber("layer", .init(chunking: .chunks(seconds: 3)))
        let heard = try transcriber.transcribe(samples: sound)
        let folder = try TemporaryFolder()
        try AudioClip(samples: sound, rate: 16_000).writeWAV(to: folder.path("a.wav"), encoding: .float32)
        let found = try transcriber.align(path: folder.path("a.wav"), text: heard.text)
        #expect(found.wordPlaces == heard.wordPlaces)
        #expect(try transcriber.align(samples: sound, text: heard.text) == found)
    }

    @Test func piecesGiveTheWhole() throws {
        let transcriber = try TranscriberFixtures.transcriber("layer", .init(chunking: .whole))
        let emissions = try transcriber.emissions(sound)
        let text = GreedyDecoder(transcriber.vocabulary).decode(emissions).text
        let whole = try PiecewiseAligner(transcriber.vocabulary, cells: 1 << 30).align(emissions, text: text)
        for cells in [200_000, 60_000, 30_000] {
            let pieces = try PiecewiseAligner(transcriber.vocabulary, cells: cells).align(emissions, text: text)
            #expect(pieces.words == whole.words && pieces.text == whole.text)
            // Delimiters between pieces are the only letters that are not looked for.
            #expect(pieces.characters.filter { $0.text != " " } == whole.characters.filter { $0.text != " " })
        }
        let other = "no one has seen a stone in this tea "
        let long = String(repeating: other, count: 6)
        let error = #expect(throws: CTCError.self) {
            try PiecewiseAligner(transcriber.vocabulary, cells: 60_000).align(emissions, text: long)
        }
        guard case .tooLarge = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func cutsAreWhereBothSayTheSame() {
        func heard(_ text: String) -> [Span] {
            text.split(separator: " ").enumerated().map { index, word in
                Span(text: String(word), start: 10 * index, end: 10 * index + 6, score: 1)
            }
        }
        func cuts(_ text: String, _ sound: String) -> [[Int]] {
            PiecewiseAligner.cuts(words: text.split(separator: " ").map(String.init), heard: heard(sound))
                .map { [$0.word, $0.end, $0.start] }
        }
        #expect(cuts("one two three four", "ONE TWO THREE FOUR") == [[1, 6, 10], [2, 16, 20]])
        #expect(cuts("one two three", "one two three one two three").isEmpty)
        #expect(cuts("one two", "one two").isEmpty && cuts("", "").isEmpty)
        // What is heard before cannot come behind: the longest part in order counts.
        #expect(cuts("a b c d e f g", "e f g x a b c d") == [[1, 46, 50], [2, 56, 60]])
    }

    @Test(arguments: [[], [3], [1, 2, 3], [3, 2, 1], [4, 1, 5, 2, 3, 9, 6], [0, 8, 4, 12, 2, 10, 6, 14, 1, 9]])
    func longestIncreasingPart(numbers: [Int]) {
        let found = PiecewiseAligner.increasing(numbers).map { numbers[$0] }
        #expect(zip(found, found.dropFirst()).allSatisfy { $0 < $1 })
        // Dynamic programming as a reference.
        var lengths: [Int] = []
        for (place, number) in numbers.enumerated() {
            lengths.append(1 + ((0..<place).filter { numbers[$0] < number }.map { lengths[$0] }.max() ?? 0))
        }
        #expect(found.count == lengths.max() ?? 0)
    }

    @Test func textsThatDoNotFitAreRefused() throws {
        let transcriber = try TranscriberFixtures.transcriber()
        let long = String(repeating: "nose ", count: 400)
        for (samples, text) in [(sound, "quiz"), (sound, long), ([], "no"), (Array(sound[..<399]), "no")] {
            let error = #expect(throws: AudioEncoderError.self) { try transcriber.align(samples: samples, text: text) }
            guard case .ctc = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
        #expect(throws: AudioEncoderError.self) { try transcriber.align(samples: [.infinity], text: "no") }
    }

    @Test func noTextHasNoWords() throws {
        let transcriber = try TranscriberFixtures.transcriber()
        for text in ["", " \n"] {
            #expect(try transcriber.align(samples: sound, text: text) == Transcription(duration: 9.37))
            #expect(try transcriber.align(samples: [], text: text) == Transcription())
        }
    }
}
