import Checkpoints
import ImageClassifiers
import JSON
import Layers
import TensorCore
import TestSupport
import Testing

/// Full-size published models: every tensor name is taken, none is left.
@Suite struct NamesTests {
    /// What a published checkpoint holds.
    struct Published {
        var config: Config
        var tensors: [TensorInfo]

        init(_ name: String) throws {
            let path = ClassifierFixtures.path("names/\(name).json")
            let file = try Config(file: path, bytes: FileSystem.read(path, limit: Config.byteLimit))
            config = try file.object("config")
            let list = try file.object("tensors")
            tensors = try list.keys.map { key in
                let entry = try #require(list.object[key]?.arrayValue)
                let dtype = try #require(DType(rawValue: entry.first?.stringValue ?? ""))
                let shape = try #require(entry.last?.arrayValue)
                return TensorInfo(name: key, dtype: dtype, shape: shape.compactMap(\.intValue), file: path)
            }
        }

        /// Elements of everything that a network uses but a batch norm's statistics.
        func parameterCount(_ network: any ClassifierNetwork.Type) -> Int {
            let statistics = ["running_mean", "running_var", "num_batches_tracked"]
            return tensors.filter { tensor in
                !network.ignores(tensor.name) && !statistics.contains { tensor.name.hasSuffix($0) }
            }.reduce(0) { $0 + $1.count }
        }
    }

    static let names = ((try? FileSystem.list(ClassifierFixtures.path("names")).names) ?? []).map {
        String($0.dropLast(".json".count))
    }

    /// Parameters in millions, as the papers' and the libraries' tables have them.
    static let millions: [String: Double] = [
        "timm-beit_base_patch16_224": 86.53, "timm-swin_base_patch4_window7_224": 87.77,
        "timm-swin_tiny_patch4_window7_224": 28.29, "timm-vit_base_patch14_reg4_dinov2": 86.58,
        "timm-vit_base_patch16_clip_224": 86.57, "timm-vit_betwixt_patch16_reg4_gap_256": 60.40,
        "torchvision-swin_b": 87.77, "torchvision-swin_t": 28.29, "transformers-beit-base-patch16-224": 86.53,
        "transformers-dinov2-base": 86.58, "transformers-dinov2-with-registers-base": 86.58,
        "transformers-swin-tiny-patch4-window7-224": 28.29,
        "timm-convnext_tiny": 28.59, "timm-deit_tiny_distilled_patch16_224": 5.91, "timm-mobilenetv2_100": 3.50,
        "timm-mobilenetv3_large_100": 5.48, "timm-mobilenetv3_small_100": 2.54, "timm-resnet18": 11.69,
        "timm-resnet50": 25.56, "timm-vit_base_patch16_224": 86.57, "timm-vit_tiny_patch16_224": 5.72,
        "torchvision-convnext_tiny": 28.59, "torchvision-mobilenet_v2": 3.50, "torchvision-mobilenet_v3_large": 5.48,
        "torchvision-mobilenet_v3_small": 2.54, "torchvision-resnet18": 11.69, "torchvision-resnet50": 25.56,
        "torchvision-vit_b_16": 86.57, "transformers-convnext-tiny-224": 28.59,
        "transformers-deit-base-distilled-patch16-224": 87.34, "transformers-mobilenet_v2_1.0_224": 3.50,
        "transformers-resnet-18": 11.69, "transformers-resnet-50": 25.56, "transformers-vit-base-patch16-224": 86.57,
        "timm-efficientnet_b3": 12.23, "timm-tf_efficientnetv2_b3": 14.36, "torchvision-efficientnet_b0": 5.29,
        "torchvision-efficientnet_v2_s": 21.46, "transformers-efficientnet-b0": 5.29,
        "transformers-convnextv2-tiny-1k-224": 28.64, "timm-convnextv2_tiny": 28.64, "timm-convnextv2_nano": 15.62,
        "transformers-mobilevit-small": 5.58, "timm-mobilevit_xs": 2.32,
        // Without the classifiers of GoogLeNet and Inception-v3 that serve training alone.
        "timm-inception_v3": 23.83, "timm-regnetx_002": 2.68, "timm-regnety_002": 3.16, "timm-vgg16_bn": 138.37,
        "torchvision-alexnet": 61.10, "torchvision-densenet121": 7.98, "torchvision-googlenet": 6.62,
        "torchvision-inception_v3": 23.83, "torchvision-regnet_x_400mf": 5.50, "torchvision-regnet_y_400mf": 4.34,
        "torchvision-squeezenet1_0": 1.25, "torchvision-squeezenet1_1": 1.24, "torchvision-vgg11": 132.86,
        "torchvision-vgg13_bn": 133.05, "torchvision-vgg19": 143.67, "transformers-regnet-y-040": 20.65,
    ]

    @Test func everyListHasItsCount() {
        #expect(Set(Self.names) == Set(Self.millions.keys))
    }

    @Test(arguments: names)
    func everyTensorIsTaken(name: String) throws {
        let published = try Published(name)
        let classifier = try ImageClassifier(
            folder: name, config: published.config, source: ZeroSource(location: name, published.tensors),
            runtime: Runtime(threads: 1), plansOnly: true)
        #expect(classifier.parameterCount == published.parameterCount(type(of: classifier.network)))
        let expected = try #require(Self.millions[name])
        #expect(abs(Double(classifier.parameterCount) / 1e6 - expected) < 0.02)
        #expect(classifier.network.channels == 3)
        // Packed weights take about four bytes a parameter, but for the few that are no layer's weights, such as
        // position embeddings; 3x3 kernels in transformed form take up to 16/9 of that.
        #expect(Double(classifier.weightBytes) > 0.97 * 4 * Double(classifier.parameterCount))
        #expect(classifier.weightBytes < 8 * classifier.parameterCount)
        #expect(classifier.labels.count == classifier.network.classCount)
        let plan = try classifier.plan(batch: 1, height: 224, width: 224)
        #expect(plan.flops > 5e7 && plan.flops < 5e10, "\(plan.flops) operations")
    }

    @Test func zerosAreReadAndComputed() throws {
        let published = try Published("timm-mobilenetv3_small_100")
        let classifier = try ImageClassifier(
            folder: "zeros", config: published.config, source: ZeroSource(location: "zeros", published.tensors),
            runtime: Runtime(threads: 2))
        let logits = try classifier.logits(Tensor([Float](repeating: 1, count: 3 * 64 * 64), shape: [1, 3, 64, 64]))
        #expect(logits.shape == [1, 1000])
        #expect(logits.floats.allSatisfy { $0 == 0 })
    }

    @Test(arguments: names)
    func aTensorMoreIsNamed(name: String) throws {
        let published = try Published(name)
        let extra = TensorInfo(name: "extra.weight", dtype: .float32, shape: [2], file: name)
        let error = #expect(throws: ImageClassifierError.self) {
            try ImageClassifier(
                folder: name, config: published.config, source: ZeroSource(location: name, published.tensors + [extra]),
                runtime: Runtime(threads: 1), plansOnly: true)
        }
        guard case .weights(.unused(_, let tensors)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(tensors == ["extra.weight"])
    }
}
