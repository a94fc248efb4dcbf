import Checkpoints
import GAN
import TensorCore
import TestSupport
import Testing

/// Every tiny generator against what its reference draws.
@Suite struct GoldenTests {
    @Test func thereAreModels() { #expect(GeneratorFixtures.models.count == 8) }

    @Test(arguments: GeneratorFixtures.models, Tier.supported)
    func parity(model: String, tier: Tier) throws {
        var bits: [[Float]] = []
        for threads in 1...3 {
            let generator = try ImageGenerator(
                folder: GeneratorFixtures.path(model), runtime: Runtime(threads: threads, tier: tier))
            var values: [Float] = []
            for reference in try GeneratorFixtures.cases(model) {
                let found = try generator.generate(reference.latents, reference.options)
                #expect(mismatch(found, reference.image) == nil, "\(reference.name)")
                values += found.floats
            }
            bits.append(values)
        }
        // The number of threads changes no bit.
        #expect(bitDifference(bits[0], bits[1]) == nil)
        #expect(bitDifference(bits[0], bits[2]) == nil)
    }

    @Test(
        .enabled(if: Tier.bitEqual.count == 2, "AVX2 and AVX-512 are both needed"), arguments: GeneratorFixtures.models)
    func tiersGiveTheSameBits(model: String) throws {
        let results = try Tier.bitEqual.map { tier in
            let generator = try ImageGenerator(
                folder: GeneratorFixtures.path(model), runtime: Runtime(threads: 2, tier: tier))
            return try GeneratorFixtures.cases(model).flatMap {
                try generator.generate($0.latents, $0.options).floats
            }
        }
        #expect(bitDifference(results[0], results[1]) == nil)
    }

    @Test(arguments: GeneratorFixtures.models, Tier.supported)
    func aBatchIsItsImages(model: String, tier: Tier) throws {
        let generator = try ImageGenerator(
            folder: GeneratorFixtures.path(model), runtime: Runtime(threads: 2, tier: tier))
        for reference in try GeneratorFixtures.cases(model) {
            let together = try generator.generate(reference.latents, reference.options)
            for image in 0..<reference.latents.shape[0] {
                let alone = try generator.generate(
                    reference.latents.rows(image..<image + 1), reference.options(of: image))
                #expect(
                    bitDifference(alone.floats, together.rows(image..<image + 1).floats) == nil,
                    "\(reference.name), image \(image)")
            }
        }
    }

    @Test func manyImagesTakeSeveralPasses() throws {
        let generator = try ImageGenerator(folder: GeneratorFixtures.path("dcgan-32"), runtime: Runtime(threads: 2))
        let count = 2 * generator.imagesAtATime + 3
        var numbers = SeededGenerator(seed: 5)
        let latents = Tensor(
            numbers.floats(count * generator.latentSize), shape: Shape(count, generator.latentSize, 1, 1))
        let all = try generator.generate(latents)
        for row in [0, generator.imagesAtATime, count - 1] {
            let alone = try generator.generate(latents.rows(row..<row + 1))
            #expect(bitDifference(all.rows(row..<row + 1).floats, alone.floats) == nil)
        }
        #expect(try generator.generate(latents.rows(0..<0)).shape == Shape(0, 3, 32, 32))
    }

    @Test(arguments: GeneratorFixtures.models)
    func pixels(model: String) throws {
        let generator = try ImageGenerator(folder: GeneratorFixtures.path(model), runtime: Runtime(threads: 1))
        for reference in try GeneratorFixtures.cases(model) {
            // Of the reference's own picture, so that no rounding of the network's stands between.
            #expect(try generator.rgb(reference.image).flatMap(\.self) == reference.pixels, "\(reference.name)")
        }
    }

    @Test(arguments: GeneratorFixtures.models)
    func passesOfAShapeSettleOnTheirBuffers(model: String) throws {
        let generator = try ImageGenerator(folder: GeneratorFixtures.path(model), runtime: Runtime(threads: 2))
        for reference in try GeneratorFixtures.cases(model) {
            let allocations = try (0..<4).map { _ in
                try generator.profile(reference.latents, reference.options).allocations
            }
            #expect(allocations[2...] == [0, 0], "\(reference.name): \(allocations)")
        }
    }

    @Test(arguments: GeneratorFixtures.models)
    func plansCountWhatPassesDo(model: String) throws {
        let folder = GeneratorFixtures.path(model)
        let generator = try ImageGenerator(folder: folder, runtime: Runtime(threads: 1))
        let planned = try ImageGenerator(folder: folder, runtime: Runtime(threads: 1), plansOnly: true)
        #expect(planned.parameterCount == generator.parameterCount)
        for reference in try GeneratorFixtures.cases(model)
        where reference.latents.shape[0] <= generator.imagesAtATime && reference.options.mixing == nil {
            let account = try generator.profile(reference.latents, reference.options)
            let plan = planned.plan(batch: reference.latents.shape[0])
            #expect(plan.flops == account.flops && plan.flops > 0)
            #expect(plan.activationBytes > 0 && planned.weightBytes == generator.weightBytes)
        }
    }

    @Test func descriptions() throws {
        let runtime = Runtime(threads: 1)
        let small = try ImageGenerator(folder: GeneratorFixtures.path("dcgan-8"), runtime: runtime)
        #expect(small.architecture == "DCGAN" && small.family.latentConvention == .torchNormal)
        #expect((small.latentSize, small.classCount, small.imageSize, small.channels) == (5, 0, 8, 1))
        #expect(small.truncation == .none && small.labels == [] && small.styleCount == 0 && small.noiseSides == [])
        #expect(small.parameterCount == 5 * 6 * 16 + 6 * 16 + 2 * 6)
        let labelled = try ImageGenerator(folder: GeneratorFixtures.path("dcgan-labels"), runtime: runtime)
        #expect(labelled.classCount == 4 && labelled.labels == (0..<4).map { "thing \($0)" })
        for model in GeneratorFixtures.models {
            #expect(ImageGenerator.recognises(folder: GeneratorFixtures.path(model)), "\(model)")
        }
        #expect(!ImageGenerator.recognises(folder: GeneratorFixtures.path("")))
    }
}
