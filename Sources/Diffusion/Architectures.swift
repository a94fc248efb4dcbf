public import Checkpoints
import JSON

extension DiffusionModel: FolderRecognizing {
    /// What can be loaded.
    public static let architectures = [
        SupportedArchitecture(
            name: "UNet", names: [.diffusers: ["UNet2DModel"] + PipelineFolder.pipelines.sorted()],
            papers: ["2006.11239", "2010.02502", "2011.13456"])
    ]

    /// The name of what it is.
    public var architecture: String { "UNet2DModel" }

    /// Whether a folder holds a pipeline or a network of diffusers, supported or not. One that cannot be read holds
    /// none.
    public static func recognises(_ files: ConfigurationFiles) -> Bool {
        if FileSystem.exists(FileSystem.join(files.folder, "model_index.json")) { return true }
        guard let config = files.model else { return false }
        // transformers and timm write no such key.
        return config.has("_diffusers_version")
            || config.value("_class_name")?.stringValue?.hasPrefix("UNet2D") == true
    }
}
