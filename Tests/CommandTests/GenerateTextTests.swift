import Checkpoints
import Foundation
import JSON
import Media
import TensorCore
import TestSupport
import Testing

@testable import ZooCommand

/// `zoo generate` with texts, on the seeded pipelines of the family's own tests.
@Suite struct GenerateTextTests: GenerationRuns {
    let folder: TemporaryFolder
    private let first = Fixtures.latentDiffusion("sd1")
    private let second = Fixtures.latentDiffusion("sd2")
    private let prompt = ["--prompt", "a photo of a red car at night"]

    init() throws { folder = try TemporaryFolder() }

    /// The pictures that diffusers' pipelines make of the same seeds.
    @Test(arguments: [
        ("sd1", "pndm4", [3, 14], ["--negative", "two dogs"]),
        ("sd1", "ddim4", [7], ["--negative", "two dogs", "--scheduler", "ddim", "--guidance", "7.5"]),
        ("sd1", "plain", [9], ["--scheduler", "ddim", "--guidance", "1", "--size", "40x24"]),
        ("sd2", "ddim4", [21, 22], ["--guidance-rescale", "0.7"]),
    ])
    func pictures(model: String, loop: String, seeds: [Int], options: [String]) throws {
        let source = Fixtures.latentDiffusion(model)
        let pixels = try NPY(file: "\(source)/ref/loop.\(loop).pixels.npy", limit: 1 << 24)
        let list = seeds.map(String.init).joined(separator: ",")
        let target = folder.path("out")
        let run = try generate(["-m", source, "-s", list, "--steps", "4", "-o", target] + prompt + options)
        #expect(run.code == 0, "\(run.errors)")
        let size = pixels.bytes.count / seeds.count
        for (number, seed) in seeds.enumerated() {
            let picture = try ImageDecoder.decode(path: "\(target)/seed-\(seed).png")
            let expected = pixels.bytes[number * size..<(number + 1) * size]
            #expect(picture.bytes.count == size)
            let off = zip(picture.bytes, expected).filter { abs(Int($0) - Int($1)) > 1 }.count
            #expect(off * 1000 <= size, "\(off) of \(size) values are off by more than one level")
        }
    }

    @Test func replaysAndFacts() throws {
        let options = ["-m", first, "--steps", "2", "--negative", "two dogs", "--seeds", "5"] + prompt
        let file = try made(options, "a.png")
        #expect(try made(["--replay", folder.path("a.png"), "--threads", "1"], "b.png") == file)
        #expect(try PNGText.read("prompt", in: file) == "a photo of a red car at night")
        #expect(try PNGText.read("negative", in: file) == "two dogs")
        // Weights of words change the picture, and brackets around nothing do not.
        let weighted = ["-m", first, "--steps", "2", "--negative", "two dogs", "--seeds", "5"]
        let other = try made(weighted + ["--prompt", "a photo of a (red:1.4) car at night"], "c.png")
        #expect(try ImageDecoder.decode(other) != ImageDecoder.decode(file))
    }

    /// Every component has a say in a picture.
    @Test(arguments: ["vae/config.json", "text_encoder/config.json", "tokenizer/merges.txt"])
    func onlyTheSameComponentsReplay(_ file: String) throws {
        let copy = folder.path("model")
        try FileManager.default.copyItem(atPath: first, toPath: copy)
        _ = try made(["-m", copy, "--steps", "1"] + prompt, "a.png")
        let place = URL(filePath: "\(copy)/\(file)")
        try (Data(contentsOf: place) + Data("\n".utf8)).write(to: place)
        let other = try generate(["--replay", folder.path("a.png"), "-o", folder.path("b.png")])
        #expect(other.code == 65 && other.errors.contains("other weights"), "\(other.errors)")
    }

    /// A LoRA of strength 0 changes nothing, of another the picture; its file is one of those that a replay needs.
    @Test func aLoRAChangesThePicture() throws {
        let place = "down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
        let checkpoint = try Checkpoint.open(folder: "\(first)/unet")
        let shape = try #require(checkpoint.info("\(place).weight")?.shape)
        func factor(_ name: String, _ shape: [Int]) -> StoredTensor {
            let values = (0..<shape[0] * shape[1]).map { Float($0 % 5) - 2 }
            return StoredTensor(name: "unet.\(place).\(name).weight", shape: shape, floats: values)
        }
        let file = folder.path("style.safetensors")
        try Safetensors.write([factor("lora_A", [2, shape[1]]), factor("lora_B", [shape[0], 2])], to: file)
        let options = ["-m", first, "--steps", "2"] + prompt
        func picture(_ more: [String], _ name: String) throws -> Image {
            try ImageDecoder.decode(made(options + more, name))
        }
        let plain = try picture([], "a.png")
        #expect(try picture(["--lora", "\(file):0"], "b.png") == plain)
        #expect(try picture(["--lora", "\(file):1.5"], "c.png") != plain)
        _ = try made(["--replay", folder.path("c.png")], "d.png")
        try Data("no LoRA".utf8).write(to: URL(filePath: file))
        let other = try generate(["--replay", folder.path("c.png"), "-o", folder.path("e.png")])
        #expect(other.code == 65, "\(other.errors)")
    }

