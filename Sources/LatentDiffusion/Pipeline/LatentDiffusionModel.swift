public import Checkpoints
public import Diffusion
import JSON
import Synchronization
public import TensorCore
public import Text

/// A latent diffusion model as loaded from a folder of diffusers: a UNet that is told a text, the autoencoder of its
/// latent pictures, the text encoder, and what the folder says of tokenizer and scheduler (Rombach et al. 2021,
/// arXiv:2112.10752; Stable Diffusion 1.x and 2.x).
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
public final class LatentDiffusionModel: FolderRecognizing, Sendable {
    /// The folder or file it was loaded from.
    public let folder: String
    /// The pipeline's class, such as `StableDiffusionPipeline`.
    public let pipeline: String
    /// The network that predicts noise.
    public let unet: UNet2DConditionModel
    /// From pictures to latent pictures and back.
    public let autoencoder: Autoencoder
    /// From token ids to what the network attends to.
    public let textEncoder: TextEncoder
    /// The folder's scheduler.
    public let scheduler: SchedulerConfiguration
    /// What was passed over or assumed, a sentence each.
    public let notes: [String]
    /// Where it computes.
    public let runtime: Runtime

    private let tokenizerPlace: TokenizerPlace
    private let keptTokenizer = Mutex<Tokenizer?>(nil)

    /// Loads a pipeline's folder.
    ///
    /// - Parameters:
    ///   - folder: holds `model_index.json` with `unet`, `vae`, `text_encoder`, `tokenizer` and `scheduler` beside it.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - plansOnly: reads no weights, only names and shapes.
    /// - Throws: ``LatentDiffusionError``.
    public convenience init(
        folder: String, runtime: Runtime? = nil, plansOnly: Bool = false
    ) throws(LatentDiffusionError) {
        try self.init(
            LatentDiffusionComponents(folder: folder), runtime: runtime ?? Runtime(), plansOnly: plansOnly)
    }

    /// Builds a model from its components, which must fit each other.
    ///
    /// - Parameters:
    ///   - components: configurations and sources of tensors.
    ///   - runtime: where to compute.
    ///   - plansOnly: reads no weights, only names and shapes.
    /// - Throws: ``LatentDiffusionError``.
    public init(
        _ components: LatentDiffusionComponents, runtime: Runtime, plansOnly: Bool = false
    ) throws(LatentDiffusionError) {
        folder = components.location
        pipeline = components.pipeline
        scheduler = components.scheduler
        notes = components.notes
        tokenizerPlace = components.tokenizer
        self.runtime = runtime
        let (network, vae, text) = (components.unet, components.autoencoder, components.textEncoder)
        // Smallest first: what does not fit is found before gigabytes are read.
        let plan = try UNet2DConditionModel(
            folder: network.folder, config: network.config, source: network.source, runtime: runtime, plansOnly: true)
        autoencoder = try Autoencoder(
            folder: vae.folder, config: vae.config, source: vae.source, runtime: runtime, plansOnly: plansOnly)
        textEncoder = try TextEncoder(
            folder: text.folder, config: text.config, source: text.source, runtime: runtime, plansOnly: plansOnly)
        do throws(ConfigError) {
            try Self.check(plan.configuration, network.config, autoencoder.configuration, textEncoder.width)
        } catch { throw .config(error) }
        unet =
            plansOnly
            ? plan
            : try UNet2DConditionModel(
                folder: network.folder, config: network.config, source: network.source, runtime: runtime)
    }

    /// Refuses components that do not fit each other.
    private static func check(
        _ unet: UNet2DConditionConfiguration, _ config: Config, _ vae: AutoencoderConfiguration, _ textWidth: Int
    ) throws(ConfigError) {
        guard unet.textWidth == textWidth else {
            throw config.failure(
                "cross_attention_dim", expected: "\(textWidth), the text encoder's hidden_size",
                found: "\(unet.textWidth)")
        }
        let channels = vae.latentChannels
        guard unet.outputChannels == channels else {
            throw config.failure(
                "out_channels", expected: "\(channels), the autoencoder's latent_channels",
                found: "\(unet.outputChannels)")
        }
        guard unet.inputChannels == channels || unet.inputChannels == 2 * channels + 1 else {
            throw config.failure(
                "in_channels",
                expected:
                    "\(channels), the autoencoder's latent_channels, or \(2 * channels + 1) for a network that is "
                    + "shown mask and masked picture, too", found: "\(unet.inputChannels)")
        }
        guard vae.inputChannels == vae.outputChannels else {
            throw config.failure(
                "out_channels", expected: "an autoencoder whose pictures have as many channels in as out",
                found: "\(vae.inputChannels) and \(vae.outputChannels)")
        }
    }

