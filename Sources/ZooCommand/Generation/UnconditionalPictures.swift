import Diffusion
import LatentDiffusion
import Media
import Randomness
import TensorCore

/// Pictures of a latent diffusion model that is told nothing.
struct UnconditionalPictures: PictureMaker {
    let facts: [PNGText]
    private let plan: UnconditionalPlan
    private let model: UnconditionalLatentModel
    private let tiling: LatentTiling?

    var classes: [PictureClass] { [] }
    var steps: Int { plan.calls }
    var startShape: Shape { plan.startShape }
    var randomness: GeneratorKind { plan.randomness }
    var picturesAtATime: Int { plan.picturesAtATime }

    /// Reads the weights.
    ///
    /// - Parameters:
    ///   - plan: what is wanted.
    ///   - pictures: how many.
    ///   - limit: bytes that weights and activations may take together; `nil` where nothing limits them.
    ///   - runtime: where to compute.
    /// - Throws: `LatentDiffusionError`, ``Failure`` where it would not fit.
    init(_ plan: UnconditionalPlan, pictures: Int, within limit: Int?, _ runtime: Runtime) throws {
        self.plan = plan
        tiling = try plan.admittedTiling(pictures: pictures, within: limit)
        model = try UnconditionalLatentModel(folder: plan.model.folder, runtime: runtime)
        var facts = [PNGText("scheduler", plan.schedulerKind.shortName), PNGText("steps", "\(plan.request.steps)")]
        if plan.request.eta != 0 { facts.append(PNGText("eta", "\(plan.request.eta)")) }
        self.facts = facts + [PNGText("rng", plan.randomness.rawValue)]
    }

    func start(_ generator: inout any NormalGenerator) throws -> [Float] {
        try generator.normals(startShape.elementCount)
    }

    func pictures(from starts: [PictureStart], _ observer: StepObserver) throws -> MadePictures {
        var request = plan.request
        let shape = Shape([starts.count] + startShape.dimensions)
        request.start = .latents(Tensor(starts.flatMap(\.values), shape: shape))
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
