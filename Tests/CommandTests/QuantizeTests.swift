import Checkpoints
import Foundation
import JSON
import Media
import TensorCore
import TestSupport
import Testing

/// `zoo quantize`: a folder in eight bits gives what `--dtype int8` gives with the folder it was made of.
@Suite struct QuantizeTests {
    private let folder: TemporaryFolder
    private static let zoo = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "zoo").path

    init() throws { folder = try TemporaryFolder() }

    private func quantized(_ model: String, _ options: [String] = []) throws -> String {
        let out = folder.path("out")
        let run = try ZooBinary.run(["quantize", model, "-o", out] + options)
        #expect(run.code == 0 && run.output.contains("matrices in eight bits"), "\(run.output) \(run.errors)")
        return out
    }

    private func bytes(_ path: String) throws -> Int { try FileSystem.read(path, limit: 1 << 30).count }

    @Test func aClassifier() throws {
        let original = "\(Self.zoo)/vit-cifar10"
        let out = try quantized(original)
        let before = try bytes("\(original)/model.safetensors")
        // Half precision became eight bits, but for what stays floats.
        #expect(try bytes("\(out)/model.safetensors") < before * 55 / 100)
        #expect(!FileManager.default.fileExists(atPath: "\(out)/card.json"))
        // Linear layers alone, as compressed-tensors knows them; the patches' convolution is another layer's.
        let file = try Safetensors(file: "\(out)/model.safetensors")
        let integers = file.names.compactMap { file.info($0) }.filter { $0.dtype == .int8 }
        #expect(integers.count == 37 && integers.allSatisfy { $0.shape.count == 2 }, "\(integers.map(\.name))")
        let picture = "\(original)/ref/image.png"
        func scores(_ words: [String]) throws -> String {
            let run = try ZooBinary.run(["classify", "--json", picture, "-m"] + words)
            #expect(run.code == 0, "\(run.errors)")
            return try JSONValue.parse(run.output)["predictions"]?.serialized() ?? ""
        }
        let expected = try scores([original, "--dtype", "int8"])
        #expect(try scores([out]) == expected && !expected.isEmpty)
        // Held as floats the integers are what they stand for; rows of the input are no integers then.
        #expect(try scores([out, "--dtype", "fp32"]) != expected)
        #expect(try ZooBinary.run(["verify", out]).code == 0)
        #expect(try ZooBinary.run(["verify", out, "--dtype", "bf16", "--tolerance", "0.1"]).code == 0)
        // In eight bits, as it will be loaded.
        func weightBytes(_ model: String) throws -> Int {
            let shown = try ZooBinary.run(["show", "--json", model])
            #expect(shown.code == 0, "\(shown.errors)")
            return try #require(try JSONValue.parse(shown.output)["weight_bytes"]?.intValue, "\(shown.output)")
        }
        #expect(try weightBytes(out) < weightBytes(original) / 2)
    }

    /// Winograd's matrices of 3x3 kernels stay floats, other kernels do not.
    @Test(arguments: ["resnet-cifar10", "clip-tiny", "wav2vec2-tiny"]) func otherFamilies(model: String) throws {
        let original = "\(Self.zoo)/\(model)"
        let out = try quantized(original)
        func errors(_ words: [String]) throws -> [JSONValue?] {
            try ZooBinary.run(["verify", "--json"] + words).lines.map { try JSONValue.parse($0) }
                .filter { $0["output"] != nil }.map { $0["max_rel_err"] }
        }
        let expected = try errors([original, "--dtype", "int8"])
        #expect(try errors([out]) == expected && !expected.isEmpty)
    }

    /// The parts of a pipeline, each with its weights and its configuration.
    @Test func aPipeline() throws {
        let out = try quantized(Fixtures.latentDiffusion("sd1"))
        #expect(try bytes("\(out)/unet/config.json") > 0)
        let config = try Config(
            file: "config.json", bytes: try FileSystem.read("\(out)/unet/config.json", limit: 1 << 20))
        #expect(try config.object("quantization_config").string("format") == "int-quantized")
        #expect(FileManager.default.fileExists(atPath: "\(out)/scheduler/scheduler_config.json"))
        let words = ["generate", "--prompt", "a cat", "--steps", "2", "--seeds", "3", "-m"]
        let original = [Fixtures.latentDiffusion("sd1"), "--dtype", "int8"]
        for (model, file) in [([out], "a.png"), (original, "b.png")] {
            let run = try ZooBinary.run(words + model + ["-o", folder.path(file)])
            #expect(run.code == 0, "\(run.errors)")
        }
        let pictures = try ["a.png", "b.png"].map { try ImageDecoder.decode(path: folder.path($0)).bytes }
        #expect(pictures[0] == pictures[1])
    }

    @Test func whatItRefuses() throws {
        let model = "\(Self.zoo)/vit-cifar10"
        let out = try quantized(model)
        let again = try ZooBinary.run(["quantize", model, "-o", out])
        #expect(again.code == 2 && again.errors.contains("is there already"))
        let twice = try ZooBinary.run(["quantize", out, "-o", folder.path("twice")])
        #expect(twice.code == 65 && twice.errors.contains("in eight bits already"))
        #expect(folder.names == ["out"])
    }

    /// Other ways of storing weights are not taken for this one, and weights that were not written are named.
    @Test func otherFolders() throws {
        let path = folder.path("model")
        try FileManager.default.copyItem(atPath: "\(Self.zoo)/vit-cifar10", toPath: path)
        try Data("x".utf8).write(to: URL(filePath: "\(path)/pytorch_model.bin"))
        let run = try ZooBinary.run(["quantize", path, "-o", folder.path("out")])
        #expect(run.code == 0 && run.errors.contains("pytorch_model.bin was left out"), "\(run.errors)")
        var config = try Config(
            file: "config.json", bytes: try FileSystem.read("\(path)/config.json", limit: 1 << 20)
        ).object
        config["quantization_config"] = ["quant_method": "bitsandbytes", "load_in_8bit": true]
        try FileSystem.write(JSONValue.object(config).serializedBytes(), to: "\(path)/config.json")
        let shown = try ZooBinary.run(["bench", "--json", "-n", "1", path])
        #expect(try JSONValue.parse(shown.output)["dtype"]?.stringValue == "fp32", "\(shown.errors)")
        let quantized = try ZooBinary.run(["bench", "--json", "-n", "1", folder.path("out")])
        #expect(try JSONValue.parse(quantized.output)["dtype"]?.stringValue == "int8", "\(quantized.errors)")
    }

    /// A tensor of integers without its scales, or with a scale too few, is no weight.
    @Test func brokenScales() throws {
        let out = try quantized("\(Self.zoo)/vit-cifar10")
        let path = "\(out)/model.safetensors"
        let file = try Safetensors(file: path)
        let name = try #require(file.names.first { file.info($0)?.dtype == .int8 })
        func rewritten(_ change: (inout [StoredTensor]) -> Void) throws -> ZooBinary.Result {
            var tensors = try file.names.map { tensor in
                let info = try #require(file.info(tensor))
                var bytes = [UInt8](repeating: 0, count: info.byteCount)
                try bytes.withUnsafeMutableBytes { try file.read(tensor, at: 0, into: $0) }
                return StoredTensor(name: tensor, dtype: info.dtype, shape: info.shape, bytes: bytes)
            }
            change(&tensors)
            try Safetensors.write(tensors, to: path)
            return try ZooBinary.run(["verify", out])
        }
        let missing = try rewritten { $0.removeAll { $0.name == "\(name)_scale" } }
        #expect(
            missing.code == 69 && missing.errors.contains("\(name) has type I8") && missing.errors.contains("_scale"),
            "\(missing.errors)")
        let short = try rewritten { tensors in
            for index in tensors.indices where tensors[index].name == "\(name)_scale" {
                tensors[index].shape = [1, tensors[index].shape[0]]
            }
        }
        #expect(short.code == 69 && short.errors.contains("\(name)_scale has shape"), "\(short.errors)")
    }
}
