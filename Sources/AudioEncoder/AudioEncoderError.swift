public import Audio
public import CTC
public import Checkpoints
public import JSON
public import Layers

/// An audio encoder cannot be loaded or cannot take an input.
public enum AudioEncoderError: Error, Sendable, CustomStringConvertible {
    /// The folder or the checkpoint in it cannot be read.
    case checkpoint(CheckpointError)
    /// A configuration file is missing, broken, or asks for something that is not supported.
    case config(ConfigError)
    /// The weights do not fit the configuration.
    case weights(WeightError)
    /// The sound cannot be read.
    case audio(AudioError)
    /// The vocabulary or the decoder cannot be used.
    case ctc(CTCError)
    /// The folder does not say how sound is prepared for the model.
    case noPreprocessing(folder: String, expected: String)
    /// The checkpoint has no such head: one for CTC, or one for classification.
    case noHead(folder: String, expected: String)
    /// The folder has no adapter for the language; `known` are those it has.
    case noLanguage(folder: String, language: String, known: [String])
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
        case .audio(let error): error.description
        case .ctc(let error): error.description
        case .noPreprocessing(let folder, let expected):
            "\(folder): nothing says how sound is prepared for this model (expected \(expected))"
        case .noHead(let folder, let expected): "\(folder): the checkpoint has no head for \(expected)"
        case .noLanguage(let folder, let language, let known):
            "\(folder): no adapter for the language \"\(language)\" (expected adapter.<language>.safetensors; "
                + (known.isEmpty ? "there is none" : "there is one for " + known.joined(separator: ", ")) + ")"
        case .input(let expected, let found): "the input is \(found), expected \(expected)"
        case .notFinite(let output, let index):
            "the model gave a value that is not a number (\(output), index \(index)); "
                + "its weights or the input are broken"
        case .cancelled: "cancelled before it was done"
        }
    }
}
