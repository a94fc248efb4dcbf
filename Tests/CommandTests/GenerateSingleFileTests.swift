import Checkpoints
import Foundation
import JSON
import LatentDiffusion
import Media
import TensorCore
import TestSupport
import Testing

@testable import ZooCommand

/// `zoo generate` and its relatives with a pipeline in one file, beside the folder that diffusers would have of it.
@Suite struct GenerateSingleFileTests: GenerationRuns {
    let folder: TemporaryFolder
    private let tokenizer = Fixtures.latentDiffusion("sd1/tokenizer")
    private let prompt = ["--prompt", "a photo of a red car at night", "--negative", "two dogs", "--size", "16x16"]
    private static let models = Result { try SmallFiles() }

    init() throws { folder = try TemporaryFolder() }

    /// Checkpoints of both versions, and folders of the same weights.
    private struct SmallFiles {
        let folder: TemporaryFolder

        init() throws {
            folder = try TemporaryFolder()
            for version in ["one", "two"] {
                let items = SmallPipeline.tensors(
                    like: try Checkpoint.open(file: Fixtures.latentDiffusion("single-file/\(version).safetensors")),
                    isSecond: version == "two", vocabulary: 567)
                let tensors = items.map { StoredTensor(name: $0.name, shape: $0.shape, floats: $0.values) }
                let file = path(version)
                try FileManager.default.createDirectory(
                    atPath: folder.path(version), withIntermediateDirectories: true)
                try Safetensors.write(tensors, to: file)
                try writeFolder(of: file, as: "\(version)-folder", tokenizer: version == "one" ? "sd1" : "sd2")
            }
        }

        func path(_ version: String) -> String { folder.path("\(version)/model.safetensors") }

