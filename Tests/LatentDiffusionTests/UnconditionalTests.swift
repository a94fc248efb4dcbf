import Checkpoints
import Diffusion
import JSON
import LatentDiffusion
import Randomness
import TensorCore
import TestSupport
import Testing

/// Latent diffusion without texts, against diffusers' pipeline.
@Suite struct UnconditionalTests {
    private static let runtime = Runtime(threads: 2)

    @Test func parity() throws {
        let folder = LatentFixtures.path("ldm")
        #expect(UnconditionalLatentModel.recognises(folder: folder) && !LatentDiffusionModel.recognises(folder: folder))
        let model = try UnconditionalLatentModel(folder: folder, runtime: Self.runtime)
        let entry = try Config(path: folder + "/ref/loops.json").objects("loops", count: 1...1)[0]
        let seeds = try entry.ints("seeds", count: 1...8, in: 0...100)
        let request = SamplingRequest(steps: try entry.int("steps", in: 1...100))
        let noise: [any NormalGenerator] = try seeds.map { try TorchGenerator(seed: $0) }
        var calls = 0
        let found = try model.sample(request, noise: noise) { _ in
            calls += 1
            return true
        }
        #expect(calls == request.steps && found.shape == [2, 3, 16, 16])
        // The reference gives channels last, from 0 to 1.
        let stored = try NPY(file: folder + "/ref/" + entry.string("pictures"), limit: 1 << 20).floats()
        let values = found.floats
        for (index, value) in stored.enumerated() {
            let (picture, place) = (index / 768, index % 768)
            let own = values[picture * 768 + place % 3 * 256 + place / 3]
            #expect(abs(min(max(own / 2 + 0.5, 0), 1) - value) <= Float.parity)
        }
        let alone = try model.sample(request, noise: [TorchGenerator(seed: seeds[1])])
        #expect(bitDifference(alone.floats, found.rows(1..<2).floats) == nil)
        #expect(throws: LatentDiffusionError.self) { try model.autoencoder.encode(Tensor(zeros: [1, 3, 16, 16])) }
    }

    @Test(arguments: [
        ("_class_name", "\"VQDiffusionPipeline\""), ("unet", "[\"diffusers\",\"UNet2DConditionModel\"]"),
        ("vqvae", "[\"diffusers\",\"AutoencoderTiny\"]"), ("vqvae", "[\"diffusers\",\"AutoencoderKL\"]"),
        ("scheduler", "null"), ("bert", "[\"transformers\",\"BertModel\"]"),
    ])
    func refusedByName(key: String, value: String) throws {
        let folder = try TemporaryFolder()
        for name in [
            "model_index.json", "unet/config.json", "unet/diffusion_pytorch_model.safetensors",
            "scheduler/scheduler_config.json", "vqvae/config.json", "vqvae/diffusion_pytorch_model.safetensors",
        ] {
            var bytes = try FileSystem.read("\(LatentFixtures.path("ldm"))/\(name)", limit: 1 << 20)
            if name == "model_index.json" {
                var object = try Config(file: name, bytes: bytes).object
                object[key] = try JSONValue.parse([UInt8](value.utf8))
                bytes = Array(JSONValue.object(object).serialized().utf8)
            }
            try folder.write(bytes, as: name)
        }
        let error = #expect(throws: LatentDiffusionError.self) {
            try UnconditionalLatentModel(folder: folder.path, runtime: Self.runtime, plansOnly: true)
        }
        #expect(error?.description.contains(key) == true, "\(String(describing: error))")
        withExtendedLifetime(folder) {}
    }
}
