import Checkpoints
import SentenceEncoder
import TensorCore
import TestSupport
import Testing
import Text

/// Sentences through the tokenizer, against sentence-transformers.
@Suite struct TextTests {
    private let runtime = Runtime(threads: 2)

    private func encoder(_ model: String) throws -> SentenceEncoder {
        try SentenceEncoder(folder: SentenceFixtures.path(model), runtime: runtime)
    }

    @Test(arguments: SentenceFixtures.encodersOfTexts)
    func parity(model: String) throws {
        let encoder = try encoder(model)
        let runs = try SentenceFixtures.runs(model)
        #expect(runs.count >= 2)
        for run in runs {
            let found = try encoder.embed(run.texts, prompt: run.prompt, truncates: true)
            #expect(mismatch(found, run.embedding) == nil, "\(run.prompt ?? "no prompt")")
            for (index, text) in run.texts.enumerated() {
                let alone = try encoder.embed([text], prompt: run.prompt, truncates: true)
                #expect(bitDifference(alone.floats, found.rows(index..<index + 1).floats) == nil)
            }
        }
    }

    @Test(arguments: SentenceFixtures.encodersOfTexts)
    func ids(model: String) throws {
        let encoder = try encoder(model)
        let tokenizer = try encoder.tokenizer()
        for run in try SentenceFixtures.runs(model) where run.prompt == nil && encoder.standardPromptName == nil {
            for (text, ids) in zip(run.texts, run.ids) {
                #expect(try tokenizer.encode(text, limit: encoder.contextLength, truncates: true).ids == ids)
            }
        }
    }

    @Test func longTextsAreErrors() throws {
        let encoder = try encoder("minilm")
        let long = String(repeating: "cat ", count: 40)
        let error = #expect(throws: SentenceEncoderError.self) { try encoder.embed(["cat", long]) }
        guard case .tokenizer(.tooLong(42, 32, _)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(try encoder.embed(["cat", long], truncates: true).shape == [2, 24])
        #expect(try encoder.embed([]).shape == [0, 24])
    }

    @Test func specialTokensInATextStay() throws {
        // The model asks for lower case and its tokenizer does it: nothing is done twice, so that [MASK] stays itself.
        let encoder = try encoder("bge")
        let mask = try #require(encoder.tokenizer().id(of: "[MASK]"))
        let ids = try encoder.tokenizer().encode("A [MASK] CAT").ids
        #expect(ids.contains(mask))
        #expect(
            bitDifference(try encoder.embed(["A [MASK] CAT"]).floats, try encoder.embed(ids: [ids]).floats) == nil)
    }

    /// What asks for lower case or positions that the tokenizer or the batch would not give.
    @Test(arguments: [
        ("sentence_bert_config.json", #"{"do_lower_case":true}"#, "do_lower_case"),
        ("tokenizer_config.json", #"{"tokenizer_class":"RobertaTokenizer","padding_side":"left"}"#, "padding_side"),
    ])
    func settingsThatAreNotFollowed(file: String, text: String, key: String) throws {
        let folder = try TemporaryFolder()
        let source = SentenceFixtures.path("roberta")
        for name in try FileSystem.list(source).names where FileSystem.isRegularFile("\(source)/\(name)") {
            try folder.write(FileSystem.read("\(source)/\(name)", limit: 1 << 20), as: name)
        }
        let pooling = "1_Pooling/config.json"
        try folder.write(FileSystem.read("\(source)/\(pooling)", limit: 1 << 20), as: pooling)
        try folder.write(text, as: file)
        let encoder = try SentenceEncoder(folder: folder.path, runtime: runtime)
        let error = #expect(throws: SentenceEncoderError.self) { try encoder.embed(["A cat"]) }
        #expect(error?.description.contains(key) == true, "\(String(describing: error))")
    }

    @Test func prompts() throws {
        let encoder = try encoder("e5")
        let plain = try encoder.embed(["a cat"])
        let query = try encoder.embed(["a cat"], prompt: "query")
        #expect(bitDifference(query.floats, try encoder.embed(["query: a cat"]).floats) == nil)
        #expect(bitDifference(query.floats, plain.floats) != nil)
        let error = #expect(throws: SentenceEncoderError.self) { try encoder.embed(["a cat"], prompt: "Query") }
        #expect(error?.description.contains("passage") == true)
        #expect(throws: SentenceEncoderError.self) { try self.encoder("minilm").embed(["a"], prompt: "none") }
    }
}
