import Foundation
import Testing

@testable import ZooCommand

/// `zoo eval` of a model that transcribes, and `zoo ngram`.
@Suite struct SpeechEvalTests {
    @Test func errorRates() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        // Of nine words one is another and one is missing, and one is too many.
        for (name, text) in [("a", "abc de"), ("b", "face cafe"), ("c", "bad bed edge"), ("d", "k ab")] {
            try scratch.sound("set/\(name).wav", saying: text)
        }
        try scratch.write(
            Data("a.wav\tABC  de\r\n\nb\tface cab\nc.wav\tbad bed edge fade\nd\tab\n".utf8), "set/transcripts.txt")
        let folder = "\(scratch.path)/set"
        let outcome = try ZooBinary.run(["eval", model, folder, "--json"])
        #expect(outcome.code == 0, "\(outcome.errors)")
        let report = try #require(try outcome.objects().first)
        #expect(report["sounds"] as? Int == 4 && report["exact"] as? Int == 1 && report["failed"] as? Int == 0)
        let words = try #require(report["words"] as? [String: Int])
        #expect(words == ["count": 9, "substitutions": 1, "deletions": 1, "insertions": 1])
        #expect(abs((report["word_error_rate"] as? Double ?? 0) - 3.0 / 9) < 1e-9)
        #expect((report["character_error_rate"] as? Double ?? 0) > 0)
        #expect((report["real_time_factor"] as? Double ?? 0) > 0)
        let confusions = try #require(report["confusions"] as? [[String: Any]])
        #expect(confusions.count == 3)
        #expect(confusions.contains { $0["word"] as? String == "cab" && $0["heard"] as? String == "cafe" })
        let table = try ZooBinary.run(["eval", model, folder])
        #expect(
            table.lines.contains { $0.hasPrefix("Word errors  33.33 % of 9 words: 1 replaced, 1 left out, 1 put in") })
        #expect(table.lines.contains { $0.contains("cab") && $0.contains("cafe") })
        let one = try ZooBinary.run(["eval", model, folder, "--json", "--limit", "1"])
        #expect(try one.objects().first?["sounds"] as? Int == 1)
    }

    @Test func textsBesideSounds() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        for (name, text) in [("x/a", "abc de"), ("y/b", "face")] {
            try scratch.sound("set/\(name).wav", saying: text)
            try scratch.write(Data((text + "\n").utf8), "set/\(name).txt")
        }
        let folder = "\(scratch.path)/set"
        let report = try ZooBinary.run(["eval", model, folder, "--json"]).objects().first
        #expect(report?["sounds"] as? Int == 2 && report?["word_error_rate"] as? Double == 0)
        // A broken sound is reported, and the others count.
        try scratch.write(Data("x".utf8), "set/z.wav")
        try scratch.write(Data("x".utf8), "set/z.txt")
        let broken = try ZooBinary.run(["eval", model, folder, "--json"])
        #expect(broken.code == 65 && broken.errors.contains("z.wav"))
        #expect(try broken.objects().first?["failed"] as? Int == 1)
    }

    @Test func foldersThatMeanNothing() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let sound = try scratch.sound("set/a.wav", saying: "a")
        let folder = "\(scratch.path)/set"
        let missing = try ZooBinary.run(["eval", model, folder])
        #expect(missing.code == 65 && missing.errors.contains("a.txt") && missing.errors.contains("transcripts.txt"))
        for (list, part) in [
            ("a.wav abc\n", "transcripts.txt:1: expected the name of a sound"),
            ("a\tx\na\ty\n", "twice, first in line 1"),
            ("../set/a\tx\n", "leads out of the folder"), ("", "no sounds"),
        ] {
            try scratch.write(Data(list.utf8), "set/transcripts.txt")
            let run = try ZooBinary.run(["eval", model, folder])
            #expect(run.code == 65 && run.errors.contains(part), "\(list): \(run.errors)")
        }
        try scratch.write(Data("b.wav\tx\n".utf8), "set/transcripts.txt")
        #expect(try ZooBinary.run(["eval", model, folder]).code == 66)
        #expect(try ZooBinary.run(["eval", model, sound]).code == 66)
        #expect(try ZooBinary.run(["eval", model, folder, "--template", "a {}"]).code == 2)
        let picture = try ZooBinary.run(["eval", Fixtures.resnet, folder, "--beam", "5"])
        #expect(picture.code == 2 && picture.errors.contains("'--beam' is for models that transcribe"))
    }

    @Test func languageModelsOfText() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones(upperCase: true)
        let text = try scratch.write(Data("A bad cab!\n\nFace the \"zoo\".\nfade, fade\n".utf8), "t.txt")
        let arpa = "\(scratch.path)/x.arpa"
        let plain = try ZooBinary.run(["ngram", text, "-o", arpa])
        #expect(
            plain.code == 0 && plain.output.hasPrefix("\(arpa): order 3, of 3 sentences, 8 words"), "\(plain.errors)")
        let content = try String(contentsOfFile: arpa, encoding: .utf8)
        #expect(content.hasPrefix("\\data\\\nngram 1=") && content.contains("\tcab!") && content.hasSuffix("\\end\\\n"))
        let spelled = try ZooBinary.run(["ngram", text, "-o", arpa, "-m", model, "--order", "1", "--json"])
        let object = try #require(try spelled.objects().first)
        #expect(object["sentences"] as? Int == 2 && object["skipped"] as? Int == 1 && object["words"] as? Int == 5)
        let upper = try String(contentsOfFile: arpa, encoding: .utf8)
        #expect(upper.contains("\tCAB\n") && upper.contains("\tFADE\n") && !upper.contains("cab"))
        let piped = try ZooBinary.run(["ngram", "-", "-o", arpa, "--order", "2"], input: "a b\nb a\n")
        #expect(piped.code == 0 && piped.output.contains("of 2 sentences, 4 words"))
        for (words, input, code, part) in [
            ([text, "-o", "\(scratch.path)/no/x.arpa"], "", 74, "x.arpa"), ([text], "", 2, "--output"),
            (["\(scratch.path)/none", "-o", arpa], "", 66, "none"), (["-", "-o", arpa], "", 65, "no sentences"),
            (["-", "-o", arpa], "a <s> b\n", 65, "standard input:1: "),
            ([text, "-o", arpa, "--order", "7"], "", 2, "1 to 6"),
            ([text, "-o", arpa, "-m", Fixtures.resnet], "", 2, "spells nothing"),
            (["-", "-o", arpa, "-m", model], "xyz\n", 65, "can spell none"),
            ([text, "-o", arpa, "--language", "x"], "", 2, "--model"),
        ] as [([String], String, Int32, String)] {
            let run = try ZooBinary.run(["ngram"] + words, input: input)
            #expect(run.code == code && run.errors.contains(part), "\(words): \(run.code) \(run.errors)")
        }
    }
}
