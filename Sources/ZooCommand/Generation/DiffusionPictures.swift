import Diffusion
import Media
import Randomness
import TensorCore

/// Pictures of a diffusion model, from noise or from a picture.
struct DiffusionPictures: PictureMaker {
    /// What is wanted besides the seeds.
    struct Options {
        var classes: [PictureClass] = []
        /// `nil` takes the folder's.
        var scheduler: SchedulerKind?
        /// `nil` takes ``DiffusionPictures/usualSteps(_:)``.
        var steps: Int?
        var guidance: Double = 1
        var eta: Double = 0
        /// The picture to change, and how much of it.
        var initial: (picture: Image, strength: Double)?
        var randomness: GeneratorKind = .torchCPU
    }

    let steps: Int
    let startShape: Shape
    let randomness: GeneratorKind
    let facts: [PNGText]
    let classes: [PictureClass]
    private let model: DiffusionModel
    private let request: SamplingRequest
    /// The picture to change, `[channels, H, W]` of -1...1.
    private let initial: (values: [Float], strength: Double)?

    /// - Throws: `DiffusionError` for a scheduler, steps or strength that the model cannot do, ``Failure`` where the
    ///   folder holds a network alone.
    init(_ model: DiffusionModel, _ options: Options) throws {
        self.model = model
        guard let folders = model.scheduler, let size = model.configuration.sampleSize else {
            throw Failure(
                "\(model.folder): a network alone makes no pictures: name the folder with its model_index.json, whose "
                    + "network has a sample_size", .unavailable)
        }
        let channels = model.configuration.inputChannels
        guard channels == 1 || channels == 3 else {
            throw Failure("\(model.folder): what has \(channels) channels is no picture", .unavailable)
        }
        let kind = options.scheduler ?? folders.kind
        startShape = Shape(channels, size.height, size.width)
        randomness = options.randomness
        classes = options.classes
        var request = SamplingRequest(steps: options.steps ?? Self.usualSteps(kind))
        request.scheduler = kind
        request.guidance = Float(options.guidance)
        request.eta = Float(options.eta)
        self.request = request
        let scheduler: any Scheduler
        do throws(SchedulerError) {
            scheduler = try folders.makeScheduler(kind, steps: request.steps, eta: request.eta)
        } catch { throw DiffusionError.scheduler(error) }
        var facts = [PNGText("scheduler", kind.shortName), PNGText("steps", "\(request.steps)")]
        if options.guidance != 1 { facts.append(PNGText("guidance", "\(options.guidance)")) }
        if options.eta != 0 { facts.append(PNGText("eta", "\(options.eta)")) }
        if let (picture, strength) = options.initial {
            let first = scheduler.firstIndex(strength: strength)
            steps = scheduler.timesteps.count - first
            initial = (try Self.values(of: picture, startShape), strength)
            facts.append(PNGText("strength", "\(strength)"))
        } else {
            steps = scheduler.timesteps.count
            initial = nil
        }
        self.facts = facts + [PNGText("rng", randomness.rawValue)]
    }

    /// Steps where none are asked for: of DDPM those of its training, as in the reference's pipeline, else 50, and 4 of
    /// latent consistency models.
    static func usualSteps(_ kind: SchedulerKind) -> Int {
        switch kind {
        case .ddpm: 1000
        case .lcm: 4
        default: 50
        }
    }

    var picturesAtATime: Int {
        let most = model.picturesAtATime(height: startShape[1], width: startShape[2])
        return max(1, request.guidance == 1 ? most : most / 2)
    }

    func start(_ generator: inout any NormalGenerator) throws -> [Float] {
        // The noise over a picture depends on where its sampling begins: the model draws it.
        initial == nil ? try generator.normals(startShape.elementCount) : []
    }

    func pictures(from starts: [PictureStart], _ observer: StepObserver) throws -> MadePictures {
        var request = request
        request.classes = classes.isEmpty ? nil : .ids(starts.compactMap(\.label?.number))
        let shape = Shape([starts.count] + startShape.dimensions)
        if let initial {
            let all = (0..<starts.count).flatMap { _ in initial.values }
            request.start = .pictures(Tensor(all, shape: shape), strength: initial.strength)
        } else {
            request.start = .latents(Tensor(starts.flatMap(\.values), shape: shape))
        }
        let sample = try observer.sampled(seen: Self.pictures) { progress in
            try model.sample(request, noise: starts.map(\.generator), progress: progress)
        }
        return MadePictures(pictures: Self.pictures(sample), latents: sample)
    }

    /// The pictures of samples, `[N, 1 or 3, H, W]` of -1...1.
    static func pictures(_ sample: Tensor) -> [Image] {
        let (height, width) = (sample.shape[2], sample.shape[3])
        return DiffusionModel.pixels(sample).map {
            Image(width: width, height: height, mode: sample.shape[1] == 1 ? .grey : .rgb, bytes: $0)
        }
    }

    /// A picture as the network takes it, as `VaeImageProcessor` of diffusers prepares one: brought to its size by
    /// Lanczos' filter, without regard to the aspect ratio; `x / 255 * 2 - 1`.
    static func values(of picture: Image, _ shape: Shape) throws(ImageError) -> [Float] {
        let (channels, height, width) = (shape[0], shape[1], shape[2])
        let sized = try picture.rgb().resized(width: width, height: height, filter: .lanczos)
        var values: [Float] = []
        values.reserveCapacity(shape.elementCount)
        for channel in 0..<channels {
            for pixel in 0..<height * width {
                let byte = { Int(sized.bytes[3 * pixel + $0]) }
                // Pillow's "L": ITU-R 601-2 in fixed point.
                let grey = { (byte(0) * 19595 + byte(1) * 38470 + byte(2) * 7471 + 0x8000) >> 16 }
                values.append(Float(channels == 1 ? grey() : byte(channel)) / 255 * 2 - 1)
            }
        }
        return values
    }
}
