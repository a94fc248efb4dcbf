import Checkpoints
import TensorCore
import TestSupport
import Testing

@testable import LatentDiffusion

@Suite struct LoRARefusalTests {
    /// A file that is refused, and what the error says.
    struct Refused: Sendable, CustomTestStringConvertible {
        var name: String
        /// Names and shapes.
        var tensors: [(String, [Int])]
        var says: [String]
        var dtype = DType.float32
        var metadata: [String: String] = [:]
        var testDescription: String { name }
    }

    private static let query = "unet.down_blocks.0.attentions.0.transformer_blocks.0.attn1.to_q"
    private static let flat = "lora_unet_down_blocks_0_attentions_0_transformer_blocks_0_attn1_to_q"
    private static let pair: [(String, [Int])] = [
        ("\(query).lora_A.weight", [2, 8]), ("\(query).lora_B.weight", [8, 2]),
    ]

    private static let settings = #"{"unet.r": 2, "unet.lora_alpha": 2, "#

    static let refused = [
        Refused(
            name: "another architecture",
            tensors: [("lora_unet_input_blocks_4_1_proj_in.lora_down.weight", [2, 8])],
            says: ["lora_unet_input_blocks_4_1_proj_in.lora_down.weight", "another architecture"]),
        Refused(
            name: "wider", tensors: [("\(query).lora_A.weight", [2, 640]), ("\(query).lora_B.weight", [640, 2])],
            says: ["\(query).lora_A.weight", "[2, 8]", "[2, 640]"]),
        Refused(
            name: "a rank that contradicts",
            tensors: [("\(query).lora_A.weight", [2, 8]), ("\(query).lora_B.weight", [8, 3])],
            says: ["\(query).lora_B.weight", "[8, 2]", "[8, 3]"]),
        Refused(
            name: "no up", tensors: [("\(query).lora_A.weight", [2, 8])],
            says: ["\(query).lora_A.weight", "the up factor"]),
        Refused(
            name: "no down", tensors: [("\(query).lora_B.weight", [8, 2])],
            says: ["\(query).lora_B.weight", "the down factor"]),
        Refused(name: "alpha alone", tensors: [("\(flat).alpha", [])], says: ["\(flat).alpha", "factor"]),
        Refused(
            name: "no rows", tensors: [("\(query).lora_A.weight", [0, 8]), ("\(query).lora_B.weight", [8, 0])],
            says: ["one row"]),
        Refused(
            name: "a vector", tensors: [("\(query).lora_A.weight", [8]), ("\(query).lora_B.weight", [8])], says: ["[8]"]
        ),
        Refused(
            name: "twice",
            tensors: pair + [("\(flat).lora_down.weight", [2, 8]), ("\(flat).lora_up.weight", [8, 2])],
            says: ["once"]),
        Refused(name: "alphas", tensors: pair + [("\(query).alpha", [2])], says: ["\(query).alpha", "one value"]),
        Refused(
            name: "a kernel between lines",
            tensors: [
                ("\(flat).lora_down.weight", [2, 8]), ("\(flat).lora_up.weight", [8, 2]),
                ("\(flat).lora_mid.weight", [2, 2, 3, 3]),
            ], says: ["lora_mid", "linear"]),
        Refused(name: "DoRA", tensors: pair + [("\(query).lora_magnitude_vector", [8])], says: ["DoRA"]),
        Refused(name: "DoRA of kohya", tensors: [("\(flat).dora_scale", [8])], says: ["DoRA"]),
        Refused(name: "LoHa", tensors: [("\(flat).hada_w1_a", [8, 2])], says: ["LoHa"]),
        Refused(name: "LoKr", tensors: [("\(flat).lokr_w1", [2, 2])], says: ["LoKr"]),
        Refused(name: "whole weights", tensors: [("\(flat).diff", [8, 8])], says: ["difference"]),
        Refused(name: "a second encoder", tensors: [("lora_te2_x.lora_up.weight", [8, 8])], says: ["second"]),
        Refused(name: "a bias", tensors: pair + [("\(query).lora_B.bias", [8])], says: ["lora_B.bias", "ending"]),
        Refused(name: "a model", tensors: [("conv_in.weight", [8, 4, 3, 3])], says: ["conv_in.weight"]),
        Refused(
            name: "PEFT alone", tensors: [("base_model.model.to_q.lora_A.weight", [2, 8])], says: ["architecture"]),
        Refused(
            name: "beside components", tensors: pair + [("conv_in.lora_A.weight", [2, 4])],
            says: ["conv_in.lora_A.weight", "text_encoder."]),
        Refused(name: "integers", tensors: pair, says: ["floats", "I32"], dtype: .int32),
        Refused(
            name: "a text encoder that is not there",
            tensors: [("lora_te_text_model_encoder_layers_0_mlp_fc1.lora_up.weight", [16, 2])], says: ["text_encoder"]),
        Refused(
            name: "settings of DoRA", tensors: pair, says: ["use_dora"],
            metadata: ["lora_adapter_metadata": settings + #""unet.use_dora": true}"#]),
        Refused(
            name: "a pattern", tensors: pair, says: ["alpha_pattern"],
            metadata: ["lora_adapter_metadata": settings + #""unet.alpha_pattern": {"to_.*": 3}}"#]),
        Refused(
            name: "broken settings", tensors: pair, says: ["lora_adapter_metadata"],
            metadata: ["lora_adapter_metadata": settings]),
    ]

    @Test(arguments: refused) func isRefused(_ item: Refused) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("adapter.safetensors")
        let tensors = item.tensors.map { name, shape in
            let count = shape.reduce(1, *)
            return StoredTensor(
                name: name, dtype: item.dtype, shape: shape,
                bytes: [UInt8](repeating: 0, count: count * item.dtype.byteCount))
        }
        try AdapterFixtures.write(tensors, metadata: item.metadata, to: path)
        let unet = try AdapterFixtures.checkpoint("adapters/unet.safetensors")
        let error = #expect(throws: AdapterError.self) {
            try LoRAMerge([LoRA(file: path)], unet: unet, textEncoder: nil)
        }
        let text = error?.description ?? ""
        #expect(text.contains("adapter.safetensors"), "\(text)")
        for part in item.says { #expect(text.contains(part), "\(part) is not in: \(text)") }
    }

    @Test(arguments: [Float.nan, .infinity]) func valuesThatAreNone(_ value: Float) throws {
        let folder = try TemporaryFolder()
        let path = folder.path("broken.safetensors")
        var down = [Float](repeating: 0, count: 16)
        down[5] = value
        try AdapterFixtures.write(
            [
                StoredTensor(name: Self.pair[0].0, shape: [2, 8], floats: down),
                StoredTensor(name: Self.pair[1].0, shape: [8, 2], floats: .init(repeating: 1, count: 16)),
            ], to: path)
        let unet = try AdapterFixtures.checkpoint("adapters/unet.safetensors")
        let error = #expect(throws: AdapterError.self) {
            try LoRAMerge([LoRA(file: path)], unet: unet, textEncoder: nil)
        }
        #expect(error?.description.contains("at 5") == true, "\(error?.description ?? "")")
        #expect(throws: AdapterError.self) {
            try LoRAMerge([LoRA(file: path, strength: value)], unet: unet, textEncoder: nil)
        }
    }

    @Test func aFileThatIsNotThereOrCut() throws {
        let folder = try TemporaryFolder()
        let unet = try AdapterFixtures.checkpoint("adapters/unet.safetensors")
        #expect(throws: AdapterError.self) {
            try LoRAMerge([LoRA(file: folder.path("none.safetensors"))], unet: unet, textEncoder: nil)
        }
        try folder.write([UInt8](repeating: 65, count: 100), as: "cut.safetensors")
        #expect(throws: AdapterError.self) {
            try LoRAMerge([LoRA(file: folder.path("cut.safetensors"))], unet: unet, textEncoder: nil)
        }
        try AdapterFixtures.write([], to: folder.path("empty.safetensors"))
        #expect(throws: AdapterError.self) {
            try LoRAMerge([LoRA(file: folder.path("empty.safetensors"))], unet: unet, textEncoder: nil)
        }
    }
}
