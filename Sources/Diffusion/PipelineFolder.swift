import Checkpoints
import JSON

/// What a folder of diffusers says it holds: a pipeline of a `UNet2DModel` and a scheduler (`model_index.json`), or the
/// network alone (`config.json`).
struct PipelineFolder {
    /// Pipelines whose loop is the plain one: the network's prediction, the scheduler's step, again. Others of the same
    /// components sample in ways of their own.
    static let pipelines: Set<String> = ["DDPMPipeline", "DDIMPipeline", "PNDMPipeline", "DiffusionPipeline"]
    private static let network = "UNet2DModel"

    /// The pipeline's class; `nil` for a network alone.
    let pipeline: String?
    /// `model_index.json`.
    let index: Config?
    /// Where the network's configuration and weights are.
    let networkFolder: String
    /// The network's configuration.
    let networkConfig: Config
    /// The scheduler, where there is one.
    let scheduler: SchedulerConfiguration?

    /// A pipeline whose files were read elsewhere, such as one with other components beside these.
    ///
    /// - Parameters:
    ///   - pipeline: its class.
    ///   - networkFolder: where the network's configuration and weights are.
    ///   - networkConfig: the network's configuration.
    ///   - scheduler: the scheduler.
    init(pipeline: String, networkFolder: String, networkConfig: Config, scheduler: SchedulerConfiguration) {
        (self.pipeline, self.scheduler, index) = (pipeline, scheduler, nil)
        (self.networkFolder, self.networkConfig) = (networkFolder, networkConfig)
    }

    /// Reads the files and checks the components' classes.
    init(_ folder: String) throws(DiffusionError) {
        let indexPath = FileSystem.join(folder, "model_index.json")
        guard FileSystem.exists(indexPath) else {
            (pipeline, index, scheduler) = (nil, nil, nil)
            networkFolder = folder
            networkConfig = try Self.read(FileSystem.join(folder, "config.json"))
            do throws(ConfigError) {
                guard try networkConfig.optionalString("_class_name") == Self.network else {
                    throw networkConfig.failure("_class_name", expected: "\"\(Self.network)\"")
                }
            } catch { throw .config(error) }
            return
        }
        let index = try Self.read(indexPath)
        let schedulerClass: String
        do throws(ConfigError) {
            let name = try index.string("_class_name")
            guard Self.pipelines.contains(name) else {
                throw index.failure(
                    "_class_name", expected: "one of \(Self.pipelines.sorted().joined(separator: ", "))")
            }
            pipeline = name
            schedulerClass = try Self.components(index)
        } catch { throw .config(error) }
        self.index = index
        networkFolder = Self.place(of: "unet", in: folder, file: "config.json")
        networkConfig = try Self.read(FileSystem.join(networkFolder, "config.json"))
        let file = "scheduler_config.json"
        let scheduler = try Self.scheduler(
            FileSystem.join(Self.place(of: "scheduler", in: folder, file: file), file))
        let kind: SchedulerKind
        do throws(SchedulerError) { kind = try SchedulerKind(named: schedulerClass) } catch { throw .scheduler(error) }
        guard scheduler.kind == kind else {
            throw .config(
                index.failure(
                    "scheduler", expected: "the class that scheduler/scheduler_config.json names",
                    found: schedulerClass))
        }
        self.scheduler = scheduler
    }

    /// Where a component's files are: in a folder of its name, or, as diffusers has it where there is no such folder,
    /// beside `model_index.json`.
    ///
    /// - Parameter file: the component's configuration; where neither place has it, it is missed in the folder.
    private static func place(of component: String, in folder: String, file: String) -> String {
        let own = FileSystem.join(folder, component)
        let isBeside = !FileSystem.exists(own) && FileSystem.exists(FileSystem.join(folder, file))
        return isBeside ? folder : own
    }

    /// Reads a scheduler's configuration; not by `Config(path:)`, as Python writes infinities into it.
    private static func scheduler(_ path: String) throws(DiffusionError) -> SchedulerConfiguration {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.read(path, limit: Config.byteLimit) } catch {
            throw .checkpoint(.file(error))
        }
        do throws(SchedulerError) { return try SchedulerConfiguration(file: path, bytes: bytes) } catch {
            throw .scheduler(error)
        }
    }

    /// Checks the components: a `UNet2DModel`, a scheduler, and nothing else that is not empty.
    ///
    /// - Returns: the scheduler's class.
    private static func components(_ index: Config) throws(ConfigError) -> String {
        var classes: [String: String] = [:]
        for key in index.keys where !key.hasPrefix("_") {
            guard case .array(let entry)? = index.value(key) else { continue }
            if entry.allSatisfy(\.isNull) { continue }
            guard entry.count == 2, entry[0].stringValue == "diffusers", let name = entry[1].stringValue else {
                throw index.failure(key, expected: "a component of diffusers")
            }
            guard key == "unet" || key == "scheduler" else {
                throw index.failure(key, expected: "no component but unet and scheduler")
            }
            classes[key] = name
        }
        guard classes["unet"] == network else {
            throw index.failure("unet", expected: "[\"diffusers\", \"\(network)\"]")
        }
        guard let scheduler = classes["scheduler"] else {
            throw index.failure("scheduler", expected: "a scheduler of diffusers")
        }
        return scheduler
    }

    private static func read(_ path: String) throws(DiffusionError) -> Config {
        do throws(CheckpointError) { return try Config(path: path) } catch {
            if case .config(let error) = error { throw .config(error) }
            throw .checkpoint(error)
        }
    }
}
