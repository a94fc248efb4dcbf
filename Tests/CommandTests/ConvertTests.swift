import Checkpoints
import Foundation
import JSON
import ModelZoo
import TensorCore
import TestSupport
import Testing

/// `zoo convert`, and PyTorch's files where other commands take a model.
@Suite struct ConvertTests {
    private let folder: TemporaryFolder
    /// A training checkpoint: `state_dict` has the model's values halved, `state_dict_ema` the model's own.
    private static let model = "timm-vit-average-pool"
    private static let weights = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "CheckpointsTests/Fixtures").path

    init() throws { folder = try TemporaryFolder() }

    private func file(_ name: String) -> String { "\(Self.weights)/\(name)" }

    /// A model's folder without its own weights.
    private func modelFolder() throws -> String {
        let source = ZooBinary.fixture(Self.model)
        try FileManager.default.copyItem(atPath: source, toPath: folder.path("model"))
        try FileManager.default.removeItem(atPath: folder.path("model/model.safetensors"))
        return folder.path("model")
    }

    @Test func aFileAsSafetensors() throws {
        let out = folder.path("out.safetensors")
        let run = try ZooBinary.run(["convert", file("network.pth"), "-o", out])
        #expect(run.code == 0 && run.errors.isEmpty)
        #expect(run.lines == ["\(out)  5 tensors, 944 B"])
        #expect(try Safetensors(file: out).names.contains("norm.num_batches_tracked"))
        #expect(folder.names == ["out.safetensors"])
    }

    @Test func whatWasTakenIsSaid() throws {
        let out = folder.path("out.safetensors")
        let plain = try ZooBinary.run(["convert", file("training.pth"), "-o", out])
        #expect(plain.code == 0)
        #expect(plain.errors.contains("\"state_dict\"") && plain.errors.contains("--ema takes"))
        let average = try ZooBinary.run(["convert", "--ema", "--force", file("training.pth"), "-o", out])
        #expect(average.code == 0 && average.errors.isEmpty)
        let none = try ZooBinary.run(["convert", "--ema", "--force", file("network.pth"), "-o", out])
        #expect(none.code == 65 && none.errors.contains("running average") && none.errors.contains("conv.bias"))
    }

    @Test func jsonNamesWhatWasDropped() throws {
        let out = folder.path("out.safetensors")
        let run = try ZooBinary.run(["convert", "--json", file("shared.pt"), "-o", out])
        let object = try JSONValue.parse(run.output)
        #expect(object["tensors"]?.intValue == 4)
        #expect(object["output"]?.stringValue == out)
        #expect(object["bytes"]?.intValue == (try FileSystem.read(out, limit: 1 << 20).count))
        #expect(object["dropped"]?["decoder.weight"]?.stringValue == "attention.weight")
        let lines = try ZooBinary.run(["convert", "--force", file("shared.pt"), "-o", out]).lines
        #expect(lines.count == 3 && lines[1].contains("decoder.weight is another name of attention.weight"))
    }

    @Test func shardsOfAFolderAndAnotherType() throws {
        let out = folder.path("out.safetensors")
        let run = try ZooBinary.run(["convert", file("sharded"), "-o", out, "--dtype", "float16"])
        #expect(run.code == 0)
        let file = try Safetensors(file: out)
        #expect(file.names.count == 5)
        #expect(file.info("conv.weight")?.dtype == .float16)
        #expect(file.info("norm.num_batches_tracked")?.dtype == .int64)
    }

    @Test func overItself() throws {
        let path = try folder.write(FileSystem.read(file("network.pth"), limit: 1 << 20), as: "network.pth")
        let out = folder.path("out.safetensors")
        #expect(try ZooBinary.run(["convert", path, "-o", out]).code == 0)
        let first = try FileSystem.read(out, limit: 1 << 20)
        // A safetensors file is converted to itself.
        #expect(try ZooBinary.run(["convert", "--force", out, "-o", out]).code == 0)
        #expect(try FileSystem.read(out, limit: 1 << 20) == first)
    }

    @Test func mistakesOfTheCommandLine() throws {
        let out = folder.path("out.safetensors")
        try folder.write("mine", as: "out.safetensors")
        let exists = try ZooBinary.run(["convert", file("network.pth"), "-o", out])
        #expect(exists.code == 2 && exists.errors.contains("--force"))
        #expect(try ZooBinary.run(["convert", file("network.pth"), "-o", folder.path("out.bin")]).code == 2)
        #expect(try ZooBinary.run(["convert", file("network.pth")]).code == 2)
        #expect(try ZooBinary.run(["convert", file("network.pth"), "-o", out, "--dtype", "int8"]).code == 2)
        let missing = try ZooBinary.run(["convert", folder.path("none.pth"), "-o", folder.path("x.safetensors")])
        #expect(missing.code == 66 && missing.errors.contains("none.pth"))
        let code = try ZooBinary.run(["convert", file("module.pt"), "-o", folder.path("x.safetensors")])
        #expect(code.code == 65 && code.errors.contains("torch.nn.modules.linear.Linear"))
        let nowhere = try ZooBinary.run(["convert", file("network.pth"), "-o", folder.path("no/x.safetensors")])
        #expect(nowhere.code == 74)
        #expect(folder.names == ["out.safetensors"])
        #expect(try FileSystem.read(out, limit: 10) == Array("mine".utf8))
    }

    @Test func aFolderOfPyTorchRunsAsTheModel() throws {
        let model = try modelFolder()
        try folder.write(FileSystem.read(file("\(Self.model).pth"), limit: 1 << 20), as: "model/checkpoint.pth")
        // The folder's only file of weights, the file by its path: both know which weights are meant.
        for name in [model, "\(model)/checkpoint.pth"] {
            let average = try ZooBinary.run(["verify", "--ema", name])
            #expect(average.code == 0, "\(average.output)\(average.errors)")
            let halved = try ZooBinary.run(["verify", name])
            #expect(halved.code == 65 && halved.errors.contains("--ema takes"))
        }
        let shown = try ZooBinary.run(["show", "--ema", "--json", model])
        #expect(shown.code == 0 && shown.errors.isEmpty)
        #expect(try JSONValue.parse(shown.output)["files"]?.arrayValue?.count == 1)
        let picture = "\(model)/ref/b1.in.pixel_values.npy"
        for option in [["--ema"], []] {
            let run = try ZooBinary.run(
                ["run", model, "-i", "pixel_values=\(picture)", "-d", folder.path("out"), "-o", "logits"] + option)
            #expect(run.code == 0)
            let found = try Tensor(NPY(file: folder.path("out/logits.npy"), limit: 1 << 20), file: "logits")
            let expected = try Tensor(NPY(file: "\(model)/ref/b1.out.logits.npy", limit: 1 << 20), file: "expected")
            #expect(Comparison(found, reference: expected).passes(tolerance: 1e-4) == !option.isEmpty)
        }
    }

    @Test func convertedWeightsAreTheModel() throws {
        let model = try modelFolder()
        let out = "\(model)/model.safetensors"
        let run = try ZooBinary.run(["convert", "--ema", file("\(Self.model).pth"), "-o", out])
        #expect(run.code == 0)
        #expect(try ZooBinary.run(["verify", model]).code == 0)
        let none = try ZooBinary.run(["verify", "--ema", model])
        #expect(none.code == 69 && none.errors.contains("no EMA"))
    }

    @Test func identitiesTellWeightsApart() throws {
        let model = try modelFolder()
        try folder.write(FileSystem.read(file("\(Self.model).pth"), limit: 1 << 20), as: "model/checkpoint.pth")
        let picture = try Scratch()
        defer { picture.remove() }
        let path = try picture.picture("a.png", seed: 1)
        let out = folder.path("all.npy")
        let common = ["embed", path, path, "-o", out, "--model", model, "--shard", "1/2"]
        #expect(try ZooBinary.run(common).code == 0)
        let plain = try FileSystem.read("\(out).shard.json", limit: 1 << 16)
        #expect(try ZooBinary.run(common + ["--ema"]).code == 0)
        #expect(try FileSystem.read("\(out).shard.json", limit: 1 << 16) != plain)
    }
}
