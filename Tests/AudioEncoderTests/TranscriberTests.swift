import Audio
import CTC
import TensorCore
import TestSupport
import Testing

@testable import AudioEncoder

/// From sound to timed words.
@Suite struct TranscriberTests {
    private typealias Options = Transcriber.Options

    private let sound = MadeUpSound.whole

    /// Ways to cut a sound.
    private static let chunkings: [Transcriber.Chunking] = [
        .automatic, .whole, .chunks(seconds: 2), .chunks(seconds: 1.1, left: 0, right: 0.3),
    ]

    @Test(arguments: TranscriberFixtures.cases)
    func isThePipelineOfTheReference(_ known: TranscriberFixtures.Case) throws {
        let transcriber = try TranscriberFixtures.transcriber(known.folder, Options(chunking: known.chunking))
        let found = try transcriber.transcribe(samples: sound)
        #expect(!known.words.isEmpty)
        #expect(found.text == known.text)
        #expect(found.wordPlaces == known.words)
        #expect(found.characterPlaces == known.characters)
        #expect(found.duration == 9.37)
        #expect(found.words.allSatisfy { $0.score > 0 && $0.score <= 1 })
    }

    @Test(arguments: chunkings) func blocksDoNotMatter(_ chunking: Transcriber.Chunking) throws {
        let transcriber = try TranscriberFixtures.transcriber("group", Options(chunking: chunking))
        let whole = try transcriber.transcribe(samples: sound)
        for size in [160, 7_919, 100_000] {
            var stream = try transcriber.stream()
            var found = Transcription()
            var seconds = 0.0
            for start in stride(from: 0, to: sound.count, by: size) {
                let piece = try stream.append(Array(sound[start..<min(start + size, sound.count)]))
                #expect(piece.processed >= seconds)
                seconds = piece.processed
                found.add(piece)
            }
            found.add(try stream.finish())
            #expect(found == whole)
        }
    }

    @Test func piecesAreWholeWords() throws {
        let transcriber = try TranscriberFixtures.transcriber("layer", Options(chunking: .chunks(seconds: 1.5)))
        var texts: [String] = []
        var words: [TimedSpan] = []
        let clip = AudioClip(samples: sound, rate: 16_000)
        let folder = try TemporaryFolder()
        try clip.writeWAV(to: folder.path("a.wav"), encoding: .float32)
        let whole = try transcriber.transcribe(path: folder.path("a.wav")) { piece in
            texts.append(piece.text)
            words += piece.words
            // What is told of the text are the words that are told.
            let spelled = texts.joined().split(separator: " ").map(String.init)
            #expect(spelled == Array(words.map(\.text).prefix(spelled.count)))
            return true
        }
        #expect(texts.filter { !$0.isEmpty }.count > 4)
        #expect(texts.joined() == whole.text && words == whole.words)
        #expect(try transcriber.transcribe(samples: sound) == whole)
    }

    @Test(arguments: [0, 1, 399]) func whatIsShorterThanAFrameIsEmpty(count: Int) throws {
        for options in [Options(), Options(decoding: .beam(.init())), Options(voiceActivity: VoiceActivity())] {
            let found = try TranscriberFixtures.transcriber("group", options)
                .transcribe(samples: Array(sound[..<count]))
            #expect(found.text.isEmpty && found.words.isEmpty && found.characters.isEmpty)
            #expect(found.duration == Double(count) / 16_000)
        }
    }

    @Test(arguments: [400, 401, 719, 720]) func theFirstFramesAreRead(count: Int) throws {
        let transcriber = try TranscriberFixtures.transcriber("layer")
        let found = try transcriber.transcribe(samples: Array(sound[..<count]))
        #expect(found.characters.allSatisfy { $0.end <= Double(count < 720 ? 320 : 640) / 16_000 })
    }

    /// Nothing, an offset, and the last bits of 16-bit sound.
    static let silences: [[Float]] = [
        [Float](repeating: 0, count: 40_000), [Float](repeating: 0.25, count: 40_000),
        MadeUpSound.samples(40_000).map { ($0 * 4).rounded() / 65_536 },
    ]

    /// AU11
    @Test(arguments: silences) func silenceIsEmpty(_ silence: [Float]) throws {
        for chunking in Self.chunkings {
            for decoding in [Transcriber.Decoding.greedy, .beam(.init())] {
                let transcriber = try TranscriberFixtures.transcriber(
                    "group", Options(decoding: decoding, chunking: chunking))
                let found = try transcriber.transcribe(samples: silence)
                #expect(found == Transcription(duration: 2.5))
            }
        }
    }

    /// AU11
    @Test func oneSoundDoesNotLeakIntoTheNext() throws {
        let transcriber = try TranscriberFixtures.transcriber()
        #expect(try !transcriber.transcribe(samples: sound).text.isEmpty)
        #expect(try transcriber.transcribe(samples: Self.silences[0]).text.isEmpty)
    }

