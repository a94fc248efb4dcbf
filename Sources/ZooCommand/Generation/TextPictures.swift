import Diffusion
import LatentDiffusion
import Media
import Randomness
import TensorCore
import Text

/// Pictures of texts, by a latent diffusion model.
struct TextPictures: PictureMaker {
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
        /// The picture to change, and how much of it.
        var initial: (picture: Image, strength: Double)?
        /// What of it is painted anew: white.
        var mask: Image?
        var randomness: GeneratorKind = .torchCPU
    }

    let steps: Int
    let startShape: Shape
    let randomness: GeneratorKind
    let facts: [PNGText]
    let model: LatentDiffusionModel
    private let request: LatentSamplingRequest
    private let tiling: LatentTiling?
    private let startsFromNoise: Bool

    var classes: [PictureClass] { [] }

    /// Reads a pipeline's folder with what is added to it, and encodes the texts.
    ///
    /// - Parameters:
    ///   - folder: of the pipeline.
    ///   - options: what is wanted.
    ///   - pictures: how many; memory is planned for one batch of them.
    ///   - limit: bytes that weights and activations may take together; `nil` where nothing limits them.
    ///   - runtime: where to compute.
    /// - Throws: `LatentDiffusionError`, `AdapterError`, `PromptError`, ``Failure`` where it would not fit.
    init(_ folder: String, _ options: Options, pictures: Int, limit: Int?, _ runtime: Runtime) throws {
        let (components, tokenizer) = try Self.components(folder, options)
        let plan = try LatentDiffusionModel(components, runtime: runtime, plansOnly: true)
        let size = try Self.size(options, plan)
        tiling = try Self.tiling(plan, size, pictures: pictures, options, limit: limit)
        model = try LatentDiffusionModel(components, runtime: runtime)
        let kind = options.scheduler ?? model.scheduler.kind
        let steps = options.steps ?? DiffusionPictures.usualSteps(kind)
        let scheduler: any Scheduler
        do throws(SchedulerError) {
            scheduler = try model.scheduler.makeScheduler(kind, steps: steps, eta: Float(options.eta))
        } catch { throw LatentDiffusionError.scheduler(error) }

        let isGuided = options.guidance > 1
        let texts = try Self.states(options, isGuided: isGuided, model, tokenizer)
        var request = LatentSamplingRequest(
            steps: steps, encoderHiddenStates: texts[0], negativeHiddenStates: isGuided ? texts[1] : nil)
        request.scheduler = kind
        request.eta = Float(options.eta)
        request.guidance = Float(options.guidance)
        request.guidanceRescale = Float(options.guidanceRescale)
        let factor = model.autoencoder.configuration.factor
        startShape = Shape(model.autoencoder.configuration.latentChannels, size.height / factor, size.width / factor)
        randomness = options.randomness
        startsFromNoise = options.initial == nil
        self.steps =
            options.initial.map { scheduler.timesteps.count - scheduler.firstIndex(strength: $0.strength) }
            ?? scheduler.timesteps.count
        if let (picture, strength) = options.initial {
            let values = try Self.values(of: picture, size, channels: model.autoencoder.configuration.inputChannels)
            if let mask = options.mask {
                request.start = .inpainting(values, mask: try Self.mask(mask, size), strength: strength)
            } else {
                request.start = .pictures(values, strength: strength)
            }
        }
        self.request = request
        facts = Self.facts(of: options, kind, steps, size)
    }

    private static func facts(
        of options: Options, _ kind: SchedulerKind, _ steps: Int, _ size: (width: Int, height: Int)
    ) -> [PNGText] {
        var facts = [PNGText("prompt", options.prompt)]
        if !options.negative.isEmpty { facts.append(PNGText("negative", options.negative)) }
        facts += [
            PNGText("scheduler", kind.shortName), PNGText("steps", "\(steps)"),
            PNGText("guidance", "\(options.guidance)"), PNGText("size", "\(size.width)x\(size.height)"),
        ]
        if options.guidanceRescale != 0 { facts.append(PNGText("guidance rescale", "\(options.guidanceRescale)")) }
        if options.eta != 0 { facts.append(PNGText("eta", "\(options.eta)")) }
        if options.clipSkip != 0 { facts.append(PNGText("clip skip", "\(options.clipSkip)")) }
        if let strength = options.initial?.strength { facts.append(PNGText("strength", "\(strength)")) }
        for adapter in options.adapters { facts.append(PNGText("lora", "\(adapter.file):\(adapter.strength)")) }
        return facts + [PNGText("rng", options.randomness.rawValue)]
    }

    /// The folder's components with LoRA files merged and words added.
    private static func components(
        _ folder: String, _ options: Options
    ) throws -> (LatentDiffusionComponents, PromptWords) {
        var components = try LatentDiffusionComponents(folder: folder)
        let merge = try LoRAMerge(
            options.adapters, unet: components.unet.source, textEncoder: components.textEncoder.source)
        components.unet.source = merge.unet
        if let source = merge.textEncoder { components.textEncoder.source = source }
        let tokenizer = try Tokenizer(folder: components.tokenizer, rules: .transformers)
        guard !options.embeddings.isEmpty else {
            return (components, PromptWords(tokenizer: tokenizer, expansions: [:]))
        }
        let learnt = try TextualInversion(
            options.embeddings.map { try TextEmbedding(file: $0) }, tokenizer: tokenizer,
            textEncoder: components.textEncoder.source)
        components.textEncoder.source = learnt.textEncoder
        components.textEncoder.config = learnt.configuration(components.textEncoder.config)
        return (components, PromptWords(tokenizer: learnt.tokenizer, expansions: learnt.expansions))
    }

    /// What prompts are read with.
    private struct PromptWords {
        var tokenizer: Tokenizer
        var expansions: [Int: [Int]]
    }

    /// The states of prompt and negative prompt, of as many tokens each.
    private static func states(
        _ options: Options, isGuided: Bool, _ model: LatentDiffusionModel, _ words: PromptWords
    ) throws -> [Tensor] {
        let reader = try PromptTokenizer(
            words.tokenizer, contextLength: model.textEncoder.contextLength, expansions: words.expansions)
        let settings = PromptTokenizer.Options(isLong: options.isLong)
        let prompt = try reader.chunks(options.prompt, settings)
        let all = isGuided ? [prompt, try reader.chunks(options.negative, settings)] : [prompt]
        return try PromptChunks.balanced(all).enumerated().map { number, chunks in
            // The reference skips blocks for the prompt alone.
            let skip = number == 0 ? options.clipSkip : 0
            return try chunks.conditioning(model.textEncoder.lastHiddenState(chunks.ids, clipSkip: skip))
        }
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

    /// How pictures are decoded: as a whole where that fits, else in parts.
    private static func tiling(
        _ model: LatentDiffusionModel, _ size: (width: Int, height: Int), pictures: Int, _ options: Options, limit: Int?
    ) throws -> LatentTiling? {
        func cost(_ tiling: LatentTiling?) throws(LatentDiffusionError) -> LatentSamplingCost {
            try model.plan(
                pictures: pictures, height: size.height, width: size.width, isGuided: options.guidance > 1,
                changesPictures: options.initial != nil, tiling: tiling)
        }
        let whole = try cost(nil)
        guard let limit, whole.peakBytes > limit else { return nil }
        guard let parts = model.autoencoder.standardTiling, try cost(parts).peakBytes <= limit else {
            throw Failure(
                "\(model.folder): pictures of \(size.width)x\(size.height) need \(Format.bytes(whole.peakBytes)), and may "
                    + "take \(Format.bytes(limit)); make fewer or smaller ones, or allow more with --max-memory",
                .unavailable)
        }
        return parts
    }

    /// What a run would take, stage by stage, for people and programs.
    func plan(pictures: Int) throws(LatentDiffusionError) -> LatentSamplingCost {
        let factor = model.autoencoder.configuration.factor
        return try model.plan(
            pictures: pictures, height: startShape[1] * factor, width: startShape[2] * factor,
            tokens: request.encoderHiddenStates.shape[1], isGuided: request.guidance > 1,
            changesPictures: !startsFromNoise, tiling: tiling)
    }

    var picturesAtATime: Int {
        let most = model.unet.picturesAtATime(height: startShape[1], width: startShape[2])
        return max(1, request.guidance > 1 ? most / 2 : most)
    }

    func start(_ generator: inout any NormalGenerator) throws -> [Float] {
        // What is drawn over a picture depends on it: the model draws it.
        startsFromNoise ? try generator.normals(startShape.elementCount) : []
    }

    func pictures(from starts: [PictureStart], _ observer: StepObserver) throws -> MadePictures {
        var request = request
        if startsFromNoise {
            let shape = Shape([starts.count] + startShape.dimensions)
            request.start = .latents(Tensor(starts.flatMap(\.values), shape: shape))
        }
        var failure: (any Error)?
        do throws(LatentDiffusionError) {
            let latents = try model.sampleLatents(request, noise: starts.map(\.generator)) { progress in
                do {
                    // Who looks on sees a first picture; to decode all takes long.
                    try observer.note(
                        progress.index, current: { (try? pictures(of: progress.sample.rows(0..<1))) ?? [] },
                        expected: { (try? pictures(of: progress.estimate.rows(0..<1))) ?? [] })
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
            return MadePictures(pictures: try pictures(of: latents), latents: latents)
        } catch { throw failure ?? error }
    }

    private func pictures(of latents: Tensor) throws(LatentDiffusionError) -> [Image] {
        let decoded = try model.pictures(of: latents, tiling: tiling)
        let (channels, height, width) = (decoded.shape[1], decoded.shape[2], decoded.shape[3])
        return DiffusionModel.pixels(decoded).map {
            Image(width: width, height: height, mode: channels == 1 ? .grey : .rgb, bytes: $0)
        }
    }

    /// A picture as the autoencoder takes it, `[1, channels, H, W]`, as `VaeImageProcessor` of diffusers prepares one.
    private static func values(
        of picture: Image, _ size: (width: Int, height: Int), channels: Int
    ) throws -> Tensor {
        let shape = Shape(channels, size.height, size.width)
        return Tensor(try DiffusionPictures.values(of: picture, shape), shape: Shape([1] + shape.dimensions))
    }

    /// A mask, `[1, 1, H, W]` of 0 to 1: what is white is painted anew.
    private static func mask(_ picture: Image, _ size: (width: Int, height: Int)) throws -> Tensor {
        let values = try DiffusionPictures.values(of: picture, Shape(1, size.height, size.width))
        return Tensor(values.map { ($0 + 1) / 2 }, shape: Shape(1, 1, size.height, size.width))
    }
}
