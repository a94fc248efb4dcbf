public import AudioEncoder
public import Checkpoints
public import Diffusion
public import DualEncoder
public import GAN
public import ImageClassifiers
public import LatentDiffusion
public import SentenceEncoder
public import TensorCore

/// A model of any family, as the command and programs that take any model see it.
public enum AnyModel: Sendable {
    /// An image classifier.
    case imageClassifier(ImageClassifier)
    /// An encoder of images and one of texts into one space.
    case dualEncoder(DualEncoder)
    /// An encoder of sentences.
    case sentenceEncoder(SentenceEncoder)
    /// An encoder of sound, with a head or without.
    case audioEncoder(AudioEncoder)
    /// A generator of images that makes them in one pass.
    case gan(ImageGenerator)
    /// A diffusion model.
    case diffusion(DiffusionModel)
    /// A latent diffusion model, or one of its networks.
    case latentDiffusion(LatentDiffusionFolder)

    /// A family of models; the raw value is the task, in Hugging Face's words where they tell families apart.
    public enum Family: String, Sendable, CaseIterable {
        /// Image classifiers.
        case imageClassifier = "image-classification"
        /// Dual encoders.
        case dualEncoder = "zero-shot-image-classification"
        /// Sentence encoders.
        case sentenceEncoder = "sentence-similarity"
        /// Audio encoders, most of which transcribe.
        case audioEncoder = "automatic-speech-recognition"
        /// Generators of images that make them in one pass.
        case gan = "image-generation"
        /// Diffusion models, which make images of noise step by step.
        case diffusion = "image-diffusion"
        /// Latent diffusion models, most of which make images of texts.
        case latentDiffusion = "text-to-image"

        /// The family of a folder as its configuration says, without looking further; what nothing else recognises is
        /// an image classifier, whose error says what is known.
        public init(folder: String) {
            let files = ConfigurationFiles(folder: folder)
            if ImageGenerator.recognises(files) {
                self = .gan
            } else if LatentDiffusionFolder.recognises(files) {
                self = .latentDiffusion
            } else if DiffusionModel.recognises(files) {
                self = .diffusion
            } else if DualEncoder.recognises(files) {
                self = .dualEncoder
            } else if SentenceEncoder.recognises(files) {
                self = .sentenceEncoder
            } else {
                self = AudioEncoder.recognises(files) ? .audioEncoder : .imageClassifier
            }
        }

        /// The architectures of it that can be loaded.
        public var architectures: [SupportedArchitecture] {
            switch self {
            case .imageClassifier: ImageClassifier.architectures
            case .dualEncoder: DualEncoder.architectures
            case .sentenceEncoder: SentenceEncoder.architectures
            case .audioEncoder: AudioEncoder.architectures
            case .gan: ImageGenerator.architectures
            case .diffusion: DiffusionModel.architectures
            case .latentDiffusion: LatentDiffusionFolder.architectures
            }
        }

        /// What a person calls a model of it.
        public var noun: String {
            switch self {
            case .imageClassifier: "an image classifier"
            case .dualEncoder: "a dual encoder"
            case .sentenceEncoder: "a sentence encoder"
            case .audioEncoder: "an audio encoder"
            case .gan: "a GAN"
            case .diffusion: "a diffusion model"
            case .latentDiffusion: "a latent diffusion model"
            }
        }
    }

