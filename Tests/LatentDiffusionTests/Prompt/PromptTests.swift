import Checkpoints
import JSON
import TensorCore
import TestSupport
import Testing
import Text

@testable import LatentDiffusion

@Suite struct PromptTests {
    struct Row: Sendable {
        var ids: [Int]
        var weights: [Float]

        init(_ config: Config) throws {
            ids = try #require(config.value("ids")?.arrayValue).compactMap { $0.doubleValue.map { Int($0) } }
            weights = try #require(config.value("weights")?.arrayValue).compactMap { $0.doubleValue.map { Float($0) } }
        }
    }

    struct Case: Sendable, CustomTestStringConvertible {
        var index: Int
        var prompt: String
        var parts: [[WeightedPrompt.Piece]]
        var rows: [String: [Row]]
        var testDescription: String { "\(index): \(prompt)" }
    }

    static let tokenizers = ["end", "sign"]

    static let cases: [Case] = {
        guard let config = try? Config(path: AdapterFixtures.path("prompts/cases.json")),
            let entries = try? config.objects("cases", count: 1...100)
        else { return [] }
        return entries.enumerated().compactMap { try? Self.read($0.offset, $0.element) }
    }()

    private static func read(_ index: Int, _ entry: Config) throws -> Case {
        let parts = try #require(entry.value("parts")?.arrayValue).map { part in
            try #require(part.arrayValue).map { piece in
                let pair = try #require(piece.arrayValue)
                return WeightedPrompt.Piece(
                    text: try #require(pair[0].stringValue), weight: try #require(pair[1].doubleValue))
            }
        }
        let rows = try entry.object("rows")
        return Case(
            index: index, prompt: try entry.string("prompt"), parts: parts,
            rows: try Dictionary(
                uniqueKeysWithValues: tokenizers.map { ($0, try rows.objects($0, count: 1...64).map(Row.init)) }))
    }

    static func tokenizer(_ name: String, context: Int? = nil) throws -> PromptTokenizer {
        try PromptTokenizer(
            Tokenizer(folder: AdapterFixtures.path("prompts/tokenizer-\(name)")), contextLength: context)
    }

    @Test func thereAreCases() { #expect(Self.cases.count >= 26) }

    @Test(arguments: cases) func theSyntaxIsRead(_ item: Case) throws {
        #expect(try WeightedPrompt(parsing: item.prompt).parts == item.parts)
    }

    @Test(arguments: cases, tokenizers) func rowsOfTokens(_ item: Case, _ name: String) throws {
        let tokenizer = try Self.tokenizer(name)
        let expected = try #require(item.rows[name])
        let chunks = try tokenizer.chunks(item.prompt, .init(isLong: true))
        #expect(chunks.chunks.map(\.ids) == expected.map(\.ids))
        #expect(chunks.chunks.map(\.weights) == expected.map(\.weights))
        #expect(chunks.ids.shape == Shape(expected.count, 12))
        guard expected.count > 1 else {
            #expect(try tokenizer.chunks(item.prompt) == chunks)
            return
        }
        let error = #expect(throws: PromptError.self) { try tokenizer.chunks(item.prompt) }
        #expect(error?.description.contains("takes 10") == true, "\(error?.description ?? "")")
    }

    @Test(arguments: cases) func weightsOnTheOutputs(_ item: Case) throws {
        let source = try AdapterFixtures.checkpoint("prompts/conditioning.safetensors")
        let outputs = try AdapterFixtures.tensor("\(item.index).outputs", of: source)
        let reference = try AdapterFixtures.tensor("\(item.index).conditioning", of: source)
        let chunks = try Self.tokenizer("end").chunks(item.prompt, .init(isLong: true))
        let found = try chunks.conditioning(outputs)
        if chunks.hasWeights {
            #expect(mismatch(found, reference, tolerance: 1e-5) == nil)
        } else {
            #expect(found.floats == outputs.floats && found.shape == reference.shape)
        }
        let flat = Shape(outputs.shape[0], outputs.count / outputs.shape[0])
        #expect(throws: PromptError.self) { try chunks.conditioning(outputs.reshaped(to: flat)) }
    }

    @Test(arguments: tokenizers) func promptsWithoutSignsAreTheReferences(_ name: String) throws {
        let config = try Config(path: AdapterFixtures.path("prompts/diffusers.json"))
        for entry in try config.object("plain").objects(name, count: 10...100) {
            let prompt = try entry.string("prompt")
            let ids = try #require(entry.value("ids")?.arrayValue).compactMap { $0.doubleValue.map { Int($0) } }
            let tokenizer = try Self.tokenizer(name, context: max(ids.count, 77))
            let chunks = try tokenizer.chunks(prompt, .init(isWeighted: false))
            #expect(chunks.chunks.map(\.ids) == [ids], "\(prompt)")
            #expect(!chunks.hasWeights)
        }
    }

    @Test func promptsOfOneGuidanceHaveAsManyRows() throws {
        let tokenizer = try Self.tokenizer("sign")
        let empty = try tokenizer.chunks("")
        let long = try tokenizer.chunks(Self.cases[21].prompt, .init(isLong: true))
        #expect(long.count > 1)
        let balanced = PromptChunks.balanced([empty, long])
        #expect(balanced[1] == long)
        #expect(balanced[0].count == long.count)
        for chunk in balanced[0].chunks {
            #expect(chunk == empty.chunks[0])
            #expect(chunk.ids[1] == chunk.ids.max() && chunk.ids[2...].allSatisfy { $0 == 0 })
        }
    }

    @Test func limits() throws {
        let tokenizer = try Self.tokenizer("end")
        let long = String(repeating: "cat ", count: 64 * 10)
        #expect(try tokenizer.chunks(long, .init(isLong: true)).count == 64)
        #expect(throws: PromptError.tooManyParts(parts: 65, limit: 64, prompt: (long + "cat").quoted)) {
            try tokenizer.chunks(long + "cat", .init(isLong: true))
        }
        let brackets = String(repeating: "(", count: PromptTokenizer.chunkLimit * 1024)
        #expect(try WeightedPrompt(parsing: brackets).parts == [[]])
        #expect(throws: PromptError.tooLarge(bytes: 65537, limit: 65536)) {
            try WeightedPrompt(parsing: brackets + "(")
        }
        // Deep enough for weights beyond any float.
        #expect(throws: PromptError.self) { try WeightedPrompt(parsing: String(repeating: "(a", count: 10_000)) }
        for context in [0, 2, 10_000] {
            #expect(throws: PromptError.self) { try Self.tokenizer("end", context: context) }
        }
    }

    @Test(arguments: ["(a:1.2.3)", "(a:.)", "(a:\(String(repeating: "9", count: 400)))", "(((a:1e):1..1)"])
    func weightsThatAreNone(_ prompt: String) {
        #expect(throws: PromptError.self) { try WeightedPrompt(parsing: prompt) }
    }

    @Test func weightsThatLeaveNoMean() throws {
        let chunks = try Self.tokenizer("end").chunks("(a:0)")
        var values = [Float](repeating: 0, count: 12)
        values[1] = 1
        #expect(throws: PromptError.self) { try chunks.conditioning(Tensor(values, shape: Shape(1, 12, 1))) }
    }
}
