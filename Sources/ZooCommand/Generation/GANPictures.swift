import GAN
import Media
import Randomness
import Synchronization
import TensorCore

/// Pictures of a generator that makes them in one pass.
struct GANPictures: PictureMaker {
    /// What is added to the pixels between the layers of StyleGAN2.
    enum Noise: String, CaseIterable, Sendable {
        case constant = "const"
        case none
        case random
    }

    /// What is wanted besides the seeds.
    struct Options {
        var classes: [PictureClass] = []
        var truncation: Double?
        var cutoff: Int?
        var noise = Noise.constant
        /// Another seed, whose styles count from a layer on.
        var mixing: (seed: UInt64, layer: Int)?
        var randomness: GeneratorKind?
    }

    let model: ImageGenerator
    let options: Options
    let randomness: GeneratorKind

    init(_ model: ImageGenerator, _ options: Options) {
        self.model = model
        self.options = options
        randomness = options.randomness ?? model.family.randomness
    }

    var classes: [PictureClass] { options.classes }
    var startShape: Shape { Shape([model.latentSize]) }
    var picturesAtATime: Int { max(model.imagesAtATime, model.runtime.threads) }
    var steps: Int { 1 }

    /// The truncation that is used: latents of BigGAN are drawn for one.
    private var truncation: Double? { options.truncation ?? (model.truncation == .statistics ? 1 : nil) }

    var facts: [PNGText] {
        var facts: [PNGText] = []
        if let truncation { facts.append(PNGText("truncation", "\(truncation)")) }
        return facts + [PNGText("rng", randomness.rawValue)]
    }

    func start(_ generator: inout any NormalGenerator) throws -> [Float] {
        try model.latent(&generator, truncation: truncation)
    }

    func pictures(from starts: [PictureStart], _ observer: StepObserver) throws -> MadePictures {
        var settings = GenerationOptions(truncation: truncation, truncationCutoff: options.cutoff)
        settings.classes = classes.isEmpty ? nil : starts.compactMap(\.label?.number)
        let shape = Shape(starts.count, model.latentSize)
        if let mixing = options.mixing {
            var generator = try randomness.makeGenerator(seed: Int128(mixing.seed))
            let other = try start(&generator)
            let all = (0..<starts.count).flatMap { _ in other }
            settings.mixing = StyleMixing(latents: Tensor(all, shape: shape), from: mixing.layer)
        }
        switch options.noise {
        case .constant: settings.noise = .constant
        case .none: settings.noise = .none
        case .random:
            let generators = GeneratorList(starts.map(\.generator))
            settings.noise = .random { image, count in generators.normals(count, of: image) }
        }
        let latents = Tensor(starts.flatMap(\.values), shape: shape)
        let images = try model.generate(latents, settings)
        let (height, width) = (images.shape[2], images.shape[3])
        let pictures = try model.rgb(images).map { Image(width: width, height: height, mode: .rgb, bytes: $0) }
        try observer.note(0, current: { pictures }, expected: { pictures })
        return MadePictures(pictures: pictures, latents: latents)
    }
}

/// Generators that go on drawing, one for each picture.
private final class GeneratorList: Sendable {
    private let generators: Mutex<[any NormalGenerator]>

    init(_ generators: [any NormalGenerator]) { self.generators = Mutex(generators) }

    /// No values where they cannot be drawn, which the model then refuses.
    func normals(_ count: Int, of picture: Int) -> [Float] {
        generators.withLock { (try? $0[picture].normals(count)) ?? [] }
    }
}
