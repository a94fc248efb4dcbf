import Checkpoints
import Dispatch
import ImageClassifiers
import JSON
import Media
import Synchronization
import TensorCore
import TestSupport
import Testing

/// What a program sees of a classifier.
@Suite struct ImageClassifierTests {
    private let model = "timm-vit"

    private func classifier(_ model: String? = nil, runtime: Runtime? = nil) throws -> ImageClassifier {
        try ImageClassifier(folder: ClassifierFixtures.path(model ?? self.model), runtime: runtime)
    }

    private func image(_ shade: UInt8 = 0) -> Image {
        let bytes = (0..<30 * 26 * 3).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ Int(shade)) }
        return Image(width: 30, height: 26, mode: .rgb, bytes: bytes)
    }

    @Test func predictionsInOrder() throws {
        let classifier = try classifier()
        let all = try classifier.classify(image(), top: 6)
        #expect(all.map(\.index).sorted() == Array(0..<6))
        #expect(zip(all, all.dropFirst()).allSatisfy { $0.score >= $1.score && $0.logit >= $1.logit })
        #expect(abs(all.reduce(0) { $0 + $1.score } - 1) < 1e-5)
        #expect(all.allSatisfy { $0.label == classifier.labels[$0.index] })
        let logits = try classifier.logits(classifier.pixelValues([image()])).floats
        #expect(all.allSatisfy { $0.logit == logits[$0.index] })
    }

    @Test func top() throws {
        let classifier = try classifier()
        let all = try classifier.classify(image(), top: 6)
        for (top, count) in [(3, 3), (6, 6), (7, 6), (.max, 6), (1, 1), (0, 0), (-1, 0), (.min, 0)] {
            #expect(try classifier.classify(image(), top: top) == Array(all.prefix(count)))
        }
        #expect(try classifier.classify(image()).count == 5)
        #expect(try classifier.classify([Image](), top: 3).isEmpty)
        let several = try classifier.classify([image(), image(90), image()], top: 2)
        #expect(several.count == 3)
        #expect(several[0] == several[2] && several[0] == Array(all.prefix(2)))
    }

    @Test func tiesGoToTheLowerNumber() throws {
        let classifier = try classifier()
        let rows = classifier.predictions(Tensor([1, 2, 2, 0, 2, 1, 0, 0, 0, 0, 0, 0], shape: [2, 6]), top: 6)
        #expect(rows[0].map(\.index) == [1, 2, 4, 0, 5, 3])
        #expect(rows[1].map(\.index) == [0, 1, 2, 3, 4, 5])
        #expect(rows[1].allSatisfy { abs($0.score - 1 / 6) < 1e-6 })
        // Logits of any size have scores that are numbers.
        let large = classifier.predictions(Tensor([3e38, -3e38, 0, 3e38, 1, -1], shape: [1, 6]), top: 6)[0]
        #expect(large.prefix(2).map(\.score) == [0.5, 0.5])
        #expect(large.dropFirst(2).allSatisfy { $0.score == 0 })
    }

    @Test(arguments: [
        [], [24], [3, 24, 24], [1, 1, 24, 24], [1, 4, 24, 24], [1, 24, 24, 3], [1, 3, 0, 24], [1, 3, 24, 0],
        [1, 1, 3, 24, 24], [1, 0, 24, 24],
    ])
    func shapesOfInputs(shape: [Int]) throws {
        for model in [
            "timm-vit", "timm-resnet-basic", "torchvision-mobilenetv2", "timm-mobilenetv3-small", "timm-convnext",
        ] {
            let classifier = try classifier(model)
            let pixels = Tensor(zeros: Shape(shape))
            for compute in [classifier.logits, { try classifier.outputs($0).logits }] as [(Tensor) throws -> Tensor] {
                let error = #expect(throws: ImageClassifierError.self) { try compute(pixels) }
                guard case .input(_, let found) = error else {
                    Issue.record("\(model): \(String(describing: error))")
                    return
                }
                #expect(found.contains("\(shape)"))
            }
        }
    }

    @Test(arguments: ClassifierFixtures.models)
    func smallImages(model: String) throws {
        // Every size is either classified or refused.
        let classifier = try classifier(model, runtime: Runtime(threads: 1))
        for (height, width) in [(1, 1), (1, 33), (3, 2), (7, 7), (8, 8), (23, 24), (25, 41)] {
            do {
                let logits = try classifier.outputs(Tensor(zeros: [1, 3, height, width])).logits
                #expect(logits.shape == [1, classifier.network.classCount])
            } catch {
                guard case .input = error else {
                    Issue.record("\(height) x \(width): \(error)")
                    return
                }
            }
        }
    }

    @Test(arguments: ["timm-dinov2-registers", "transformers-dinov2-bare", "timm-swin-features"])
    func featuresWithoutClasses(model: String) throws {
        let classifier = try classifier(model)
        #expect(!classifier.hasClasses && classifier.labels.isEmpty)
        let reference = try ClassifierFixtures.cases(model)[0]
        for compute in [
            { try classifier.classify(image(), top: 3) }, { try classifier.classify([Image]()) },
            { try classifier.logits(reference.pixels) },
        ] as [() throws -> Any] {
            let error = #expect(throws: ImageClassifierError.self) { try compute() }
            guard case .noClasses(let folder) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(folder == ClassifierFixtures.path(model))
        }
        let features = try classifier.features([image(), image(90)])
        #expect(features.shape == [2, try classifier.outputs(reference.pixels).features.shape[1]])
        #expect(try classifier.profile(reference.pixels).flops > 0)
    }

    @Test func unevenPaddingNeedsRoom() throws {
        // Windows that are padded on one side only: the reference takes images from 14 pixels on.
        let uneven = try classifier("transformers-efficientnet").network
        #expect(uneven.refusal(height: 14, width: 14) == nil)
        #expect(uneven.refusal(height: 13, width: 99) == "sides of at least 14 pixels")
        #expect(uneven.refusal(height: 99, width: 13) != nil)
        #expect(try classifier("timm-efficientnet-tf").network.refusal(height: 1, width: 1) == nil)
        #expect(try classifier("torchvision-efficientnet").network.refusal(height: 1, width: 1) == nil)
    }

    @Test func integersAreNoPixels() throws {
        let pixels = Tensor(integers: [Int64](repeating: 0, count: 3 * 24 * 24), shape: [1, 3, 24, 24])
        #expect(throws: ImageClassifierError.self) { try classifier().logits(pixels) }
    }

    @Test func noImages() throws {
        let logits = try classifier().logits(Tensor(zeros: [0, 3, 24, 24]))
        #expect(logits.shape == [0, 6])
    }

    @Test(arguments: [Float.nan, .infinity])
    func brokenWeights(value: Float) throws {
        for (model, tensor, index) in [("timm-vit", "head.bias", 0), ("timm-resnet-basic", "fc.bias", 0)] {
            var source = EditedSource(try Checkpoint.open(folder: ClassifierFixtures.path(model)))
            source.fill(tensor, with: value)
            let classifier = try ClassifierFixtures.build(model, source: source, runtime: Runtime(threads: 1))
            for compute in [classifier.logits, { try classifier.outputs($0).logits }] as [(Tensor) throws -> Tensor] {
                let error = #expect(throws: ImageClassifierError.self) { try compute(Tensor(zeros: [2, 3, 24, 24])) }
                guard case .notFinite("logits", index) = error else {
                    Issue.record("\(String(describing: error))")
                    return
                }
            }
        }
    }

    @Test func aPixelThatIsNoNumber() throws {
        var pixels = Tensor(zeros: [2, 3, 24, 24])
        pixels.withMutableFloats { $0[3 * 24 * 24 + 5] = .nan }
        let error = #expect(throws: ImageClassifierError.self) { try classifier().logits(pixels) }
        // The first image is fine.
        guard case .notFinite("logits", 6) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test(arguments: ["timm-vit", "transformers-mobilenetv2-dilated", "timm-convnext"])
    func usedFromSeveralThreadsAtOnce(model: String) throws {
        let classifier = try classifier(model, runtime: Runtime(threads: 2))
        let inputs = try ClassifierFixtures.cases(model).map(\.pixels)
        let expected = try inputs.map { try classifier.logits($0).floats }
        let differences = Mutex<[String]>([])
        DispatchQueue.concurrentPerform(iterations: 64) { iteration in
            let index = iteration % inputs.count
            do {
                let found = try classifier.logits(inputs[index]).floats
                if let difference = bitDifference(found, expected[index]) {
                    differences.withLock { $0.append(difference) }
                }
            } catch {
                differences.withLock { $0.append("\(error)") }
            }
        }
        #expect(differences.withLock { $0 } == [])
    }

    @Test func foldersThatAreNone() throws {
        let folder = try TemporaryFolder()
        let missing = #expect(throws: ImageClassifierError.self) { try ImageClassifier(folder: folder.path) }
        guard case .checkpoint(.file(let error)) = missing else {
            Issue.record("\(String(describing: missing))")
            return
        }
        #expect(error.path == folder.path("config.json") && error.isNotFound)
        for text in ["", "[]", "{", "{}", "{\"architecture\":\"resnet18\",\"architecture\":\"resnet18\"}"] {
            try folder.write(text, as: "config.json")
            let error = #expect(throws: ImageClassifierError.self) { try ImageClassifier(folder: folder.path) }
            switch error {
            case .config: #expect(text != "{}")
            case .checkpoint(.noWeights): #expect(text == "{}")
            default: Issue.record("\(String(describing: error))")
            }
        }
        try folder.write(#"{"architecture":"resnet18","num_classes":6}"#, as: "config.json")
        try folder.write([0x80], as: "pytorch_model.bin")
        let pickle = #expect(throws: ImageClassifierError.self) { try ImageClassifier(folder: folder.path) }
        #expect(pickle?.description.contains("pytorch_model.bin") == true)
    }

    @Test func aFolderThatSaysNothingOfImages() throws {
        let folder = try TemporaryFolder()
        let source = ClassifierFixtures.path("transformers-resnet-bottleneck")
        for name in ["config.json", "model.safetensors"] {
            try folder.write(FileSystem.read("\(source)/\(name)", limit: 1 << 20), as: name)
        }
        let classifier = try ImageClassifier(folder: folder.path)
        let error = #expect(throws: ImageClassifierError.self) { try classifier.classify(image()) }
        guard case .noPreprocessing(folder.path, "preprocessor_config.json") = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        // Raw arrays need none.
        #expect(try classifier.logits(Tensor(zeros: [1, 3, 32, 32])).shape == [1, 6])
    }

    @Test func whatALoadedModelSays() throws {
        let classifier = try classifier("transformers-deit-distilled")
        #expect(classifier.architecture == "DeiT")
        #expect(classifier.layout == .transformers)
        #expect(classifier.labels == (0..<6).map { "LABEL_\($0)" })
        #expect(classifier.folder == ClassifierFixtures.path("transformers-deit-distilled"))
        #expect(try self.classifier("timm-resnet-basic").labels == (0..<6).map { "class \($0)" })
        #expect(try self.classifier("torchvision-vit").layout == .torchvision)
    }
}
