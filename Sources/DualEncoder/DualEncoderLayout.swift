public import JSON

/// Whose configuration and tensor names a dual encoder's folder has.
public enum DualEncoderLayout: String, Sendable {
    /// Hugging Face transformers: `config.json`.
    case transformers
    /// open_clip: `open_clip_config.json`, with OpenAI's tensor names.
    case openCLIP = "open_clip"

    /// The name of the layout's configuration file.
    public var configurationFile: String {
        switch self {
        case .transformers: "config.json"
        case .openCLIP: "open_clip_config.json"
        }
    }

    /// The layout that a configuration has.
    public init(_ config: Config) {
        self = config.has("model_cfg") ? .openCLIP : .transformers
    }
}
