import Checkpoints
import ImageClassifiers
import JSON
import Layers
import TensorCore
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
        // Names.
        Change("transformers-vit", "architectures", ["BertModel"]), Change("transformers-vit", "architectures", []),
        Change("transformers-vit", "architectures", ["ViTForImageClassification", "BertModel"]),
        Change("transformers-vit", "architectures", "ViTForImageClassification"),
        Change("timm-vit", "architecture", "efficientnet_b0"),
        Change("timm-vit", "architecture", "vit_huge_patch16_224"),
        Change("timm-vit", "architecture", "vit_tiny_patch_224"), Change("timm-vit", "architecture", ""),
        Change("timm-vit", "architecture", "vit_tiny_patch99999999999999999999_224"),
        Change("timm-resnet-basic", "architecture", "resnet26"), Change("timm-resnet-basic", "architecture", 5),
        Change("torchvision-vit", "architecture", "vit_h_14"),
        Change("transformers-vit", "model_type", "bert"), Change("transformers-vit", "hidden_act", "mystery"),
        Change("transformers-resnet-bottleneck", "hidden_act", "mystery"),
        Change("transformers-convnext", "hidden_act", "mystery"),
        Change("transformers-mobilenetv2-tf-padding", "hidden_act", "mystery"),
        Change("transformers-resnet-bottleneck", "layer_type", "wide"),
        // Numbers.
        Change("transformers-vit", "num_attention_heads", 5), Change("transformers-vit", "num_attention_heads", 0),
        Change("transformers-vit", "num_attention_heads", -3), Change("transformers-vit", "hidden_size", 0),
        Change("transformers-vit", "hidden_size", "24"), Change("transformers-vit", "hidden_size", 24.0),
        Change("transformers-vit", "hidden_size", 2_147_483_648),
        Change("transformers-vit", "hidden_size", JSONValue(Int.max)),
        Change("transformers-vit", "num_hidden_layers", 1_000_000_000),
        Change("transformers-vit", "num_hidden_layers", -1),
        Change("transformers-vit", "patch_size", 0), Change("transformers-vit", "patch_size", 25),
        Change("transformers-vit", "image_size", 0), Change("transformers-vit", "image_size", [24, 24, 24]),
        Change("transformers-vit", "num_channels", 0), Change("transformers-vit", "num_channels", 1_000),
        Change("transformers-vit", "intermediate_size", -1), Change("transformers-vit", "layer_norm_eps", -1e-5),
        Change("transformers-vit", "layer_norm_eps", "1e-5"), Change("transformers-vit", "qkv_bias", 1),
        Change("transformers-resnet-bottleneck", "depths", []),
        Change("transformers-resnet-bottleneck", "depths", [1, 2, 1]),
        Change("transformers-resnet-bottleneck", "depths", [1, 2, 1, 0], names: "depths[3]"),
        Change("transformers-resnet-bottleneck", "hidden_sizes", [16, 16, 24, 30]),
        Change("transformers-convnext", "depths", [1, 1, 2, -1], names: "depths[3]"),
        Change("transformers-mobilenetv2-tf-padding", "depth_multiplier", 0),
        Change("transformers-mobilenetv2-tf-padding", "depth_divisible_by", 0),
        Change("transformers-mobilenetv2-tf-padding", "tf_padding", "yes"),
        Change("transformers-vit", "id2label", [:]),
        // timm's and torchvision's arguments.
        Change("timm-vit", "model_args.num_heads", 7, names: "num_attention_heads"),
        Change("timm-vit", "model_args.in_chans", 1),
        Change("timm-vit", "model_args.num_classes", 7),
        Change("timm-vit", "model_args.global_pool", "max", names: "global_pool"),
        Change("timm-vit", "model_args.class_token", false), Change("timm-vit", "model_args.patch_size", 0),
        Change("timm-vit", "model_args.mlp_ratio", -1), Change("timm-vit", "num_classes", 0),
        Change("timm-resnet-basic", "model_args.output_stride", 8), Change("timm-resnet-basic", "global_pool", "max"),
        Change("timm-convnext", "model_args.conv_mlp", true),
        Change("timm-mobilenetv2", "model_args.act_layer", "relu"),
        Change("timm-mobilenetv3-large", "model_args.se_ratio", 0.5),
        Change("timm-mobilenetv3-large", "model_args.channel_multiplier", 1e9),
        Change("torchvision-mobilenetv2", "model_args.inverted_residual_setting", [[1, 2, 3]]),
        Change("torchvision-mobilenetv2", "model_args.round_nearest", 0),
        Change("torchvision-vit", "model_args.num_heads", 5, names: "num_attention_heads"),
        Change("torchvision-convnext", "model_args.stochastic_depth_prob", 0.1),
    ]

    @Test(arguments: refused)
    func refusedWithTheKey(change: Change) throws {
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(change.model))
        let config = try Self.edited(change.model, change.key, change.value)
        let error = #expect(throws: ImageClassifierError.self) {
            try ClassifierFixtures.build(
                change.model, config: config, source: checkpoint, runtime: runtime, plansOnly: true)
        }
        guard case .config(.value(let file, let keyPath, _, _)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        let expected = change.named ?? change.key
        #expect(keyPath == expected || keyPath.hasSuffix("." + expected) || keyPath.hasPrefix(expected + "["))
        #expect(file.hasSuffix("config.json"))
    }

    /// Configurations that are fine by themselves but not with these weights, and the tensor the error must name.
    static let contradicting: [(Change, String)] = [
        (Change("transformers-vit", "num_labels", 7), "classifier.weight"),
        (Change("transformers-vit", "hidden_size", 27), "vit.embeddings"),
        (Change("transformers-vit", "hidden_size", 65_535), "vit.embeddings"),
        (Change("transformers-vit", "intermediate_size", 262_144), "intermediate"),
        (Change("transformers-vit", "num_hidden_layers", 3), "layer.2"),
        (Change("transformers-vit", "num_hidden_layers", 1), "layer.1"),
        (Change("transformers-vit", "patch_size", 4), "patch_embeddings"),
        (Change("transformers-vit", "image_size", [65_536, 65_536]), "position_embeddings"),
        (Change("transformers-vit", "qkv_bias", false), "bias"),
        (Change("timm-vit", "model_args.embed_dim", 48), "patch_embed"),
        (Change("timm-resnet-basic", "num_classes", 1000), "fc.weight"),
        (Change("timm-resnet-basic", "model_args.layers", [1, 2, 1, 2]), "layer4.1"),
        (Change("transformers-resnet-bottleneck", "layer_type", "basic"), "resnet.encoder"),
        (Change("transformers-resnet-bottleneck", "embedding_size", 8192), "resnet.embedder"),
        (Change("transformers-convnext", "patch_size", 64), "patch_embeddings"),
        (Change("transformers-convnext", "layer_scale_init_value", 0), "layer_scale"),
        (Change("torchvision-mobilenetv2", "model_args.width_mult", 100), "features.0"),
        (Change("timm-mobilenetv3-large", "model_args.num_features", 64), "conv_head"),
    ]

    @Test(arguments: contradicting.indices)
    func contradictionsNameTheTensor(index: Int) throws {
        let (change, tensor) = Self.contradicting[index]
        var config = try Self.edited(change.model, change.key, change.value)
        if change.model.hasPrefix("timm"), change.key == "num_classes" {
            config = try Self.edited(config, "model_args.num_classes", change.value)
        }
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(change.model))
        let error = #expect(throws: ImageClassifierError.self) {
            try ClassifierFixtures.build(
                change.model, config: config, source: checkpoint, runtime: runtime, plansOnly: true)
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
        -0.0,
        "", "x", "../../etc/passwd", [], [0], [1], [-1, 1], [1, 1, 1, 1], [[1, 1, 1, 1]],
        [65_536, 65_536, 65_536, 65_536], [nil],
        [:], ["x": 1], ["0": "a"],
    ]

    @Test(arguments: ClassifierFixtures.models)
    func everyKeyWithEveryValue(model: String) throws {
        // Either the model is built or a typed error says why not; nothing traps, and nothing takes memory first.
        let config = try ClassifierFixtures.config(model)
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        var keys = config.keys
        for section in ["model_args", "pretrained_cfg", "transforms"] {
            keys += config.object[section]?.objectValue?.keys.map { "\(section).\($0)" } ?? []
        }
        for key in keys {
            for value in Self.hostile {
                let changed = try Self.edited(config, key, value)
                do {
                    let classifier = try ClassifierFixtures.build(
                        model, config: changed, source: checkpoint, runtime: runtime, plansOnly: true)
                    #expect(classifier.labels.count == classifier.network.classCount)
                    _ = try? classifier.preprocessing()
                } catch let error as ImageClassifierError {
                    #expect(!error.description.isEmpty)
                }
            }
        }
    }

    @Test(arguments: ClassifierFixtures.models)
    func everyKeyMissing(model: String) throws {
        let config = try ClassifierFixtures.config(model)
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        for key in config.keys {
            var object = JSONObject()
            for member in config.object.members where member.key != key {
                object.append(key: member.key, value: member.value)
            }
            do {
                _ = try ClassifierFixtures.build(
                    model, config: Config(file: config.file, object: object), source: checkpoint, runtime: runtime,
                    plansOnly: true)
            } catch let error as ImageClassifierError {
                #expect(!error.description.isEmpty)
            }
        }
    }

    /// The model's configuration with one value changed.
    private static func edited(_ model: String, _ key: String, _ value: JSONValue) throws -> Config {
        try edited(ClassifierFixtures.config(model), key, value)
    }

    private static func edited(_ config: Config, _ key: String, _ value: JSONValue) throws -> Config {
        let path = key.split(separator: ".", maxSplits: 1).map(String.init)
        let inner =
            path.count == 1 ? value : .object(replacing(path[1], value, in: config.object[path[0]]?.objectValue ?? [:]))
        return Config(file: config.file, object: replacing(path[0], inner, in: config.object))
    }

    private static func replacing(_ key: String, _ value: JSONValue, in object: JSONObject) -> JSONObject {
        var result = JSONObject()
        for member in object.members { result.append(key: member.key, value: member.key == key ? value : member.value) }
        result.append(key: key, value: value)
        return result
    }
}