        func writeFolder(of file: String, as name: String, tokenizer: String) throws {
            let whole = try SingleFile(file: file)
            let index: JSONObject = [
                "_class_name": "StableDiffusionPipeline",
                "scheduler": ["diffusers", whole.version == .one ? "PNDMScheduler" : "DDIMScheduler"],
                "text_encoder": ["transformers", "CLIPTextModel"], "tokenizer": ["transformers", "CLIPTokenizer"],
                "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", "AutoencoderKL"],
            ]
            func write(_ object: JSONObject, _ path: String) throws {
                try folder.write(JSONValue.object(object).serialized(), as: "\(name)/\(path)")
            }
            try write(index, "model_index.json")
            try write(whole.scheduler.object, "scheduler/scheduler_config.json")
            for (part, component) in [
                ("unet", whole.unet), ("vae", whole.autoencoder), ("text_encoder", whole.textEncoder),
            ] {
                try write(component.config.object, "\(part)/config.json")
                let tensors = try component.source.names.map { tensor in
                    let info = try #require(component.source.info(tensor))
                    return StoredTensor(
                        name: tensor, dtype: info.dtype, shape: info.shape,
                        bytes: try component.source.bytes(of: tensor))
                }
                let file = part == "text_encoder" ? "model" : "diffusion_pytorch_model"
                try Safetensors.write(tensors, to: folder.path("\(name)/\(part)/\(file).safetensors"))
            }
            try FileManager.default.copyItem(
                atPath: Fixtures.latentDiffusion("\(tokenizer)/tokenizer"), toPath: folder.path("\(name)/tokenizer"))
        }
    }

    private func path(_ version: String) throws -> String { try Self.models.get().path(version) }

    private func model(_ version: String) throws -> [String] { ["-m", try path(version), "--tokenizer", tokenizer] }

    private func picture(_ words: [String], _ name: String) throws -> Image {
        try ImageDecoder.decode(made(words + prompt, name))
    }

    /// The folder's tokenizer fills prompts up in another way for 2.x than the one that is named for the file.
    @Test(arguments: ["one", "two"]) func theFoldersPictures(_ version: String) throws {
        let single = try picture(model(version) + ["--steps", "2", "--seeds", "3"], "a.png")
        let whole = try Self.models.get().folder.path("\(version)-folder")
        let other = try picture(["-m", whole, "--steps", "2", "--seeds", "3"], "b.png")
        #expect(single == other && Set(single.bytes).count > 20)
    }

    @Test func replays() throws {
        let copy = folder.path("tokenizer")
        try FileManager.default.copyItem(atPath: tokenizer, toPath: copy)
        let words = ["-m", try path("two"), "--tokenizer", copy, "--prediction", "epsilon", "--steps", "1"]
        let file = try made(words + prompt, "a.png")
        #expect(try made(["--replay", folder.path("a.png")], "b.png") == file)
        let merges = URL(filePath: "\(copy)/merges.txt")
        try (Data(contentsOf: merges) + Data("\n".utf8)).write(to: merges)
        let other = try generate(["--replay", folder.path("a.png"), "-o", folder.path("c.png")])
        #expect(other.code == 65 && other.errors.contains("other weights"), "\(other.errors)")
    }

    @Test func predictions() throws {
        func run(_ options: [String], _ name: String) throws -> (Image, String) {
            let run = try generate(try model("two") + ["--steps", "1", "-o", folder.path(name)] + prompt + options)
            #expect(run.code == 0, "\(run.errors)")
            return (try ImageDecoder.decode(path: folder.path(name)), run.errors)
        }
        let usual = try run([], "a.png")
        #expect(usual.1.contains("v_prediction, as no shape tells"))
        let velocity = try run(["--prediction", "v_prediction"], "b.png")
        #expect(velocity.0 == usual.0 && !velocity.1.contains("no shape"))
        #expect(try run(["--prediction", "epsilon"], "c.png").0 != usual.0)
    }

    /// Options of a picture that depend on the components.
    @Test func adapters() throws {
        let plain = try picture(model("one") + ["--steps", "1"], "a.png")
        let layer = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k"
        func factor(_ name: String, _ shape: [Int]) -> StoredTensor {
            let values = (0..<shape[0] * shape[1]).map { Float($0 % 5) - 2 }
            return StoredTensor(name: "unet.\(layer).\(name).weight", shape: shape, floats: values)
        }
        let lora = folder.path("style.safetensors")
        try Safetensors.write([factor("lora_A", [2, 64]), factor("lora_B", [64, 2])], to: lora)
        #expect(try picture(model("one") + ["--steps", "1", "--lora", lora], "b.png") != plain)
        let word = folder.path("car.safetensors")
        try Safetensors.write(
            [StoredTensor(name: "<car>", shape: [64], floats: [Float](repeating: 1, count: 64))], to: word)
        let text = try model("one") + ["--steps", "1", "--prompt", "a <car>", "--size", "16x16"]
        #expect(try made(text + ["--embedding", word], "c.png") != made(text, "e.png"))
        #expect(try picture(model("one") + ["--steps", "1", "--dtype", "bf16"], "d.png").width == 16)
    }

    @Test func planAndMemory() throws {
        let options = ["--plan", "--json", "--steps", "3", "--scheduler", "ddim"]
        let plan = try generate(try model("one") + options + prompt)
        let line = try JSONValue.parse(plan.output)
        #expect(line["steps"]?.intValue == 3 && (line["weight_bytes"]?.intValue ?? 0) > 0, "\(plan.errors)")
        let words = try model("one") + ["--max-memory", "1M", "-o", folder.path("a.png")]
        let refused = try generate(words + prompt)
        #expect(refused.code == 69 && refused.errors.contains("--max-memory"), "\(refused.errors)")
        #expect(folder.names.isEmpty)
    }

    @Test func shows() throws {
        let show = try ZooBinary.run(["show", try path("one"), "--json"])
        let facts = try JSONValue.parse(show.output)
        #expect(facts["task"]?.stringValue == "text-to-image", "\(show.errors)")
        #expect(facts["pipeline"]?.stringValue == "StableDiffusionPipeline" && facts["context"]?.intValue == 77)
        let whole = try ZooBinary.run(["show", try Self.models.get().folder.path("one-folder"), "--json"])
        #expect(facts["parameters"] == (try JSONValue.parse(whole.output))["parameters"])
        let files = facts["files"]?.arrayValue ?? []
        #expect(files.count == 1 && files.first?["name"]?.stringValue == "model.safetensors")
        let people = try ZooBinary.run(["show", try path("two")])
        #expect(people.code == 0 && people.output.contains("Stable Diffusion 2.x in the original layout"))
    }

    /// Arrays go through it as through a folder; texts become tokens where there is a tokenizer.
    @Test func arraysAndTokens() throws {
        let latents = folder.path("z.npy")
        try NPY((0..<256).map { Float($0 % 7) - 3 }, shape: [1, 4, 8, 8]).write(to: latents)
        var images: [[Float]] = []
        for place in [try path("one"), try Self.models.get().folder.path("one-folder")] {
            let run = try ZooBinary.run(["run", place, "-i", "z=\(latents)", "-d", folder.path("out")])
            #expect(run.code == 0, "\(run.errors)")
            images.append(try NPY(file: folder.path("out/image.npy"), limit: 1 << 20).floats())
        }
        #expect(images[0] == images[1] && images[0].count == 768)
        let tokens = try ZooBinary.run(["tokenize", try path("one"), "a red car"])
        #expect(tokens.code == 69 && tokens.errors.contains("tokenizer"), "\(tokens.errors)")
        let whole = folder.path("named.safetensors")
        try FileManager.default.createSymbolicLink(atPath: whole, withDestinationPath: try path("one"))
        try FileManager.default.copyItem(atPath: tokenizer, toPath: folder.path("tokenizer"))
        let beside = try ZooBinary.run(["tokenize", whole, "a red car"])
        #expect(beside.code == 0 && beside.output.contains("car"), "\(beside.errors)")
        #expect(try picture(["-m", whole, "--steps", "1"], "a.png").width == 16)
    }

    @Test func commandsOfOtherFamilies() throws {
        let image = Image(width: 8, height: 8, mode: .rgb, bytes: [UInt8](repeating: 9, count: 192))
        let picture = try folder.write(image.pngFile(), as: "a.png")
        for (words, code) in [
            (["classify", "-m", try path("one"), picture], Int32(2)), (["embed", "-m", try path("one"), picture], 2),
            (["eval", try path("one"), folder.path], 2), (["verify", try path("one")], 69),
        ] {
            let run = try ZooBinary.run(words)
            #expect(run.code == code && run.errors.contains("model.safetensors"), "\(words): \(run.code) \(run.errors)")
        }
    }

    @Test func optionsOfOtherModels() throws {
        let out = ["-o", folder.path("a.png")]
        for place in [Fixtures.latentDiffusion("sd1"), Fixtures.generator("dcgan-8")] {
            for option in [["--prediction", "epsilon"], ["--tokenizer", tokenizer]] {
                let run = try generate(["-m", place] + out + option)
                #expect(run.code == 2 && run.errors.contains("one file"), "\(run.code) \(run.errors)")
            }
        }
        let wrong = try generate(try model("one") + out + prompt + ["--prediction", "sample"])
        #expect(wrong.code == 2 && wrong.errors.contains("v_prediction"), "\(wrong.errors)")
        let average = try generate(try model("one") + out + prompt + ["--ema"])
        #expect(average.code == 2, "\(average.errors)")
        let none = try generate(["-m", try path("one")] + out + prompt)
        #expect(none.code == 69 && none.errors.contains("--tokenizer"), "\(none.errors)")
        let missing = try generate(["-m", try path("one"), "--tokenizer", folder.path("none")] + out + prompt)
        #expect(missing.code == 66 && missing.errors.contains("none"), "\(missing.errors)")
        #expect(folder.names.isEmpty)
    }

    /// Files that are no such pipeline, and what is said of them.
    @Test(arguments: ["xl", "lora", "component", "other", "short", "cut", "lacking"])
    func refusals(_ kind: String) throws {
        func tensor(_ name: String, _ shape: [Int] = [2]) -> StoredTensor {
            StoredTensor(name: name, shape: shape, floats: [Float](repeating: 0, count: shape.reduce(1, *)))
        }
        var bytes = try Array(Data(contentsOf: URL(filePath: path("one"))))
        let said: [String]
        switch kind {
        case "xl":
            said = ["conditioner.", "Stable Diffusion XL"]
            bytes = try Safetensors.serialized([
                tensor("conditioner.embedders.0.x"), tensor("model.diffusion_model.out.0.bias"),
            ])
        case "lora":
            said = ["lora_unet_x", "LoRA", "model_index.json"]
            bytes = try Safetensors.serialized([tensor("lora_unet_x.lora_down.weight")])
        case "component":
            said = ["down_blocks.0.x", "a folder"]
            bytes = try Safetensors.serialized([tensor("down_blocks.0.x")])
        case "other":
            said = ["fc.weight", "config.json"]
            bytes = try Safetensors.serialized([tensor("fc.weight")])
        case "short":
            said = ["bad.safetensors"]
            bytes = Array(bytes.prefix(100))
        case "cut":
            said = ["bad.safetensors"]
            bytes.removeLast(5000)
        default:
            said = ["model.diffusion_model.out.2.weight", "no such tensor"]
            let whole = try Checkpoint.open(file: path("one"))
            bytes = try Safetensors.serialized(
                whole.names.filter { $0 != "model.diffusion_model.out.2.weight" }.map { name in
                    let info = try #require(whole.info(name))
                    return StoredTensor(
                        name: name, dtype: info.dtype, shape: info.shape, bytes: try whole.bytes(of: name))
                })
        }
        let file = try folder.write(bytes, as: "bad.safetensors")
        for words in [["generate", "-m", file, "-o", folder.path("a.png")] + prompt, ["show", file]] {
            let run = try ZooBinary.run(words)
            #expect(run.code == 69, "\(kind): \(run.code) \(run.errors)")
            for part in said { #expect(run.errors.contains(part), "\(kind): \(part) is not in \(run.errors)") }
        }
        #expect(folder.names == ["bad.safetensors"])
    }
}
