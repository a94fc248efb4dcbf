import Foundation
import TestSupport
import Testing

/// Lists of labels and templates, right and wrong.
@Suite struct LabelTests {
    private let folder: TemporaryFolder
    private let model = Fixtures.dual("transformers-clip")

    init() throws { folder = try TemporaryFolder() }

    private func classify(_ words: [String], input: String = "") throws -> ZooBinary.Result {
        try ZooBinary.run(
            ["classify", "--no-cache", "--json", "-m", model] + words + ["\(model)/ref/image.png"], input: input)
    }

    /// The labels that a run chose among, in their order.
    private func labels(_ run: ZooBinary.Result) throws -> [String] {
        #expect(run.code == 0, "\(run.errors)")
        let entries = try #require(try run.objects().first?["predictions"] as? [[String: Any]])
        let pairs = entries.compactMap { entry in
            (entry["index"] as? Int).flatMap { index in (entry["label"] as? String).map { (index, $0) } }
        }
        return pairs.sorted { $0.0 < $1.0 }.map(\.1)
    }

    @Test func labelsOnTheCommandLine() throws {
        #expect(try labels(classify(["--labels", "a cat, a dog ,été"])) == ["a cat", "a dog", "été"])
        #expect(try labels(classify(["-l", "a cat"])) == ["a cat"])
    }

    /// Commas belong to the label; a mark at the start, carriage returns and spaces around do not.
    @Test func labelsInAFile() throws {
        let text = "\u{FEFF}a cat, at night\r\n  a dog\t\n猫\nlast"
        let file = try folder.write(text, as: "labels.txt")
        let expected = ["a cat, at night", "a dog", "猫", "last"]
        #expect(try labels(classify(["--labels-from", file, "--template", "{}"])) == expected)
        #expect(try labels(classify(["--labels-from", "-", "--template", "{}"], input: text + "\n")) == expected)
    }

    @Test(arguments: [
        ("", "no labels"), (" ", "no labels"), ("a,,b", "label 2 of 3 is empty"), ("a,b,", "label 3 of 3 is empty"),
        ("a,b,c,b", "'b' is given twice, as label 2 and 4"), ("a cat,b, a cat", "'a cat' is given twice"),
        ("\u{E9},e\u{301}", "is given twice"),
    ])
    func wrongLabels(text: String, part: String) throws {
        let run = try classify(["--labels=\(text)"])
        #expect(run.code == 2 && run.output.isEmpty && run.errors.contains(part), "\(run.errors)")
    }

    @Test(arguments: [
        ("", "no labels, one a line"), ("a\n\nb\n", "labels.txt:2: an empty label"), (" \na", "labels.txt:1: an empty"),
        ("a\nb\nc\nb\n", "labels.txt:4: the label 'b' is there twice, first at "),
    ])
    func wrongFiles(text: String, part: String) throws {
        let file = try folder.write(text, as: "labels.txt")
        let run = try classify(["--labels-from", file])
        #expect(run.code == 65 && run.output.isEmpty && run.errors.contains(part), "\(run.errors)")
    }

    @Test func filesThatCannotBeRead() throws {
        let broken = folder.path("broken.txt")
        try Data([0x61, 0x0A, 0xFF, 0x0A]).write(to: URL(filePath: broken))
        for (path, code, part) in [
            (broken, Int32(65), "broken.txt:2: not UTF-8"), (folder.path("none.txt"), 66, "none.txt: No such file"),
            (folder.path, 65, "Is a directory"),
        ] {
            let run = try classify(["--labels-from", path])
            #expect(run.code == code && run.errors.contains(part), "\(run.errors)")
        }
        let both = try classify(["--labels", "a", "--labels-from", broken])
        #expect(both.code == 2 && both.errors.contains("cannot be used together"))
    }

    @Test func templatesByFileAndName() throws {
        let file = try folder.write("a photo of a {}.\nthe {}, at night\n", as: "templates.txt")
        let words = ["--labels", "cat,dog"]
        let fromFile = try classify(words + ["--templates", file])
        let single = try classify(words + ["--template", "a photo of a {}.", "--template", "the {}, at night"])
        #expect(fromFile.code == 0 && fromFile.output == single.output)
        #expect(try classify(words).output == classify(words + ["--template", "a photo of a {}."]).output)
        #expect(single.output != (try classify(words).output))
    }

    @Test func wrongTemplates() throws {
        let words = ["--labels", "cat,dog"]
        let empty = try folder.write("", as: "empty.txt")
        let lines = try folder.write("a {}\na photo\n", as: "lines.txt")
        let cases: [(words: [String], code: Int32, parts: [String])] = [
            (["--template", "a photo"], 2, ["'a photo' has no {} for the label"]),
            (["--template", "a {}", "--template", ""], 2, ["'' has no {} for the label (number 2)"]),
            (["--templates", lines], 65, ["lines.txt:2: 'a photo' has no {}", "write for example"]),
            (["--templates", empty], 65, ["no templates, one a line"]),
            (["--templates", "openai"], 66, ["openai: No such file", "by name there is openai-80"]),
            (["--templates", lines, "--template", "{}"], 2, ["cannot be used together"]),
        ]
        for (more, code, parts) in cases {
            let run = try classify(words + more)
            #expect(run.code == code && run.output.isEmpty, "\(more): \(run.errors)")
            for part in parts { #expect(run.errors.contains(part), "\(more): \(run.errors)") }
        }
    }
}
