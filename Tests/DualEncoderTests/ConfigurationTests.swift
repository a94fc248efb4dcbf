import Checkpoints
import DualEncoder
import JSON
import Layers
import TensorCore
import TestSupport
import Testing

/// Configurations that ask for what is not supported, contradict the weights, or are hostile.
@Suite struct ConfigurationTests {
    private let runtime = Runtime(threads: 1)

    /// A change of a model's configuration and the key the error must name.
    struct Change: Sendable, CustomTestStringConvertible {
        var model: String
        /// The key, with dots between levels.
        var key: String
        var value: JSONValue
        /// The key path of the error where it is not `key`.
        var named: String?

        init(_ model: String, _ key: String, _ value: JSONValue, names named: String? = nil) {
            (self.model, self.key, self.value, self.named) = (model, key, value, named)
        }

        var testDescription: String { "\(model): \(key) = \(value.serialized().prefix(40))" }
    }

    static let refused: [Change] = [
        Change("transformers-clip", "architectures", ["BertModel"]), Change("transformers-clip", "architectures", []),
        Change("transformers-clip", "architectures", ["CLIPModel", "BertModel"]),
        Change("transformers-clip", "architectures", ["CLIPForImageClassification"]),
        Change("transformers-clip", "architectures", ["SiglipModel"], names: "model_type"),
        Change("transformers-clip", "model_type", "bert"), Change("transformers-clip", "model_type", "siglip"),
        Change("transformers-siglip", "model_type", "siglip2"),
        Change("transformers-siglip", "model_type", "siglip_text_model"),
        Change("transformers-clip-text", "model_type", "clip_vision_model"),
        Change("transformers-clip", "text_config.hidden_act", "mystery"),
        Change("transformers-clip", "vision_config.hidden_act", 5),
        Change("transformers-clip", "text_config.num_attention_heads", 5),
        Change("transformers-clip", "vision_config.num_attention_heads", 0),
        Change("transformers-clip", "text_config.vocab_size", 0),
        Change("transformers-clip", "text_config.vocab_size", 10, names: "text_config.eos_token_id"),
        Change("transformers-clip", "text_config.eos_token_id", [1]),
        Change("transformers-clip", "text_config.eos_token_id", 1_000_000),
        Change("transformers-clip", "text_config.eos_token_id", -1),
        Change("transformers-clip", "text_config.num_hidden_layers", 1_000_000_000),
        Change("transformers-clip", "text_config.hidden_size", "24"),
        Change("transformers-clip", "text_config", "x"), Change("transformers-clip", "text_config_dict", 7),
        Change("transformers-clip", "vision_config.patch_size", 0),
        Change("transformers-clip", "vision_config.patch_size", 25),
        Change("transformers-clip", "vision_config.image_size", [24, 24]),
        Change("transformers-clip", "vision_config.image_size", 0),
        Change("transformers-clip", "vision_config.num_channels", 4),
        Change("transformers-clip", "vision_config.layer_norm_eps", -1e-5),
        Change("transformers-clip", "projection_dim", 0),
        Change("transformers-siglip", "vision_config.vision_use_head", false),
        Change("transformers-siglip", "text_config.projection_size", 20, names: "text_config"),
        Change("transformers-siglip", "text_config.max_position_embeddings", -1),
        Change("open_clip-vit-gelu", "model_cfg", "x"), Change("open_clip-vit-gelu", "model_cfg.embed_dim", nil),
        Change("open_clip-vit-gelu", "model_cfg.quick_gelu", 1), Change("open_clip-vit-gelu", "model_cfg.mystery", 1),
        Change("open_clip-vit-gelu", "model_cfg.multimodal_cfg", ["width": 8]),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.mystery", 1),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.attentional_pool", true),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.ls_init_value", 0.1),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.timm_model_name", "convnext_base"),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.timm_model_name", "vit_base_patch16_siglip_384"),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.timm_model_name", "vit_base_patch_siglip_24"),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.head_width", 0),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.head_width", 25),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.pool_type", "max"),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.qk_norm", true),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.mlp_ratio", 1e9),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.act_kwargs", ["inplace": true], names: "act_kwargs.inplace"),
        Change("open_clip-vit-gelu", "model_cfg.text_cfg.hf_model_name", "roberta-base"),
        Change("open_clip-vit-gelu", "model_cfg.text_cfg.embed_cls", true),
        Change("open_clip-vit-gelu", "model_cfg.text_cfg.heads", 7),
        Change("open_clip-vit-gelu", "model_cfg.text_cfg.pool_type", "mean"),
        Change("open_clip-vit-gelu", "model_cfg.text_cfg.proj_type", "mlp"),
        Change("open_clip-vit-gelu", "model_cfg.text_cfg.proj_type", "none", names: "model_cfg"),
        Change("open_clip-vit-gelu", "model_cfg.vision_cfg.layers", [1, 1, 1, 1], names: "vision_cfg.image_size"),
        Change("open_clip-vit-gelu", "model_cfg.text_cfg.norm_kwargs", ["eps": "x"], names: "norm_kwargs.eps"),
        Change("open_clip-vit-quickgelu", "model_cfg.text_cfg.act_kwargs", ["approximate": "tanh"]),
        Change("open_clip-resnet", "model_cfg.vision_cfg.layers", [1, 1, 1]),
        Change("open_clip-resnet", "model_cfg.vision_cfg.layers", [1, 1, 1, 0], names: "layers[3]"),
        Change("open_clip-resnet", "model_cfg.vision_cfg.image_size", 65),
        Change("open_clip-resnet", "model_cfg.vision_cfg.width", 5, names: "head_width"),
        Change("open_clip-resnet", "model_cfg.vision_cfg.width", 1),
        Change("open_clip-resnet", "model_cfg.vision_cfg.head_width", 0),
        Change("open_clip-vit-gelu", "model_cfg.text_cfg.tokenizer_mode", "clips"),
        Change("transformers-clip", "text_config.max_position_embeddings", 65_536),
        Change("transformers-clip", "vision_config.image_size", 65_536),
    ]

    @Test(arguments: refused)
    func refusedWithTheKey(change: Change) throws {
        let config = try Self.edited(change.model, change.key, change.value)
        let error = #expect(throws: DualEncoderError.self) {
            try DualEncoderFixtures.build(
                change.model, config: config, source: DualEncoderFixtures.checkpoint(change.model), runtime: runtime,
                plansOnly: true)
        }
        guard case .config(.value(let file, let keyPath, _, _)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let expected = change.named ?? change.key
        #expect(keyPath == expected || keyPath.hasSuffix("." + expected) || keyPath.hasSuffix(expected))
        #expect(file.hasSuffix("config.json"))
    }

    /// Configurations that are fine by themselves but not with these weights, and the tensor the error must name.
    static let contradicting: [(Change, String)] = [
        (Change("transformers-clip", "projection_dim", 21), "visual_projection.weight"),
        (Change("transformers-clip", "text_config.hidden_size", 48), "text_model.embeddings"),
        (Change("transformers-clip", "text_config.vocab_size", 5000), "token_embedding"),
        (Change("transformers-clip", "text_config.vocab_size", 10_000_000), "token_embedding"),
        (Change("transformers-clip", "text_config.max_position_embeddings", 8192), "position_embedding"),
        (Change("transformers-clip", "vision_config.image_size", 4096), "position_embedding"),
        (Change("transformers-clip", "vision_config.num_hidden_layers", 3), "encoder.layers.2"),
        (Change("transformers-clip", "vision_config.num_hidden_layers", 1), "encoder.layers.1"),
        (Change("transformers-clip", "vision_config.intermediate_size", 262_144), "mlp.fc1"),
        (Change("transformers-siglip", "architectures", ["CLIPModel"]), "class_embedding"),
        (Change("open_clip-vit-gelu", "model_cfg.embed_dim", 22), "visual.proj"),
        (Change("open_clip-vit-gelu", "model_cfg.custom_text", true), "text.token_embedding"),
        (Change("open_clip-vit-gelu", "model_cfg.init_logit_bias", -10), "logit_bias"),
        (Change("open_clip-vit-gelu", "model_cfg.vision_cfg.no_ln_pre", true), "visual.ln_pre"),
        (Change("open_clip-resnet", "model_cfg.vision_cfg.layers", [1, 2, 2, 1]), "layer3.1"),
        (Change("open_clip-resnet", "model_cfg.vision_cfg.image_size", 96), "positional_embedding"),
    ]

    @Test(arguments: contradicting.indices)
    func contradictionsNameTheTensor(index: Int) throws {
        let (change, tensor) = Self.contradicting[index]
        var config = try Self.edited(change.model, change.key, change.value)
        if change.key == "architectures" { config = try Self.edited(config, "model_type", "clip") }
        if change.value == ["CLIPModel"] { config = try Self.edited(config, "text_config.eos_token_id", 2) }
        let error = #expect(throws: DualEncoderError.self) {
            try DualEncoderFixtures.build(
                change.model, config: config, source: DualEncoderFixtures.checkpoint(change.model), runtime: runtime,
                plansOnly: true)
        }
        guard case .weights(let error) = error else {
            Issue.record("\(change.testDescription): \(String(describing: error))")
            return
        }
        #expect(error.description.contains(tensor), "\(change.testDescription): \(error)")
    }

    /// Values that have no business in a configuration.
    private static let hostile: [JSONValue] = [
        nil, true, false, 0, -1, 1, 2, 3, 65_536, 2_147_483_648, JSONValue(Int.max), JSONValue(Int.min), 0.5, 1e308,
        "", "x", "../../etc/passwd", [], [0], [1], [-1, 1], [1, 1, 1, 1], [65_536, 65_536, 65_536, 65_536], [nil],
        [:], ["x": 1],
    ]

    /// CF01
    @Test(arguments: [
        "transformers-clip", "transformers-clip-text", "transformers-siglip", "open_clip-vit-gelu",
        "open_clip-custom-text", "open_clip-resnet",
    ])
    func everyKeyWithEveryValue(model: String) throws {
        // Either the model is built or a typed error says why not; nothing traps, and nothing takes memory first.
        let config = try DualEncoderFixtures.config(model)
        let checkpoint = try DualEncoderFixtures.checkpoint(model)
        for key in Self.paths(config.object, "") {
            for value in Self.hostile {
                let changed = try Self.edited(config, key, value)
                do {
                    let encoder = try DualEncoderFixtures.build(
                        model, config: changed, source: checkpoint, runtime: runtime, plansOnly: true)
                    _ = try? encoder.preprocessing()
                } catch let error as DualEncoderError {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }

    /// CF02
    @Test func codeAndPathsAreNotFollowed() throws {
        var config = try DualEncoderFixtures.config("transformers-clip")
        for (key, value) in [
            ("auto_map", ["AutoModel": "../evil.Model"]), ("_attn_implementation", "evil/kernels"),
            ("trust_remote_code", true), ("_name_or_path", "/etc/passwd"), ("text_config.auto_map", ["x": "y"]),
        ] as [(String, JSONValue)] { config = try Self.edited(config, key, value) }
        let checkpoint = try DualEncoderFixtures.checkpoint("transformers-clip")
        _ = try DualEncoderFixtures.build("transformers-clip", config: config, source: checkpoint, runtime: runtime)
    }

    @Test func anOlderSectionReplacesTheNewer() throws {
        // `text_config_dict` wins, with the class's defaults for what it leaves out, as in the reference.
        let model = "transformers-clip-gelu"
        let section = try #require(try DualEncoderFixtures.config(model).object["text_config"])
        var config = try Self.edited(model, "text_config_dict", section)
        config = try Self.edited(config, "text_config", ["hidden_size": 4, "eos_token_id": 1])
        let checkpoint = try DualEncoderFixtures.checkpoint(model)
        let reference = try #require(try DualEncoderFixtures.cases(model).first)
        let encoder = try DualEncoderFixtures.build(model, config: config, source: checkpoint, runtime: runtime)
        for (name, tensor) in try encoder.outputs(reference) {
            if let expected = reference.outputs[name] { #expect(mismatch(tensor, expected) == nil, "\(name)") }
        }
        // Without it, the activation is the default, and the result another.
        let other = try Self.edited(model, "text_config.hidden_act", nil)
        let changed = try DualEncoderFixtures.build(model, config: other, source: checkpoint, runtime: runtime)
        let ids = try #require(reference.ids)
        #expect(mismatch(try changed.textEmbeddings(ids), try encoder.textEmbeddings(ids)) != nil)
    }

    /// The paths of all keys, with dots between levels.
    private static func paths(_ object: JSONObject, _ prefix: String) -> [String] {
        object.members.flatMap { member in
            [prefix + member.key] + (member.value.objectValue.map { paths($0, prefix + member.key + ".") } ?? [])
        }
    }

    private static func edited(_ model: String, _ key: String, _ value: JSONValue) throws -> Config {
        try edited(DualEncoderFixtures.config(model), key, value)
    }

    private static func edited(_ config: Config, _ key: String, _ value: JSONValue) throws -> Config {
        Config(file: config.file, object: edited(config.object, key.split(separator: ".").map(String.init), value))
    }

    private static func edited(_ object: JSONObject, _ path: [String], _ value: JSONValue) -> JSONObject {
        var result = object
        if path.count == 1 {
            result[path[0]] = value
        } else {
            result[path[0]] = .object(edited(object[path[0]]?.objectValue ?? [:], Array(path.dropFirst()), value))
        }
        return result
    }
}
