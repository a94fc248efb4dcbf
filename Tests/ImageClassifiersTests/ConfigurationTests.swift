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
        Change("timm-vit", "architecture", "gernet_s"), Change("timm-efficientnet", "architecture", "efficientnet_b9"),
        Change("timm-efficientnet", "architecture", "efficientnet_lite0"),
        Change("timm-efficientnet-tf", "architecture", "tf_efficientnetv2_rw_s"),
        Change("torchvision-efficientnet", "architecture", "efficientnet_v2_xl"),
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
        Change("timm-vit", "model_args.class_token", false, names: "global_pool"),
        Change("timm-vit", "model_args.patch_size", 0), Change("timm-vit", "model_args.mlp_ratio", -1),
        Change("timm-vit", "model_args.block_fn", "ParallelScalingBlock"), Change("timm-vit", "num_classes", -1),
        Change("timm-vit", "architecture", "vit_tiny_patch16_gap_224"),
        Change("timm-vit", "architecture", "vit_base_patch16_siglip_224"),
        Change("timm-vit", "architecture", "vit_base_patch14_dinov2_518"),
        Change("timm-vit", "architecture", "vit_base_patch16_18x2_224"),
        Change("timm-vit", "architecture", "vit_base_patch16_dinov3"),
        Change("timm-deit-distilled", "model_args.reg_tokens", 2, names: "architecture"),
        Change("timm-dinov2-giant", "model_args.mlp_ratio", 1.57),
        Change("transformers-dinov2", "image_size", [12, 16]), Change("transformers-dinov2", "hidden_act", "mystery"),
        Change("transformers-swin", "use_absolute_embeddings", true), Change("transformers-swin", "window_size", 0),
        Change("transformers-swin", "num_heads", [1, 2]),
        Change("transformers-swin", "num_heads", [1, 3, 4], names: "num_heads"),
        Change("timm-swin", "architecture", "swin_tiny_patch4_window8_256"),
        Change("timm-swin", "model_args.window_size", [1, 2, 3, 4]), Change("timm-swin", "model_args.ape", true),
        Change("torchvision-swin", "architecture", "swin_v2_t"),
        Change("torchvision-swin", "model_args.window_size", 7),
        Change("transformers-beit", "image_size", [12, 12]),
        Change("transformers-beit", "model_type", "data2vec-vision"),
        Change("timm-beit", "architecture", "beit_huge_patch16_224"),
        Change("timm-beit", "model_args.scale_mlp", true),
        Change("timm-beit", "model_args.global_pool", "max", names: "global_pool"),
        Change("timm-resnet-basic", "model_args.output_stride", 8), Change("timm-resnet-basic", "global_pool", "max"),
        Change("timm-convnext", "model_args.conv_mlp", true),
        Change("timm-mobilenetv2", "model_args.act_layer", "relu"),
        Change("timm-mobilenetv3-large", "model_args.se_ratio", 0.5),
        Change("timm-mobilenetv3-large", "model_args.channel_multiplier", 1e9),
        Change("torchvision-mobilenetv2", "model_args.inverted_residual_setting", [[1, 2, 3]]),
        Change("torchvision-mobilenetv2", "model_args.round_nearest", 0),
        Change("torchvision-vit", "model_args.num_heads", 5, names: "num_attention_heads"),
        Change("torchvision-convnext", "model_args.stochastic_depth_prob", 0.1),
        // EfficientNet.
        Change("timm-efficientnet", "model_args.pad_type", "same"),
        Change("timm-efficientnet", "model_args.depth_multiplier", 1e9),
        Change("torchvision-efficientnet", "model_args.norm_layer", "x"),
        Change("transformers-efficientnet", "hidden_act", "mystery"),
        Change("transformers-efficientnet", "pooling_type", "max"),
        Change("transformers-efficientnet", "hidden_dim", 72),
        Change("transformers-efficientnet", "in_channels", [32, 16, 24, 40, 80, 112, 1920]),
        Change("transformers-efficientnet", "kernel_sizes", [3, 3, 4, 3, 5, 5, 3]),
        Change("transformers-efficientnet", "strides", [1, 2, 2, 3, 1, 2, 1]),
        Change("transformers-efficientnet", "num_block_repeats", [1, 2, 2, 3, 3, 4, 1001]),
        Change("transformers-efficientnet", "depth_coefficient", 1e4),
        // ConvNeXt V2 and MobileViT.
        Change("transformers-convnextv2", "model_type", "convnextv3"),
        Change("transformers-convnextv2", "model_type", "convnext", names: "layer_scale_init_value"),
        Change("transformers-convnextv2", "num_stages", 3),
        Change("timm-convnextv2", "architecture", "convnextv2_giant"),
        Change("torchvision-convnext", "architecture", "convnextv2_tiny"),
        Change("timm-convnext", "architecture", "convnext_huge"),
        Change("timm-convnextv2", "model_args.use_grn", false),
        Change("transformers-mobilevit", "output_stride", 12),
        Change("transformers-mobilevit", "patch_size", 0),
        Change("transformers-mobilevit", "conv_kernel_size", 2),
        Change("transformers-mobilevit", "num_attention_heads", 5),
        Change("transformers-mobilevit", "hidden_act", "mystery"),
        Change("transformers-mobilevit", "neck_hidden_sizes", [4, 4, 6, 6, 8, 8]),
        Change("timm-mobilevit", "architecture", "mobilevitv2_100"),
        Change("timm-mobilevit", "model_args.transformer_dims", [8, 12, 15], names: "transformer_dims[2]"),
        // The classics, DenseNet and RegNet.
        Change("torchvision-alexnet", "architecture", "alexnet2"), Change("torchvision-vgg", "architecture", "vgg12"),
        Change("torchvision-alexnet", "model_args.width_divisor", 0),
        Change("torchvision-alexnet", "model_args.hidden_size", 0),
        Change("torchvision-alexnet", "model_args.dropout", 0.5),
        Change("torchvision-vgg", "model_args.mlp_ratio", 0.5),
        Change("timm-vgg-bn", "model_args.mlp_ratio", 0.01), Change("timm-vgg-bn", "model_args.global_pool", "max"),
        Change("timm-vgg-bn", "model_args.norm_layer", "layernorm"),
        Change("torchvision-squeezenet1-1", "architecture", "squeezenet1_2"),
        Change("torchvision-squeezenet1-1", "model_args.version", "1_0"),
        Change("torchvision-googlenet", "model_args.transform_input", 1),
        Change("torchvision-googlenet", "model_args.aux_logits", "no"),
        Change("torchvision-googlenet", "model_args.dropout_aux", 0.7),
        Change("torchvision-inception-v3", "architecture", "inception_v4"),
        Change("torchvision-inception-v3", "model_args.transform_input", "yes"),
        Change("timm-densenet", "architecture", "densenetblur121d"),
        Change("timm-densenet", "model_args.num_init_features", 8), Change("timm-densenet", "model_args.bn_size", 0),
        Change("timm-densenet", "model_args.block_config", []), Change("timm-densenet", "model_args.stem_type", "deep"),
        Change("torchvision-densenet", "model_args.growth_rate", 0),
        Change("transformers-regnet-x", "layer_type", "z"), Change("transformers-regnet-x", "hidden_act", "mystery"),
        Change("transformers-regnet-x", "groups_width", 0), Change("transformers-regnet-x", "depths", [1]),
        Change("transformers-regnet-y", "embedding_size", 1, names: "hidden_sizes"),
        Change("transformers-regnet-y", "hidden_sizes", [8, 12, 13, 16], names: "groups_width"),
        Change("timm-regnetx", "architecture", "regnetz_005"), Change("timm-regnetx", "architecture", "regnetv_040"),
        Change("timm-regnetx", "model_args.w0", 12), Change("timm-regnetx", "model_args.wm", 1),
        Change("timm-regnetx", "model_args.wa", -1),
        Change("timm-regnetx", "model_args.depth", 3), Change("timm-regnetx", "model_args.bottle_ratio", 2),
        Change("timm-regnetx", "model_args.linear_out", true), Change("timm-regnetx", "model_args.preact", true),
        Change("torchvision-regnet-y", "model_args.group_width", 0),
        Change("torchvision-regnet-y", "model_args.bottleneck_multiplier", 2),
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
        (Change("timm-vit", "num_classes", 0), "head"), (Change("timm-vit", "model_args.qk_norm", true), "q_norm"),
        (Change("timm-vit", "model_args.init_values", 1e-5), "ls1"),
        (Change("timm-vit", "model_args.fc_norm", true), "fc_norm"),
        (Change("timm-vit", "model_args.reg_tokens", 2), "reg_token"),
        (Change("timm-vit", "model_args.pre_norm", true), "norm_pre"),
        (Change("timm-vit", "model_args.no_embed_class", true), "pos_embed"),
        (Change("timm-dinov2-registers", "num_classes", 6), "head"),
        (Change("transformers-dinov2", "use_swiglu_ffn", true), "weights_in"),
        (Change("transformers-swin", "window_size", 3), "relative_position_bias_table"),
        (Change("transformers-swin", "depths", [2, 2, 3]), "blocks.2"),
        (Change("timm-swin", "model_args.img_size", [14, 10]), "layers.2.blocks.0.attn.relative_position_bias_table"),
        (Change("transformers-beit", "use_mean_pooling", false), "layernorm"),
        (Change("transformers-beit", "use_absolute_position_embeddings", true), "position_embeddings"),
        (Change("transformers-beit", "image_size", 16), "relative_position_bias_table"),
        (Change("timm-beit", "model_args.use_rel_pos_bias", false), "relative_position_bias_table"),
        (Change("timm-resnet-basic", "num_classes", 1000), "fc.weight"),
        (Change("timm-resnet-basic", "model_args.layers", [1, 2, 1, 2]), "layer4.1"),
        (Change("transformers-resnet-bottleneck", "layer_type", "basic"), "resnet.encoder"),
        (Change("transformers-resnet-bottleneck", "embedding_size", 8192), "resnet.embedder"),
        (Change("transformers-convnext", "patch_size", 64), "patch_embeddings"),
        (Change("transformers-convnext", "layer_scale_init_value", 0), "layer_scale"),
        (Change("torchvision-mobilenetv2", "model_args.width_mult", 100), "features.0"),
        (Change("timm-mobilenetv3-large", "model_args.num_features", 64), "conv_head"),
        (Change("transformers-efficientnet", "squeeze_expansion_ratio", 0.25), "squeeze_excite"),
        (Change("transformers-efficientnet", "expand_ratios", [1, 6, 6, 6, 1, 6, 6]), "blocks.4"),
        (Change("timm-efficientnetv2", "architecture", "efficientnetv2_s"), "blocks.0.0"),
        (Change("transformers-convnext", "model_type", "convnextv2"), "convnextv2.embeddings"),
        (Change("timm-convnextv2", "architecture", "convnextv2_atto"), "mlp.fc1.weight"),
        (Change("transformers-mobilevit", "mlp_ratio", 3.0), "intermediate"),
        (Change("transformers-mobilevit", "qkv_bias", false), "bias"),
        (Change("torchvision-alexnet", "model_args.hidden_size", 65_536), "classifier.1.weight"),
        (Change("torchvision-vgg", "architecture", "vgg13"), "features."),
        (Change("torchvision-vgg", "architecture", "vgg11_bn"), "features.1."),
        (Change("torchvision-googlenet", "model_args.width_divisor", 1), "conv1."),
        (Change("timm-densenet", "model_args.block_config", [2, 3, 2, 3]), "denseblock4.denselayer3"),
        (Change("timm-densenet", "model_args.block_config", [2, 3, 2]), "norm5"),
        (Change("torchvision-densenet", "model_args.bn_size", 64), "denselayer1"),
        (Change("transformers-regnet-y", "layer_type", "x"), "layer.2"),
        (Change("transformers-regnet-x", "layer_type", "y"), "attention"),
        (Change("transformers-regnet-y", "groups_width", 8), "layer.1.convolution.weight"),
        (Change("timm-regnetx", "model_args.se_ratio", 0.25), "se.fc1"),
        (Change("timm-regnetx", "model_args.group_size", 16), "conv2.conv.weight"),
        (Change("torchvision-regnet-y", "model_args.stem_width", 8192), "stem."),
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

    /// CF01
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
