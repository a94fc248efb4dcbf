import Checkpoints
import DualEncoder
import JSON
import TensorCore
import TestSupport
import Testing

/// Which folders are dual encoders, and which file of them is believed.
@Suite struct FolderTests {
    @Test(arguments: DualEncoderFixtures.models)
    func ours(model: String) {
        #expect(DualEncoder.recognises(folder: DualEncoderFixtures.path(model)))
    }

    @Test func others() throws {
        let folder = try TemporaryFolder()
        #expect(!DualEncoder.recognises(folder: folder.path))
        #expect(!DualEncoder.recognises(folder: folder.path + "/nowhere"))
        for text in [
            "", "[]", "{", "{}", #"{"architectures":["ViTForImageClassification"],"model_type":"vit"}"#,
            #"{"architectures":["BertModel"]}"#, #"{"architectures":7,"model_type":7}"#,
            #"{"architecture":"vit_base_patch16_siglip_224"}"#,
        ] {
            try folder.write(text, as: "config.json")
            #expect(!DualEncoder.recognises(folder: folder.path), "\(text)")
        }
        for text in [
            #"{"model_type":"clip"}"#, #"{"architectures":["CLIPTextModel"]}"#, #"{"model_type":"siglip2"}"#,
        ] {
            try folder.write(text, as: "config.json")
            #expect(DualEncoder.recognises(folder: folder.path), "\(text)")
        }
    }

    private func copy(_ model: String, _ name: String, to folder: TemporaryFolder, as other: String? = nil) throws {
        let bytes = try FileSystem.read(DualEncoderFixtures.path(model) + "/" + name, limit: 1 << 20)
        try folder.write(bytes, as: other ?? name)
    }

    @Test func bothLayoutsInOneFolder() throws {
        let folder = try TemporaryFolder()
        let (hf, open) = ("transformers-clip-gelu", "open_clip-vit-gelu")
        try copy(open, "open_clip_config.json", to: folder)
        try copy(open, "open_clip_model.safetensors", to: folder)
        #expect(try DualEncoder(folder: folder.path).layout == .openCLIP)
        // A `config.json` without weights of its own does not count.
        try copy(hf, "config.json", to: folder)
        #expect(try DualEncoder(folder: folder.path).layout == .openCLIP)
        try copy(hf, "model.safetensors", to: folder)
        #expect(try DualEncoder(folder: folder.path).layout == .transformers)
        try folder.write(#"{"model_type":"vit"}"#, as: "config.json")
        #expect(try DualEncoder(folder: folder.path).layout == .openCLIP)
    }

    @Test func openCLIPWeightsUnderTheUsualName() throws {
        let folder = try TemporaryFolder()
        try copy("open_clip-vit-gelu", "open_clip_config.json", to: folder)
        try copy("open_clip-vit-gelu", "open_clip_model.safetensors", to: folder, as: "model.safetensors")
        #expect(try DualEncoder(folder: folder.path).layout == .openCLIP)
    }

    @Test func openAINamesWithoutAConfiguration() throws {
        let folder = try TemporaryFolder()
        try copy("open_clip-vit-gelu", "open_clip_model.safetensors", to: folder, as: "model.safetensors")
        for step in 0..<2 {
            // Neither without any configuration nor with transformers'.
            if step == 1 { try copy("transformers-clip-gelu", "config.json", to: folder) }
            let error = #expect(throws: DualEncoderError.self) { try DualEncoder(folder: folder.path) }
            guard case .config(.value(let file, _, let expected, _)) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(file.hasSuffix("open_clip_config.json"))
            #expect(expected.contains("quick_gelu"))
        }
    }

    @Test func foldersThatAreNone() throws {
        let folder = try TemporaryFolder()
        let missing = #expect(throws: DualEncoderError.self) { try DualEncoder(folder: folder.path) }
        guard case .checkpoint(.file(let error)) = missing else {
            Issue.record("\(String(describing: missing))")
            return
        }
        #expect(error.path == folder.path("config.json") && error.isNotFound)
        try folder.write("{", as: "config.json")
        let broken = #expect(throws: DualEncoderError.self) { try DualEncoder(folder: folder.path) }
        guard case .config = broken else {
            Issue.record("\(String(describing: broken))")
            return
        }
        try copy("transformers-clip", "config.json", to: folder)
        try folder.write([0x80], as: "pytorch_model.bin")
        let pickle = #expect(throws: DualEncoderError.self) { try DualEncoder(folder: folder.path) }
        #expect(pickle?.description.contains("pytorch_model.bin") == true)
    }
}
