public import Checkpoints
import JSON

extension DiffusionModel {
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
    ///
    /// - Parameter folder: any folder.
    public static func recognises(_ folder: String) -> Bool {
        if FileSystem.exists(FileSystem.join(folder, "model_index.json")) { return true }
        guard let config = try? Config(path: FileSystem.join(folder, "config.json")) else { return false }
        // transformers and timm write no such key.
        return config.has("_diffusers_version")
            || config.value("_class_name")?.stringValue?.hasPrefix("UNet2D") == true
    }
}
