public import Checkpoints
import Glibc
public import JSON
import Layers
public import Media
public import TensorCore
public import Text

/// A dual encoder as loaded from a folder: CLIP or SigLIP, which place images and texts in one space.
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
///
/// ```swift
/// let model = try DualEncoder(folder: "clip-vit-base-patch32")
/// let photo = try ImageDecoder.decode(path: "photo.jpg")
/// for label in try model.classify([photo], labels: ["cat", "dog"])[0] { print(label.label, label.score) }
/// ```
public struct DualEncoder: Sendable {
    /// One of the two networks.
    public enum Tower: String, Sendable, CaseIterable {
        /// The one that takes images.
        case image
        /// The one that takes texts.
        case text
    }

    /// The folder it was loaded from.
    public let folder: String
    /// The family's name: `CLIP` or `SigLIP`.
    public let architecture: String
    /// Whose configuration and tensor names the folder has.
    public let layout: DualEncoderLayout
    /// Where it computes.
    public let runtime: Runtime
    /// Elements of all parameters of both towers, loaded or not.
    public let parameterCount: Int
    /// Bytes that the loaded weights take.
    public let weightBytes: Int
    /// The towers whose weights are loaded.
    public let towers: Set<Tower>
    /// Width of an embedding.
    public let embeddingWidth: Int
    /// Height and width of the images that the image tower was made for; `nil` where there is none.
    public let imageSize: [Int]?
    /// Tokens that a text may have, start and end included; 0 where there is no text tower.
    public let contextLength: Int
    /// Whether probabilities are sigmoids, each label by itself, as SigLIP has it, rather than a softmax over labels.
    public let hasSigmoid: Bool
    /// The factor of the cosine similarity in a logit; 1 where the checkpoint holds one tower and no factor.
    public let logitScale: Float
    /// What is added to a logit; `nil` where the model adds nothing.
    public let logitBias: Float?

    /// Which of the folder's weights were read.
    public private(set) var weights = WeightChoice()

    let imageTower: (any ImageTower)?
    let textTower: TextTransformer?
    /// The towers that the checkpoint has.
    let heldTowers: Set<Tower>
    let padding: DualEncoderConfiguration.Padding
    private let preparation: Result<ImagePreprocessing, DualEncoderError>
    private let texts: TextPreparation

