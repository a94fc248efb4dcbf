import SentenceEncoder
import TensorCore
import TestSupport
import Testing

/// Inputs that cannot be, and texts.
@Suite struct InputTests {
    private let runtime = Runtime(threads: 1)

    private func encoder(_ model: String) throws -> SentenceEncoder {
        try SentenceEncoder(folder: SentenceFixtures.path(model), runtime: runtime)
    }

    private static func integers(_ values: [Int64], _ shape: Shape) -> Tensor { Tensor(integers: values, shape: shape) }

    @Test func tensorsThatCannotBe() throws {
        let encoder = try encoder("minilm")
        let ids = Self.integers([2, 5, 6, 2, 7, 3], [2, 3])
        let wrongIDs = [
            Self.integers([2, 5, 140], [1, 3]), Self.integers([2, -1, 3], [1, 3]), Self.integers([.max], [1, 1]),
            Self.integers([2, 5], [2]), Self.integers([], [0, 3]), Self.integers([], [3, 0]),
            Tensor([2, 5, 3], shape: [1, 3]), Self.integers([Int64](repeating: 5, count: 49), [1, 49]),
        ]
        for wrong in wrongIDs {
            let error = #expect(throws: SentenceEncoderError.self) { try encoder.outputs(inputIDs: wrong) }
            #expect(error?.description.contains("input_ids") == true, "\(String(describing: error))")
        }
        let wrongMasks: [Tensor] = [
            Self.integers([1, 0, 1, 1, 1, 1], [2, 3]), Self.integers([0, 1, 1, 1, 1, 1], [2, 3]),
            Self.integers([1, 1, 1, 0, 0, 0], [2, 3]), Self.integers([1, 1, 2, 1, 1, 1], [2, 3]),
            Self.integers([1, 1, 1], [1, 3]), Tensor([1, 1, 1, 1, 1, 1], shape: [2, 3]),
        ]
        for wrong in wrongMasks {
            let error = #expect(throws: SentenceEncoderError.self) {
                try encoder.outputs(inputIDs: ids, attentionMask: wrong)
            }
            #expect(error?.description.contains("attention_mask") == true, "\(String(describing: error))")
        }
        let wrongTypes = [
            Self.integers([0, 0, 2, 0, 0, 0], [2, 3]), Self.integers([0, 0, 1], [1, 3]),
            Tensor([0, 0, 0, 0, 0, 0], shape: [2, 3]),
        ]
        for wrong in wrongTypes {
            let error = #expect(throws: SentenceEncoderError.self) {
                try encoder.outputs(inputIDs: ids, tokenTypeIDs: wrong)
            }
            #expect(error?.description.contains("token_type_ids") == true, "\(String(describing: error))")
        }
        #expect(throws: SentenceEncoderError.self) { try encoder.plan(batch: 0, tokens: 3) }
        #expect(throws: SentenceEncoderError.self) { try encoder.plan(batch: 1, tokens: 49) }
    }

    @Test func idsThatCannotBe() throws {
        let encoder = try encoder("every-pooling")
        for wrong in [[[]], [[2], [140]], [[-1]], [[Int](repeating: 5, count: 33)], [[2, .max]]] as [[[Int]]] {
            #expect(throws: SentenceEncoderError.self) { try encoder.embed(ids: wrong) }
        }
        for prompt in [3, -1, .max, .min] {
            #expect(throws: SentenceEncoderError.self) { try encoder.embed(ids: [[2, 5, 3]], promptTokens: prompt) }
        }
        _ = try encoder.embed(ids: [[2, 5, 3]], promptTokens: 2)
    }

    @Test func segmentsOfZeroAreNoSegments() throws {
        for model in SentenceFixtures.models {
            let encoder = try encoder(model)
            let ids = Self.integers([5, 9, 7, 8], [1, 4])
            let zeros = Self.integers([0, 0, 0, 0], [1, 4])
            #expect(
                bitDifference(
                    try encoder.outputs(inputIDs: ids).lastHiddenState.floats,
                    try encoder.outputs(inputIDs: ids, tokenTypeIDs: zeros).lastHiddenState.floats) == nil)
        }
    }

    @Test func whatTheFoldersSay() throws {
        #expect(try encoder("minilm").similarity == .cosine)
        let every = try encoder("every-pooling")
        #expect(every.similarity == .dot && every.standardPromptName == "query" && every.embeddingWidth == 12)
        #expect(Set(every.promptNames) == ["query", "passage", "document"])
        #expect(try encoder("roberta").embeddingWidth == 24)
        #expect(try encoder("xlm-roberta").embeddingWidth == 48)
        #expect(
            try SentenceFixtures.models.map { try encoder($0).architecture } == [
                "BERT", "BERT", "BERT", "BERT", "BERT", "MPNet", "RoBERTa", "XLM-RoBERTa",
            ])
    }
}
