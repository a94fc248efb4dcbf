import Checkpoints
import Diffusion
import JSON

/// `model_index.json` of a latent diffusion pipeline: which component is of which class.
struct PipelineIndex {
    /// Pipelines of the same components, whose loops are known.
    struct Kind {
        /// The pipelines' classes.
        let pipelines: [String]
        /// The classes that components must be of; a scheduler comes on top of them.
        let classes: [String: [String]]

        /// Pipelines of Stable Diffusion.
        static let textToImage = Kind(
            pipelines: ["StableDiffusionPipeline", "StableDiffusionImg2ImgPipeline", "StableDiffusionInpaintPipeline"],
            classes: [
                "unet": ["UNet2DConditionModel"], "vae": ["AutoencoderKL"], "text_encoder": ["CLIPTextModel"],
                "tokenizer": ["CLIPTokenizer", "CLIPTokenizerFast"],
            ])

        /// Pipelines that are told nothing.
        static let unconditional = Kind(
            pipelines: ["LDMPipeline"], classes: ["unet": ["UNet2DModel"], "vqvae": ["VQModel", "AutoencoderKL"]])

        /// The names of all components.
        var components: String { (classes.keys + ["scheduler"]).sorted().joined(separator: ", ") }
    }

    /// Components that take no part in sampling.
    private static let passedOver = [
        "safety_checker": "the safety checker is not run",
        "feature_extractor": "the feature extractor, which serves the safety checker, is not read",
    ]

    /// The pipeline's class.
    let pipeline: String
    /// What was passed over, a sentence each.
    private(set) var notes: [String] = []

    private let kind: Kind
    private let index: Config
    private let schedulerClass: String

    /// Reads the file and checks the components' classes.
    init(_ folder: String, _ kind: Kind) throws(LatentDiffusionError) {
        self.kind = kind
        index = try ComponentFolder.read(FileSystem.join(folder, "model_index.json"))
        do throws(ConfigError) {
            pipeline = try index.string("_class_name")
            guard kind.pipelines.contains(pipeline) else {
                throw index.failure("_class_name", expected: kind.pipelines.joined(separator: " or "))
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
                } else if let known = kind.classes[key] {
                    guard known.contains(name) else {
                        throw index.failure(key, expected: known.joined(separator: " or "), found: name)
                    }
                } else {
                    throw index.failure(
                        key, expected: "no component but \(kind.components)", found: name)
                }
            }
            for key in kind.classes.keys.sorted() where index.value(key)?.arrayValue?.last?.stringValue == nil {
                throw index.failure(key, expected: "a component of class \(kind.classes[key]?.first ?? "")")
            }
            guard let scheduler else { throw index.failure("scheduler", expected: "a scheduler of diffusers") }
            schedulerClass = scheduler
        } catch { throw .config(error) }
    }

    /// A component's configuration, refused where it is of another class than the file names, such as one that was
    /// swapped with another.
    func config(_ component: String, in folder: String) throws(LatentDiffusionError) -> Config {
        let config = try ComponentFolder.config(FileSystem.join(folder, component))
        // transformers writes no `_class_name`; its classes are looked at as the network is built.
        if component == "text_encoder", !config.has("_class_name") { return config }
        do throws(ConfigError) {
            let named = index.value(component)?.arrayValue?.last?.stringValue
            guard let named, try config.optionalString("_class_name") == named else {
                throw config.failure("_class_name", expected: "\"\(named ?? "")\", as model_index.json says")
            }
        } catch { throw .config(error) }
        return config
    }

    /// The scheduler's configuration; not read by `Config(path:)`, as Python writes infinities into it.
    func scheduler(_ folder: String) throws(LatentDiffusionError) -> SchedulerConfiguration {
        let path = FileSystem.join(folder, "scheduler/scheduler_config.json")
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.read(path, limit: Config.byteLimit) } catch {
            throw .checkpoint(.file(error))
        }
        guard let wanted = SchedulerKind.allCases.first(where: { $0.rawValue == schedulerClass }) else {
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
        guard configuration.kind == wanted else {
            throw .config(
                index.failure(
                    "scheduler", expected: "the class that scheduler/scheduler_config.json names",
                    found: schedulerClass))
        }
        return configuration
    }
}
