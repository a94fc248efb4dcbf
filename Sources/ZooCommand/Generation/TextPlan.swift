import Diffusion
import LatentDiffusion
import Media
import ModelZoo
import Randomness
import TensorCore
import Text

/// What a picture of a text is made with, known before any weight is read.
struct TextPlan: LatentPlan {
    /// What is wanted besides the seeds.
    struct Options {
        var prompt = ""
        var negative = ""
        /// `nil` takes the folder's.
        var scheduler: SchedulerKind?
        /// `nil` takes ``DiffusionPictures/usualSteps(_:)``.
        var steps: Int?
        var guidance: Double = 7.5
        var guidanceRescale: Double = 0
        var eta: Double = 0
        /// Width and height in pixels; `nil` takes the model's own.
        var size: (width: Int, height: Int)?
        /// Blocks at the end of the text encoder that are left out.
        var clipSkip = 0
        /// Whether prompts may be longer than the context.
        var isLong = false
        /// LoRA files, added in order.
        var adapters: [LoRA] = []
        /// Files of learnt words.
        var embeddings: [String] = []
        /// The tokenizer's folder, and what the network gives, of a pipeline in one file; `nil` where not said.
        var tokenizer: String?
        var prediction: SingleFile.Prediction?
        /// The picture to change, and how much of it.
        var initial: (picture: Image, strength: Double)?
        /// What of it is painted anew: white.
        var mask: Image?
        var randomness: GeneratorKind = .torchCPU

        var isGuided: Bool { guidance > 1 }
    }

    let options: Options
    /// The model's components with LoRA files merged and words added.
    let components: LatentDiffusionComponents
    /// The model without its weights.
    let model: LatentDiffusionModel
    /// The prompt and, where predictions are guided, the negative one, of as many rows.
    let prompts: [PromptChunks]
    let size: (width: Int, height: Int)
    let schedulerKind: SchedulerKind
    /// Steps that were asked for.
    let steps: Int
    /// Calls of the network for a picture, which are more than the steps with some schedulers.
    let calls: Int
    /// Pictures that are sampled at a time.
    let picturesAtATime: Int

    /// - Throws: `LatentDiffusionError`, `AdapterError`, `PromptError`, ``Failure``.
    init(_ entry: Registry.Entry, _ options: Options, _ runtime: Runtime) throws {
        self.options = options
        let words: PromptWords
        (components, words) = try Self.components(entry, options)
        model = try LatentDiffusionModel(components, runtime: runtime, plansOnly: true)
        size = try Self.size(options, model)
        schedulerKind = options.scheduler ?? model.scheduler.kind
        steps = options.steps ?? DiffusionPictures.usualSteps(schedulerKind)
        let scheduler: any Scheduler
        do throws(SchedulerError) {
            scheduler = try model.scheduler.makeScheduler(schedulerKind, steps: steps, eta: Float(options.eta))
        } catch { throw LatentDiffusionError.scheduler(error) }
        let first = options.initial.map { scheduler.firstIndex(strength: $0.strength) } ?? 0
        calls = scheduler.timesteps.count - first

        let reader = try PromptTokenizer(
            words.tokenizer, contextLength: model.textEncoder.contextLength, expansions: words.expansions)
        let settings = PromptTokenizer.Options(isLong: options.isLong)
        let texts = options.isGuided ? [options.prompt, options.negative] : [options.prompt]
        var prompts: [PromptChunks] = []
        for text in texts { prompts.append(try reader.chunks(text, settings)) }
        self.prompts = PromptChunks.balanced(prompts)
        let factor = model.autoencoder.configuration.factor
        let most = model.unet.picturesAtATime(height: size.height / factor, width: size.width / factor)
        picturesAtATime = max(1, options.isGuided ? most / 2 : most)
    }

    func cost(pictures: Int, tiling: LatentTiling?) throws(LatentDiffusionError) -> LatentSamplingCost {
        try model.plan(
            pictures: min(pictures, picturesAtATime), height: size.height, width: size.width,
            tokens: prompts[0].count * model.textEncoder.contextLength, isGuided: options.isGuided,
            changesPictures: options.initial != nil, tiling: tiling)
    }

    var location: String { model.folder }
    var standardTiling: LatentTiling { model.autoencoder.standardTiling }

    private typealias PromptWords = (tokenizer: Tokenizer, expansions: [Int: [Int]])

    private static func components(
        _ entry: Registry.Entry, _ options: Options
    ) throws -> (LatentDiffusionComponents, PromptWords) {
        var components =
            entry.isSingleFile
            ? try LatentDiffusionComponents(
                file: entry.folder, options: .init(prediction: options.prediction), tokenizer: options.tokenizer)
            : try LatentDiffusionComponents(folder: entry.folder)
        let merge = try LoRAMerge(
            options.adapters, unet: components.unet.source, textEncoder: components.textEncoder.source)
        components.unet.source = merge.unet
        if let source = merge.textEncoder { components.textEncoder.source = source }
        let tokenizer = try components.tokenizer.read()
        guard !options.embeddings.isEmpty else { return (components, (tokenizer, [:])) }
        let learnt = try TextualInversion(
            options.embeddings.map { try TextEmbedding(file: $0) }, tokenizer: tokenizer,
            textEncoder: components.textEncoder.source)
        components.textEncoder.source = learnt.textEncoder
        components.textEncoder.config = learnt.configuration(components.textEncoder.config)
        return (components, (learnt.tokenizer, learnt.expansions))
    }

    private static func size(
        _ options: Options, _ model: LatentDiffusionModel
    ) throws(Failure) -> (width: Int, height: Int) {
        let factor = model.autoencoder.configuration.factor
        guard let size = options.size else {
            guard let own = model.unet.configuration.sampleSize else {
                throw Failure("\(model.folder): the network names no size: give one with --size", .usage)
            }
            return (own.width * factor, own.height * factor)
        }
        guard size.width.isMultiple(of: factor), size.height.isMultiple(of: factor) else {
            throw Failure(
                "option '--size': \(size.width)x\(size.height): both sides must be multiples of \(factor)", .usage)
        }
        return size
    }
}