    @Test func searchIsThatOfTheWhole() throws {
        var search = Transcriber.BeamSearch()
        search.width = 20
        let options = Options(decoding: .beam(search), chunking: .chunks(seconds: 2))
        let transcriber = try TranscriberFixtures.transcriber("layer", options)
        var gathered = Emissions(count: transcriber.vocabulary.tokens.count)
        for chunk in transcriber.rule.chunks(samples: sound.count) {
            let part = try transcriber.emissions(Array(sound[chunk.start..<chunk.start + chunk.count]))
            try gathered.append(part[transcriber.rule.keptFrames(of: chunk, frames: part.frames)])
        }
        var numbers = BeamSearchDecoder.Options()
        numbers.width = 20
        let known = try BeamSearchDecoder(transcriber.vocabulary, options: numbers).decode(gathered)
        let found = try transcriber.transcribe(samples: sound)
        #expect(found.text == known.text)
        #expect(found.words.map(\.text) == known.words.map(\.text))
        #expect(found.words.count > 10)
    }

    @Test func threadsDoNotMatter() throws {
        let options = Options(chunking: .chunks(seconds: 3))
        let known = try TranscriberFixtures.transcriber("group", options).transcribe(samples: sound)
        let alone = try Transcriber(
            folder: TranscriberFixtures.path("group"), runtime: Runtime(threads: 1), options: options)
        #expect(try alone.transcribe(samples: sound) == known)
    }

    @Test func samplesHaveToBeNumbers() throws {
        var broken = sound
        broken[12_345] = .nan
        var stream = try TranscriberFixtures.transcriber().stream()
        _ = try stream.append(Array(broken[..<10_000]))
        let error = #expect(throws: AudioEncoderError.self) { try stream.append(Array(broken[10_000...])) }
        #expect(error?.description.contains("nan as sample 12345") == true)
    }

    @Test func nothingComesBehindTheEnd() throws {
        var stream = try TranscriberFixtures.transcriber().stream()
        _ = try stream.append(sound)
        let last = try stream.finish()
        #expect(!last.isEmpty)
        var again = TranscriptionPiece()
        again.processed = last.processed
        #expect(try stream.finish() == again)
        #expect(throws: AudioEncoderError.self) { try stream.append([0]) }
    }

    @Test func callersCanStop() throws {
        let folder = try TemporaryFolder()
        try AudioClip(samples: sound, rate: 16_000).writeWAV(to: folder.path("a.wav"))
        let transcriber = try TranscriberFixtures.transcriber("group", Options(chunking: .chunks(seconds: 1)))
        var calls = 0
        let error = #expect(throws: AudioEncoderError.self) {
            try transcriber.transcribe(path: folder.path("a.wav")) { _ in
                calls += 1
                return calls < 3
            }
        }
        guard case .cancelled = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(calls == 3)
    }

    @Test func readersNeedTheRateOfTheNetwork() throws {
        let folder = try TemporaryFolder()
        try AudioClip(samples: sound, rate: 16_000).writeWAV(to: folder.path("a.wav"))
        let reader = try AudioReader(path: folder.path("a.wav"), rate: 8000)
        let error = #expect(throws: AudioEncoderError.self) {
            try TranscriberFixtures.transcriber().transcribe(reader)
        }
        #expect(error?.description.contains("16000") == true && error?.description.contains("8000") == true)
    }

    @Test func filesThatAreNoSoundAreRefused() throws {
        let folder = try TemporaryFolder()
        let path = try folder.write("What is said here is not sound.", as: "text.wav")
        for call in [path, folder.path("missing.wav")] {
            let error = #expect(throws: AudioEncoderError.self) {
                try TranscriberFixtures.transcriber().transcribe(path: call)
            }
            guard case .audio = error else {
                Issue.record("\(String(describing: error))")
                return
            }
        }
    }

    @Test func wholePassesHaveALimit() throws {
        let transcriber = try TranscriberFixtures.transcriber("group", Options(chunking: .whole))
        let silence = [Float](repeating: 0, count: Int(Transcriber.longestPass) * 16_000 + 1)
        let error = #expect(throws: AudioEncoderError.self) { try transcriber.transcribe(samples: silence) }
        #expect(error?.description.contains("300") == true)
    }

    /// Options that cannot be.
    private static let refused: [Options] = [
        Options(chunking: .chunks(seconds: 0)), Options(chunking: .chunks(seconds: -1)),
        Options(chunking: .chunks(seconds: .nan)), Options(chunking: .chunks(seconds: 1, left: 0.5, right: 0.5)),
        Options(chunking: .chunks(seconds: 301)), Options(chunking: .chunks(seconds: 3, left: -1, right: 0)),
        Options(decoding: .beam(search { $0.width = 0 })),
        Options(decoding: .beam(search { $0.hotwords = ["xyz"] })),
        Options(decoding: .beam(search { $0.wordBonus = .infinity })),
        Options(voiceActivity: activity { $0.padding = 0.6 }), Options(voiceActivity: activity { $0.margin = .nan }),
        Options(voiceActivity: activity { $0.minimumSilence = 0 }),
    ]

    private static func search(_ change: (inout Transcriber.BeamSearch) -> Void) -> Transcriber.BeamSearch {
        var search = Transcriber.BeamSearch()
        change(&search)
        return search
    }

    private static func activity(_ change: (inout VoiceActivity) -> Void) -> VoiceActivity {
        var activity = VoiceActivity()
        change(&activity)
        return activity
    }

    @Test(arguments: refused.indices) func impossibleOptionsAreRefused(index: Int) {
        #expect(throws: AudioEncoderError.self) {
            try TranscriberFixtures.transcriber("group", Self.refused[index])
        }
    }
}