    /// Loads a folder in the layout of transformers or open_clip.
    ///
    /// - Parameters:
    ///   - folder: holds the configuration, the weights, the tokenizer, and what says how images are prepared.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - towers: the towers whose weights are read. Names and shapes of all tensors are checked in any case.
    ///   - plansOnly: reads no weights, only names and shapes.
    /// - Throws: ``DualEncoderError``.
    public init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(),
        towers: Set<Tower> = [.image, .text], plansOnly: Bool = false
    ) throws(DualEncoderError) {
        let config = try Self.readConfiguration(folder)
        let checkpoint = try Self.openCheckpoint(folder, DualEncoderLayout(config), weights)
        try self.init(
            folder: folder, config: config, source: checkpoint, runtime: runtime ?? Runtime(), towers: towers,
            plansOnly: plansOnly)
        self.weights = weights
    }

    /// Builds a dual encoder from a configuration and any source of tensors.
    ///
    /// - Throws: ``DualEncoderError``.
    public init(
        folder: String, config: Config, source: any TensorSource, runtime: Runtime,
        towers: Set<Tower> = [.image, .text], plansOnly: Bool = false
    ) throws(DualEncoderError) {
        self.folder = folder
        self.runtime = runtime
        layout = DualEncoderLayout(config)
        let configuration = try Self.configuration(config, layout)
        architecture = configuration.architecture
        hasSigmoid = configuration.hasSigmoid
        padding = configuration.padding
        contextLength = configuration.text?.contextLength ?? 0
        imageSize = configuration.image?.imageSize
        embeddingWidth = configuration.image?.outputWidth ?? configuration.text?.outputWidth ?? 0
        // What is not wanted is built all the same, by a loader that checks and reads nothing, and dropped.
        let reading = WeightLoader(source, runtime: runtime, plansOnly: plansOnly)
        let checking = WeightLoader(source, runtime: runtime, plansOnly: true)
        func place(_ tower: Tower) -> Weights { Weights(towers.contains(tower) ? reading : checking) }
        do throws(WeightError) {
            let image = try configuration.image?.build(layout, place(.image))
            let text: TextTransformer?
            if let textConfiguration = configuration.text {
                text = try TextTransformer(
                    textConfiguration, TextTransformerNames(layout, textConfiguration, place(.text)))
            } else {
                text = nil
            }
            (logitScale, logitBias) = try Self.scale(configuration.scale, Weights(reading), isRead: !plansOnly)
            try checking.finish { reading.hasTaken($0) || Self.ignores($0) }
            try reading.finish { checking.hasTaken($0) || Self.ignores($0) }
            heldTowers = Set((image == nil ? [] : [.image]) + (text == nil ? [] : [.text]))
            imageTower = towers.contains(.image) ? image : nil
            textTower = towers.contains(.text) ? text : nil
        } catch { throw Self.explained(error, source, layout, folder: folder) }
        self.towers = heldTowers.intersection(towers)
        parameterCount = reading.parameterCount + checking.parameterCount
        weightBytes = reading.byteCount
        texts = TextPreparation(
            folder: folder, layout, isMaskedByTokenizer: layout == .transformers && hasSigmoid)
        preparation = Self.preparation(folder: folder, config: config, layout, imageSize: imageSize)
        guard logitScale.isFinite else { throw .notFinite(output: "logit_scale", index: 0) }
        if let logitBias, !logitBias.isFinite { throw .notFinite(output: "logit_bias", index: 0) }
    }

    /// Buffers that older checkpoints hold and nothing needs: numbers of positions, batch norms' counters.
    private static func ignores(_ name: String) -> Bool {
        name.hasSuffix("embeddings.position_ids") || isBatchCounter(name)
    }

    private static func scale(
        _ scale: DualEncoderConfiguration.Scale?, _ w: Weights, isRead: Bool
    ) throws(WeightError) -> (Float, Float?) {
        guard let scale else { return (1, nil) }
        let factor = try w.tensor("logit_scale", shape: scale.shape).floats[0]
        let bias = scale.hasBias ? try w.tensor("logit_bias", shape: scale.shape).floats[0] : nil
        return (Float(exp(Double(factor))), bias)
    }

    /// How images become inputs.
    ///
    /// - Throws: ``DualEncoderError`` where the folder does not say, or asks for something not supported.
    public func preprocessing() throws(DualEncoderError) -> ImagePreprocessing {
        try requireHeld(.image)
        switch preparation {
        case .success(let preprocessing): return preprocessing
        case .failure(let error): throw error
        }
    }

    /// The folder's tokenizer; it is read at the first call and kept.
    ///
    /// - Throws: ``DualEncoderError/tokenizer(_:)``, and where there is no text tower.
    public func tokenizer() throws(DualEncoderError) -> Tokenizer {
        try requireHeld(.text)
        return try texts.tokenizer()
    }

    /// Whether the reference hides padding from the text tower.
    func hidesPadding() throws(DualEncoderError) -> Bool { try texts.hidesPadding() }

    func requireHeld(_ tower: Tower) throws(DualEncoderError) {
        guard heldTowers.contains(tower) else { throw .noTower(folder: folder, tower: tower.rawValue) }
    }

    func requireImageTower() throws(DualEncoderError) -> any ImageTower {
        try requireHeld(.image)
        guard let imageTower else { throw .towerNotLoaded(folder: folder, tower: Tower.image.rawValue) }
        return imageTower
    }

    func requireTextTower() throws(DualEncoderError) -> TextTransformer {
        try requireHeld(.text)
        guard let textTower else { throw .towerNotLoaded(folder: folder, tower: Tower.text.rawValue) }
        return textTower
    }
}
