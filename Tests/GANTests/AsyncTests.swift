import Checkpoints
import GAN
import Synchronization
import TensorCore
import TestSupport
import Testing

/// Calls for tasks give what the others give.
@Suite struct AsyncTests {
    @Test(arguments: ["dcgan-32", "biggan", "stylegan2"])
    func sameBits(model: String) async throws {
        let folder = GeneratorFixtures.path(model)
        let generator = try await ImageGenerator.load(folder: folder, runtime: Runtime(threads: 2))
        for reference in try GeneratorFixtures.cases(model) {
            let expected = try generator.generate(reference.latents, reference.options)
            let found = try await generator.generate(reference.latents, reference.options, progress: nil)
            #expect(found.shape == expected.shape)
            #expect(bitDifference(found.floats, expected.floats) == nil, "\(reference.name)")
        }
    }

    @Test func progressAndManyPasses() async throws {
        let generator = try ImageGenerator(folder: GeneratorFixtures.path("dcgan-32"), runtime: Runtime(threads: 2))
        let (step, size) = (generator.imagesAtATime, generator.latentSize)
        var numbers = SeededGenerator(seed: 3)
        let latents = Tensor(numbers.floats((step + 2) * size), shape: Shape(step + 2, size))
        let expected = try generator.generate(latents)
        let told = Mutex<[[Int]]>([])
        let found = try await generator.generate(latents, GenerationOptions()) { done, total in
            told.withLock { $0.append([done, total]) }
        }
        #expect(bitDifference(found.floats, expected.floats) == nil)
        #expect(told.withLock(\.self) == [[step, step + 2], [step + 2, step + 2]])
        await #expect(throws: GANError.self) {
            try await generator.generate(latents, GenerationOptions(truncation: 1), progress: nil)
        }
    }

    @Test func cancelled() async throws {
        let generator = try ImageGenerator(folder: GeneratorFixtures.path("dcgan-8"), runtime: Runtime(threads: 1))
        let latents = Tensor(zeros: Shape(1, generator.latentSize))
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await generator.generate(latents, GenerationOptions(), progress: nil)
        }
        let result = await task.result
        #expect(throws: GANError.self) { try result.get() }
    }
}
