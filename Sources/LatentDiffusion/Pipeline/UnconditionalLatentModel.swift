import Checkpoints
public import Diffusion
import JSON
public import Randomness
public import TensorCore

/// A latent diffusion model that is told nothing, as loaded from a folder of diffusers' `LDMPipeline`: a `UNet2DModel`
/// that samples latent pictures, and their autoencoder (Rombach et al. 2021, arXiv:2112.10752, section 4.2).
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
public final class UnconditionalLatentModel: Sendable {
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
    ///
    /// - Parameter folder: any folder.
    public static func recognises(_ folder: String) -> Bool {
        let index = try? Config(path: FileSystem.join(folder, "model_index.json"))
        let name = index?.value("_class_name")?.stringValue
        return name.map(PipelineIndex.Kind.unconditional.pipelines.contains) ?? false
    }

    /// Samples pictures as diffusers' pipeline does.
    ///
    /// - Parameters:
    ///   - request: of latent pictures, as the network's own model samples them: sizes and what to start from are in
    ///     latent pixels.
    ///   - noise: a generator for each picture; there are as many pictures.
    ///   - tiling: how larger ones are decoded in parts; `nil` decodes them as a whole.
    ///   - progress: is told after every call of the network, of latent pictures; `false` stops.
    /// - Returns: `[pictures, channels, H, W]`, of values from about -1 to 1.
    /// - Throws: ``LatentDiffusionError``; its ``LatentDiffusionError/stopped`` where `progress` said so.
    public func sample(
        _ request: SamplingRequest, noise: [any NormalGenerator], tiling: LatentTiling? = nil,
        progress: ((SamplingProgress) -> Bool)? = nil
    ) throws(LatentDiffusionError) -> Tensor {
        let latents: Tensor
        do throws(DiffusionError) {
            latents = try diffusion.sample(request, noise: noise, progress: progress)
        } catch { throw LatentDiffusionError(error) }
        diffusion.runtime.releaseMemory()
        let factor = autoencoder.configuration.scalingFactor
        return try autoencoder.decode(
            Tensor(latents.floats.map { $0 / factor }, shape: latents.shape), tiling: tiling)
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
