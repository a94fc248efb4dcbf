import Checkpoints
import JSON
import TensorCore
import TestSupport
import Testing
import Text

@testable import LatentDiffusion

@Suite struct TextualInversionTests {
    static func tokenizer() throws -> Tokenizer {
        try Tokenizer(folder: AdapterFixtures.path("prompts/tokenizer-end"))
    }

    static func table() throws -> any TensorSource { try AdapterFixtures.checkpoint("embeddings/table.safetensors") }

    static let name = "text_model.embeddings.token_embedding.weight"

    @Test func wordsAndRowsAreTheReferences() throws {
        let reference = try Config(path: AdapterFixtures.path("prompts/diffusers.json"))
        let embeddings = try reference.objects("embeddings", count: 4...4).map { entry in
            let embedding = try TextEmbedding(file: AdapterFixtures.path("embeddings/\(entry.string("file"))"))
            #expect(embedding.token == (try entry.string("token")))
            return embedding
        }
        #expect(embeddings.map(\.count) == [1, 3, 2, 1])
        let base = try Self.table()
        let inversion = try TextualInversion(embeddings, tokenizer: Self.tokenizer(), textEncoder: base)
        let extended = try AdapterFixtures.tensor(
            "table", of: AdapterFixtures.checkpoint("embeddings/extended.safetensors"))
        #expect(inversion.vocabularyCount == extended.shape[0])
        #expect(inversion.tokenizer.vocabularyCount == extended.shape[0])
        let config = inversion.configuration(Config(file: "config.json", object: ["vocab_size": JSONValue(1)]))
        #expect(try config.int("vocab_size", in: 0...10_000) == extended.shape[0])
        let found = try AdapterFixtures.tensor(Self.name, of: inversion.textEncoder)
        #expect(found.shape == extended.shape && found.floats == extended.floats)

        let prompts = try PromptTokenizer(
            inversion.tokenizer, contextLength: 77, expansions: inversion.expansions)
        for entry in try reference.objects("prompts", count: 4...4) {
            let prompt = try entry.string("prompt")
            let ids = try #require(entry.value("ids")?.arrayValue).compactMap { $0.doubleValue.map { Int($0) } }
            let row = try prompts.chunks(prompt, .init(isWeighted: false)).chunks[0].ids
            #expect(Array(row[1...ids.count]) == ids, "\(prompt)")
            #expect(row[ids.count + 1] == inversion.tokenizer.endID)
        }
        // However the word is written.
        for word in ["easyNegative", "EASYNEGATIVE", "easynegative"] {
            #expect(try prompts.chunks("a \(word)").chunks[0].ids[2...5] == [568, 569, 570, 566])
        }
        // Vectors of a word stay together.
        let short = try PromptTokenizer(inversion.tokenizer, contextLength: 7, expansions: inversion.expansions)
        let rows = try short.chunks("a red car easynegative", .init(isLong: true))
        #expect(rows.count == 2 && rows.chunks[1].ids[1...3].allSatisfy { $0 > extended.shape[0] - 8 })
    }

    @Test func piecesOfTheTableAreThoseOfTheWhole() throws {
        let embedding = try TextEmbedding(file: AdapterFixtures.path("embeddings/easyNegative.safetensors"))
        let source = try TextualInversion([embedding], tokenizer: Self.tokenizer(), textEncoder: Self.table())
            .textEncoder
        let whole = try source.bytes(of: Self.name)
        for step in [5, 16, 4099] {
            var pieces: [UInt8] = []
            while pieces.count < whole.count {
                var piece = [UInt8](repeating: 0, count: min(step, whole.count - pieces.count))
                let start = pieces.count
                try piece.withUnsafeMutableBytes { try source.read(Self.name, at: start, into: $0) }
                pieces += piece
            }
            #expect(pieces == whole)
        }
        var beyond = [UInt8](repeating: 0, count: 8)
        #expect(throws: TensorReadError.self) {
            try beyond.withUnsafeMutableBytes { try source.read(Self.name, at: whole.count - 4, into: $0) }
        }
    }

    /// A file that is no embedding for the encoder, and what the error says.
    struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        var tensors: [(String, [Int])]
        var says: [String]
        var testDescription: String { name }
    }

    static let refused = [
        Refused(name: "wider", tensors: [("<a>", [2, 5])], says: ["width 4", "5"]),
        Refused(name: "two words", tensors: [("clip_g", [4]), ("clip_l", [4])], says: ["one tensor", "clip_g"]),
        Refused(name: "none", tensors: [], says: ["one tensor", "none"]),
        Refused(name: "a value", tensors: [("<a>", [])], says: ["shape"]),
        Refused(name: "a cube", tensors: [("<a>", [1, 1, 4])], says: ["[1, 1, 4]"]),
        Refused(name: "no vector", tensors: [("<a>", [0, 4])], says: ["[0, 4]"]),
        Refused(name: "too many", tensors: [("<a>", [1025, 4])], says: ["1025"]),
        Refused(name: "a token already", tensors: [("<|endoftext|>", [4])], says: ["endoftext", "not there yet"]),
        Refused(name: "no word", tensors: [("", [4])], says: ["1 to"]),
    ]

    @Test(arguments: refused) func isRefused(_ item: Refused) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("word.safetensors")
        try AdapterFixtures.write(
            item.tensors.map { name, shape in
                StoredTensor(name: name, shape: shape, floats: .init(repeating: 1, count: shape.reduce(1, *)))
            }, to: path)
        let error = #expect(throws: AdapterError.self) {
            try TextualInversion(
                [TextEmbedding(file: path)], tokenizer: Self.tokenizer(), textEncoder: Self.table())
        }
        let text = error?.description ?? ""
        for part in item.says + ["word.safetensors"] { #expect(text.contains(part), "\(part) is not in: \(text)") }
    }

    @Test func wordsThatAreOne() throws {
        let folder = try TemporaryFolder()
        var embeddings: [TextEmbedding] = []
        for word in ["<Cat>", "<cat>"] {
            let path = folder.path("\(word).safetensors")
            try AdapterFixtures.write([StoredTensor(name: word, shape: [4], floats: [1, 2, 3, 4])], to: path)
            embeddings.append(try TextEmbedding(file: path))
        }
        for pair in [[embeddings[0], embeddings[0]], embeddings] {
            #expect(throws: AdapterError.self) {
                try TextualInversion(pair, tokenizer: Self.tokenizer(), textEncoder: Self.table())
            }
        }
        #expect(try TextEmbedding(file: embeddings[0].file, token: "dog-toy").token == "dog-toy")
    }

    @Test func tablesThatAreNotTheTokenizers() throws {
        let embedding = try TextEmbedding(file: AdapterFixtures.path("embeddings/other.safetensors"))
        var shorter = EditedSource(try Self.table())
        shorter.reshape(Self.name, to: [100, 4])
        var none = EditedSource(try Self.table())
        none.drop(Self.name)
        for source in [shorter, none] {
            #expect(throws: AdapterError.self) {
                try TextualInversion([embedding], tokenizer: Self.tokenizer(), textEncoder: source)
            }
        }
    }
}
