public import AudioEncoder
import CTC
public import Diffusion
public import DualEncoder
public import GAN
public import ImageClassifiers
public import LatentDiffusion
public import SentenceEncoder

/// A model of any family cannot be loaded or cannot take an input: the family's own error, or what concerns them all.
public enum ModelError: Error, Sendable, CustomStringConvertible {
    /// An image classifier's.
    case imageClassifier(ImageClassifierError)
    /// A dual encoder's.
    case dualEncoder(DualEncoderError)
    /// A sentence encoder's.
    case sentenceEncoder(SentenceEncoderError)
    /// An audio encoder's.
    case audioEncoder(AudioEncoderError)
    /// A GAN's.
    case gan(GANError)
    /// A diffusion model's.
    case diffusion(DiffusionError)
    /// A latent diffusion model's.
    case latentDiffusion(LatentDiffusionError)
    /// A model was given other arrays than it takes, by their names.
    case inputs(expected: String, found: String)
    /// A model was asked for an array that it does not give, though others of its family do.
    case noOutput(name: String, folder: String, gives: [String])
    /// A model with the work that is asked for would take more memory than it may.
    case memory(folder: String, need: MemoryNeed, limit: Int)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .imageClassifier(let error): error.description
        case .dualEncoder(let error): error.description
        case .sentenceEncoder(let error): error.description
        case .audioEncoder(let error): error.description
        case .gan(let error): error.description
        case .diffusion(let error): error.description
        case .latentDiffusion(let error): error.description
        case .noOutput(let name, let folder, let gives):
            "\(folder): the model has no output \(name), it gives \(gives.joined(separator: ", "))"
        case .memory(let folder, let need, let limit):
            "\(folder): the model needs \(need), and may take \(MemoryNeed.text(limit)); give it less at a time, or more "
                + "memory"
        case .inputs(let expected, let found): "the model was given \(found), it takes \(expected)"
        }
    }

    /// Whether what the model was given is at fault, not the model: another input may do.
    public var isAboutInput: Bool {
        switch self {
        case .imageClassifier(.input), .imageClassifier(.notFinite), .dualEncoder(.input), .dualEncoder(.notFinite),
            .sentenceEncoder(.input), .sentenceEncoder(.notFinite), .dualEncoder(.tokenizer(.tooLong)),
            .sentenceEncoder(.tokenizer(.tooLong)), .audioEncoder(.input), .audioEncoder(.notFinite),
            .audioEncoder(.audio), .audioEncoder(.ctc(.unspellable)), .audioEncoder(.ctc(.tooFewFrames)),
            .audioEncoder(.ctc(.tooLarge)), .gan(.input), .gan(.notFinite), .diffusion(.input), .diffusion(.notFinite),
            .diffusion(.scheduler(.steps)), .latentDiffusion(.input), .latentDiffusion(.notFinite),
            .latentDiffusion(.scheduler(.steps)), .latentDiffusion(.tokenizer(.tooLong)), .inputs:
            true
        case .imageClassifier, .dualEncoder, .sentenceEncoder, .audioEncoder, .gan, .diffusion, .latentDiffusion,
            .noOutput, .memory:
            false
        }
    }
}
