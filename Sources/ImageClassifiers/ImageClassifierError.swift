public import Checkpoints
public import JSON
public import Layers

/// An image classifier cannot be loaded or cannot take an input.
public enum ImageClassifierError: Error, Sendable, CustomStringConvertible {
    /// The folder or the checkpoint in it cannot be read.
    case checkpoint(CheckpointError)
    /// A configuration file is missing, broken, or asks for something that is not supported.
    case config(ConfigError)
    /// The weights do not fit the configuration.
    case weights(WeightError)
    /// The folder does not say how images are prepared for the model.
    case noPreprocessing(folder: String, expected: String)
    /// The checkpoint has no classifier, only features.
    case noClasses(folder: String)
    /// An input has the wrong shape.
    case input(expected: String, found: String)
    /// The network's result is not a number; where is the output and the index in it.
    case notFinite(output: String, index: Int)
    /// The task that asked for it was cancelled; what was computed until then is dropped.
    case cancelled

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .checkpoint(let error): error.description
        case .config(let error): error.description
        case .weights(let error): error.description
        case .noPreprocessing(let folder, let expected):
            "\(folder): nothing says how images are prepared for this model (expected \(expected))"
        case .noClasses(let folder): "\(folder): the model has no classes; it gives features only"
        case .input(let expected, let found): "the input is \(found), expected \(expected)"
        case .notFinite(let output, let index):
            "the model gave a value that is not a number (\(output), index \(index)); its weights or the input are broken"
        case .cancelled: "cancelled before it was done"
        }
    }
}
