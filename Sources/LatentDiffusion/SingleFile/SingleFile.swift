import Checkpoints
public import JSON
public import TensorCore

/// A pipeline in one file, in the layout of the programs that Stable Diffusion 1.x and 2.x were published with, as the
/// components that diffusers makes of it.
///
/// Names are mapped, tensors are never copied: the matrices of the autoencoder's attention are its 1x1 convolutions
/// seen otherwise, and the projections of open_clip's attention are parts of one tensor. Configurations come from
/// shapes. What shapes do not tell follows these rules, unless ``Options`` say otherwise:
///
/// - 1.x has 8 attention heads on every level; 2.x has heads of 64 channels. A text encoder's heads have 64 channels.
/// - 1.x and inpainting models predict noise; 2.x predicts velocity. (2-base is the exception that options are for.)
/// - Models that predict velocity work on latents of 96 x 96, others on 64 x 64. Latents are scaled with 0.18215.
/// - The scheduler is that of the published folders: PNDM for 1.x, DDIM for 2.x, of 1000 steps from 0.00085 to 0.012.
///
/// Left out are the running average (`model_ema.`), the tables of the noise schedule, the last block of open_clip's
/// text tower and its projection, which are not used, and what training keeps beside the autoencoder.
public struct SingleFile: Sendable {
    /// The published layout that a file has.
    public enum Version: String, Sendable {
        /// Text through CLIP under transformers' names, attention entered by 1x1 convolutions.
        case one = "1.x"
        /// Text through open_clip's tower, attention entered by matrices.
        case two = "2.x"
    }

    /// What the network gives.
    public enum Prediction: String, Sendable, CaseIterable {
        /// The noise.
        case epsilon
        /// The velocity of Salimans & Ho 2022 (arXiv:2202.00512).
        case velocity = "v_prediction"
    }

    /// What a file's shapes do not tell, where the rules do not hold.
    public struct Options: Sendable, Equatable {
        /// What the network gives.
        public var prediction: Prediction?
        /// Attention heads of each of the network's levels.
        public var heads: [Int]?
        /// Attention heads of the text encoder.
        public var textHeads: Int?
        /// What latents are multiplied with.
        public var scale: Double?

        /// Options; what is left out follows the rules.
        ///
        /// - Parameters:
        ///   - prediction: what the network gives.
        ///   - heads: attention heads of each of the network's levels.
        ///   - textHeads: attention heads of the text encoder.
        ///   - scale: what latents are multiplied with.
        public init(
            prediction: Prediction? = nil, heads: [Int]? = nil, textHeads: Int? = nil, scale: Double? = nil
        ) {
            (self.prediction, self.heads, self.textHeads, self.scale) = (prediction, heads, textHeads, scale)
        }
    }

    /// A component: its tensors by diffusers' or transformers' names, and its configuration.
    public struct Component: Sendable {
        /// The tensors.
        public let source: any TensorSource
        /// The configuration, as `config.json` would have it.
        public let config: Config
    }

    /// The layout.
    public let version: Version
    /// The `UNet2DConditionModel`.
    public let unet: Component
    /// The `AutoencoderKL`.
    public let autoencoder: Component
    /// The `CLIPTextModel`.
    public let textEncoder: Component
    /// The scheduler's configuration.
    public let scheduler: Config
    /// Whether what the network gives was taken from the rules, though models of its shapes differ in it.
    public let isPredictionAssumed: Bool

    /// Opens a file of safetensors, or of PyTorch, read as data.
    ///
    /// - Parameters:
    ///   - file: its path.
    ///   - options: what shapes do not tell.
    /// - Throws: ``SingleFileError`` where the file cannot be read, is of another layout or model, holds a tensor that
    ///   the layout has not, lacks one that tells the sizes, or its parts contradict each other.
    public init(file: String, options: Options = Options()) throws(SingleFileError) {
        let checkpoint: Checkpoint
        do throws(CheckpointError) { checkpoint = try Checkpoint.open(file: file) } catch { throw .checkpoint(error) }
        try self.init(checkpoint, file: file, options: options)
    }

    /// Takes a checkpoint's tensors apart.
    init(_ source: any TensorSource, file: String, options: Options = Options()) throws(SingleFileError) {
        let parts = try SingleFileParts(source, file: file)
        version = try parts.version()
        let network = try LDMUNet(parts.unet)
        let pictures = try LDMAutoencoder(parts.autoencoder)
        let text = try LDMText(parts.text(version), isOpenCLIP: version == .two)
        let rules = SingleFileRules(file: file, version: version, options: options)
        try rules.check(network, pictures, text)
        let prediction = rules.prediction(network)
        isPredictionAssumed = rules.isPredictionAssumed(network)
        let side = prediction == .velocity ? 96 : 64
        func component(
            _ name: String, _ entries: [String: RenamedSource.Entry], _ config: JSONObject
        ) -> Component {
            Component(
                source: RenamedSource(source, component: name, entries),
                config: Config(file: "\(file) (\(name))", object: config))
        }
        unet = component(
            "unet", network.part.entries, network.configuration(heads: try rules.heads(network), side: side))
        autoencoder = component(
            "vae", pictures.part.entries, pictures.configuration(side: 8 * side, scale: options.scale ?? 0.18215))
        textEncoder = component(
            "text_encoder", text.part.entries, text.configuration(heads: try rules.textHeads(text)))
        scheduler = Config(file: "\(file) (scheduler)", object: rules.scheduler(prediction))
    }
}
