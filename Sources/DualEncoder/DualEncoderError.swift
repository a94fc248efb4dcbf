public import Checkpoints
public import JSON
public import Layers
public import Text

/// A dual encoder cannot be loaded or cannot take an input.
public enum DualEncoderError: Error, Sendable, CustomStringConvertible {
    /// The folder or the checkpoint in it cannot be read.
    case checkpoint(CheckpointError)
    /// A configuration file is missing, broken, or asks for something that is not supported.
    case config(ConfigError)
    /// The weights do not fit the configuration.
    case weights(WeightError)
    /// The tokenizer cannot be loaded, or a text does not fit.
    case tokenizer(TokenizerError)
    /// The folder does not say how images are prepared for the model.
    case noPreprocessing(folder: String, expected: String)
    /// The checkpoint has no such tower: `image` or `text`.
    case noTower(folder: String, tower: String)
    /// The tower is in the checkpoint, but its weights were not asked for when the model was loaded.
    case towerNotLoaded(folder: String, tower: String)
    /// An input has the wrong shape or holds a value that cannot be.
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
        case .tokenizer(let error): error.description
        case .noPreprocessing(let folder, let expected):
            "\(folder): nothing says how images are prepared for this model (expected \(expected))"
        case .noTower(let folder, let tower): "\(folder): the checkpoint has no \(tower) tower"
        case .towerNotLoaded(let folder, let tower):
            "\(folder): the \(tower) tower was not loaded; name it among the towers that are wanted"
        case .input(let expected, let found): "the input is \(found), expected \(expected)"
        case .notFinite(let output, let index):
            "the model gave a value that is not a number (\(output), index \(index)); its weights or the input are broken"
        case .cancelled: "cancelled before it was done"
        }
    }
}
