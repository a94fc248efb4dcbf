import Checkpoints
import GAN
import TensorCore
import TestSupport
import Testing

/// Inputs that cannot be: each is refused with what was expected.
@Suite struct InputTests {
    private let runtime = Runtime(threads: 1)

    private func generator(_ model: String) throws -> ImageGenerator {
        try ImageGenerator(folder: GeneratorFixtures.path(model), runtime: runtime)
    }

    private func refusal(
        _ generator: ImageGenerator, _ latents: Tensor, _ options: GenerationOptions = GenerationOptions()
    ) -> String {
        do throws(GANError) {
            _ = try generator.generate(latents, options)
            return "nothing"
        } catch { return error.description }
    }

    @Test func latents() throws {
        let generator = try generator("dcgan-8")
        for shape in [Shape(1, 4), Shape([5]), Shape(1, 5, 1), Shape(1, 5, 2, 1), Shape(5, 1), Shape([1, 5, 1, 1, 1])] {
            #expect(refusal(generator, Tensor(zeros: shape)).contains("expected fp32 latents [batch, 5]"), "\(shape)")
        }
        let numbers = Tensor(integers: [1, 2, 3, 4, 5], shape: Shape(1, 5))
        #expect(refusal(generator, numbers).contains("I64 [1, 5]"))
        for value in [Float.nan, .infinity] {
            #expect(refusal(generator, Tensor([0, 0, value, 0, 0], shape: Shape(1, 5))).contains("finite latents"))
        }
        #expect(refusal(generator, Tensor([3e38, -3e38, 3e38, 1, 1], shape: Shape(1, 5))).contains("not a number"))
    }

    @Test func optionsThatAGeneratorLacks() throws {
        let generator = try generator("dcgan-8")
        let z = Tensor(zeros: Shape(1, 5))
        #expect(refusal(generator, z, GenerationOptions(classes: [0])).contains("no classes"))
        #expect(refusal(generator, z, GenerationOptions(truncation: 1)).contains("no truncation"))
        #expect(refusal(generator, z, GenerationOptions(truncationCutoff: 0)).contains("truncated styles"))
        #expect(refusal(generator, z, GenerationOptions(mixing: StyleMixing(latents: z, from: 0))).contains("mixing"))
        #expect(refusal(generator, z, GenerationOptions(noise: .none)).contains("noise mode"))
        #expect(refusal(generator, z, GenerationOptions(noise: .random { _, _ in [] })).contains("noise mode"))
    }

    @Test func classesAndTruncation() throws {
        let generator = try generator("biggan")
        let z = Tensor(zeros: Shape(2, 8))
        #expect(generator.truncation == .statistics && generator.family.latentConvention == .truncatedNormal)
        #expect(generator.labels == (0..<5).map { "class \($0)" })
        for classes in [nil, [], [1], [0, 1, 2]] {
            let found = refusal(generator, z, GenerationOptions(classes: classes, truncation: 1))
            #expect(found.contains("a class for each of 2 images"))
        }
        for number in [-1, 5, Int.max] {
            let found = refusal(generator, z, GenerationOptions(classes: [0, number], truncation: 1))
            #expect(found.contains("classes in 0...4"))
        }
        for truncation in [nil, 0, -0.5, 1.0001, .nan, .infinity] {
            let found = refusal(generator, z, GenerationOptions(classes: [0, 1], truncation: truncation))
            #expect(found.contains("a truncation above 0 and up to 1"), "\(String(describing: truncation))")
        }
        #expect(refusal(generator, z, GenerationOptions(classes: [0, 4], truncation: 1e-300)) == "nothing")
    }

    @Test func styles() throws {
        let generator = try generator("stylegan2")
        let z = Tensor(zeros: Shape(2, 8))
        #expect(generator.truncation == .average(layers: 6) && generator.styleCount == 6)
        #expect(generator.noiseSides == [4, 8, 8, 16, 16] && generator.family.latentConvention == .numpyNormal)
        for layer in [-1, 7] {
            let mixing = StyleMixing(latents: z, from: layer)
            #expect(refusal(generator, z, GenerationOptions(mixing: mixing)).contains("a style to mix from in 0...6"))
            let cut = GenerationOptions(truncation: 0.5, truncationCutoff: layer)
            #expect(refusal(generator, z, cut).contains("truncated styles in 0...6"))
        }
        for latents in [Tensor(zeros: Shape(1, 8)), Tensor(zeros: Shape(2, 7)), Tensor(zeros: Shape([]))] {
            let mixing = StyleMixing(latents: latents, from: 1)
            #expect(refusal(generator, z, GenerationOptions(mixing: mixing)).contains("latents"), "\(latents.shape)")
        }
        for truncation in [Double.nan, .infinity, 1001] {
            #expect(refusal(generator, z, GenerationOptions(truncation: truncation)).contains("a truncation in"))
        }
        for values in [[], [Float](repeating: 0, count: 15), [Float](repeating: .nan, count: 16)] {
            let noise = GenerationOptions(noise: .random { _, _ in values })
            #expect(refusal(generator, z, noise).contains("16 finite values of noise"))
        }
        // All styles of other latents are the other latents; none of them are none.
        var numbers = SeededGenerator(seed: 8)
        let (a, b) = (Tensor(numbers.floats(8), shape: Shape(1, 8)), Tensor(numbers.floats(8), shape: Shape(1, 8)))
        for (layer, latents) in [(0, b), (6, a)] {
            let mixed = try generator.generate(a, GenerationOptions(mixing: StyleMixing(latents: b, from: layer)))
            #expect(bitDifference(mixed.floats, try generator.generate(latents).floats) == nil)
        }
    }

    @Test func stylesWithoutAnAverage() throws {
        var source = EditedSource(try Checkpoint.open(folder: GeneratorFixtures.path("stylegan2-rosinality")))
        source.drop("latent_avg")
        let generator = try GeneratorFixtures.build("stylegan2-rosinality", source: source, runtime: runtime)
        #expect(generator.truncation == .noAverage)
        let z = Tensor(zeros: Shape(1, 8))
        #expect(refusal(generator, z, GenerationOptions(truncation: 0.7)).contains("no average of styles"))
        #expect(refusal(generator, z, GenerationOptions(truncation: 1)) == "nothing")
    }

    @Test func bytesOfPictures() throws {
        let generator = try generator("dcgan-32")
        let picture = Tensor([-2, -1, 0, 0.5, 1, 3], shape: Shape(1, 3, 1, 2))
        #expect(try generator.rgb(picture) == [[0, 128, 255, 0, 191, 255]])
        for shape in [Shape(1, 1, 2, 2), Shape(3, 2, 2), Shape(1, 4, 1, 1)] {
            #expect(throws: GANError.self) { try generator.rgb(Tensor(zeros: shape)) }
        }
        #expect(throws: GANError.self) { try generator.rgb(Tensor([.nan, 0, 0], shape: Shape(1, 3, 1, 1))) }
    }
}
