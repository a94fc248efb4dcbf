public import Checkpoints
import JSON
public import TensorCore

/// What a folder of a latent diffusion model holds: a whole pipeline, or one of its networks from its own folder.
public enum LatentDiffusionFolder: FolderRecognizing, Sendable {
    /// A pipeline of diffusers.
    case pipeline(LatentDiffusionModel)
    /// A pipeline of diffusers that is told nothing.
    case unconditional(UnconditionalLatentModel)
    /// The network that predicts noise.
    case unet(UNet2DConditionModel)
    /// The autoencoder.
    case autoencoder(Autoencoder)

    /// Loads a folder, or a pipeline in one file.
    ///
    /// - Parameters:
    ///   - folder: a folder or file that ``recognises(_:)`` knows.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; a pipeline's components have their own, so that it must be
    ///     as trained.
    ///   - plansOnly: reads no weights, only names and shapes.
    /// - Throws: ``LatentDiffusionError``.
    public init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), plansOnly: Bool = false
    ) throws(LatentDiffusionError) {
        let files = ConfigurationFiles(folder: folder)
        let isUnconditional = UnconditionalLatentModel.recognises(files)
        guard !isUnconditional, !LatentDiffusionModel.recognises(files) else {
            guard weights == WeightChoice() else {
                throw .input(
                    expected: "a pipeline whose components' weights are read as they were trained",
                    found: "a choice of weights for \(folder)")
            }
            self =
                isUnconditional
                ? .unconditional(
                    try UnconditionalLatentModel(folder: folder, runtime: runtime, plansOnly: plansOnly))
                : .pipeline(try LatentDiffusionModel(folder: folder, runtime: runtime, plansOnly: plansOnly))
            return
        }
        if SingleFile.recognises(folder) {
            guard !weights.usesEMA else {
                throw .input(expected: "a single file's weights as they were trained", found: "a choice of weights")
            }
            self = .pipeline(
                try LatentDiffusionModel(
                    LatentDiffusionComponents(file: folder), runtime: runtime ?? Runtime(), plansOnly: plansOnly))
            return
        }
        switch Self.component(files) {
        case "AutoencoderKL", "VQModel":
            self = .autoencoder(
                try Autoencoder(folder: folder, runtime: runtime, weights: weights, plansOnly: plansOnly))
        default:
            self = .unet(
                try UNet2DConditionModel(folder: folder, runtime: runtime, weights: weights, plansOnly: plansOnly))
        }
    }

    /// Whether a folder holds a pipeline or a network of this module, or a file a pipeline, supported or not. What
    /// cannot be read holds none.
    public static func recognises(_ files: ConfigurationFiles) -> Bool {
        if LatentDiffusionModel.recognises(files) || UnconditionalLatentModel.recognises(files)
            || SingleFile.recognises(files.folder)
        {
            return true
        }
        return component(files).map(["UNet2DConditionModel", "AutoencoderKL", "VQModel"].contains) ?? false
    }

    /// What can be loaded.
    public static let architectures = [
        SupportedArchitecture(
            name: "Stable Diffusion",
            names: [
                .diffusers: PipelineIndex.Kind.textToImage.pipelines + [
                    "UNet2DConditionModel", "AutoencoderKL", "VQModel",
                ]
            ],
            papers: ["2112.10752"]),
        SupportedArchitecture(
            name: "Latent Diffusion without texts", names: [.diffusers: PipelineIndex.Kind.unconditional.pipelines],
            papers: ["2112.10752"]),
    ]

    /// The class that a network's configuration names.
    private static func component(_ files: ConfigurationFiles) -> String? {
        guard !FileSystem.exists(FileSystem.join(files.folder, "model_index.json")) else { return nil }
        return files.model?.value("_class_name")?.stringValue
    }

    /// The pipeline, where there is one.
    public var pipeline: LatentDiffusionModel? {
        guard case .pipeline(let model) = self else { return nil }
        return model
    }

    /// The pipeline that is told nothing, where it is one.
    public var unconditional: UnconditionalLatentModel? {
        guard case .unconditional(let model) = self else { return nil }
        return model
    }

    /// The network that predicts noise and is told a text, where there is one.
    public var unet: UNet2DConditionModel? {
        switch self {
        case .pipeline(let model): model.unet
        case .unet(let unet): unet
        case .unconditional, .autoencoder: nil
        }
    }

    /// The autoencoder, where there is one.
    public var autoencoder: Autoencoder? {
        switch self {
        case .pipeline(let model): model.autoencoder
        case .unconditional(let model): model.autoencoder
        case .unet: nil
        case .autoencoder(let autoencoder): autoencoder
        }
    }

    /// The class of what it is.
    public var architecture: String {
        switch self {
        case .pipeline(let model): model.pipeline
        case .unconditional(let model): model.pipeline
        case .unet: "UNet2DConditionModel"
        case .autoencoder(let autoencoder): autoencoder.configuration.kind == .variational ? "AutoencoderKL" : "VQModel"
        }
    }

    /// The folder or file it was loaded from.
    public var folder: String {
        switch self {
        case .pipeline(let model): model.folder
        case .unconditional(let model): model.folder
        case .unet(let unet): unet.folder
        case .autoencoder(let autoencoder): autoencoder.folder
        }
    }

    /// Elements of all parameters.
    public var parameterCount: Int {
        switch self {
        case .pipeline(let model): model.parameterCount
        case .unconditional(let model): model.parameterCount
        case .unet(let unet): unet.parameterCount
        case .autoencoder(let autoencoder): autoencoder.parameterCount
        }
    }

    /// Bytes that the packed weights take.
    public var weightBytes: Int {
        switch self {
        case .pipeline(let model): model.weightBytes
        case .unconditional(let model): model.weightBytes
        case .unet(let unet): unet.weightBytes
        case .autoencoder(let autoencoder): autoencoder.weightBytes
        }
    }
}