    @Test func aLoRAOfAnotherModelIsRefused() throws {
        let plain = try made(["-m", first, "--steps", "2"] + prompt, "a.png")
        let wrong = try generate(
            ["-m", first, "-o", folder.path("b.png"), "--lora", Fixtures.generator("dcgan-8") + "/model.safetensors"]
                + prompt)
        #expect(wrong.code == 65 && wrong.errors.contains("main."), "\(wrong.errors)")
        #expect(!plain.isEmpty && folder.names == ["a.png"])
    }

    @Test func plans() throws {
        let run = try generate(["-m", first, "--plan", "--json", "--scheduler", "ddim", "--steps", "3"] + prompt)
        let line = try JSONValue.parse(run.output)
        #expect(line["steps"]?.intValue == 3 && (line["peak_bytes"]?.intValue ?? 0) > 0)
        let people = try generate(["-m", first, "--plan"] + prompt)
        #expect(people.code == 0 && people.output.contains("peak memory"), "\(people.errors)")
    }

    @Test(arguments: [
        ([], 2, "--prompt"), (["--prompt", "a", "--class", "cat"], 2, "--prompt"),
        (["--prompt", "a", "--size", "30x32"], 2, "multiples"), (["--prompt", "a", "--size", "x"], 2, "--size"),
        (["--prompt", "a", "--truncation", "1"], 2, "GANs"), (["--prompt", "a", "--mask", "m.png"], 2, "--init"),
        (["--prompt", "a", "--ema"], 2, "--ema"),
        (["--prompt", "a", "--scheduler", "lms2"], 2, "--scheduler"),
        (["--prompt", "a", "--steps", "0"], 65, "steps"),
        (["--prompt", "a", "--lora", "none.safetensors"], 66, "none"),
        (["--prompt", String(repeating: "car ", count: 200)], 65, "tokens"),
    ])
    func refusals(_ options: [String], _ code: Int32, _ part: String) throws {
        let run = try generate(["-m", first, "-o", folder.path("a.png")] + options)
        #expect(run.code == code && run.errors.contains(part), "\(options): \(run.code) \(run.errors)")
        #expect(folder.names.isEmpty)
    }

    @Test func otherFamiliesTakeNoPrompt() throws {
        let run = try generate(["-m", Fixtures.generator("dcgan-8"), "-o", folder.path("a.png")] + prompt)
        #expect(run.code == 2 && run.errors.contains("--prompt"), "\(run.errors)")
    }

    @Test func facts() throws {
        for (part, model) in [("", first), ("/unet", first), ("/vae", second), ("/text_encoder", first)] {
            let show = try ZooBinary.run(["show", model + part, "--json"])
            #expect(show.code == 0, "\(show.errors)")
        }
    }

    /// Arrays through the pipeline, and through each network from its own folder.
    @Test(arguments: [
        ("unet", "b2", ["sample", "timestep", "encoder_hidden_states"], "noise_pred"),
        ("vae", "decode", ["z"], "image"),
        ("text_encoder", "text", ["input_ids"], "last_hidden_state"),
    ])
    func arrays(part: String, name: String, inputs: [String], output: String) throws {
        let references = "\(first)/ref"
        let expected = try NPY(file: "\(references)/\(name).out.\(output).npy", limit: 1 << 24).floats()
        let scale = expected.map(abs).max() ?? 1
        for place in [first, "\(first)/\(part)"] {
            let target = folder.path("out")
            let run = try ZooBinary.run(
                ["run", place, "--output", output, "--output-dir", target]
                    + inputs.flatMap { ["--input", "\($0)=\(references)/\(name).in.\($0).npy"] })
            #expect(run.code == 0, "\(place): \(run.errors)")
            let found = try NPY(file: "\(target)/\(output).npy", limit: 1 << 24).floats()
            #expect(zip(found, expected).allSatisfy { abs($0 - $1) <= 1e-4 * scale }, "\(place)")
        }
    }
}
