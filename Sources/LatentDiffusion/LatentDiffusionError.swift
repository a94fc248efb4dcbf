public import Checkpoints
public import Diffusion
public import DualEncoder
public import JSON
public import Layers
public import Randomness
public import Text

/// A latent diffusion model cannot be loaded, cannot take an input, or gave no number.
public enum LatentDiffusionError: Error, Sendable, CustomStringConvertible {
    /// The folder or a checkpoint in it cannot be read.
    case checkpoint(CheckpointError)
    /// A configuration file is missing, broken, or asks for something that is not supported.
    case config(ConfigError)
    /// The weights do not fit the configuration.
    case weights(WeightError)
    /// The text encoder cannot be loaded or cannot take its input.
    case textEncoder(DualEncoderError)
    /// The tokenizer cannot be loaded, or a text does not fit.
    case tokenizer(TokenizerError)
    /// The folder lacks a component that is needed for what was asked.
    case noComponent(folder: String, component: String)
    /// A pipeline in one file cannot be taken apart, or its tokenizer is missing or does not fit.
    case singleFile(SingleFileError)
    /// An input has the wrong shape or values.
    case input(expected: String, found: String)
    /// A network's result is not a number; `layer` is the first whose output is none, by its place in the weights.
    case notFinite(component: String, layer: String)
    /// The scheduler cannot be made as asked.
    case scheduler(SchedulerError)
    /// Noise cannot be drawn as asked.
    case randomness(RandomnessError)
    /// Whoever was told of the progress stopped the run.
    case stopped
    /// The task that asked for it was cancelled; what was computed until then is dropped.
    case cancelled

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .checkpoint(let error): error.description
        case .config(let error): error.description
        case .weights(let error): error.description
        case .textEncoder(let error): error.description
        case .tokenizer(let error): error.description
        case .noComponent(let folder, let component): "\(folder): there is no \(component)"
        case .singleFile(let error): error.description
        case .input(let expected, let found): "the input is \(found), expected \(expected)"
        case .notFinite(let component, let layer):
            "\(component) gave a value that is not a number, first in the output of \(layer); its weights or the input "
                + "are broken"
        case .scheduler(let error): error.description
        case .randomness(let error): error.description
        case .stopped: "stopped before it was done"
        case .cancelled: "cancelled before it was done"
        }
    }
}