    /// Loads a folder. Memory that reading it took and left in the heap goes back to the system.
    ///
    /// - Parameters:
    ///   - folder: of any family.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - towers: what is read into memory of a dual encoder; all of its tensors are checked in any case.
    ///   - language: the adapter of an audio encoder that has one for each language; others have no use for it.
    ///   - plansOnly: reads no weights, only names and shapes.
    /// - Throws: ``ModelError``.
    public init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(),
        towers: Set<DualEncoder.Tower> = [.image, .text], language: String? = nil, plansOnly: Bool = false
    ) throws(ModelError) {
        switch Family(folder: folder) {
        case .imageClassifier:
            do throws(ImageClassifierError) {
                self = .imageClassifier(
                    try ImageClassifier(folder: folder, runtime: runtime, weights: weights, plansOnly: plansOnly))
            } catch { throw .imageClassifier(error) }
        case .dualEncoder:
            do throws(DualEncoderError) {
                self = .dualEncoder(
                    try DualEncoder(
                        folder: folder, runtime: runtime, weights: weights, towers: towers, plansOnly: plansOnly))
            } catch { throw .dualEncoder(error) }
        case .sentenceEncoder:
            do throws(SentenceEncoderError) {
                self = .sentenceEncoder(
                    try SentenceEncoder(folder: folder, runtime: runtime, weights: weights, plansOnly: plansOnly))
            } catch { throw .sentenceEncoder(error) }
        case .audioEncoder:
            do throws(AudioEncoderError) {
                self = .audioEncoder(
                    try AudioEncoder(
                        folder: folder, runtime: runtime, weights: weights, language: language, plansOnly: plansOnly))
            } catch { throw .audioEncoder(error) }
        case .gan:
            do throws(GANError) {
                self = .gan(
                    try ImageGenerator(folder: folder, runtime: runtime, weights: weights, plansOnly: plansOnly))
            } catch { throw .gan(error) }
        case .diffusion:
            do throws(DiffusionError) {
                self = .diffusion(
                    try DiffusionModel(folder: folder, runtime: runtime, weights: weights, plansOnly: plansOnly))
            } catch { throw .diffusion(error) }
        case .latentDiffusion:
            do throws(LatentDiffusionError) {
                self = .latentDiffusion(
                    try LatentDiffusionFolder(folder: folder, runtime: runtime, weights: weights, plansOnly: plansOnly))
            } catch { throw .latentDiffusion(error) }
        }
        // Descriptions, headers and buffers were read beside the weights.
        if !plansOnly { releaseFreedMemory() }
    }

    /// What the model does, in Hugging Face's words: its family's task, but for image classifiers without classes,
    /// audio encoders that classify or have no head, and generators, which have one task.
    public var task: String {
        if case .imageClassifier(let model) = self, !model.hasClasses { return "image-feature-extraction" }
        let isUnconditional =
            if case .latentDiffusion(.unconditional) = self { true } else { family == .gan || family == .diffusion }
        if isUnconditional { return "unconditional-image-generation" }
        guard case .audioEncoder(let model) = self else { return family.rawValue }
        return switch model.head {
        case .ctc: family.rawValue
        case .classification: "audio-classification"
        case .none: "feature-extraction"
        }
    }

    /// The model's family.
    public var family: Family {
        switch self {
        case .imageClassifier: .imageClassifier
        case .dualEncoder: .dualEncoder
        case .sentenceEncoder: .sentenceEncoder
        case .audioEncoder: .audioEncoder
        case .gan: .gan
        case .diffusion: .diffusion
        case .latentDiffusion: .latentDiffusion
        }
    }

    /// The architecture's name, such as `ResNet`.
    public var architecture: String {
        switch self {
        case .imageClassifier(let model): model.architecture
        case .dualEncoder(let model): model.architecture
        case .sentenceEncoder(let model): model.architecture
        case .audioEncoder(let model): model.architecture
        case .gan(let model): model.architecture
        case .diffusion(let model): model.architecture
        case .latentDiffusion(let model): model.architecture
        }
    }

    /// The folder it was loaded from.
    public var folder: String {
        switch self {
        case .imageClassifier(let model): model.folder
        case .dualEncoder(let model): model.folder
        case .sentenceEncoder(let model): model.folder
        case .audioEncoder(let model): model.folder
        case .gan(let model): model.folder
        case .diffusion(let model): model.folder
        case .latentDiffusion(let model): model.folder
        }
    }

    /// Elements of all parameters.
    public var parameterCount: Int {
        switch self {
        case .imageClassifier(let model): model.parameterCount
        case .dualEncoder(let model): model.parameterCount
        case .sentenceEncoder(let model): model.parameterCount
        case .audioEncoder(let model): model.parameterCount
        case .gan(let model): model.parameterCount
        case .diffusion(let model): model.parameterCount
        case .latentDiffusion(let model): model.parameterCount
        }
    }

    /// Bytes that the packed weights take.
    public var weightBytes: Int {
        switch self {
        case .imageClassifier(let model): model.weightBytes
        case .dualEncoder(let model): model.weightBytes
        case .sentenceEncoder(let model): model.weightBytes
        case .audioEncoder(let model): model.weightBytes
        case .gan(let model): model.weightBytes
        case .diffusion(let model): model.weightBytes
        case .latentDiffusion(let model): model.weightBytes
        }
    }
}
