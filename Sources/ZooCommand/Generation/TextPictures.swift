import Diffusion
import LatentDiffusion
import Media
import Randomness
import TensorCore

/// Pictures of texts, by a latent diffusion model.
struct TextPictures: PictureMaker {
    let steps: Int
    let startShape: Shape
    let randomness: GeneratorKind
    let facts: [PNGText]
    let picturesAtATime: Int
    private let model: LatentDiffusionModel
    private let request: LatentSamplingRequest
    private let tiling: LatentTiling?
    private let startsFromNoise: Bool

    var classes: [PictureClass] { [] }

    /// Reads the weights and encodes the texts.
    ///
    /// - Parameters:
    ///   - plan: what is wanted.
    ///   - pictures: how many.
    ///   - limit: bytes that weights and activations may take together; `nil` where nothing limits them.
    ///   - runtime: where to compute.
    /// - Throws: `LatentDiffusionError`, `PromptError`, ``Failure`` where it would not fit.
    init(_ plan: TextPlan, pictures: Int, within limit: Int?, _ runtime: Runtime) throws {
        let options = plan.options
        tiling = try plan.admittedTiling(pictures: pictures, within: limit)
        model = try LatentDiffusionModel(plan.components, runtime: runtime)
        let configuration = model.autoencoder.configuration
        startShape = Shape(
            configuration.latentChannels, plan.size.height / configuration.factor,
            plan.size.width / configuration.factor)
        randomness = options.randomness
        startsFromNoise = options.initial == nil
        steps = plan.calls
        picturesAtATime = plan.picturesAtATime

        let texts = try Self.states(plan, model)
        var request = LatentSamplingRequest(
            steps: plan.steps, encoderHiddenStates: texts[0], negativeHiddenStates: options.isGuided ? texts[1] : nil)
        request.scheduler = plan.schedulerKind
        request.eta = Float(options.eta)
        request.guidance = Float(options.guidance)
        request.guidanceRescale = Float(options.guidanceRescale)
        if let (picture, strength) = options.initial {
            let shape = Shape(configuration.inputChannels, plan.size.height, plan.size.width)
            let values = Tensor(
                try DiffusionPictures.values(of: picture, shape), shape: Shape([1] + shape.dimensions))
            if let mask = options.mask {
                request.start = .inpainting(values, mask: try Self.mask(mask, plan.size), strength: strength)
            } else {
                request.start = .pictures(values, strength: strength)
            }
        }
        self.request = request
        facts = Self.facts(of: plan)
    }

    private static func facts(of plan: TextPlan) -> [PNGText] {
        let options = plan.options
        var facts = [PNGText("prompt", options.prompt)]
        if !options.negative.isEmpty { facts.append(PNGText("negative", options.negative)) }
        facts += [
            PNGText("scheduler", plan.schedulerKind.shortName), PNGText("steps", "\(plan.steps)"),
            PNGText("guidance", "\(options.guidance)"), PNGText("size", "\(plan.size.width)x\(plan.size.height)"),
        ]
        if options.guidanceRescale != 0 { facts.append(PNGText("guidance rescale", "\(options.guidanceRescale)")) }
        if options.eta != 0 { facts.append(PNGText("eta", "\(options.eta)")) }
        if options.clipSkip != 0 { facts.append(PNGText("clip skip", "\(options.clipSkip)")) }
        if let strength = options.initial?.strength { facts.append(PNGText("strength", "\(strength)")) }
        for adapter in options.adapters { facts.append(PNGText("lora", "\(adapter.file):\(adapter.strength)")) }
        return facts + [PNGText("rng", options.randomness.rawValue)]
    }

    /// The states of prompt and negative prompt, of as many tokens each.
    private static func states(_ plan: TextPlan, _ model: LatentDiffusionModel) throws -> [Tensor] {
        try plan.prompts.enumerated().map { number, chunks in
            // The reference skips blocks for the prompt alone.
            let skip = number == 0 ? plan.options.clipSkip : 0
            return try chunks.conditioning(model.textEncoder.lastHiddenState(chunks.ids, clipSkip: skip))
        }
    }

    /// A mask, `[1, 1, H, W]` of 0 to 1: what is white is painted anew.
    private static func mask(_ picture: Image, _ size: (width: Int, height: Int)) throws -> Tensor {
        let values = try DiffusionPictures.values(of: picture, Shape(1, size.height, size.width))
        return Tensor(values.map { ($0 + 1) / 2 }, shape: Shape(1, 1, size.height, size.width))
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
        // Who looks on sees a first picture; to decode all takes long.
        let latents = try observer.sampled(seen: { (try? pictures(of: $0.rows(0..<1))) ?? [] }) { progress in
            try model.sampleLatents(request, noise: starts.map(\.generator), progress: progress)
        }
        return MadePictures(pictures: try pictures(of: latents), latents: latents)
    }

    private func pictures(of latents: Tensor) throws(LatentDiffusionError) -> [Image] {
        try DiffusionPictures.pictures(model.pictures(of: latents, tiling: tiling))
    }
}
