import Checkpoints
import JSON
import TensorCore
import TestSupport
import Testing

@testable import LatentDiffusion

@Suite struct SingleFileTests {
    @Test(arguments: SingleFileFixtures.cases) func tensorsAreThoseOfTheReference(_ name: String) throws {
        let file = try SingleFile(
            file: SingleFileFixtures.path("\(name).safetensors"), options: SingleFileFixtures.options(name))
        var found: [String] = []
        for (component, part) in SingleFileFixtures.components(file) {
            #expect(part.source.names == part.source.names.sorted())
            for tensor in part.source.names {
                let info = try #require(part.source.info(tensor))
                #expect(info.name == tensor)
                let checksum = SingleFileFixtures.checksum(try part.source.bytes(of: tensor))
                found.append("\(component) \(tensor) \(SingleFileFixtures.shape(info.shape)) \(checksum)")
            }
        }
        let expected = try SingleFileFixtures.lines("\(name)-converted.txt")
        #expect(expected.count > 150)
        let (missing, further) = (Set(expected).subtracting(found), Set(found).subtracting(expected))
        #expect(missing.isEmpty && further.isEmpty, "\(missing.sorted().prefix(3)), \(further.sorted().prefix(3))")
    }

    @Test(arguments: SingleFileFixtures.cases) func sizesAreFoundFromShapes(_ name: String) throws {
        let file = try SingleFile(
            file: SingleFileFixtures.path("\(name).safetensors"), options: SingleFileFixtures.options(name))
        let sizes = try Config(path: SingleFileFixtures.path("\(name).json"))
        let (network, pictures, text) = (
            try sizes.object("unet"), try sizes.object("autoencoder"), try sizes.object("text")
        )
        let many = 0...100_000
        func widths(_ part: Config) throws -> [Int] {
            let width = try part.int("width", in: many)
            return try part.ints("multiples", count: 1...9, in: many).map { $0 * width }
        }
        let unet = file.unet.config
        #expect(try unet.ints("block_out_channels", count: 1...9, in: many) == widths(network))
        #expect(try unet.int("layers_per_block", in: many) == network.int("layers", in: many))
        #expect(try unet.int("cross_attention_dim", in: many) == network.int("context", in: many))
        #expect(try unet.int("in_channels", in: many) == network.int("inputs", in: many))
        #expect(try unet.int("out_channels", in: many) == 4)
        #expect(try unet.bool("use_linear_projection") == (name == "two"))
        let down = name == "one" ? [true, false] : [true, true, false]
        #expect(
            try unet.strings("down_block_types", count: 1...9)
                == down.map { $0 ? "CrossAttnDownBlock2D" : "DownBlock2D" })
        #expect(
            try unet.strings("up_block_types", count: 1...9)
                == down.reversed().map { $0 ? "CrossAttnUpBlock2D" : "UpBlock2D" })
        let coder = file.autoencoder.config
        #expect(try coder.ints("block_out_channels", count: 1...9, in: many) == widths(pictures))
        #expect(try coder.int("layers_per_block", in: many) == pictures.int("layers", in: many))
        #expect(try coder.int("latent_channels", in: many) == 4 && coder.double("scaling_factor", in: 0...1) == 0.18215)
        let encoder = file.textEncoder.config
        #expect(try encoder.int("hidden_size", in: many) == text.int("width", in: many))
        #expect(try encoder.int("intermediate_size", in: many) == text.int("hidden", in: many))
        #expect(try encoder.int("num_hidden_layers", in: many) == (name == "one" ? 2 : 23))
        #expect(try encoder.int("max_position_embeddings", in: many) == text.int("positions", in: many))
        #expect(try encoder.int("vocab_size", in: many) == text.int("vocabulary", in: many))
        #expect(try encoder.string("hidden_act") == (name == "one" ? "quick_gelu" : "gelu"))
        // "two" is an inpainting model.
        #expect(try file.scheduler.string("prediction_type") == "epsilon")
    }

    @Test(arguments: SingleFileFixtures.cases) func thePublishedSizes(_ name: String) throws {
        let file = try SingleFile(SingleFileFixtures.full(name), file: "full.safetensors")
        let sums = try Config(path: SingleFileFixtures.path("full.json")).object(name)
        for (component, part) in SingleFileFixtures.components(file) {
            let lines = part.source.names.map {
                "\($0) \(SingleFileFixtures.shape(part.source.info($0)?.shape ?? []))\n"
            }
            #expect(SingleFileFixtures.checksum(lines.joined().utf8) == (try sums.string(component)), "\(component)")
        }
        let unet = file.unet.config
        #expect(file.version == (name == "one" ? .one : .two))
        if name == "one" {
            #expect(try unet.int("attention_head_dim", in: 1...100) == 8)
            #expect(try unet.int("sample_size", in: 1...100) == 64)
            #expect(try file.scheduler.string("prediction_type") == "epsilon")
            #expect(try file.textEncoder.config.int("num_attention_heads", in: 1...100) == 12)
        } else {
            #expect(try unet.ints("attention_head_dim", count: 4...4, in: 1...100) == [5, 10, 20, 20])
            #expect(try unet.int("sample_size", in: 1...100) == 96)
            #expect(try file.scheduler.string("prediction_type") == "v_prediction")
            #expect(try file.textEncoder.config.int("num_attention_heads", in: 1...100) == 16)
            let base = try SingleFile(
                SingleFileFixtures.full(name), file: "full.safetensors", options: .init(prediction: .epsilon))
            #expect(try base.scheduler.string("prediction_type") == "epsilon")
            #expect(try base.autoencoder.config.int("sample_size", in: 1...1000) == 512)
        }
    }

    @Test func piecesOfASplitTensor() throws {
        let file = try SingleFile(
            file: SingleFileFixtures.path("two.safetensors"), options: SingleFileFixtures.options("two"))
        let name = "text_model.encoder.layers.3.self_attn.v_proj.weight"
        let whole = try file.textEncoder.source.bytes(of: name)
        #expect(whole.count == 32)
        var piece = [UInt8](repeating: 0, count: 6)
        try piece.withUnsafeMutableBytes { try file.textEncoder.source.read(name, at: 10, into: $0) }
        #expect(piece == Array(whole[10..<16]))
        for (tensor, offset) in [(name, 28), (name, -1), ("no such", 0)] {
            #expect(throws: TensorReadError.self) {
                try piece.withUnsafeMutableBytes { try file.textEncoder.source.read(tensor, at: offset, into: $0) }
            }
        }
    }

    @Test func namesOfOlderEncoders() throws {
        var source = EditedSource(try SingleFileFixtures.checkpoint("one"))
        let prefix = "cond_stage_model.transformer."
        for name in source.names where name.hasPrefix(prefix) {
            source.rename(name, to: name.replacing("\(prefix)text_model.", with: prefix))
        }
        let options = SingleFileFixtures.options("one")
        let (old, new) = (
            try SingleFile(source, file: "old", options: options),
            try SingleFile(SingleFileFixtures.checkpoint("one"), file: "new", options: options)
        )
        #expect(old.textEncoder.source.names == new.textEncoder.source.names)
    }

    /// LoRA files are merged into components of one file as into those of a folder.
    @Test func componentsTakeAdapters() throws {
        let folder = try TemporaryFolder()
        let file = try SingleFile(
            file: SingleFileFixtures.path("one.safetensors"), options: SingleFileFixtures.options("one"))
        let layer = "lora_unet_mid_block_attentions_0_transformer_blocks_0_attn2_to_k"
        let path = folder.path("lora.safetensors")
        try AdapterFixtures.write(
            [
                StoredTensor(name: "\(layer).lora_down.weight", shape: [1, 6], floats: [1, 2, 3, 4, 5, 6]),
                StoredTensor(name: "\(layer).lora_up.weight", shape: [8, 1], floats: [1, 0, 0, 0, 0, 0, 0, 0]),
            ], to: path)
        let merge = try LoRAMerge(
            [LoRA(file: path)], unet: file.unet.source, textEncoder: file.textEncoder.source)
        let name = "mid_block.attentions.0.transformer_blocks.0.attn2.to_k.weight"
        let before = try AdapterFixtures.tensor(name, of: file.unet.source).floats
        let after = try AdapterFixtures.tensor(name, of: merge.unet).floats
        #expect(after[6...] == before[6...])
        #expect(Array(after[..<6]) == zip(before, 1...6).map { $0 + Float($1) })
    }
}
