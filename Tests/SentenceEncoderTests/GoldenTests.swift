import SentenceEncoder
import TensorCore
import TestSupport
import Testing

/// Every tiny model against what transformers and sentence-transformers computed.
@Suite struct GoldenTests {
    @Test func thereAreModels() {
        #expect(SentenceFixtures.models.count == 8)
        #expect(SentenceFixtures.encoders.count == 7)
        #expect(SentenceFixtures.encodersOfTexts == SentenceFixtures.encoders)
    }

    @Test(arguments: SentenceFixtures.models, Tier.supported)
    func parity(model: String, tier: Tier) throws {
        let cases = try SentenceFixtures.cases(model)
        #expect(cases.map(\.name) == ["b1", "b4", "long"])
        var bits: [[Float]] = []
        for threads in 1...3 {
            let encoder = try SentenceEncoder(
                folder: SentenceFixtures.path(model), runtime: Runtime(threads: threads, tier: tier))
            var values: [Float] = []
            for reference in cases {
                let result = try reference.run(encoder)
                #expect(mismatch(result.lastHiddenState, reference.hidden) == nil, "\(reference.name)")
                values += result.lastHiddenState.floats
                #expect((result.sentenceEmbedding == nil) == (reference.embedding == nil))
                if let found = result.sentenceEmbedding, let expected = reference.embedding {
                    #expect(mismatch(found, expected) == nil, "\(reference.name)")
                    values += found.floats
                }
            }
            bits.append(values)
        }
        // The number of threads changes no bit.
        #expect(bitDifference(bits[0], bits[1]) == nil)
        #expect(bitDifference(bits[0], bits[2]) == nil)
    }

    /// NU03
    @Test(
        .enabled(if: Tier.bitEqual.count == 2, "AVX2 and AVX-512 are both needed"), arguments: SentenceFixtures.models)
    func tiersGiveTheSameBits(model: String) throws {
        let results = try Tier.bitEqual.map { tier in
            let encoder = try SentenceEncoder(
                folder: SentenceFixtures.path(model), runtime: Runtime(threads: 2, tier: tier))
            return try SentenceFixtures.cases(model).flatMap { reference in
                let result = try reference.run(encoder)
                return result.lastHiddenState.floats + (result.sentenceEmbedding?.floats ?? [])
            }
        }
        #expect(bitDifference(results[0], results[1]) == nil)
    }

    @Test(arguments: SentenceFixtures.models, Tier.supported)
    func aBatchIsItsSentences(model: String, tier: Tier) throws {
        let encoder = try SentenceEncoder(
            folder: SentenceFixtures.path(model), runtime: Runtime(threads: 2, tier: tier))
        for reference in try SentenceFixtures.cases(model) {
            // Without segments, as a sentence alone is fed without them.
            let together = try encoder.outputs(inputIDs: #require(reference.ids), attentionMask: reference.mask)
            let tokens = together.lastHiddenState.shape[1]
            for (row, ids) in reference.rows.enumerated() {
                let alone = try encoder.outputs(
                    inputIDs: Tensor(integers: ids.map(Int64.init), shape: Shape(1, ids.count)))
                let width = encoder.network.configuration.width
                let padded = together.lastHiddenState.floats[row * tokens * width..<(row * tokens + ids.count) * width]
                #expect(bitDifference(Array(padded), alone.lastHiddenState.floats) == nil, "\(reference.name) \(row)")
                guard let all = together.sentenceEmbedding, let one = alone.sentenceEmbedding else { continue }
                #expect(bitDifference(all.rows(row..<row + 1).floats, one.floats) == nil, "\(reference.name) \(row)")
            }
        }
    }

    @Test(arguments: SentenceFixtures.encoders)
    func packedSequencesGiveTheSameBits(model: String) throws {
        let encoder = try SentenceEncoder(folder: SentenceFixtures.path(model), runtime: Runtime(threads: 2))
        var sequences: [[Int]] = []
        for reference in try SentenceFixtures.cases(model) { sequences += reference.rows }
        sequences = (sequences + sequences.reversed()).filter { $0.count <= encoder.contextLength }
        #expect(sequences.count > 8)
        let packed = try encoder.embed(ids: sequences)
        #expect(packed.shape == [sequences.count, encoder.embeddingWidth])
        for (row, ids) in sequences.enumerated() {
            let alone = try encoder.outputs(
                inputIDs: Tensor(integers: ids.map(Int64.init), shape: Shape(1, ids.count)))
            #expect(bitDifference(packed.rows(row..<row + 1).floats, alone.sentenceEmbedding?.floats ?? []) == nil)
        }
        #expect(try encoder.embed(ids: []).shape == [0, encoder.embeddingWidth])
    }

    @Test func manySentencesTakeSeveralPasses() throws {
        let encoder = try SentenceEncoder(folder: SentenceFixtures.path("minilm"), runtime: Runtime(threads: 2))
        var generator = SeededGenerator(seed: 5)
        let sequences = (0..<500).map { _ in
            (0..<Int.random(in: 1...32, using: &generator)).map { _ in Int.random(in: 5..<140, using: &generator) }
        }
        let all = try encoder.embed(ids: sequences)
        for index in [0, 17, 250, 499] {
            let alone = try encoder.embed(ids: [sequences[index]])
            #expect(bitDifference(all.rows(index..<index + 1).floats, alone.floats) == nil)
        }
    }

    @Test func manyTasksShareAModel() async throws {
        let encoder = try SentenceEncoder(folder: SentenceFixtures.path("mpnet"), runtime: Runtime(threads: 2))
        let sequences = [[5, 6, 7], [8], [9, 10, 11, 12], [13, 14, 15]]
        let expected = try encoder.embed(ids: sequences).floats
        try await withThrowingTaskGroup(of: [Float].self) { group in
            for _ in 0..<8 { group.addTask { try encoder.embed(ids: sequences).floats } }
            for try await found in group { #expect(bitDifference(found, expected) == nil) }
        }
    }

    @Test(arguments: SentenceFixtures.models)
    func passesOfAShapeSettleOnTheirBuffers(model: String) throws {
        let encoder = try SentenceEncoder(folder: SentenceFixtures.path(model), runtime: Runtime(threads: 2))
        for reference in try SentenceFixtures.cases(model) {
            let allocations = try (0..<4).map { _ in
                try encoder.profile(
                    inputIDs: #require(reference.ids), attentionMask: reference.mask, tokenTypeIDs: reference.types
                ).allocations
            }
            #expect(allocations[2...] == [0, 0], "\(reference.name): \(allocations)")
        }
    }

    @Test(arguments: SentenceFixtures.models)
    func plansCountWhatPassesDo(model: String) throws {
        let folder = SentenceFixtures.path(model)
        let encoder = try SentenceEncoder(folder: folder, runtime: Runtime(threads: 1))
        let ids = try #require(try SentenceFixtures.cases(model)[0].ids)
        let account = try encoder.profile(inputIDs: ids)
        let plan = try encoder.plan(batch: 1, tokens: ids.shape[1])
        #expect(plan.flops > 0)
        #expect(plan.flops == account.flops)
        #expect(plan.activationBytes == account.activationBytes)
        // A plan without weights counts the same.
        let weightless = try SentenceEncoder(folder: folder, plansOnly: true)
        #expect(try weightless.plan(batch: 1, tokens: ids.shape[1]).flops == plan.flops)
        #expect(weightless.parameterCount == encoder.parameterCount)
        #expect(weightless.weightBytes == encoder.weightBytes)
        #expect(encoder.weightBytes >= 4 * encoder.parameterCount)
    }
}
