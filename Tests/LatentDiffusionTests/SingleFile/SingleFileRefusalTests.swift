import Checkpoints
import TensorCore
import TestSupport
import Testing

@testable import LatentDiffusion

@Suite struct SingleFileRefusalTests {
    /// A change of a checkpoint after which it is refused, and what the error says.
    struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        var base = "one"
        var says: [String]
        var options: SingleFile.Options?
        var change: @Sendable (inout EditedSource) -> Void
        var testDescription: String { name }
    }

    private static let attention = "model.diffusion_model.middle_block.1"

    static let refused = [
        Refused(name: "a further tensor", says: ["surplus", "another"]) { $0.add("surplus", shape: [1]) },
        Refused(name: "a further tensor of the network", says: ["model.diffusion_model.surplus.weight"]) {
            $0.add("model.diffusion_model.surplus.weight", shape: [1])
        },
        Refused(name: "a further tensor of a block", says: ["input_blocks.1.0.h_upd.weight"]) {
            $0.add("model.diffusion_model.input_blocks.1.0.h_upd.weight", shape: [1])
        },
        Refused(name: "a further tensor of the autoencoder", says: ["encoder.down.0.attn.0.q.weight"]) {
            $0.add("first_stage_model.encoder.down.0.attn.0.q.weight", shape: [4, 4, 1, 1])
        },
        Refused(name: "a level that is not there", says: ["decoder.up.7"]) {
            $0.add("first_stage_model.decoder.up.7.block.0.conv1.weight", shape: [4])
        },
        Refused(name: "a further tensor of the text tower", base: "two", says: ["visual.proj"]) {
            $0.add("cond_stage_model.model.visual.proj", shape: [1])
        },
        Refused(name: "a name without a dot", says: ["model.diffusion_model.scale"]) {
            $0.add("model.diffusion_model.scale", shape: [])
        },
        Refused(name: "XL", says: ["Stable Diffusion XL", "conditioner."]) {
            $0.add("conditioner.embedders.0.x", shape: [1])
        },
        Refused(name: "a ControlNet", says: ["ControlNet"]) { $0.add("control_model.x", shape: [1]) },
        Refused(name: "further conditions", says: ["label_emb"]) {
            $0.add("model.diffusion_model.label_emb.0.0.weight", shape: [1])
        },
        Refused(name: "no network", says: ["input_blocks.0.0.weight", "no such tensor"]) { source in
            for name in source.names where name.hasPrefix("model.diffusion_model.") { source.drop(name) }
        },
        Refused(name: "no autoencoder", says: ["encoder.conv_in.weight"]) { source in
            for name in source.names where name.hasPrefix("first_stage_model.") { source.drop(name) }
        },
        Refused(name: "no text encoder", says: ["text encoder", "none"]) { source in
            for name in source.names where name.hasPrefix("cond_stage_model.") { source.drop(name) }
        },
        Refused(name: "two text encoders", says: ["one text encoder"]) {
            $0.add("cond_stage_model.model.token_embedding.weight", shape: [4, 6])
        },
        Refused(name: "the other version's text", base: "two", says: ["1x1 convolutions", "1.x"]) { source in
            for name in source.names where name.hasPrefix("cond_stage_model.model.") { source.drop(name) }
            let place = "cond_stage_model.transformer.text_model"
            source.add("\(place).embeddings.token_embedding.weight", shape: [9, 4])
            source.add("\(place).embeddings.position_embedding.weight", shape: [5, 4])
            source.add("\(place).encoder.layers.0.mlp.fc1.weight", shape: [8, 4])
        },
        Refused(name: "texts of another width", says: ["width 6", "7"]) { source in
            for name in source.names where name.hasSuffix("attn2.to_k.weight") {
                source.reshape(name, to: [source.info(name)?.shape[0] ?? 0, 7])
            }
        },
        Refused(name: "attention of two widths", says: ["attn2.to_k.weight", "6 columns"]) {
            $0.reshape("\(attention).transformer_blocks.0.attn2.to_k.weight", to: [8, 7])
        },
        Refused(name: "attention of two kinds", says: ["\(attention).proj_in.weight"]) {
            $0.reshape("\(attention).proj_in.weight", to: [8, 8])
        },
        Refused(name: "two transformer blocks", says: ["one transformer block"]) {
            $0.add("\(attention).transformer_blocks.1.norm1.weight", shape: [8])
        },
        Refused(name: "pictures to change", says: ["4 channels, or 9"]) {
            $0.reshape("model.diffusion_model.input_blocks.0.0.weight", to: [4, 8, 3, 3])
        },
        Refused(name: "other latents", says: ["4 channels, as latents have"]) {
            $0.reshape("model.diffusion_model.out.2.weight", to: [3, 4, 3, 3])
        },
        Refused(name: "half a level", base: "two", says: ["residual blocks on each level"]) { source in
            for name in source.names where name.contains("input_blocks.8.") { source.drop(name) }
        },
        Refused(name: "attention here and there", base: "two", says: ["behind all residual blocks"]) { source in
            for name in source.names where name.contains("input_blocks.2.1.") { source.drop(name) }
        },
        Refused(name: "no way up", says: ["output_blocks.3.0.in_layers.2.weight"]) { source in
            for name in source.names where name.contains("output_blocks.3.0.") { source.drop(name) }
        },
        Refused(name: "a kernel of the autoencoder's attention", says: ["1x1 convolution"]) {
            $0.reshape("first_stage_model.decoder.mid.attn_1.q.weight", to: [8, 8, 3, 3])
        },
        Refused(name: "projections of another width", base: "two", says: ["in_proj_weight", "[12, 4]"]) {
            $0.reshape("cond_stage_model.model.transformer.resblocks.1.attn.in_proj_weight", to: [12, 5])
        },
        Refused(name: "another tower", base: "two", says: ["24 blocks", "20"]) { source in
            for name in source.names where name.contains("resblocks.20.") { source.drop(name) }
        },
        Refused(name: "a vector for a matrix", says: ["4 dimensions", "[4]"]) {
            $0.reshape("model.diffusion_model.out.2.weight", to: [4])
        },
        Refused(name: "integers", says: ["floats", "I64"]) {
            $0.retype("model.diffusion_model.out.2.weight", to: .int64)
        },
        Refused(name: "heads", says: ["heads that divide"], options: .init(heads: [3, 2], textHeads: 2)) { _ in },
        Refused(name: "levels for heads", says: ["heads that divide"], options: .init(heads: [1], textHeads: 2)) { _ in
        },
        Refused(name: "widths that tell no heads", says: ["multiples of 8"], options: .init(textHeads: 2)) { _ in },
        Refused(
            name: "a text encoder that tells no heads", says: ["multiple of 64"], options: .init(heads: [1, 2])
        ) { _ in },
        Refused(
            name: "heads of the text encoder", says: ["6 with 4"], options: .init(heads: [1, 2], textHeads: 4)
        ) { _ in },
    ]

    @Test(arguments: refused) func isRefused(_ item: Refused) throws {
        var source = EditedSource(try SingleFileFixtures.checkpoint(item.base))
        item.change(&source)
        let error = #expect(throws: SingleFileError.self) {
            try SingleFile(
                source, file: "whole.safetensors", options: item.options ?? SingleFileFixtures.options(item.base))
        }
        let text = error?.description ?? ""
        #expect(text.hasPrefix("whole.safetensors: "), "\(text)")
        for part in item.says { #expect(text.contains(part), "\(part) is not in: \(text)") }
    }

    /// Tensors taken away or of no sensible shape are errors or other sizes, and no crash.
    @Test(arguments: SingleFileFixtures.cases) func nothingCrashes(_ name: String) throws {
        let whole = EditedSource(try SingleFileFixtures.checkpoint(name))
        let shapes: [[Int]?] = [nil, [], [0], [0, 0], [1, 1, 1, 1, 1]]
        for (index, tensor) in whole.names.enumerated() where index % 12 == 0 {
            var source = whole
            if let shape = shapes[index / 12 % 5] { source.reshape(tensor, to: shape) } else { source.drop(tensor) }
            _ = try? SingleFile(source, file: "whole", options: SingleFileFixtures.options(name))
        }
    }

    @Test func filesThatAreNone() throws {
        let folder = try TemporaryFolder()
        #expect(throws: SingleFileError.self) { try SingleFile(file: folder.path("none.safetensors")) }
        try folder.write("no checkpoint", as: "none.ckpt")
        #expect(throws: SingleFileError.self) { try SingleFile(file: folder.path("none.ckpt")) }
        let lora = #expect(throws: SingleFileError.self) {
            try SingleFile(file: AdapterFixtures.path("adapters/kohya.safetensors"))
        }
        #expect(lora?.description.contains("LoRA") == true)
    }
}
