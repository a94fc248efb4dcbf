public import Checkpoints
public import JSON
import Layers
public import TensorCore

/// A diffusion model as loaded from a folder of diffusers: a `UNet2DModel`, the names of its classes, and what the
/// folder says of its scheduler.
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
public final class DiffusionModel: Sendable {
    /// The folder it was loaded from.
    public let folder: String
    /// The pipeline's class, such as `DDPMPipeline`; `nil` for a network alone.
    public let pipeline: String?
    /// The folder's scheduler; `nil` for a network alone.
    public let scheduler: SchedulerConfiguration?
    /// The classes' names by number, without the one that stands for none; none where the network takes no numbers of
    /// classes.
    ///
    /// From `id2label` of `model_index.json`, or else of the network's `config.json`.
    public let labels: [String]
    /// The class that stands for none, which guidance needs: `null_class_id` of `model_index.json`, or else of the
    /// network's `config.json`. It is always the last of the network's `num_class_embeds`.
    public let nullClass: Int?
    /// Elements of all parameters.
    public let parameterCount: Int
    /// Bytes the packed weights take.
    public let weightBytes: Int
    /// Where it computes.
    public let runtime: Runtime

    let network: UNet2DModel

    /// Loads a pipeline's folder, or that of a `UNet2DModel` alone.
    ///
    /// - Parameters:
    ///   - folder: holds `model_index.json` with `unet` and `scheduler` beside it, or `config.json` and the weights.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - plansOnly: reads no weights, only names and shapes: for ``plan(batch:height:width:)``.
    /// - Throws: ``DiffusionError``.
    public convenience init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), plansOnly: Bool = false
    ) throws(DiffusionError) {
        let files = try PipelineFolder(folder)
        let checkpoint: Checkpoint
        do throws(CheckpointError) {
            checkpoint = try Checkpoint.open(folder: files.networkFolder, choice: weights)
        } catch { throw .checkpoint(error) }
        try self.init(
            folder: folder, files: files, config: files.networkConfig, source: checkpoint,
            runtime: runtime ?? Runtime(), plansOnly: plansOnly)
    }

    /// Builds a model of a folder with another configuration of the network and any source of tensors.
    ///
    /// - Parameters:
    ///   - folder: holds the other files.
    ///   - config: the network's.
    ///   - source: the tensors.
    ///   - runtime: where to compute.
    ///   - plansOnly: reads no weights.
    /// - Throws: ``DiffusionError``.
    public convenience init(
        folder: String, config: Config, source: any TensorSource, runtime: Runtime, plansOnly: Bool = false
    ) throws(DiffusionError) {
        try self.init(
            folder: folder, files: PipelineFolder(folder), config: config, source: source, runtime: runtime,
            plansOnly: plansOnly)
    }

    /// Builds the network and the scheduler of a pipeline that has other components, too.
    ///
    /// - Parameters:
    ///   - folder: the network's.
    ///   - pipeline: the pipeline's class.
    ///   - config: the network's.
    ///   - source: the tensors.
    ///   - scheduler: the pipeline's.
    ///   - runtime: where to compute.
    ///   - plansOnly: reads no weights.
    /// - Throws: ``DiffusionError``.
    package convenience init(
        folder: String, pipeline: String, config: Config, source: any TensorSource, scheduler: SchedulerConfiguration,
        runtime: Runtime, plansOnly: Bool
    ) throws(DiffusionError) {
        let files = PipelineFolder(
            pipeline: pipeline, networkFolder: folder, networkConfig: config, scheduler: scheduler)
        try self.init(
            folder: folder, files: files, config: config, source: source, runtime: runtime, plansOnly: plansOnly)
    }

    private init(
        folder: String, files: PipelineFolder, config: Config, source: any TensorSource, runtime: Runtime,
        plansOnly: Bool
    ) throws(DiffusionError) {
        self.folder = folder
        self.runtime = runtime
        pipeline = files.pipeline
        scheduler = files.scheduler
        let loader = WeightLoader(source, runtime: runtime, plansOnly: plansOnly)
        network = try UNet2DModel(config, Weights(loader))
        do throws(WeightError) { try loader.finish() } catch { throw .weights(error) }
        parameterCount = loader.parameterCount
        weightBytes = loader.byteCount
        let places = [files.index, config].compactMap(\.self)
        let rows = if case .table(let count) = network.configuration.classEmbedding { count } else { 0 }
        do throws(ConfigError) {
            let names = try ClassNames(places, rows: rows)
            (labels, nullClass) = (names.labels, names.nullClass)
        } catch { throw .config(error) }
    }

    /// What the network is made of: channels, sizes, embeddings.
    public var configuration: UNet2DConfiguration { network.configuration }
}
