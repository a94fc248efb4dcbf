import Arguments
import Audio
import AudioEncoder
import CTC
import Checkpoints
import Diffusion
import DualEncoder
import GAN
import Hub
import ImageClassifiers
import JSON
import LatentDiffusion
import Media
import ModelZoo
import Randomness
import SentenceEncoder
import Text
import VectorIndex

/// An error as the command reports it: one line and an exit code.
struct Failure: Error, CustomStringConvertible {
    /// What is wrong and what to do, one line, without the leading `zoo: `.
    let message: String
    /// How the process ends.
    let exitCode: ExitCode

    /// A failure that no library reports.
    init(_ message: String, _ exitCode: ExitCode) {
        self.message = message
        self.exitCode = exitCode
    }

    /// The failure that an error amounts to where it ends the command.
    init(_ error: any Error) {
        switch error {
        case let failure as Failure: self = failure
        case let error as UsageError: self.init(error.description, .usage)
        case let error as OutputError: self.init(error.description, error.exitCode)
        case let error as InputError: self.init(error.description, error.exitCode)
        case let error as ImageError: self.init(error.description, Failure.exitCode(of: error.problem))
        case let error as RegistryError: self.init(error.description, .unavailable)
        case let error as HubError: self.init(error.description, Failure.exitCode(of: error))
        case let error as ModelError: self.init(error.description, Failure.exitCode(of: error))
        case .model(let error) as QuantizationError: self.init(error)
        case .checkpoint(.file(let error)) as QuantizationError: self.init(error)
        case .checkpoint(let error) as QuantizationError: self.init(error)
        case .config(let error) as QuantizationError: self.init(error)
        case let error as QuantizationError: self.init(error.description, .badData)
        case let error as ImageClassifierError: self.init(ModelError.imageClassifier(error))
        case let error as DualEncoderError: self.init(ModelError.dualEncoder(error))
        case let error as SentenceEncoderError: self.init(ModelError.sentenceEncoder(error))
        case let error as AudioEncoderError: self.init(ModelError.audioEncoder(error))
        case let error as AudioError: self.init(ModelError.audioEncoder(.audio(error)))
        case .randomness(let error) as GANError: self.init(error)
        case let error as GANError: self.init(ModelError.gan(error))
        case .randomness(let error) as DiffusionError: self.init(error)
        case let error as DiffusionError: self.init(ModelError.diffusion(error))
        case .randomness(let error) as LatentDiffusionError: self.init(error)
        case let error as LatentDiffusionError: self.init(ModelError.latentDiffusion(error))
        case let error as AdapterError: self.init(error.description, .badData)
        case let error as PromptError: self.init(error.description, .badData)
        case let error as RandomnessError: self.init(error.description, .usage)
        case let error as CTCError: self.init(error.description, Failure.exitCode(of: error))
        case let error as TokenizerError: self.init(ModelError.sentenceEncoder(.tokenizer(error)))
        case let error as ReferenceError: self.init(error.description, .unavailable)
        case let error as ConfigError: self.init(error.description, .unavailable)
        case let error as CheckpointError: self.init(error.description, .unavailable)
        case let error as NPYError: self.init(error.description, .badData)
        case .file(let error) as VectorIndexError: self.init(error)
        case let error as VectorIndexError: self.init(error.description, .badData)
        case let error as FileError: self.init(error.description, Failure.exitCode(of: error))
        default: self.init("internal error: \(error)", .internalError)
        }
    }

    /// What goes to standard error, without the line feed.
    var description: String { "zoo: \(oneLine(message))" }

    private static func exitCode(of error: ModelError) -> ExitCode {
        switch error {
        case .audioEncoder(.audio(let error)): exitCode(of: error)
        // A file of the model's own.
        case .audioEncoder(.ctc(.file)): .unavailable
        case .audioEncoder(.ctc(let error)): exitCode(of: error)
        case .audioEncoder(.noLanguage): .usage
        default: error.isAboutInput ? .badData : .unavailable
        }
    }

    private static func exitCode(of error: HubError) -> ExitCode {
        switch error {
        case .setting, .reference: .usage
        case .file, .noSpace: .inputOutput
        case .damaged, .answer, .fileName: .badData
        case .cancelled: Interruption.exitCode ?? .unavailable
        case .offline, .connection, .insecure, .notFound, .noRevision, .gated, .status, .busy, .noFiles, .cache:
            .unavailable
        }
    }

    private static func exitCode(of error: FileError) -> ExitCode {
        error.isNotFound && error.operation != "write" ? .inputNotFound : .inputOutput
    }

    private static func exitCode(of error: AudioError) -> ExitCode {
        switch error {
        case .file(let error):
            switch error.reason {
            case .notRegular, .tooLarge, .invalidPath: .badData
            case .system, .changed, .shortened: exitCode(of: error)
            }
        case .input: .inputOutput
        case .argument: .usage
        case .empty, .unsupported, .malformed, .truncated, .limit, .sample, .channel: .badData
        }
    }

    private static func exitCode(of error: CTCError) -> ExitCode {
        switch error {
        case .file(let error): exitCode(of: error)
        case .config: .unavailable
        case .option: .usage
        case .format, .emissions, .unspellable, .tooFewFrames, .tooLarge: .badData
        }
    }

    private static func exitCode(of problem: ImageError.Problem) -> ExitCode {
        switch problem {
        case .notFound: .inputNotFound
        case .unreadable, .outOfMemory: .inputOutput
        default: .badData
        }
    }
}

/// A message fit for one line of a terminal: lines are joined, and what could steer the terminal is escaped.
func oneLine(_ message: String) -> String {
    let parts = message.split(separator: "\n").map(String.init)
    let joined = parts.dropFirst().reduce(parts.first ?? "") { $0 + ($0.hasSuffix(":") ? " " : "; ") + $1 }
    return printable(joined, limit: 2000)
}
