import Foundation
import Media
import Testing

@testable import ZooCommand

/// Files, subtitles, alignment, language models and pictures of `zoo transcribe`.
@Suite struct TranscribeOutputTests {
    private func run(_ words: [String], model: String) throws -> ZooBinary.Result {
        try ZooBinary.run(["transcribe", "--model", model, "--threads", "1"] + words)
    }

    private func text(_ path: String) throws -> String { try String(contentsOfFile: path, encoding: .utf8) }

    @Test func everyFormat() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let sound = try scratch.sound("a.wav", saying: "abba cafe")
        let srt = "1\n00:00:00,000 --> 00:00:01,040\nabba cafe\n\n"
        let cases: [(format: String, content: String)] = [
            ("txt", "abba cafe\n"), ("srt", srt),
            ("vtt", "WEBVTT\n\n00:00:00.000 --> 00:00:01.040\nabba cafe\n\n"),
        ]
        for (format, content) in cases {
            let file = "\(scratch.path)/out.\(format)"
            let outcome = try run(["-o", file, sound], model: model)
            #expect(outcome.code == 0 && outcome.output.isEmpty, "\(outcome.errors)")
            #expect(try text(file) == content)
        }
        #expect(try run(["--format", "srt", sound], model: model).output == srt)
        let table = try run(["--format", "tsv", "--timestamps", "word", sound], model: model)
        #expect(table.lines == ["start\tend\ttext", "0\t440\tabba", "600\t1040\tcafe"])
        #expect(try run(["--format", "tsv", sound], model: model).lines.last == "0\t1040\tabba cafe")
        #expect(try run(["--format", "srt", "--stream", sound], model: model).output == srt)
        let json = "\(scratch.path)/x.json"
        #expect(try run(["--json", "-o", json, sound], model: model).output.isEmpty)
        #expect(try text(json) == run(["--json", sound], model: model).output)
    }

    @Test func aFolderOfFiles() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let sounds = try ["a", "b"].map { try scratch.sound("\($0).wav", saying: "\($0)c") }
        let folder = "\(scratch.path)/deep/out"
        let outcome = try run(["--format", "vtt", "-o", folder] + sounds, model: model)
        #expect(outcome.code == 0 && outcome.output.isEmpty, "\(outcome.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder).sorted() == ["a.vtt", "b.vtt"])
        #expect(try text("\(folder)/b.vtt").hasSuffix("\nbc\n\n"))
        // One input into a folder that is there, or is called as one.
        #expect(try run(["-o", "\(scratch.path)/new/", sounds[0]], model: model).code == 0)
        #expect(try text("\(scratch.path)/new/a.txt") == "ac\n")
        // Two of one name would be one file.
        let twin = try scratch.sound("other/a.wav", saying: "k")
        let twice = try run(["-o", folder, sounds[0], twin], model: model)
        #expect(twice.code == 65 && twice.errors.contains("would replace"))
        #expect(try text("\(folder)/a.txt") == "ac\n")
    }

    @Test func subtitlesKeepTheirLimits() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let sound = try scratch.sound("a.wav", saying: Array(repeating: "abcde fgh", count: 12).joined(separator: " "))
        for (words, length, seconds) in [(["--line-length", "16", "--max-duration", "2"], 16, 2.0), ([], 42, 7.0)] {
            let outcome = try run(["--format", "srt"] + words + [sound], model: model)
            let cues = outcome.output.components(separatedBy: "\n\n")
            #expect(cues.count > 3)
            for cue in cues where !cue.isEmpty {
                let lines = cue.split(separator: "\n").dropFirst()
                let times = try #require(lines.first).split(separator: " ").map { time in
                    time.split(whereSeparator: { ":,".contains($0) }).compactMap { Double($0) }
                }
                let (start, end) = (times[0][2] + times[0][3] / 1000, times[2][2] + times[2][3] / 1000)
                #expect(end > start && end - start <= seconds + 1e-6)
                #expect(lines.dropFirst().allSatisfy { $0.count <= length })
            }
        }
    }

    /// The words of a text that is known, as it is written, where they are said.
    @Test func alignment() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for upperCase in [false, true] {
            let model = try scratch.tones("tones-\(upperCase)", upperCase: upperCase)
            let sound = try scratch.sound("a.wav", saying: "bad cafe face")
            let known = try scratch.write(Data("\u{201C}Bad cafe,\u{201D} -\n\nFACE!\n".utf8), "known.txt")
            let outcome = try run(["--align", known, "--json", sound], model: model)
            #expect(outcome.code == 0, "\(outcome.errors)")
            let object = try #require(try outcome.objects().first)
            #expect(object["text"] as? String == "\u{201C}Bad cafe,\u{201D} - FACE!")
            let words = try #require(object["words"] as? [[String: Any]])
            #expect(words.compactMap { $0["word"] as? String } == ["\u{201C}Bad", "cafe,\u{201D} -", "FACE!"])
            #expect(words.compactMap { $0["start"] as? Double } == [0, 0.48, 1.08])
            let subtitles = try run(["--align", known, "--format", "srt", sound], model: model)
            #expect(subtitles.output.hasSuffix("\n\u{201C}Bad cafe,\u{201D} - FACE!\n\n"))
        }
        let model = try scratch.tones()
        let long = try scratch.write(Data(String(repeating: "abc ", count: 50).utf8), "long.txt")
        let short = try run(["--align", long, try scratch.sound("b.wav", saying: "ab")], model: model)
        #expect(short.code == 65 && short.errors.contains("check that the text belongs to this audio"))
    }

    /// A language model decides between spellings that sound alike.
    @Test func languageModelsAndHotWords() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        // The last letter is one frame of both c and d, c a little louder.
        let (c, d) = (ToneModel.tokens.firstIndex(of: "c") ?? 0, ToneModel.tokens.firstIndex(of: "d") ?? 0)
        let mixed = zip(ToneModel.tone(c, frames: 1), ToneModel.tone(d, frames: 1)).map { 0.5 * $0 + 0.49 * $1 }
        let sound = try scratch.sound("a.wav", ToneModel.sound("ba") + mixed + ToneModel.silence(frames: 4))
        #expect(try run([sound], model: model).output == "bac\n")
        #expect(try run(["--beam", "20", sound], model: model).output == "bac\n")
        let corpus = try scratch.write(Data("bad\na bad cab\nbad bad\n".utf8), "corpus.txt")
        let arpa = "\(scratch.path)/lm.arpa"
        let made = try ZooBinary.run(["ngram", corpus, "-o", arpa, "--order", "2"])
        #expect(made.code == 0 && made.output.hasPrefix("\(arpa): order 2, of 3 sentences, 6 words"))
        let guided = try run(
            ["--lm", arpa, "--lm-weight", "2", "--word-bonus", "1", "--beam", "50", sound], model: model)
        #expect(guided.output == "bad\n", "\(guided.errors)")
        #expect(try run(["--lm", arpa, "--lm-weight", "0", sound], model: model).output == "bac\n")
        #expect(try run(["--hotword", "bad", "--hotword-weight", "20", sound], model: model).output == "bad\n")
    }

    @Test func aPicture() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let sound = try scratch.sound("a.wav", saying: "bad cafe face")
        let file = "\(scratch.path)/p.png"
        let outcome = try run(["--plot", file, sound], model: model)
        #expect(outcome.code == 0 && outcome.output == "bad cafe face\n", "\(outcome.errors)")
        let image = try ImageDecoder.decode(path: file)
        #expect(image.mode == .rgb && image.width == 1308 && (400...700).contains(image.height))
        #expect(Set(image.bytes).count > 100)
        let long = try scratch.sound("long.wav", ToneModel.silence(frames: 16_000))
        let refused = try run(["--plot", file, long], model: model)
        #expect(refused.code == 65 && refused.errors.contains("5 min 0 s at most"))
    }
}