    /// Whether the network is shown mask and masked picture beside the latents: it repaints parts of pictures and does
    /// nothing else.
    public var isForInpainting: Bool { unet.configuration.inputChannels != autoencoder.configuration.latentChannels }

    /// Elements of all parameters.
    public var parameterCount: Int { unet.parameterCount + autoencoder.parameterCount + textEncoder.parameterCount }

    /// Bytes the packed weights take.
    public var weightBytes: Int { unet.weightBytes + autoencoder.weightBytes + textEncoder.weightBytes }

    /// Whether a folder holds a pipeline that this class loads, or one of its kind. One that cannot be read holds none.
    public static func recognises(_ files: ConfigurationFiles) -> Bool {
        files.pipeline?.value("_class_name")?.stringValue?.hasPrefix("StableDiffusion") ?? false
    }

    /// The tokenizer; it is read at the first call and kept.
    ///
    /// - Throws: as ``TokenizerPlace/read()``.
    public func tokenizer() throws(LatentDiffusionError) -> Tokenizer {
        if let tokenizer = keptTokenizer.withLock({ $0 }) { return tokenizer }
        let tokenizer = try tokenizerPlace.read()
        keptTokenizer.withLock { $0 = tokenizer }
        return tokenizer
    }

    /// The token ids of prompts, filled up to the context with the tokenizer's padding token.
    ///
    /// - Parameters:
    ///   - prompts: of any number.
    ///   - truncates: whether a longer prompt is cut as diffusers cuts it; an error otherwise.
    /// - Returns: 64-bit integers `[prompts, context]`.
    /// - Throws: ``LatentDiffusionError/tokenizer(_:)``.
    public func inputIDs(_ prompts: [String], truncates: Bool = false) throws(LatentDiffusionError) -> Tensor {
        let (tokenizer, length) = (try tokenizer(), textEncoder.contextLength)
        guard let padding = tokenizer.paddingID, !tokenizer.padsLeft else {
            throw .input(
                expected: "a tokenizer that fills prompts up at their end", found: "another for \(folder)")
        }
        var ids: [Int64] = []
        do throws(TokenizerError) {
            for prompt in prompts {
                let row = try tokenizer.encode(prompt, limit: length, truncates: truncates).ids
                ids += row.map(Int64.init) + [Int64](repeating: Int64(padding), count: length - row.count)
            }
        } catch { throw .tokenizer(error) }
        return Tensor(integers: ids, shape: Shape(prompts.count, length))
    }

    /// What the network attends to for prompts as they stand, without weights of words.
    ///
    /// - Parameters:
    ///   - prompts: of any number.
    ///   - clipSkip: see ``TextEncoder/lastHiddenState(_:clipSkip:)``.
    ///   - truncates: whether a longer prompt is cut; an error otherwise.
    /// - Returns: `[prompts, context, width]`.
    /// - Throws: ``LatentDiffusionError``: its cases `tokenizer` and `textEncoder`.
    public func encode(
        prompts: [String], clipSkip: Int = 0, truncates: Bool = false
    ) throws(LatentDiffusionError) -> Tensor {
        try textEncoder.lastHiddenState(inputIDs(prompts, truncates: truncates), clipSkip: clipSkip)
    }

    /// Pictures of latent pictures as the network has them: divided by the scaling factor, then decoded.
    ///
    /// - Parameters:
    ///   - latents: `[B, latent channels, H, W]`.
    ///   - tiling: how larger ones are cut; `nil` decodes them as a whole.
    /// - Returns: `[B, channels, H * factor, W * factor]`, of values from about -1 to 1; `DiffusionModel.pixels(_:)`
    ///   makes bytes of them.
    /// - Throws: ``LatentDiffusionError``: its cases `input` and `notFinite`.
    public func pictures(of latents: Tensor, tiling: LatentTiling? = nil) throws(LatentDiffusionError) -> Tensor {
        try autoencoder.decode(scaled: latents, tiling: tiling)
    }
}
