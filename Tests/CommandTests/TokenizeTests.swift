import Foundation
import JSON
import TestSupport
import Testing

/// `zoo tokenize`.
@Suite struct TokenizeTests {
    private let folder: TemporaryFolder
    private let clip = Fixtures.dual("transformers-clip")
    private let minilm = Fixtures.sentence("minilm")

    init() throws { folder = try TemporaryFolder() }

    private func objects(_ run: ZooBinary.Result) throws -> [JSONValue] {
        // Lines end at a line feed only; JSON escapes those within texts.
        try run.output.utf8.split(separator: 0x0A).map { try JSONValue.parse(Array($0)) }
    }

    private func ids(_ object: JSONValue) -> [Int]? { object["ids"]?.arrayValue?.compactMap(\.intValue) }

    @Test func oneTextAsJSON() throws {
        let run = try ZooBinary.run(["tokenize", clip, "--text", "a photo of a cat", "--json"])
        #expect(run.code == 0 && run.errors.isEmpty)
        #expect(
            run.output == """
                {"text":"a photo of a cat","ids":[565,320,518,514,320,559,566],"tokens":["<|startoftext|>","a</w>",\
                "photo</w>","of</w>","a</w>","cat</w>","<|endoftext|>"],"offsets":[[0,0],[0,1],[2,7],[8,10],[11,12],\
                [13,16],[0,0]]}

                """)
    }

    /// Against the ids that the reference is fed.
    @Test(arguments: ["minilm", "mpnet", "roberta"])
    func idsAreTheReferences(name: String) throws {
        let model = Fixtures.sentence(name)
        let stored = try JSONValue.parse(Array(Data(contentsOf: URL(filePath: "\(model)/ref/texts.json"))))
        let run = try #require(stored["runs"]?.arrayValue?.first { $0["prompt"]?.isNull == true })
        let texts = try #require(run["texts"]?.arrayValue).compactMap(\.stringValue)
        let expected = try #require(run["ids"]?.arrayValue).map { $0.arrayValue?.compactMap(\.intValue) }
        let outcome = try ZooBinary.run(["tokenize", model, "--json"] + texts.map { "--text=\($0)" })
        let found = try objects(outcome)
        #expect(outcome.code == 0 && found.map { $0["text"]?.stringValue } == texts)
        // The reference cuts at the context; these do not.
        for (object, reference) in zip(found, expected) where (reference?.count ?? 0) < 32 {
            #expect(ids(object) == reference)
        }
    }

    @Test func textsOfAnyLengthAndManner() throws {
        let long = Array(repeating: "cat", count: 300).joined(separator: " ")
        let run = try ZooBinary.run([
            "tokenize", clip, "--json", "--text", long, "--text=", "--text=-x", "more", "text",
        ])
        let found = try objects(run)
        #expect(found.map { $0["text"]?.stringValue } == [long, "", "-x", "more", "text"])
        #expect(ids(found[0])?.count == 302 && ids(found[1]) == [565, 566])
        for object in found {
            let counts = ["ids", "tokens", "offsets"].map { object[$0]?.arrayValue?.count }
            #expect(Set(counts).count == 1)
        }
    }

    /// Lines end at a line feed and nowhere else.
    @Test func linesOfAFile() throws {
        let lines = [
            "a cat", "", "a\rdog\r", "tab\tand\u{2028}line\u{2029}separators\u{85}\u{0B}\u{0C}end", "é😀", "last",
        ]
        let text = lines.joined(separator: "\n")
        let file = try folder.write(text, as: "lines.txt")
        let run = try ZooBinary.run(["tokenize", clip, "--text-from", file, "--json"])
        #expect(run.code == 0 && run.errors.isEmpty)
        let found = try objects(run)
        #expect(found.map { $0["text"]?.stringValue.map { Array($0.utf8) } } == lines.map { Array($0.utf8) })
        // A line feed at the end ends the last line; it does not begin another.
        #expect(
            try ZooBinary.run(["tokenize", clip, "--text-from", "-", "--json"], input: text + "\n").output == run.output
        )
        #expect(try ZooBinary.run(["tokenize", clip, "--text-from", "-", "--json"], input: "\n\n").lines.count == 2)
        #expect(try ZooBinary.run(["tokenize", clip, "--text-from", "-", "--json"]).output.isEmpty)
        let both = try objects(ZooBinary.run(["tokenize", clip, "--text", "first", "--text-from", file, "--json"]))
        #expect(both.count == lines.count + 1 && both[0]["text"]?.stringValue == "first")
    }

    @Test func linesThatAreNotText() throws {
        let file = folder.path("broken.txt")
        try Data([0x61, 0x0A, 0xC3, 0x28, 0x0A, 0x00, 0x62, 0x0A, 0xED, 0xA0, 0x80, 0x0A, 0x63]).write(
            to: URL(filePath: file))
        let run = try ZooBinary.run(["tokenize", clip, "--text-from", file, "--json"])
        let found = try objects(run)
        #expect(run.code == 65 && found.count == 5)
        #expect(found.map { $0["error"] != nil } == [false, true, false, true, false])
        #expect(found[1]["input"]?.stringValue == "\(file):2")
        #expect(found[1]["error"]?.stringValue?.hasPrefix("not UTF-8") == true)
        #expect(found[2]["text"]?.stringValue == "\0b")
        let people = try ZooBinary.run(["tokenize", clip, "--text-from", file])
        #expect(people.code == 65 && people.errors.contains("broken.txt:4: not UTF-8"))
    }

    @Test func aTableForPeople() throws {
        let run = try ZooBinary.run(["tokenize", minilm, "--text", "two birds"])
        #expect(run.code == 0 && run.lines[0] == "two birds  (5 tokens)")
        #expect(run.lines.contains { $0.contains("[CLS]") })
    }

    /// A folder with nothing but a tokenizer, and a model without its weights.
    @Test func foldersWithoutWeights() throws {
        let bare = try folder.makeFolder("bare")
        for name in ["vocab.json", "merges.txt", "tokenizer_config.json"] {
            try FileManager.default.copyItem(atPath: "\(clip)/\(name)", toPath: "\(bare)/\(name)")
        }
        let expected = try ZooBinary.run(["tokenize", clip, "a photo", "--json"]).output
        #expect(try ZooBinary.run(["tokenize", bare, "a photo", "--json"]).output == expected)
        try FileManager.default.copyItem(atPath: "\(clip)/config.json", toPath: "\(bare)/config.json")
        #expect(try ZooBinary.run(["tokenize", bare, "a photo", "--json"]).output == expected)
    }

    @Test func errorsSayWhatToDo() throws {
        let cases: [(words: [String], code: Int32, part: String)] = [
            ([clip], 2, "give --text STRING or --text-from FILE"), ([], 2, "missing argument MODEL"),
            ([Fixtures.resnet, "a"], 69, "is an image classifier and reads no text"),
            ([folder.path, "a"], 69, "not a model folder"), (["none", "a"], 69, "no model is called"),
            ([clip, "--text-from", folder.path("none")], 66, "No such file"),
        ]
        for (words, code, part) in cases {
            let run = try ZooBinary.run(["tokenize"] + words)
            #expect(run.code == code && run.errors.contains(part), "\(words): \(run.errors)")
        }
    }
}
