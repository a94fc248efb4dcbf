import Checkpoints
import GAN
import JSON
import TensorCore
import TestSupport
import Testing

/// The largest published BigGAN-deep: its tensors, without their values.
@Suite struct PublishedTests {
    @Test func bigGAN512() throws {
        let path = GeneratorFixtures.path("biggan-deep-512.json")
        let file = try Config(path: path)
        let tensors = try file.object("tensors")
        let infos = try tensors.keys.map { name in
            TensorInfo(
                name: name, dtype: .float32, shape: try tensors.ints(name, count: 0...4, in: 1...1_000_000), file: path)
        }
        let generator = try ImageGenerator(
            folder: "biggan-deep-512", config: file.object("config"), source: ZeroSource(location: path, infos),
            runtime: Runtime(threads: 1), plansOnly: true)
        #expect((generator.imageSize, generator.channels, generator.classCount) == (512, 3, 1000))
        #expect(generator.latentSize == 128 && generator.family == .bigGAN)
        let parameters = try file.int("parameters", in: 1...1_000_000_000)
        #expect(generator.parameterCount == parameters)
        #expect(generator.plan(batch: 1).flops > 2e10)
    }
}
