import Audio
import Foundation
import Testing

@testable import ZooCommand

/// `zoo transcribe` of made-up sounds, whose text is known.
@Suite struct TranscribeTests {
    private func run(_ words: [String], model: String, input: Data? = nil) throws -> ZooBinary.Result {
        try ZooBinary.run(["transcribe", "--model", model, "--threads", "1"] + words, bytes: input)
    }

    private func words(_ object: [String: Any]) throws -> [(word: String, start: Double, end: Double, score: Double)] {
        try #require(object["words"] as? [[String: Any]]).map { word in
            #expect(Set(word.keys) == ["word", "start", "end", "score"])
            return (
                try #require(word["word"] as? String), try #require(word["start"] as? Double),
                try #require(word["end"] as? Double), try #require(word["score"] as? Double)
            )
        }
    }

    @Test func theTextAndHowFastItWent() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let sound = try scratch.sound("a.wav", saying: "bad cafe")
        let outcome = try run([sound], model: model)
        #expect(outcome.code == 0 && outcome.output == "bad cafe\n", "\(outcome.errors)")
        #expect(outcome.errors.hasPrefix("zoo: 1.0 s of sound in ") && outcome.errors.contains("real-time factor "))
        let quiet = try ZooBinary.run(["--quiet", "transcribe", "-m", model, sound])
        #expect(quiet.output == "bad cafe\n" && quiet.errors.isEmpty)
    }

    @Test func forPrograms() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let sound = try scratch.sound("a.wav", saying: "ab a")
        let outcome = try run(["--json", sound], model: model)
        #expect(outcome.code == 0, "\(outcome.errors)")
        #expect(
            outcome.output.hasPrefix(
                #"{"input":"\#(sound)","model":"\#(model)","duration":0.54,"text":"ab a","words":[{"#))
        let object = try #require(try outcome.objects().first)
        #expect(Set(object.keys) == ["input", "model", "duration", "text", "words"])
        let found = try words(object)
        #expect(found.map(\.word) == ["ab", "a"])
        #expect(found.map(\.start) == [0, 0.36] && found.map(\.end) == [0.2, 0.44])
        #expect(found.allSatisfy { $0.score > 0.99 && $0.score <= 1 })
        let characters = try run(["--json", "--timestamps", "char", sound], model: model).objects().first
        let spans = try #require(characters?["characters"] as? [[String: Any]])
        #expect(spans.compactMap { $0["character"] as? String } == ["a", "b", " ", "a"])
        #expect(spans.compactMap { $0["start"] as? Double } == [0, 0.12, 0.24, 0.36])
    }

    @Test func timestampsAsLines() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let sound = try scratch.sound("a.wav", saying: "ab a")
        #expect(
            try run(["--timestamps", "word", sound], model: model).output
                == "    0.00     0.20  ab\n    0.36     0.44  a\n")
        #expect(try run(["--timestamps", "char", sound], model: model).lines.count == 4)
    }

    @Test func aFolderAndOneBadFile() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        try scratch.sound("set/a.wav", saying: "ab")
        try scratch.sound("set/deep/c.wav", saying: "cd")
        let text = try scratch.write(Data("this is no sound, whatever it is called\n".utf8), "set/b.wav")
        try scratch.write(Data("no sound either".utf8), "set/d.txt")
        let outcome = try run(["--json", "\(scratch.path)/set"], model: model)
        #expect(outcome.code == 65)
        let objects = try outcome.objects()
        #expect(objects.map { $0["text"] as? String } == ["ab", nil, "cd"])
        #expect(objects[1]["input"] as? String == text)
        #expect((objects[1]["error"] as? String)?.contains("not WAV, FLAC, Ogg, Opus, MP3 or AIFF") == true)
        #expect(outcome.errors.contains("1 of 3 inputs could not be transcribed"))
        let plain = try run(["\(scratch.path)/set"], model: model)
        #expect(plain.output == "\(scratch.path)/set/a.wav: ab\n\(scratch.path)/set/deep/c.wav: cd\n")
        #expect(plain.errors.contains("zoo: \(text): ") && plain.code == 65)
    }

    @Test func badSounds() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let empty = try scratch.write(Data(), "bad/empty.wav")
        var header = Data("RIFF".utf8)
        func append(_ value: UInt32, _ bytes: Int) {
            for byte in 0..<bytes { header.append(UInt8(truncatingIfNeeded: value >> (8 * UInt32(byte)))) }
        }
        // Ten hours of 16-bit sound at 16 kHz are promised, a kilobyte is there.
        append(1_152_000_036, 4)
        header += Data("WAVEfmt ".utf8)
        for (value, bytes) in [(16, 4), (1, 2), (1, 2), (16_000, 4), (32_000, 4), (2, 2), (16, 2)] {
            append(UInt32(value), bytes)
        }
        header += Data("data".utf8)
        append(1_152_000_000, 4)
        let long = try scratch.write(header + Data(count: 1000), "bad/long.wav")
        let cases: [(words: [String], code: Int32, part: String)] = [
            ([empty], 65, "there is nothing in it"), ([long], 65, "cut short"),
            (["\(scratch.path)/none.wav"], 66, "No such file"), (["\(scratch.path)/bad"], 65, "2 of 2 inputs"),
            ([model + "/config.json"], 65, "not WAV"),
            (["--channel", "2", try scratch.sound("x.wav", saying: "a")], 65, "no channel 2"),
        ]
        for (words, code, part) in cases {
            let outcome = try run(words, model: model)
            #expect(outcome.code == code && outcome.output.isEmpty, "\(words): \(outcome.code) \(outcome.errors)")
            #expect(outcome.errors.contains(part), "\(words): \(outcome.errors)")
            #expect(!outcome.wasSignalled)
        }
        try FileManager.default.createDirectory(atPath: "\(scratch.path)/nothing", withIntermediateDirectories: true)
        let none = try run(["\(scratch.path)/nothing"], model: model)
        #expect(none.code == 66 && none.errors.contains("no sounds in") && none.errors.contains("flac"))
    }

    /// Silence, and what is too short for a frame, give an empty text.
    @Test(arguments: [0, 1, 319, 320, 16_000])
    func silenceSaysNothing(samples: Int) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let sound = try scratch.sound("s.wav", [Float](repeating: 0, count: samples))
        let outcome = try run(["--json", sound], model: scratch.tones())
        #expect(outcome.code == 0, "\(outcome.errors)")
        let object = try #require(try outcome.objects().first)
        #expect(object["text"] as? String == "" && (object["words"] as? [Any])?.isEmpty == true)
        #expect(abs((object["duration"] as? Double ?? -1) - Double(samples) / 16_000) < 1e-6)
    }

    @Test func wrongUsage() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let sound = try scratch.sound("a.wav", saying: "ab")
        let text = try scratch.write(Data("ab".utf8), "a.txt")
        let cases: [(words: [String], code: Int32, part: String)] = [
            ([], 2, "missing argument INPUT"), (["-", "-"], 2, "given twice"),
            (["--pcm", "s16le:16000", sound], 2, "give '-' as INPUT"), (["--pcm", "x", "-"], 2, "option '--pcm'"),
            (["--format", "srt", sound, sound], 2, "give a folder with --output"),
            (["--plot", "\(scratch.path)/p.png", sound, sound], 2, "single file"),
            (["--plot", "\(scratch.path)/p.png", "-"], 2, "needs a file"),
            (["--align", text, sound, sound], 2, "single file"), (["--align", text, "--stream", sound], 2, "together"),
            (["--stream", "-o", "x.txt", sound], 2, "together"), (["--json", "--format", "srt", sound], 2, "together"),
            (["--lm-weight", "1", sound], 2, "--lm FILE"), (["--hotword-weight", "1", sound], 2, "--hotword"),
            (["--stride", "15", sound], 2, "less than half of --chunk"),
            (["--chunk", "0", "--stride", "1", sound], 2, "no --stride"), (["--beam", "0", sound], 2, "1 to 10000"),
            (["--lm", "\(scratch.path)/none.arpa", sound], 66, "none.arpa"),
            (["--lm", text, sound], 65, "a.txt"), (["--align", "\(scratch.path)/none.txt", sound], 66, "none.txt"),
            (["--language", "eng", sound], 2, "no adapter for the language"),
            (["--align", try scratch.write(Data("a zebra".utf8), "z.txt"), sound], 65, "cannot spell 'zebra'"),
            (["--align", try scratch.write(Data([0xFF]), "bytes.txt"), sound], 65, "not UTF-8"),
        ]
        for (words, code, part) in cases {
            let outcome = try run(words, model: model)
            #expect(outcome.code == code && outcome.output.isEmpty, "\(words): \(outcome.code) \(outcome.errors)")
            #expect(outcome.errors.contains(part), "\(words): \(outcome.errors)")
        }
    }

    @Test func modelsThatDoNotTranscribe() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let sound = try scratch.sound("a.wav", saying: "ab")
        let cases: [(model: String, code: Int32, part: String)] = [
            (try scratch.tones("bare", head: .none), 69, "no head for CTC"),
            (try scratch.tones("classes", head: .classification), 69, "no head for CTC"),
            (Fixtures.resnet, 2, "is an image classifier and hears nothing"),
            (Fixtures.sentence("minilm"), 2, "is a sentence encoder and hears nothing"),
            ("\(scratch.path)/none", 69, "not a model folder"), ("no-such-model", 69, "no model is called"),
        ]
        for (model, code, part) in cases {
            let outcome = try run([sound], model: model)
            #expect(outcome.code == code && outcome.errors.contains(part), "\(model): \(outcome.errors)")
        }
        let broken = try scratch.tones("broken")
        try FileManager.default.removeItem(atPath: "\(broken)/vocab.json")
        #expect(try run([sound], model: broken).code == 69)
    }

    @Test func standardInput() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let samples = ToneModel.sound("cab bed")
        let pcm = try run(["--json", "--pcm", "s16le:16000", "-"], model: model, input: ToneModel.pcm(samples))
        #expect(pcm.code == 0, "\(pcm.errors)")
        #expect(try pcm.objects().first?["text"] as? String == "cab bed")
        #expect(try pcm.objects().first?["input"] as? String == "-")
        let wav = try Data(contentsOf: URL(filePath: scratch.sound("a.wav", samples)))
        #expect(try run(["-"], model: model, input: wav).output == "cab bed\n")
        let bad = try run(["-"], model: model, input: Data("no sound".utf8))
        #expect(bad.code == 65 && bad.errors.contains("standard input"))
        #expect(try run(["-"], model: model, input: Data()).code == 65)
    }

    /// A command that waits for a microphone ends at the first signal, not with the next sample.
    @Test(arguments: [["--pcm", "s16le:16000", "-"], ["-"]])
    func interruptedWait(words: [String]) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let process = try ZooBinary.make(["transcribe", "--stream", "--model", try scratch.tones()] + words)
        let (input, errors) = (Pipe(), Pipe())
        (process.standardInput, process.standardError) = (input, errors)
        try process.run()
        // Raw samples are taken from the pipe only by a command that has its signal handler and its model.
        if words.count > 1 {
            try input.fileHandleForWriting.write(contentsOf: ToneModel.pcm(ToneModel.sound("cab")))
        }
        usleep(500_000)
        process.interrupt()
        ZooBinary.wait(for: process)
        try input.fileHandleForWriting.close()
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
    }

    @Test func filesThatLastTooLong() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let sound = try scratch.sound("a.wav", ToneModel.silence(frames: 250))
        #expect(try run(["--max-hours", "0.0014", sound], model: model).code == 0)
        let outcome = try run(["--max-hours", "0.001", sound], model: model)
        #expect(outcome.code == 65 && outcome.errors.contains("at most 3.6 s"), "\(outcome.errors)")
    }

    @Test func channels() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let (left, right) = (ToneModel.sound("aba"), ToneModel.sound("cdc"))
        let both = zip(left, right).flatMap { [$0, $1] }
        for (channel, text) in [("1", "aba"), ("2", "cdc")] {
            let outcome = try run(
                ["--pcm", "s16le:16000:2", "--channel", channel, "-"], model: model, input: ToneModel.pcm(both))
            #expect(outcome.output == "\(text)\n", "\(outcome.errors)")
        }
    }

    /// Chunks with stride give the text of the whole; so does a stream.
    @Test func chunks() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let text = "abc def gh ijk badge cafe face bead " + String(repeating: "cab ", count: 20) + "edge"
        let sound = try scratch.sound("a.wav", saying: text)
        let whole = try run(["--chunk", "0", "--json", sound], model: model)
        #expect(try whole.objects().first?["text"] as? String == text, "\(whole.errors)")
        for words in [
            ["--chunk", "2"], ["--chunk", "1.1", "--stride", "0.3"], ["--chunk", "3", "--stride", "0"], [],
        ] {
            let outcome = try run(words + ["--json", sound], model: model)
            #expect(try outcome.objects().first?["text"] as? String == text, "\(words): \(outcome.errors)")
        }
        let stream = try run(["--chunk", "2", "--stream", sound], model: model)
        #expect(stream.output == text + "\n")
        let lines = try run(["--chunk", "2", "--stream", "--json", sound], model: model).objects()
        #expect(lines.count > 3 && lines.last?["text"] as? String == text)
        let parts = try lines.dropLast().flatMap { try words($0).map(\.word) }
        #expect(parts.joined(separator: " ") == text)
        #expect(try parts.count == words(#require(lines.last)).count)
        #expect(lines.dropLast().allSatisfy { ($0["processed"] as? Double ?? 0) > 0 && $0["text"] == nil })
        let timed = try run(["--chunk", "2", "--stream", "--timestamps", "word", sound], model: model)
        #expect(timed.output == (try run(["--chunk", "2", "--timestamps", "word", sound], model: model)).output)
    }

    @Test func silenceIsLeftOut() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let pause = ToneModel.silence(frames: 200)
        let sound = try scratch.sound("a.wav", ToneModel.sound("abc") + pause + ToneModel.sound(" def") + pause)
        let outcome = try run(["--vad", "--json", sound], model: model)
        let object = try #require(try outcome.objects().first)
        let skipped = try #require(object["skipped"] as? [[String: Double]])
        #expect(outcome.code == 0 && skipped.count == 2, "\(outcome.errors)")
        #expect(outcome.errors.contains("of silence: "))
        #expect(try words(object).map(\.word) == ["abc", "def"])
        #expect(try abs(words(object)[1].start - 4.48) < 0.1)
        #expect((object["duration"] as? Double ?? 0) > 8)
    }
}

extension ZooBinary {
    /// Runs the program to its end with bytes on standard input.
    static func run(_ arguments: [String], bytes: Data?) throws -> Result {
        guard let bytes else { return try run(arguments) }
        let process = try make(arguments)
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, errors)
        try process.run()
        // A program that ends early leaves the rest unread.
        signal(SIGPIPE, SIG_IGN)
        try? input.fileHandleForWriting.write(contentsOf: bytes)
        try input.fileHandleForWriting.close()
        let (found, said) = (
            output.fileHandleForReading.readDataToEndOfFile(), errors.fileHandleForReading.readDataToEndOfFile()
        )
        wait(for: process)
        return Result(
            code: process.terminationStatus, wasSignalled: process.terminationReason == .uncaughtSignal,
            output: String(decoding: found, as: UTF8.self), errors: String(decoding: said, as: UTF8.self))
    }
}
