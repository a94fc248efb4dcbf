public import Checkpoints
public import JSON
public import Layers
public import Randomness

/// A generator cannot be loaded or cannot take an input.
public enum GANError: Error, Sendable, CustomStringConvertible {
    /// The folder or the checkpoint in it cannot be read.
    case checkpoint(CheckpointError)
    /// The configuration is missing, broken, contradicts the weights, or asks for something that is not supported.
    case config(ConfigError)
    /// The weights do not fit the configuration.
    case weights(WeightError)
    /// A tensor that tells a size of the network has not the dimensions that it must have; `expected` is their number.
    case dimensions(file: String, tensor: String, expected: Int, found: [Int])
    /// The tensors are those of no generator that is known.
    case unknownTensors(location: String)
    /// An input has the wrong shape or holds a value that cannot be.
    case input(expected: String, found: String)
    /// A value that is not a number; `layer` is the first that gave one, `image` the number of the image in the batch.
    case notFinite(layer: String, image: Int)
    /// Latents cannot be drawn as asked.
    case randomness(RandomnessError)
    /// The task that asked for it was cancelled; what was computed until then is dropped.
    case cancelled

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .checkpoint(let error): error.description
        case .config(let error): error.description
        case .weights(let error): error.description
        case .dimensions(let file, let tensor, let expected, let found):
            "\(file): tensor \(tensor) has shape \(found), expected \(expected) dimensions of 1 to 65536"
        case .unknownTensors(let location):
            "\(location): there is no config.json, and the tensors are those of no generator that is known "
                + "(expected mapping.fc0.weight and synthesis.b4.const, or style.1.weight and input.input)"
        case .input(let expected, let found): "the input is \(found), expected \(expected)"
        case .notFinite(let layer, let image):
            "the model gave a value that is not a number (layer \(layer), image \(image)); "
                + "its weights or the input are broken"
        case .randomness(let error): error.description
        case .cancelled: "cancelled before it was done"
        }
    }
}
