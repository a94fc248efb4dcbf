public import Checkpoints
public import Diffusion
import JSON
public import Randomness
public import TensorCore

/// A latent diffusion model that is told nothing, as loaded from a folder of diffusers' `LDMPipeline`: a `UNet2DModel`
/// that samples latent pictures, and their autoencoder (Rombach et al. 2021, arXiv:2112.10752, section 4.2).
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
public final class UnconditionalLatentModel: FolderRecognizing, Sendable {
    /// The folder it was loaded from.
    public let folder: String
    /// The pipeline's class.
    public let pipeline: String
    /// What samples latent pictures.
    public let diffusion: DiffusionModel
    /// From latent pictures to pictures.
    public let autoencoder: Autoencoder

    /// Loads a pipeline's folder.
    ///
    /// - Parameters:
    ///   - folder: holds `model_index.json` with `unet`, `vqvae` and `scheduler` beside it.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - plansOnly: reads no weights, only names and shapes.
    /// - Throws: ``LatentDiffusionError``.
    public init(folder: String, runtime: Runtime? = nil, plansOnly: Bool = false) throws(LatentDiffusionError) {
        let runtime = runtime ?? Runtime()
        let index = try PipelineIndex(folder, .unconditional)
        self.folder = folder
        pipeline = index.pipeline
        let (network, vae) = (FileSystem.join(folder, "unet"), FileSystem.join(folder, "vqvae"))
        let config = try index.config("unet", in: folder)
        autoencoder = try Autoencoder(
            folder: vae, config: index.config("vqvae", in: folder),
            source: ComponentFolder.checkpoint(vae, WeightChoice()), runtime: runtime, plansOnly: plansOnly)
        let source = try ComponentFolder.checkpoint(network, WeightChoice())
        let scheduler = try index.scheduler(folder)
        do throws(DiffusionError) {
            diffusion = try DiffusionModel(
                folder: network, pipeline: index.pipeline, config: config, source: source, scheduler: scheduler,
                runtime: runtime, plansOnly: plansOnly)
        } catch { throw LatentDiffusionError(error) }
        let channels = autoencoder.configuration.latentChannels
        for (key, found) in [
            ("in_channels", diffusion.configuration.inputChannels),
            ("out_channels", diffusion.configuration.outputChannels),
        ] where found != channels {
            throw .config(
                config.failure(
                    key, expected: "\(channels), the channels of the autoencoder's latent pictures", found: "\(found)"))
        }
    }

    /// Whether a folder holds such a pipeline. One that cannot be read holds none.
    public static func recognises(_ files: ConfigurationFiles) -> Bool {
        let name = files.pipeline?.value("_class_name")?.stringValue
        return name.map(PipelineIndex.Kind.unconditional.pipelines.contains) ?? false
    }

    /// Elements of all parameters.
    public var parameterCount: Int { diffusion.parameterCount + autoencoder.parameterCount }

    /// Bytes the packed weights take.
    public var weightBytes: Int { diffusion.weightBytes + autoencoder.weightBytes }

    /// Height and width of the latent pictures that the network was trained with, which are those that the reference's
    /// pipeline samples.
    ///
    /// - Throws: ``LatentDiffusionError/input(expected:found:)`` where the network names no size.
    public func latentSize() throws(LatentDiffusionError) -> (height: Int, width: Int) {
        guard let size = diffusion.configuration.sampleSize else {
            throw .input(expected: "\(diffusion.folder)/config.json with a sample_size", found: "none")
        }
        return size
    }

    /// Samples latent pictures as diffusers' pipeline does.
    ///
    /// - Parameters:
    ///   - request: of latent pictures, as the network's own model samples them: sizes and what to start from are in
    ///     latent pixels.
    ///   - noise: a generator for each picture; there are as many pictures.
    ///   - progress: is told after every call of the network, of latent pictures; `false` stops.
    /// - Returns: `[pictures, latent channels, H, W]`: see ``pictures(of:tiling:)``.
    /// - Throws: ``LatentDiffusionError``; its ``LatentDiffusionError/stopped`` where `progress` said so.
    public func sampleLatents(
        _ request: SamplingRequest, noise: [any NormalGenerator], progress: ((SamplingProgress) -> Bool)? = nil
    ) throws(LatentDiffusionError) -> Tensor {
        let latents: Tensor
        do throws(DiffusionError) {
            latents = try diffusion.sample(request, noise: noise, progress: progress)
        } catch { throw LatentDiffusionError(error) }
        diffusion.runtime.releaseMemory()
        return latents
    }

