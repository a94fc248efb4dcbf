public import DualEncoder
public import ImageClassifiers
public import SentenceEncoder

/// A model of any family cannot be loaded or cannot take an input: the family's own error, or what concerns them all.
public enum ModelError: Error, Sendable, CustomStringConvertible {
    /// An image classifier's.
    case imageClassifier(ImageClassifierError)
    /// A dual encoder's.
    case dualEncoder(DualEncoderError)
    /// A sentence encoder's.
    case sentenceEncoder(SentenceEncoderError)
    /// A model was given other arrays than it takes, by their names.
    case inputs(expected: String, found: String)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .imageClassifier(let error): error.description
        case .dualEncoder(let error): error.description
        case .sentenceEncoder(let error): error.description
        case .inputs(let expected, let found): "the model was given \(found), it takes \(expected)"
        }
    }

    /// Whether what the model was given is at fault, not the model: another input may do.
    public var isAboutInput: Bool {
        switch self {
        case .imageClassifier(.input), .imageClassifier(.notFinite), .dualEncoder(.input), .dualEncoder(.notFinite),
            .sentenceEncoder(.input), .sentenceEncoder(.notFinite), .dualEncoder(.tokenizer(.tooLong)),
            .sentenceEncoder(.tokenizer(.tooLong)), .inputs:
            true
        case .imageClassifier, .dualEncoder, .sentenceEncoder: false
        }
    }
}
