import Diffusion
import TensorCore
import TestSupport
import Testing

/// Every tiny model against what diffusers computed.
@Suite struct GoldenTests {
    @Test func thereAreModels() { #expect(DiffusionFixtures.models.count == 9) }

    @Test(arguments: DiffusionFixtures.models, Tier.supported)
    func parity(model: String, tier: Tier) throws {
        var bits: [[Float]] = []
        for threads in 1...3 {
            let network = try DiffusionModel(
                folder: DiffusionFixtures.path(model), runtime: Runtime(threads: threads, tier: tier))
            var values: [Float] = []
            for reference in try DiffusionFixtures.cases(model) {
                let found = try reference.run(network)
                #expect(mismatch(found, reference.prediction) == nil, "\(reference.name)")
                values += found.floats
            }
            bits.append(values)
        }
        // The number of threads changes no bit.
        #expect(bitDifference(bits[0], bits[1]) == nil)
        #expect(bitDifference(bits[0], bits[2]) == nil)
    }

    @Test(
        .enabled(if: Tier.bitEqual.count == 2, "AVX2 and AVX-512 are both needed"),
        arguments: DiffusionFixtures.models)
    func tiersGiveTheSameBits(model: String) throws {
        let results = try Tier.bitEqual.map { tier in
            let network = try DiffusionModel(
                folder: DiffusionFixtures.path(model), runtime: Runtime(threads: 2, tier: tier))
            return try DiffusionFixtures.cases(model).flatMap { try $0.run(network).floats }
        }
        #expect(bitDifference(results[0], results[1]) == nil)
    }

    @Test(arguments: DiffusionFixtures.models)
    func aBatchIsItsPictures(model: String) throws {
        let network = try DiffusionModel(folder: DiffusionFixtures.path(model), runtime: Runtime(threads: 2))
        for reference in try DiffusionFixtures.cases(model) where reference.sample.shape[0] > 1 {
            let together = try reference.run(network)
            for index in 0..<reference.sample.shape[0] {
                let alone = try reference.picture(index).run(network)
                #expect(bitDifference(together.rows(index..<index + 1).floats, alone.floats) == nil, "\(index)")
            }
        }
    }

    @Test func manyPicturesTakeSeveralPasses() throws {
        let network = try DiffusionModel(folder: DiffusionFixtures.path("guided"), runtime: Runtime(threads: 2))
        let step = network.picturesAtATime(height: 32, width: 32)
        #expect(step == 16)
        var random = SeededGenerator(seed: 3)
        let size = 3 * 32 * 32
        let sample = Tensor(random.floats((step + 1) * size), shape: Shape(step + 1, 3, 32, 32))
        let together = try network.predict(
            sample, timesteps: [300], classes: .ids([Int](repeating: 1, count: step) + [2]))
        let alone = try network.predict(sample.rows(step..<step + 1), timesteps: [300], classes: .ids([2]))
        #expect(bitDifference(together.rows(step..<step + 1).floats, alone.floats) == nil)
    }

    /// From the third pass of a shape on nothing is allocated, and a pass costs what was planned.
    @Test(arguments: DiffusionFixtures.models)
    func costs(model: String) throws {
        let network = try DiffusionModel(folder: DiffusionFixtures.path(model), runtime: Runtime(threads: 1))
        let weightless = try DiffusionModel(folder: DiffusionFixtures.path(model), plansOnly: true)
        #expect(weightless.parameterCount == network.parameterCount)
        #expect(weightless.weightBytes == network.weightBytes)
        let reference = try DiffusionFixtures.cases(model)[0]
        let (sample, times) = (reference.sample, reference.timesteps)
        for _ in 0..<2 { _ = try reference.run(network) }
        let account = try network.profile(sample, timesteps: times, classes: reference.classes)
        #expect(account.allocations == 0)
        let plan = try weightless.plan(batch: sample.shape[0], height: sample.shape[2], width: sample.shape[3])
        #expect(plan.flops == account.flops)
        #expect(plan.flops > 0)
        // Many pictures take several passes, and no more activations than the largest of them.
        let (many, step) = (
            try weightless.plan(batch: 33, height: 32, width: 32), try weightless.plan(batch: 16, height: 32, width: 32)
        )
        #expect(many.flops == step.flops / 16 * 33 && many.activationBytes <= 2 * step.activationBytes)
    }
}
