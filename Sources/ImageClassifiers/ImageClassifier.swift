public import Checkpoints
public import JSON
import Layers
public import Media
public import TensorCore

/// An image classifier as loaded from a folder: network, labels, preprocessing.
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
///
/// ```swift
/// let classifier = try ImageClassifier(folder: "zoo/resnet-cifar10")
/// let image = try ImageDecoder.decode(path: "photo.jpg")
/// for prediction in try classifier.classify(image, top: 3) { print(prediction.label, prediction.score) }
/// ```
public struct ImageClassifier: Sendable {
    /// One class and how sure the model is of it.
    public struct Prediction: Sendable, Equatable {
        /// The class's name.
        public var label: String
        /// The class's number.
        public var index: Int
        /// The probability after softmax over all classes, 0 to 1.
        public var score: Float
        /// The score before softmax.
        public var logit: Float
    }

    /// The folder it was loaded from.
    public let folder: String
    /// The family's name, such as `ResNet`.
    public let architecture: String
    /// Whose names the checkpoint uses.
    public let layout: CheckpointLayout
    /// The network.
    public let network: any ClassifierNetwork
    /// The classes' names, by number; none where the checkpoint has no classifier.
    public let labels: [String]
    /// How images become inputs; an error where the folder does not say, thrown when it is needed.
    private let preparation: Result<ImagePreprocessing, ImageClassifierError>
    /// Elements of all parameters.
    public let parameterCount: Int
    /// Bytes the packed weights take.
    public let weightBytes: Int
    /// Where it computes.
    public let runtime: Runtime

