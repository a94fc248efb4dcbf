import AudioEncoder
import TensorCore
import TestSupport
import Testing

/// Every tiny model against what transformers computed.
@Suite struct GoldenTests {
    @Test func thereAreModels() {
        #expect(AudioFixtures.models.count == 15)
        #expect(AudioFixtures.masked.count == 5)
    }

    @Test(arguments: AudioFixtures.models, Tier.supported)
    func parity(model: String, tier: Tier) throws {
        var bits: [[Float]] = []
        for threads in 1...3 {
            let encoder = try AudioEncoder(
                folder: AudioFixtures.path(model), runtime: Runtime(threads: threads, tier: tier))
            var values: [Float] = []
            for reference in try AudioFixtures.cases(model) {
                let expected = try #require(reference.logits ?? reference.last)
                #expect((reference.logits == nil) == (encoder.head == .none))
                let found = try reference.run(encoder)
                #expect(mismatch(found, expected) == nil, "\(reference.name)")
                values += found.floats
            }
            bits.append(values)
        }
        // The number of threads changes no bit.
        #expect(bitDifference(bits[0], bits[1]) == nil)
        #expect(bitDifference(bits[0], bits[2]) == nil)
    }

    @Test(arguments: AudioFixtures.models)
    func hiddenStates(model: String) throws {
        let encoder = try AudioEncoder(folder: AudioFixtures.path(model), runtime: Runtime(threads: 2))
        let reference = try AudioFixtures.reference(model, "b1")
        let states = try #require(reference.states)
        #expect(states.shape[0] == encoder.layerCount + 1)
        for layer in 0...encoder.layerCount {
            let expected = states.rows(layer..<layer + 1).reshaped(to: Shape(Array(states.shape.dropFirst())))
            let found = try encoder.hiddenStates(reference.values, layer: layer)
            #expect(mismatch(found, expected) == nil, "layer \(layer)")
        }
        for layer in [-1, encoder.layerCount + 1] {
            #expect(throws: AudioEncoderError.self) { try encoder.hiddenStates(reference.values, layer: layer) }
        }
    }

    /// NU03
    @Test(.enabled(if: Tier.bitEqual.count == 2, "AVX2 and AVX-512 are both needed"), arguments: AudioFixtures.models)
    func tiersGiveTheSameBits(model: String) throws {
        let results = try Tier.bitEqual.map { tier in
            let encoder = try AudioEncoder(
                folder: AudioFixtures.path(model), runtime: Runtime(threads: 2, tier: tier))
            return try AudioFixtures.cases(model).flatMap { try $0.run(encoder).floats }
        }
        #expect(bitDifference(results[0], results[1]) == nil)
    }

    /// AU10, NU01
    @Test(arguments: AudioFixtures.models, Tier.supported)
    func aBatchIsItsClips(model: String, tier: Tier) throws {
        let encoder = try AudioEncoder(folder: AudioFixtures.path(model), runtime: Runtime(threads: 2, tier: tier))
        let batch = try AudioFixtures.reference(model, "b3").values
        let (count, samples) = (batch.shape[0], batch.shape[1])
        let shortest = encoder.minimumSamples
        for lengths in [[samples, samples, samples], [samples, shortest, samples - 137], [shortest, 700, 701]] {
            let lengths = lengths.map { min($0, samples) }
            var ones = [Int64](repeating: 0, count: count * samples)
            for (row, length) in lengths.enumerated() {
                for sample in 0..<length { ones[row * samples + sample] = 1 }
            }
            let mask = Tensor(integers: ones, shape: batch.shape)
            let together = try AudioFixtures.Case(name: "", values: batch, mask: mask).run(encoder)
            let states = try encoder.hiddenStates(batch, attentionMask: mask)
            for (row, length) in lengths.enumerated() {
                let clip = Tensor(Array(batch.rows(row..<row + 1).floats[..<length]), shape: Shape(1, length))
                let alone = try AudioFixtures.Case(name: "", values: clip).run(encoder)
                let part = Array(together.rows(row..<row + 1).floats[..<alone.count])
                #expect(bitDifference(part, alone.floats) == nil, "\(lengths), clip \(row)")
                let own = try encoder.hiddenStates(clip)
                #expect(own.shape[1] == encoder.frames(samples: length))
                let states = Array(states.rows(row..<row + 1).floats[..<own.count])
                #expect(bitDifference(states, own.floats) == nil, "\(lengths), clip \(row)")
            }
        }
    }

    @Test func manyClipsTakeSeveralPasses() throws {
        let encoder = try AudioEncoder(folder: AudioFixtures.path("wav2vec2-large"), runtime: Runtime(threads: 2))
        var generator = SeededGenerator(seed: 5)
        let clips = Tensor(generator.floats(130 * 700), shape: Shape(130, 700))
        let all = try encoder.logits(clips)
        for row in [0, 64, 129] {
            let alone = try encoder.logits(clips.rows(row..<row + 1))
            #expect(bitDifference(all.rows(row..<row + 1).floats, alone.floats) == nil)
        }
    }

    @Test func manyTasksShareAModel() async throws {
        let encoder = try await AudioEncoder.load(folder: AudioFixtures.path("wavlm"), runtime: Runtime(threads: 2))
        var generator = SeededGenerator(seed: 6)
        let clips = (0..<4).map { generator.floats(300 + 100 * $0) }
        let expected = try clips.map { try encoder.embed($0) }
        try await withThrowingTaskGroup(of: [[Float]].self) { group in
            for _ in 0..<8 { group.addTask { try await encoder.embed(clips) } }
            for try await found in group { #expect(found == expected) }
        }
    }

    @Test(arguments: AudioFixtures.models)
    func passesOfAShapeSettleOnTheirBuffers(model: String) throws {
        let encoder = try AudioEncoder(folder: AudioFixtures.path(model), runtime: Runtime(threads: 2))
        for reference in try AudioFixtures.cases(model) {
            let allocations = try (0..<4).map { _ in
                try encoder.profile(reference.values, attentionMask: reference.mask).allocations
            }
            #expect(allocations[2...] == [0, 0], "\(reference.name): \(allocations)")
        }
    }

    @Test(arguments: AudioFixtures.models)
    func plansCountWhatPassesDo(model: String) throws {
        let folder = AudioFixtures.path(model)
        let encoder = try AudioEncoder(folder: folder, runtime: Runtime(threads: 1))
        for name in ["b1", "b3"] {
            let values = try AudioFixtures.reference(model, name).values
            let account = try encoder.profile(values)
            let plan = try encoder.plan(batch: values.shape[0], samples: values.shape[1])
            #expect(plan.flops > 0)
            #expect(plan.flops == account.flops)
            // A plan without weights counts the same.
            let weightless = try AudioEncoder(folder: folder, plansOnly: true)
            #expect(try weightless.plan(batch: values.shape[0], samples: values.shape[1]).flops == plan.flops)
            #expect(weightless.parameterCount == encoder.parameterCount)
            #expect(weightless.weightBytes == encoder.weightBytes)
        }
    }
}
