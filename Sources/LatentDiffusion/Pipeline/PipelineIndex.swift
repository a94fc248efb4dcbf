import Checkpoints
import Diffusion
import JSON

/// `model_index.json` of a pipeline of Stable Diffusion: which component is of which class.
struct PipelineIndex {
    /// Pipelines of a UNet, an autoencoder, a text encoder and a scheduler whose loops are known.
    static let pipelines: Set<String> = [
        "StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline",
    ]

    /// The classes that components must be of.
    private static let classes: [String: [String]] = [
        "unet": ["UNet2DConditionModel"], "vae": ["AutoencoderKL"], "text_encoder": ["CLIPTextModel"],
        "tokenizer": ["CLIPTokenizer", "CLIPTokenizerFast"],
    ]

    /// Components that take no part in sampling.
    private static let passedOver = [
        "safety_checker": "the safety checker is not run",
        "feature_extractor": "the feature extractor, which serves the safety checker, is not read",
    ]

    private static let known = (classes.keys + ["scheduler"]).sorted().joined(separator: ", ")

    /// The pipeline's class.
    let pipeline: String
    /// What was passed over, a sentence each.
    private(set) var notes: [String] = []

    private let index: Config
    private let schedulerClass: String

    /// Reads the file and checks the components' classes.
    init(_ folder: String) throws(LatentDiffusionError) {
        index = try ComponentFolder.read(FileSystem.join(folder, "model_index.json"))
        do throws(ConfigError) {
            pipeline = try index.string("_class_name")
            guard Self.pipelines.contains(pipeline) else {
                throw index.failure(
                    "_class_name", expected: "one of \(Self.pipelines.sorted().joined(separator: ", "))")
            }
            var scheduler: String?
            for key in index.keys where !key.hasPrefix("_") {
                guard case .array(let entry)? = index.value(key), !entry.allSatisfy(\.isNull) else { continue }
                guard entry.count == 2, let name = entry[1].stringValue else {
                    throw index.failure(key, expected: "a library and a class")
                }
                if let note = Self.passedOver[key] {
                    notes.append(note)
                } else if key == "scheduler" {
                    scheduler = name
                } else if let known = Self.classes[key] {
                    guard known.contains(name) else {
                        throw index.failure(key, expected: known.joined(separator: " or "), found: name)
                    }
                } else {
                    throw index.failure(
                        key, expected: "no component but \(Self.known)", found: name)
                }
            }
            for key in Self.classes.keys.sorted() where index.value(key)?.arrayValue?.last?.stringValue == nil {
                throw index.failure(key, expected: "a component of class \(Self.classes[key]?.first ?? "")")
            }
            guard let scheduler else { throw index.failure("scheduler", expected: "a scheduler of diffusers") }
            schedulerClass = scheduler
        } catch { throw .config(error) }
    }

    /// Refuses a component of another class than the file names, such as one that was swapped with another.
    func check(_ component: String, _ config: Config) throws(LatentDiffusionError) {
        guard let expected = Self.classes[component] else { return }
        do throws(ConfigError) {
            // transformers writes no `_class_name`; its classes are looked at as the network is built.
            let isTransformers = component == "text_encoder"
            if isTransformers, !config.has("_class_name") { return }
            guard let name = try config.optionalString("_class_name"), expected.contains(name) else {
                throw config.failure("_class_name", expected: "\"\(expected[0])\", as model_index.json says")
            }
        } catch { throw .config(error) }
    }

    /// The scheduler's configuration; not read by `Config(path:)`, as Python writes infinities into it.
    func scheduler(_ folder: String) throws(LatentDiffusionError) -> SchedulerConfiguration {
        let path = FileSystem.join(folder, "scheduler/scheduler_config.json")
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.read(path, limit: Config.byteLimit) } catch {
            throw .checkpoint(.file(error))
        }
        guard let kind = SchedulerKind.allCases.first(where: { $0.rawValue == schedulerClass }) else {
            throw .config(
                index.failure(
                    "scheduler",
                    expected: "one of \(SchedulerKind.allCases.map(\.rawValue).joined(separator: ", "))",
                    found: schedulerClass))
        }
        let configuration: SchedulerConfiguration
        do throws(SchedulerError) { configuration = try SchedulerConfiguration(file: path, bytes: bytes) } catch {
            throw .scheduler(error)
        }
        guard configuration.kind == kind else {
            throw .config(
                index.failure(
                    "scheduler", expected: "the class that scheduler/scheduler_config.json names",
                    found: schedulerClass))
        }
        return configuration
    }
}