    /// Loads a folder in the layout of transformers, timm, or torchvision's names.
    ///
    /// - Parameters:
    ///   - folder: holds `config.json`, the weights, and what says how images are prepared.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - plansOnly: reads no weights, only names and shapes: for ``plan(batch:height:width:)``.
    /// - Throws: ``ImageClassifierError``.
    public init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), plansOnly: Bool = false
    ) throws(ImageClassifierError) {
        let config = try Self.readConfig(FileSystem.join(folder, "config.json"))
        let checkpoint: Checkpoint
        do throws(CheckpointError) { checkpoint = try Checkpoint.open(folder: folder, choice: weights) } catch {
            throw .checkpoint(error)
        }
        try self.init(
            folder: folder, config: config, source: checkpoint, runtime: runtime ?? Runtime(), plansOnly: plansOnly)
    }

    /// Builds a classifier from a configuration and any source of tensors.
    ///
    /// - Throws: ``ImageClassifierError``.
    public init(
        folder: String, config: Config, source: any TensorSource, runtime: Runtime, plansOnly: Bool = false
    ) throws(ImageClassifierError) {
        self.folder = folder
        self.runtime = runtime
        let architecture: ClassifierArchitecture
        do throws(ConfigError) {
            layout = try CheckpointLayout(config)
            architecture = try ClassifierArchitecture.named(in: config, layout)
        } catch { throw .config(error) }
        self.architecture = architecture.name
        let loader = WeightLoader(source, runtime: runtime, plansOnly: plansOnly)
        network = try architecture.build(config, layout, Weights(loader))
        do throws(WeightError) { try loader.finish(ignoring: type(of: network).ignores) } catch {
            throw .weights(error)
        }
        parameterCount = loader.parameterCount
        weightBytes = loader.byteCount
        do throws(ConfigError) { labels = try config.classLabels(network.classCount, layout) } catch {
            throw .config(error)
        }
        preparation = Self.preparation(folder: folder, config: config, layout)
    }

    /// Whether images can be classified: a checkpoint may hold a model without its last layer, which gives features
    /// only.
    public var hasClasses: Bool { network.classCount > 0 }

    /// How images become inputs.
    ///
    /// - Throws: ``ImageClassifierError`` where the folder does not say, or asks for something not supported.
    public func preprocessing() throws(ImageClassifierError) -> ImagePreprocessing {
        switch preparation {
        case .success(let preprocessing): return preprocessing
        case .failure(let error): throw error
        }
    }

    /// Prepares images: resized, cropped and normalised as the checkpoint says.
    ///
    /// - Returns: `[images, 3, H, W]`.
    public func pixelValues(_ images: [Image]) throws(ImageClassifierError) -> Tensor {
        let preprocessing = try preprocessing()
        let (height, width) = (preprocessing.outputHeight, preprocessing.outputWidth)
        let size = 3 * height * width
        return Tensor(shape: Shape(images.count, 3, height, width)) { values in
            for (index, image) in images.enumerated() {
                preprocessing.write(
                    image, into: UnsafeMutableBufferPointer(rebasing: values[index * size..<(index + 1) * size]))
            }
        }
    }

    /// Computes logits, pooled features and the last feature map.
    ///
    /// - Parameter pixels: `[B, channels, H, W]`, prepared as by ``pixelValues(_:)``.
    /// - Returns: tensors in PyTorch's shapes: a convolutional feature map is `[B, C, H', W']`.
    /// - Throws: ``ImageClassifierError/input(expected:found:)`` for a shape the network cannot take, and
    ///   ``ImageClassifierError/notFinite(output:index:)``.
    public func outputs(_ pixels: Tensor) throws(ImageClassifierError) -> ClassifierOutput {
        try check(pixels)
        let result = runtime.withWorkspace { ws in
            let output = network(ws.channelsLast(pixels), ws)
            let map = output.featureMap.shape.rank == 4 ? ws.channelsFirst(output.featureMap) : output.featureMap
            return ClassifierOutput(
                logits: output.logits.copied(), features: output.features.copied(), featureMap: map.copied())
        }
        try Self.checkFinite(result.logits)
        if !hasClasses, let index = result.features.firstNonFinite {
            throw .notFinite(output: "features", index: index)
        }
        return result
    }

    /// Computes one score for each class, before softmax.
    ///
    /// - Parameter pixels: `[B, channels, H, W]`, prepared as by ``pixelValues(_:)``.
    /// - Returns: `[B, classes]`; the same bits for an image whatever the batch it is in.
    /// - Throws: as ``outputs(_:)``, and ``ImageClassifierError/noClasses(folder:)`` where there are none.
    public func logits(_ pixels: Tensor) throws(ImageClassifierError) -> Tensor {
        guard hasClasses else { throw .noClasses(folder: folder) }
        return try pass(pixels, profile: false).logits
    }

    /// Computes logits as ``logits(_:)`` does, and measures every operation.
    ///
    /// - Returns: what the pass cost; `allocations` is 0 from the third pass of a shape on.
    /// - Throws: as ``outputs(_:)``.
    public func profile(_ pixels: Tensor) throws(ImageClassifierError) -> Workspace.Account {
        try pass(pixels, profile: true).account
    }

    private func pass(
        _ pixels: Tensor, profile: Bool
    ) throws(ImageClassifierError) -> (logits: Tensor, account: Workspace.Account) {
        try check(pixels)
        let (batch, step) = (pixels.shape[0], imagesAtATime(height: pixels.shape[2], width: pixels.shape[3]))
        let result = runtime.withWorkspace(profile: profile) { ws in
            let logits = Tensor(shape: Shape(batch, network.classCount)) { values in
                for first in stride(from: 0, to: batch, by: step) {
                    let part = pixels.rows(first..<min(first + step, batch))
                    let output = network.withoutMap(ws.channelsLast(part), ws).logits
                    output.withFloats { source in
                        for (index, value) in source.enumerated() { values[first * network.classCount + index] = value }
                    }
                }
            }
            return (logits: logits, account: ws.account)
        }
        try Self.checkFinite(result.logits)
        return result
    }

    /// The most probable classes of an image.
    ///
    /// - Parameters:
    ///   - image: of any size and kind.
    ///   - top: how many classes, at most all.
    /// - Throws: ``ImageClassifierError``.
    public func classify(_ image: Image, top: Int = 5) throws(ImageClassifierError) -> [Prediction] {
        try classify([image], top: top)[0]
    }

    /// The most probable classes of each image, most probable first; of equal ones the lower number first.
    ///
    /// - Parameters:
    ///   - images: of any sizes and kinds.
    ///   - top: how many classes for each, at most all.
    /// - Throws: ``ImageClassifierError``.
    public func classify(_ images: [Image], top: Int = 5) throws(ImageClassifierError) -> [[Prediction]] {
        guard hasClasses else { throw .noClasses(folder: folder) }
        guard !images.isEmpty else { return [] }
        return try predictions(logits(pixelValues(images)), top: top)
    }

    /// The most probable classes for each row of logits, `[B, classes]`.
    public func predictions(_ logits: Tensor, top: Int) -> [[Prediction]] {
        (0..<logits.shape[0]).map { row in
            let values = logits.rows(row..<row + 1).floats
            let scores = softmaxProbabilities(values)
            let order = values.indices.sorted { values[$0] != values[$1] ? values[$0] > values[$1] : $0 < $1 }
            return order.prefix(max(top, 0)).map {
                Prediction(label: labels[$0], index: $0, score: scores[$0], logit: values[$0])
            }
        }
    }

    /// Counts what a forward pass would cost, without running it.
    public func plan(batch: Int, height: Int, width: Int) throws(ImageClassifierError) -> Workspace.Account {
        let shape = Shape(batch, network.channels, height, width)
        try check(Tensor(zeros: shape))
        return runtime.plan { ws in _ = network.withoutMap(ws.channelsLast(Tensor(zeros: shape)), ws) }
    }

    /// Images that one pass of ``logits(_:)`` takes.
    ///
    /// - Parameters:
    ///   - height: of the images, in pixels.
    ///   - width: of the images, in pixels.
    public func imagesAtATime(height: Int, width: Int) -> Int {
        network.imagesAtATime(height: height, width: width)
    }

    func check(_ pixels: Tensor) throws(ImageClassifierError) {
        let expected = "[batch, \(network.channels), height, width]"
        guard pixels.dtype == .float32, pixels.shape.rank == 4, pixels.shape[1] == network.channels else {
            throw .input(expected: "fp32 \(expected)", found: "\(pixels.dtype.rawValue) \(pixels.shape)")
        }
        guard pixels.shape[2] > 0, pixels.shape[3] > 0 else {
            throw .input(expected: "\(expected) with sides of at least 1", found: "\(pixels.shape)")
        }
        if let refusal = network.refusal(height: pixels.shape[2], width: pixels.shape[3]) {
            throw .input(expected: "\(expected) with \(refusal)", found: "\(pixels.shape)")
        }
    }

    private static func checkFinite(_ logits: Tensor) throws(ImageClassifierError) {
        if let index = logits.firstNonFinite { throw .notFinite(output: "logits", index: index) }
    }
}
