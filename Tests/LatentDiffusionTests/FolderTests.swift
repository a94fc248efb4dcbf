import Checkpoints
import Diffusion
import JSON
import LatentDiffusion
import Randomness
import TensorCore
import TestSupport
import Testing

/// Folders of pipelines: what they may hold, what they may lack, and what requests may ask for.
@Suite struct FolderTests {
    private static let runtime = Runtime(threads: 1)

    private static let files = [
        "model_index.json", "scheduler/scheduler_config.json", "text_encoder/config.json",
        "text_encoder/model.safetensors", "tokenizer/merges.txt", "tokenizer/special_tokens_map.json",
        "tokenizer/tokenizer_config.json", "tokenizer/vocab.json", "unet/config.json",
        "unet/diffusion_pytorch_model.safetensors", "vae/config.json", "vae/diffusion_pytorch_model.safetensors",
    ]

    /// A pipeline's folder with some files left out, some under other names, and values of its JSON files changed.
    private static func copy(
        without missing: [String] = [], renaming names: [String: String] = [:],
        changing changes: [(file: String, key: String, value: JSONValue?)] = []
    ) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for name in files where !missing.contains(name) {
            var bytes = try FileSystem.read("\(LatentFixtures.path("sd1"))/\(name)", limit: 1 << 20)
            for change in changes where change.file == name {
                var object = try Config(file: name, bytes: bytes).object
                object[change.key] = change.value
                bytes = Array(JSONValue.object(object).serialized().utf8)
            }
            try folder.write(bytes, as: names[name] ?? name)
        }
        return folder
    }

    private func failure(_ folder: TemporaryFolder) -> LatentDiffusionError? {
        do throws(LatentDiffusionError) {
            let model = try LatentDiffusionModel(folder: folder.path, runtime: Self.runtime, plansOnly: true)
            _ = try model.tokenizer()
            return nil
        } catch { return error }
    }

    @Test func aWholeFolder() throws {
        let folder = try Self.copy()
        #expect(failure(folder) == nil)
        #expect(LatentDiffusionModel.recognises(folder: folder.path))
        #expect(!LatentDiffusionModel.recognises(folder: folder.path + "/unet"))
        let model = try LatentDiffusionModel(folder: folder.path, runtime: Self.runtime)
        let planned = try LatentDiffusionModel(folder: folder.path, runtime: Self.runtime, plansOnly: true)
        #expect(model.weightBytes == planned.weightBytes && model.parameterCount == planned.parameterCount)
        #expect(model.pipeline == "StableDiffusionPipeline" && model.notes.isEmpty && !model.isForInpainting)
        withExtendedLifetime(folder) {}
    }

    @Test(
        arguments: files.filter { !$0.hasSuffix("special_tokens_map.json") && !$0.hasSuffix("tokenizer_config.json") })
    func foldersThatLackFiles(missing: String) throws {
        let folder = try Self.copy(without: [missing])
        let error = try #require(failure(folder))
        let part = missing.split(separator: "/")[0]
        #expect(error.description.contains(part), "\(error)")
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: [("unet", "vae"), ("vae", "unet"), ("text_encoder", "unet"), ("unet", "text_encoder")])
    func swappedComponents(one: String, other: String) throws {
        let weights = { $0 == "text_encoder" ? "model.safetensors" : "diffusion_pytorch_model.safetensors" }
        let folder = try Self.copy(
            without: ["\(other)/config.json", "\(other)/\(weights(other))"],
            renaming: [
                "\(one)/config.json": "\(other)/config.json", "\(one)/\(weights(one))": "\(other)/\(weights(other))",
            ])
        let error = try #require(failure(folder))
        #expect(error.description.contains(other) || error.description.contains(one), "\(error)")
        withExtendedLifetime(folder) {}
    }

    @Test(arguments: [
        ("model_index.json", "_class_name", "\"StableDiffusionXLPipeline\"", "StableDiffusionXLPipeline"),
        ("model_index.json", "unet", "[\"diffusers\",\"UNet2DModel\"]", "UNet2DConditionModel"),
        ("model_index.json", "vae", "[\"diffusers\",\"VQModel\"]", "AutoencoderKL"),
        ("model_index.json", "vae", "[null,null]", "vae"), ("model_index.json", "tokenizer", "null", "tokenizer"),
        ("model_index.json", "text_encoder", "[\"transformers\",\"T5EncoderModel\"]", "CLIPTextModel"),
        ("model_index.json", "image_encoder", "[\"transformers\",\"CLIPVisionModelWithProjection\"]", "image_encoder"),
        ("model_index.json", "scheduler", "[\"diffusers\",\"DDIMScheduler\"]", "DDIMScheduler"),
        ("model_index.json", "scheduler", "[\"diffusers\",\"KarrasVeScheduler\"]", "KarrasVeScheduler"),
        ("text_encoder/config.json", "architectures", "[\"CLIPTextModelWithProjection\"]", "architectures"),
        ("text_encoder/config.json", "use_attention_mask", "true", "use_attention_mask"),
        ("vae/config.json", "_class_name", "null", "_class_name"),
    ])
    func refusedByName(file: String, key: String, value: String, named: String) throws {
        let folder = try Self.copy(changing: [(file, key, try JSONValue.parse([UInt8](value.utf8)))])
        let error = try #require(failure(folder))
        #expect(error.description.contains(named) && error.description.contains(file), "\(error)")
        withExtendedLifetime(folder) {}
    }

    /// Each component is right by itself, but they do not fit each other.
    @Test(arguments: [("unet", "cross_attention_dim"), ("vae", "in_channels"), ("unet", "in_channels")])
    func componentsThatDoNotFit(component: String, key: String) throws {
        var parts = try LatentDiffusionComponents(folder: LatentFixtures.path("sd1"))
        if key == "cross_attention_dim" {
            // Four tokens' worth of width less: the keys and values of the text are of another shape.
            var source = EditedSource(parts.unet.source)
            for name in parts.unet.source.names where name.contains("attn2.to_k") || name.contains("attn2.to_v") {
                let shape = try #require(parts.unet.source.info(name)?.shape)
                source.reshape(name, to: [shape[0], 12])
            }
            parts.unet.source = source
            parts.unet.config = try LatentFixtures.config("sd1", "unet", [key: 12])
        } else if component == "unet" {
            var source = EditedSource(parts.unet.source)
            source.reshape("conv_in.weight", to: [4, 5, 3, 3])
            parts.unet.source = source
            parts.unet.config = try LatentFixtures.config("sd1", "unet", [key: 5])
        } else {
            parts.autoencoder = .init(
                folder: LatentFixtures.path("vae-options"), config: try LatentFixtures.config("vae-options", ""),
                source: try LatentFixtures.checkpoint("vae-options", ""))
        }
        let error = #expect(throws: LatentDiffusionError.self) {
            try LatentDiffusionModel(parts, runtime: Self.runtime, plansOnly: true)
        }
        guard case .config(let problem) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(problem.description.contains("channels") || problem.description.contains(key), "\(problem)")
    }

    @Test func costs() throws {
        let model = try LatentDiffusionModel(
            folder: LatentFixtures.path("sd1"), runtime: Self.runtime, plansOnly: true)
        let cost = try model.plan(pictures: 1, height: 256, width: 256)
        #expect(cost.peakBytes > cost.weightBytes + cost.decoding.activationBytes && cost.encoding == nil)
        let cut = try model.plan(
            pictures: 1, height: 256, width: 256, changesPictures: true, tiling: LatentTiling(size: 8))
        #expect(cut.decoding.activationBytes < cost.decoding.activationBytes && cut.encoding != nil)
        let plain = try model.plan(pictures: 1, height: 256, width: 256, isGuided: false)
        #expect(plain.step.flops * 2 == cost.step.flops)
        for (pictures, height) in [(1, 250), (1, .max), (1, 1 << 62), (.max, 256), (-1, 256), (1, 0)] {
            #expect(throws: LatentDiffusionError.self, "\(pictures), \(height)") {
                try model.plan(pictures: pictures, height: height, width: 256)
            }
        }
    }

    /// Components of which the folder says that they take no part are noted.
    @Test func safetyCheckers() throws {
        let entry: JSONValue = ["stable_diffusion", "StableDiffusionSafetyChecker"]
        let folder = try Self.copy(changing: [("model_index.json", "safety_checker", entry)])
        let model = try LatentDiffusionModel(folder: folder.path, runtime: Self.runtime, plansOnly: true)
        #expect(model.notes.count == 1 && model.notes[0].contains("safety checker"))
        withExtendedLifetime(folder) {}
    }

    /// Requests that cannot be: sizes, texts, guidance, strengths, pictures, masks.
    @Test func requestsThatCannotBe() throws {
        let model = try LatentDiffusionModel(folder: LatentFixtures.path("sd1"), runtime: Self.runtime)
        let states = try model.encode(prompts: ["a dog"])
        let picture = Tensor(zeros: [1, 3, 32, 32])
        let fine = LatentSamplingRequest(steps: 1, encoderHiddenStates: states, negativeHiddenStates: states)
        let changes: [(inout LatentSamplingRequest) -> Void] = [
            { $0.negativeHiddenStates = nil }, { $0.negativeHiddenStates = Tensor(zeros: [1, 5, 16]) },
            { $0.encoderHiddenStates = Tensor(zeros: [3, 77, 16]) }, { $0.guidance = .nan }, { $0.guidance = -1 },
            { $0.guidanceRescale = 2 }, { $0.eta = 2 }, { $0.start = .noise(height: 36, width: 32) },
            { $0.start = .noise(height: 0, width: 32) }, { $0.start = .noise(height: 32, width: -8) },
            { $0.start = .latents(Tensor(zeros: [2, 4, 8, 8])) }, { $0.start = .latents(Tensor(zeros: [1, 9, 8, 8])) },
            { $0.start = .pictures(picture, strength: 1.5) }, { $0.start = .pictures(picture, strength: .nan) },
            { $0.start = .pictures(Tensor(zeros: [1, 3, 30, 32]), strength: 1) },
            { $0.start = .pictures(Tensor(zeros: [2, 3, 32, 32]), strength: 1) },
            { $0.start = .inpainting(picture, mask: Tensor(zeros: [1, 1, 16, 32]), strength: 1) },
            { $0.start = .inpainting(picture, mask: picture, strength: 1) },
            { $0.start = .inpainting(picture, mask: Tensor(zeros: [2, 1, 32, 32]), strength: 1) },
            { $0.start = .inpainting(picture, mask: Tensor(zeros: [0, 1, 32, 32]), strength: 1) },
            {
                $0.start = .inpainting(
                    picture, mask: Tensor([Float](repeating: 2, count: 1024), shape: [1, 1, 32, 32]), strength: 1)
            },
        ]
        #expect(throws: Never.self) { try model.sampleLatents(fine, noise: [TorchGenerator(seed: 1)]) }
        for (number, change) in changes.enumerated() {
            var request = fine
            change(&request)
            let error = #expect(throws: LatentDiffusionError.self, "\(number)") {
                try model.sampleLatents(request, noise: [TorchGenerator(seed: 1)])
            }
            guard case .input = error else {
                Issue.record("\(number): \(String(describing: error))")
                continue
            }
        }
        let painter = try LatentDiffusionModel(folder: LatentFixtures.path("inpaint"), runtime: Self.runtime)
        #expect(painter.isForInpainting)
        #expect(throws: LatentDiffusionError.self) {
            try painter.sampleLatents(fine, noise: [TorchGenerator(seed: 1)])
        }
    }
}
