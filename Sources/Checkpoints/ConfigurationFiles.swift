public import JSON

/// The configurations of a folder that say what model it holds. Each is read once, however many families are asked
/// whether the folder is theirs: one of a thousand labels takes longer to parse than all else that they look at.
public struct ConfigurationFiles: Sendable {
    /// The folder; no matter whether it exists.
    public let folder: String
    /// Hugging Face's and timm's `config.json`; `nil` where there is none that can be read.
    public let model: Config?
    /// `model_index.json` of diffusers' pipelines; `nil` where there is none that can be read.
    public let pipeline: Config?

    /// Reads a folder's.
    public init(folder: String) {
        self.folder = folder
        model = try? Config(path: FileSystem.join(folder, "config.json"))
        pipeline = try? Config(path: FileSystem.join(folder, "model_index.json"))
    }
}

/// A kind of model that knows its own folders.
public protocol FolderRecognizing {
    /// Whether a folder holds such a model, supported or not. No more is looked at than that takes; a folder that
    /// cannot be read holds none.
    static func recognises(_ files: ConfigurationFiles) -> Bool
}

extension FolderRecognizing {
    /// Whether a folder holds such a model, supported or not.
    ///
    /// - Parameter folder: any folder.
    public static func recognises(folder: String) -> Bool { recognises(ConfigurationFiles(folder: folder)) }
}
