import Checkpoints
import ImageClassifiers
import JSON
import Layers
import TensorCore
import TestSupport
import Testing

/// What only some convolutional networks have: older names, tensors for training, smallest images.
@Suite struct ConvolutionalNetworkTests {
    private let runtime = Runtime(threads: 2)

    @Test func denseLayersOfTheFirstRelease() throws {
        // torchvision's published files call a layer's tensors "norm.1" and "conv.2".
        let model = "torchvision-densenet"
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        var source = EditedSource(checkpoint)
        for name in checkpoint.names where name.contains("denselayer") {
            var older = name
            for kind in ["norm", "conv"] {
                for number in ["1", "2"] {
                    let parts = name.split(separator: ".\(kind)\(number).", maxSplits: 1)
                    if parts.count == 2 { older = parts[0] + ".\(kind).\(number)." + parts[1] }
                }
            }
            #expect(older != name)
            source.rename(name, to: older)
        }
        let renamed = try ClassifierFixtures.build(model, source: source, runtime: runtime)
        let original = try ClassifierFixtures.build(model, source: checkpoint, runtime: runtime)
        let pixels = try ClassifierFixtures.cases(model)[0].pixels
        #expect(bitDifference(try renamed.logits(pixels).floats, try original.logits(pixels).floats) == nil)
    }

    @Test(arguments: [
        ("torchvision-googlenet", ["aux1.conv.bn.bias", "aux2.fc2.weight"], "aux3.fc1.weight"),
        ("torchvision-inception-v3", ["AuxLogits.conv1.conv.weight", "AuxLogits.fc.bias"], "AuxLogits.fc.weights"),
    ])
    func classifiersForTrainingAreKnown(model: String, ignored: [String], unknown: String) throws {
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        var source = EditedSource(checkpoint)
        for name in ignored { source.add(name, shape: [3]) }
        _ = try ClassifierFixtures.build(model, source: source, runtime: runtime, plansOnly: true)
        source.add(unknown, shape: [3])
        let error = #expect(throws: ImageClassifierError.self) {
            try ClassifierFixtures.build(model, source: source, runtime: runtime, plansOnly: true)
        }
        guard case .weights(.unused(_, let tensors)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(tensors == [unknown])
    }

    @Test(arguments: [
        ("torchvision-alexnet", 63), ("torchvision-vgg", 32), ("timm-vgg-bn", 32), ("torchvision-squeezenet1-0", 21),
        ("torchvision-squeezenet1-1", 17), ("torchvision-googlenet", 15), ("torchvision-inception-v3", 75),
        ("torchvision-densenet", 29), ("torchvision-regnet-y", 1),
    ])
    func smallestImages(model: String, side: Int) throws {
        let classifier = try ImageClassifier(folder: ClassifierFixtures.path(model), runtime: runtime)
        for (height, width) in [(side, side), (side, side + 9), (side + 8, side)] {
            let output = try classifier.outputs(Tensor(zeros: [1, 3, height, width]))
            #expect(output.featureMap.shape.allSatisfy { $0 > 0 })
        }
        for (height, width) in [(side - 1, side), (side, side - 1)] where side > 1 {
            let error = #expect(throws: ImageClassifierError.self) {
                try classifier.logits(Tensor(zeros: [1, 3, height, width]))
            }
            #expect(error?.description.contains("\(side) pixels") == true)
        }
    }

    @Test func everySixteenthTensorOfInception() throws {
        let model = "torchvision-inception-v3"
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        let names = checkpoint.names.filter { !$0.hasSuffix("num_batches_tracked") }
        for index in stride(from: 0, to: names.count, by: 16) {
            var source = EditedSource(checkpoint)
            source.rename(names[index], to: names[index] + "x")
            let error = #expect(throws: ImageClassifierError.self) {
                try ClassifierFixtures.build(model, source: source, runtime: runtime, plansOnly: true)
            }
            guard case .weights(.missing(_, let tensor, let expected)) = error else {
                Issue.record("\(names[index]): \(String(describing: error))")
                continue
            }
            #expect(tensor == names[index] && expected == checkpoint.info(tensor)?.shape)
        }
    }

    @Test func theInputsTransformIsFollowed() throws {
        let model = "torchvision-googlenet"
        let config = try ClassifierFixtures.config(model)
        let text = JSONValue.object(config.object).serialized()
        let plain = text.replacingOne("\"transform_input\":true", with: "\"transform_input\":false")
        let without = try Config(file: config.file, bytes: Array(plain.utf8))
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        let classifiers = try [config, without].map {
            try ClassifierFixtures.build(model, config: $0, source: checkpoint, runtime: runtime)
        }
        // What is transformed by hand needs no transform.
        let pixels = try ClassifierFixtures.cases(model)[0].pixels
        let (scale, shift): ([Float], [Float]) = ([0.458, 0.448, 0.45], [-0.03, -0.088, -0.188])
        let size = pixels.shape[2] * pixels.shape[3]
        let values = pixels.floats.enumerated().map { index, value in
            value * scale[index / size % 3] + shift[index / size % 3]
        }
        let found = try classifiers[1].logits(Tensor(values, shape: pixels.shape))
        #expect(mismatch(found, try classifiers[0].logits(pixels), tolerance: .parity) == nil)
        #expect(mismatch(try classifiers[1].logits(pixels), found, tolerance: .parity) != nil)
    }
}

extension String {
    fileprivate func replacingOne(_ part: String, with other: String) -> String {
        let pieces = split(separator: part, maxSplits: 1, omittingEmptySubsequences: false)
        return pieces.joined(separator: other)
    }
}
