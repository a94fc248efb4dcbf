import Checkpoints
import Foundation
import ImageClassifiers
import JSON
import TensorCore
import Testing

/// The models and tensor lists beside these tests; the README there says where they come from.
enum ClassifierFixtures {
    /// The folder of a model, by its name.
    static func path(_ model: String) -> String { "\(root)/\(model)" }

    private static var root: String { Bundle.module.bundlePath + "/Fixtures" }

    /// Every model.
    static let models = folders { FileSystem.exists($0 + "/config.json") }

    /// The models with a picture and what the reference's preprocessing makes of it.
    static let modelsWithPicture = folders { FileSystem.exists($0 + "/ref/pixel_values.npy") }

    /// One model for each family and layout; Inception-v3, whose 570 tensors would take longer than all the others
    /// together, is looked at in `ConvolutionalNetworkTests`.
    static let representatives = [
        "transformers-resnet-bottleneck", "timm-resnet-basic", "torchvision-resnet-bottleneck",
        "transformers-mobilenetv2-tf-padding", "timm-mobilenetv2", "torchvision-mobilenetv2", "timm-mobilenetv3-large",
        "torchvision-mobilenetv3-small", "transformers-convnext", "timm-convnext", "torchvision-convnext",
        "transformers-vit", "timm-vit", "torchvision-vit", "transformers-deit-distilled", "timm-deit-distilled",
        "transformers-efficientnet", "timm-efficientnet-tf", "torchvision-efficientnetv2",
        "transformers-convnextv2", "timm-convnextv2-convolutions", "transformers-mobilevit", "timm-mobilevit",
        "torchvision-alexnet", "torchvision-vgg", "timm-vgg-bn", "torchvision-squeezenet1-1", "torchvision-googlenet",
        "timm-densenet", "torchvision-densenet", "transformers-regnet-x",
        "transformers-regnet-y", "timm-regnetx", "torchvision-regnet-y",
        "timm-vit-layer-scale-qk-norm", "timm-vit-placed-registers-gap", "timm-vit-clip", "timm-dinov2-giant",
        "transformers-dinov2", "transformers-dinov2-registers-bare", "transformers-swin", "timm-swin",
        "torchvision-swin",
        "transformers-beit", "timm-beit-shared-bias",
    ]

    private static func folders(_ condition: (String) -> Bool) -> [String] {
        ((try? FileSystem.list(root).names) ?? []).filter { condition(path($0)) }
    }

    /// A model's configuration.
    static func config(_ model: String) throws -> Config {
        let path = path(model) + "/config.json"
        return try Config(file: path, bytes: FileSystem.read(path, limit: Config.byteLimit))
    }

    /// A model built from any tensors, with the preprocessing of the folder.
    static func build(
        _ model: String, config: Config? = nil, source: any TensorSource, runtime: Runtime, plansOnly: Bool = false
    ) throws -> ImageClassifier {
        try ImageClassifier(
            folder: path(model), config: config ?? Self.config(model), source: source, runtime: runtime,
            plansOnly: plansOnly)
    }

    /// An input and what the reference makes of it.
    struct Case {
        var name: String
        var pixels: Tensor
        var outputs: [(name: String, tensor: Tensor)]

        /// One of the outputs that a model has computed.
        static func output(_ name: String, of result: ClassifierOutput) -> Tensor? {
            switch name {
            case "logits": result.logits
            case "features": result.features
            case "feature_map": result.featureMap
            default: nil
            }
        }
    }

    /// The reference cases of a model.
    static func cases(_ model: String) throws -> [Case] {
        let folder = path(model) + "/ref"
        let bytes = try FileSystem.read(folder + "/manifest.json", limit: Config.byteLimit)
        return try Config(file: "manifest.json", bytes: bytes).objects("cases", count: 1...100).map { entry in
            let outputs = try entry.object("outputs")
            return Case(
                name: try entry.string("case"),
                pixels: try tensor(folder + "/" + entry.object("inputs").string("pixel_values")),
                outputs: try outputs.keys.map { ($0, try tensor(folder + "/" + outputs.string($0))) })
        }
    }

    /// An array file.
    static func tensor(_ path: String) throws -> Tensor {
        let array = try NPY(file: path, limit: 1 << 20)
        return Tensor(array.floats(), shape: Shape(array.shape))
    }
}
