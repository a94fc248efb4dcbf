public import Checkpoints
public import JSON
import Layers
public import TensorCore

/// The network of a latent diffusion model as loaded from its own folder: diffusers' `UNet2DConditionModel`.
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
public final class UNet2DConditionModel: Sendable {
    /// The folder it was loaded from.
    public let folder: String
    /// Elements of all parameters.
    public let parameterCount: Int
    /// Bytes the packed weights take.
    public let weightBytes: Int
    /// Where it computes.
    public let runtime: Runtime

    let network: ConditionedUNet

    /// Loads a network's folder.
    ///
    /// - Parameters:
    ///   - folder: holds `config.json` and the weights, such as `unet` of a pipeline.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - plansOnly: reads no weights, only names and shapes: for ``plan(batch:height:width:tokens:)``.
    /// - Throws: ``LatentDiffusionError``.
    public convenience init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), plansOnly: Bool = false
    ) throws(LatentDiffusionError) {
        try self.init(
            folder: folder, config: ComponentFolder.config(folder),
            source: ComponentFolder.checkpoint(folder, weights), runtime: runtime ?? Runtime(), plansOnly: plansOnly)
    }

    /// Builds a network from a configuration and any source of tensors.
    ///
    /// - Parameters:
    ///   - folder: for messages.
    ///   - config: the network's.
    ///   - source: the tensors.
    ///   - runtime: where to compute.
    ///   - plansOnly: reads no weights.
    /// - Throws: ``LatentDiffusionError``.
    public init(
        folder: String, config: Config, source: any TensorSource, runtime: Runtime, plansOnly: Bool = false
    ) throws(LatentDiffusionError) {
        self.folder = folder
        self.runtime = runtime
        let loader = WeightLoader(source, runtime: runtime, plansOnly: plansOnly)
        network = try ConditionedUNet(config, Weights(loader))
        do throws(WeightError) { try loader.finish() } catch { throw .weights(error) }
        parameterCount = loader.parameterCount
        weightBytes = loader.byteCount
    }

    /// What the network is made of: channels, sizes, the text's width.
    public var configuration: UNet2DConditionConfiguration { network.configuration }
}
