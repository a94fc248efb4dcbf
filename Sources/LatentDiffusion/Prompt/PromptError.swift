/// A prompt cannot be turned into what a text encoder takes.
public enum PromptError: Error, Sendable, Equatable, CustomStringConvertible {
    /// The prompt has more tokens than the encoder takes at once, and was not to be cut into parts.
    case tooLong(tokens: Int, limit: Int, prompt: String)
    /// The prompt has more parts than are encoded.
    case tooManyParts(parts: Int, limit: Int, prompt: String)
    /// The prompt is longer than any that is read.
    case tooLarge(bytes: Int, limit: Int)
    /// A weight in the prompt is no number that can be used.
    case weight(expected: String, found: String)
    /// The tokenizer lacks a token that prompts need, or the context is no length for them.
    case tokenizer(expected: String, found: String)
    /// The encoder's outputs do not belong to the prompt, or weights leave no number of them.
    case outputs(expected: String, found: String)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .tooLong(let tokens, let limit, let prompt):
            "the prompt has \(tokens) tokens, the text encoder takes \(limit) besides start and end; shorten it, or let "
                + "it be encoded in parts with --long-prompt: \(prompt)"
        case .tooManyParts(let parts, let limit, let prompt):
            "the prompt has \(parts) parts, at most \(limit) are encoded; shorten it: \(prompt)"
        case .tooLarge(let bytes, let limit): "the prompt has \(bytes) bytes, at most \(limit) are read"
        case .weight(let expected, let found): "the prompt: expected \(expected), found \(found)"
        case .tokenizer(let expected, let found): "the prompt's tokenizer: expected \(expected), found \(found)"
        case .outputs(let expected, let found): "the text encoder's outputs: expected \(expected), found \(found)"
        }
    }
}
