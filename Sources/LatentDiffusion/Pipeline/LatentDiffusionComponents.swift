import Checkpoints
public import Diffusion
public import JSON
public import TensorCore

/// What a latent diffusion model is built from: a configuration and a source of tensors for each network, and what else
/// the folder says. Sources may be wrapped before a model is built, so that its weights are changed as they are read.
public struct LatentDiffusionComponents: Sendable {
    /// What one network is built from.
    public struct Network: Sendable {
        /// The folder or file, for messages.
        public var folder: String
        /// The configuration.
        public var config: Config
        /// The tensors.
        public var source: any TensorSource

        /// A network's parts.
        ///
        /// - Parameters:
        ///   - folder: the folder or file, for messages.
        ///   - config: the configuration.
        ///   - source: the tensors.
        public init(folder: String, config: Config, source: any TensorSource) {
            (self.folder, self.config, self.source) = (folder, config, source)
        }
    }

    /// The folder or file that all of it is from.
    public var location: String
    /// The pipeline's class.
    public var pipeline: String
    /// The UNet.
    public var unet: Network
    /// The autoencoder.
    public var autoencoder: Network
    /// The text encoder.
    public var textEncoder: Network
    /// The scheduler.
    public var scheduler: SchedulerConfiguration
    /// The tokenizer.
    public var tokenizer: TokenizerPlace
    /// What was passed over or assumed, a sentence each.
    public var notes: [String] = []

    /// Components that were put together elsewhere.
    ///
    /// - Parameters:
    ///   - location: the folder or file that all of it is from.
    ///   - pipeline: the pipeline's class.
    ///   - unet: the UNet.
    ///   - autoencoder: the autoencoder.
    ///   - textEncoder: the text encoder.
    ///   - scheduler: the scheduler.
    ///   - tokenizer: the tokenizer.
    public init(
        location: String, pipeline: String, unet: Network, autoencoder: Network, textEncoder: Network,
        scheduler: SchedulerConfiguration, tokenizer: TokenizerPlace
    ) {
        (self.location, self.pipeline) = (location, pipeline)
        (self.unet, self.autoencoder, self.textEncoder) = (unet, autoencoder, textEncoder)
        (self.scheduler, self.tokenizer) = (scheduler, tokenizer)
    }

    /// Reads a pipeline's folder; of the weights no more than names and shapes.
    ///
    /// - Parameter folder: holds `model_index.json` with the components beside it.
    /// - Throws: ``LatentDiffusionError``: its cases `checkpoint`, `config` and `scheduler`.
    public init(folder: String) throws(LatentDiffusionError) {
        let index = try PipelineIndex(folder, .textToImage)
        location = folder
        pipeline = index.pipeline
        notes = index.notes
        unet = try Self.network(folder, "unet", index)
        autoencoder = try Self.network(folder, "vae", index)
        textEncoder = try Self.network(folder, "text_encoder", index)
        tokenizer = TokenizerPlace(folder: FileSystem.join(folder, "tokenizer"), model: folder)
        scheduler = try index.scheduler(folder)
    }

    private static func network(
        _ folder: String, _ component: String, _ index: PipelineIndex
    ) throws(LatentDiffusionError) -> Network {
        let place = FileSystem.join(folder, component)
        return Network(
            folder: place, config: try index.config(component, in: folder),
            source: try ComponentFolder.checkpoint(place, WeightChoice()))
    }
}