    /// Pictures of latent pictures as the network has them: divided by the scaling factor, then decoded.
    ///
    /// - Parameters:
    ///   - latents: fp32 `[B, latent channels, H, W]`.
    ///   - tiling: how larger ones are decoded in parts; `nil` decodes them as a whole.
    /// - Returns: `[B, channels, H * factor, W * factor]`, of values from about -1 to 1; `DiffusionModel.pixels(_:)`
    ///   makes bytes of them.
    /// - Throws: ``LatentDiffusionError``: its cases `input` and `notFinite`.
    public func pictures(of latents: Tensor, tiling: LatentTiling? = nil) throws(LatentDiffusionError) -> Tensor {
        try autoencoder.decode(scaled: latents, tiling: tiling)
    }

    /// Samples pictures: latent pictures as ``sampleLatents(_:noise:progress:)``, decoded.
    ///
    /// - Parameters:
    ///   - request: of latent pictures.
    ///   - noise: a generator for each picture; there are as many pictures.
    ///   - tiling: how larger ones are decoded in parts; `nil` decodes them as a whole.
    ///   - progress: is told after every call of the network, of latent pictures; `false` stops.
    /// - Returns: `[pictures, channels, H, W]`, of values from about -1 to 1.
    /// - Throws: ``LatentDiffusionError``; its ``LatentDiffusionError/stopped`` where `progress` said so.
    public func sample(
        _ request: SamplingRequest, noise: [any NormalGenerator], tiling: LatentTiling? = nil,
        progress: ((SamplingProgress) -> Bool)? = nil
    ) throws(LatentDiffusionError) -> Tensor {
        try pictures(of: sampleLatents(request, noise: noise, progress: progress), tiling: tiling)
    }

    /// Counts what a call of the network would cost; a model loaded with `plansOnly` will do.
    ///
    /// - Parameters:
    ///   - batch: latent pictures.
    ///   - height: of each, in latent pixels.
    ///   - width: of each, in latent pixels.
    /// - Throws: ``LatentDiffusionError/input(expected:found:)`` for sizes that the network cannot take.
    public func planStep(
        batch: Int, height: Int, width: Int
    ) throws(LatentDiffusionError) -> Workspace.Account {
        do throws(DiffusionError) { return try diffusion.plan(batch: batch, height: height, width: width) } catch {
            throw LatentDiffusionError(error)
        }
    }

    /// Counts what a sampling run of pictures of the model's own size would cost; a model loaded with `plansOnly` will
    /// do.
    ///
    /// - Parameters:
    ///   - pictures: how many.
    ///   - tiling: how pictures are decoded in parts; `nil` decodes them as a whole.
    /// - Throws: ``LatentDiffusionError/input(expected:found:)`` where the network names no size, or for too many
    ///   pictures.
    public func plan(pictures: Int, tiling: LatentTiling? = nil) throws(LatentDiffusionError) -> LatentSamplingCost {
        guard (0...LatentDiffusionModel.mostPictures).contains(pictures) else {
            throw .input(expected: "at most \(LatentDiffusionModel.mostPictures) pictures", found: "\(pictures)")
        }
        let (tall, wide) = try latentSize()
        let (configuration, factor) = (autoencoder.configuration, autoencoder.configuration.factor)
        // The sample, its copies for scheduler and network, and the predictions; then the pictures.
        let latents = 8 * pictures * configuration.latentChannels * tall * wide
        let pixels = pictures * configuration.outputChannels * tall * factor * wide * factor
        return LatentSamplingCost(
            text: nil, encoding: nil, step: try planStep(batch: pictures, height: tall, width: wide),
            decoding: try autoencoder.planDecoding(height: tall, width: wide, tiling: tiling),
            weightBytes: weightBytes, heldBytes: 4 * (latents + pixels))
    }
}

extension LatentDiffusionError {
    /// An error of the network's own model.
    init(_ error: DiffusionError) {
        self =
            switch error {
            case .checkpoint(let error): .checkpoint(error)
            case .config(let error): .config(error)
            case .weights(let error): .weights(error)
            case .input(let expected, let found): .input(expected: expected, found: found)
            case .notFinite(let layer): .notFinite(component: "the UNet", layer: layer)
            case .scheduler(let error): .scheduler(error)
            case .randomness(let error): .randomness(error)
            case .stopped: .stopped
            case .cancelled: .cancelled
            }
    }
}
