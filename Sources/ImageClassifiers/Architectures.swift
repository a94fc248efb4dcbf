public import Checkpoints
import JSON
import Layers

/// The architectures of image classifiers: adding one is a file of its own and a line in ``all``.
struct ClassifierArchitecture: Sendable {
    /// The family's name, as its paper has it.
    let name: String
    /// The network.
    let network: any ClassifierNetwork.Type
    /// Entries of transformers' `architectures`.
    var transformers: [String] = []
    /// timm's `architecture`; a `*` stands for any text.
    var timm: [String] = []
    /// torchvision's model names.
    var torchvision: [String] = []
    /// The papers' numbers on arXiv.
    let papers: [String]

    static let all = [
        ClassifierArchitecture(
            name: "ResNet", network: ResNet.self, transformers: ["ResNetForImageClassification"],
            timm: ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"],
            torchvision: ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"], papers: ["1512.03385"]),
        ClassifierArchitecture(
            name: "MobileNetV2", network: MobileNetV2.self, transformers: ["MobileNetV2ForImageClassification"],
            timm: ["mobilenetv2_*"], torchvision: ["mobilenet_v2"], papers: ["1801.04381"]),
        ClassifierArchitecture(
            name: "MobileNetV3", network: MobileNetV3.self, timm: ["mobilenetv3_*"],
            torchvision: ["mobilenet_v3_large", "mobilenet_v3_small"], papers: ["1905.02244"]),
        ClassifierArchitecture(
            name: "EfficientNet", network: EfficientNet.self, transformers: ["EfficientNetForImageClassification"],
            timm: ["efficientnet_*", "efficientnetv2_*", "tf_efficientnet_*", "tf_efficientnetv2_*"],
            torchvision: ["efficientnet_*"], papers: ["1905.11946", "2104.00298"]),
        ClassifierArchitecture(
            name: "ConvNeXt", network: ConvNeXt.self, transformers: ["ConvNextForImageClassification"],
            timm: ["convnext_*"], torchvision: ["convnext_*"], papers: ["2201.03545"]),
        ClassifierArchitecture(
            name: "ConvNeXt V2", network: ConvNeXt.self, transformers: ["ConvNextV2ForImageClassification"],
            timm: ["convnextv2_*"], papers: ["2301.00808"]),
        ClassifierArchitecture(
            name: "MobileViT", network: MobileViT.self, transformers: ["MobileViTForImageClassification"],
            timm: ["mobilevit_*"], papers: ["2110.02178"]),
        ClassifierArchitecture(
            name: "ViT", network: VisionTransformer.self, transformers: ["ViTForImageClassification"],
            timm: ["vit_*"], torchvision: ["vit_*"], papers: ["2010.11929"]),
        ClassifierArchitecture(
            name: "DeiT", network: VisionTransformer.self,
            transformers: ["DeiTForImageClassification", "DeiTForImageClassificationWithTeacher"],
            timm: ["deit_*", "deit3_*"], papers: ["2012.12877"]),
        ClassifierArchitecture(
            name: "DINOv2", network: VisionTransformer.self,
            transformers: [
                "Dinov2ForImageClassification", "Dinov2Model", "Dinov2WithRegistersForImageClassification",
                "Dinov2WithRegistersModel",
            ], papers: ["2304.07193", "2309.16588"]),
        ClassifierArchitecture(
            name: "BEiT", network: BEiT.self, transformers: ["BeitForImageClassification"],
            timm: ["beit_*", "beitv2_*"], papers: ["2106.08254", "2208.06366"]),
        ClassifierArchitecture(
            name: "Swin", network: Swin.self, transformers: ["SwinForImageClassification"], timm: ["swin_*"],
            torchvision: ["swin_t", "swin_s", "swin_b"], papers: ["2103.14030"]),
        ClassifierArchitecture(name: "AlexNet", network: AlexNet.self, torchvision: ["alexnet"], papers: ["1404.5997"]),
        ClassifierArchitecture(
            name: "VGG", network: VGG.self, timm: VGG.Configuration.names, torchvision: VGG.Configuration.names,
            papers: ["1409.1556"]),
        ClassifierArchitecture(
            name: "SqueezeNet", network: SqueezeNet.self, torchvision: ["squeezenet1_0", "squeezenet1_1"],
            papers: ["1602.07360"]),
        ClassifierArchitecture(
            name: "GoogLeNet", network: GoogLeNet.self, torchvision: ["googlenet"], papers: ["1409.4842"]),
        ClassifierArchitecture(
            name: "Inception-v3", network: InceptionV3.self, timm: ["inception_v3"], torchvision: ["inception_v3"],
            papers: ["1512.00567"]),
        ClassifierArchitecture(
            name: "DenseNet", network: DenseNet.self, timm: DenseNet.Configuration.names,
            torchvision: DenseNet.Configuration.names, papers: ["1608.06993"]),
        ClassifierArchitecture(
            name: "RegNet", network: RegNet.self, transformers: ["RegNetForImageClassification"],
            timm: RegNet.Configuration.timmNames, torchvision: RegNet.Configuration.torchvisionNames,
            papers: ["2003.13678"]),
    ]

    /// The architecture that a configuration names.
    ///
    /// - Throws: ``ConfigError`` that lists the known names where it names another.
    static func named(in config: Config, _ layout: CheckpointLayout) throws(ConfigError) -> ClassifierArchitecture {
        let key = layout == .transformers ? "architectures" : "architecture"
        let name: String
        if layout == .transformers {
            name = try config.strings(key, count: 1...1)[0]
        } else {
            name = try config.string(key)
        }
        for architecture in all where architecture.names(layout).contains(where: { Self.matches(name, $0) }) {
            return architecture
        }
        let known = all.flatMap { $0.names(layout) }.joined(separator: ", ")
        throw config.failure(key, expected: "an image classifier that is supported (\(known))", found: "\"\(name)\"")
    }

    private func names(_ layout: CheckpointLayout) -> [String] {
        switch layout {
        case .transformers: transformers
        case .timm: timm
        case .torchvision: torchvision
        }
    }

    private static func matches(_ name: String, _ pattern: String) -> Bool {
        pattern.hasSuffix("*") ? name.hasPrefix(pattern.dropLast()) : name == pattern
    }

    /// Reads the configuration and builds the network.
    func build(
        _ config: Config, _ layout: CheckpointLayout, _ weights: Weights
    ) throws(ImageClassifierError) -> any ClassifierNetwork {
        try Self.build(network, config, layout, weights)
    }

    private static func build<Network: ClassifierNetwork>(
        _ network: Network.Type, _ config: Config, _ layout: CheckpointLayout, _ weights: Weights
    ) throws(ImageClassifierError) -> any ClassifierNetwork {
        let configuration: Network.Configuration
        do throws(ConfigError) { configuration = try Network.Configuration(config, layout) } catch {
            throw .config(error)
        }
        do throws(WeightError) { return try network.init(configuration, layout, weights) } catch {
            throw .weights(error)
        }
    }
}

extension ImageClassifier {
    /// The architectures that can be loaded.
    public static var architectures: [SupportedArchitecture] {
        ClassifierArchitecture.all.map {
            SupportedArchitecture(
                name: $0.name,
                names: [.transformers: $0.transformers, .timm: $0.timm, .torchvision: $0.torchvision],
                papers: $0.papers)
        }
    }
}
