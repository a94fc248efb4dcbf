import Arguments
import Diffusion
import LatentDiffusion
import ModelZoo
import Randomness
import TensorCore

/// What pictures of a latent diffusion model that is told nothing are made with, known before any weight is read.
struct UnconditionalPlan: LatentPlan {
    /// The model without its weights.
    let model: UnconditionalLatentModel
    let request: SamplingRequest
    let schedulerKind: SchedulerKind
    let randomness: GeneratorKind
    let size: (width: Int, height: Int)
    let calls: Int
    /// Of the latent pictures, without the batch.
    let startShape: Shape
    /// Pictures that are sampled at a time.
    let picturesAtATime: Int

    var location: String { model.folder }
    var standardTiling: LatentTiling { model.autoencoder.standardTiling }

    /// Reads what a command line asks for.
    ///
    /// - Throws: ``UsageError`` for options that have no counterpart in the reference's pipeline,
    ///   `LatentDiffusionError`.
    init(_ entry: Registry.Entry, _ parsed: ParsedArguments, _ runtime: Runtime) throws {
        typealias Generate = GenerateCommand
        let words = GenerationWords(entry, parsed)
        let noun = "a latent diffusion model without texts and classes"
        try words.refuseOfSingleFiles(entry)
        try words.refuse(Generate.ofGANs, "GANs", noun)
        try words.refuse(
            Generate.ofTexts.filter { $0.specification.name != Generate.plan.specification.name },
            "models that make pictures of texts", noun)
        try words.refuse([Generate.label, Generate.guidance], "models with classes or texts", noun)
        try words.refuse(
            [Generate.initial, Generate.strength], "models that start from pictures, too", noun)
        try words.refuse(
            [SharedOptions.ema], "checkpoints that hold both", "a pipeline, whose components are read as trained")
        model = try UnconditionalLatentModel(folder: entry.folder, runtime: runtime, plansOnly: true)
        guard let folders = model.diffusion.scheduler else {
            throw Failure("\(entry.folder): there is no scheduler", .unavailable)
        }
        schedulerKind = try words.schedulerKind() ?? folders.kind
        var request = SamplingRequest(steps: parsed[Generate.steps] ?? DiffusionPictures.usualSteps(schedulerKind))
        request.scheduler = schedulerKind
        request.eta = Float(parsed[Generate.eta] ?? 0)
        self.request = request
        do throws(SchedulerError) {
            calls = try folders.makeScheduler(schedulerKind, steps: request.steps, eta: request.eta).timesteps.count
        } catch { throw LatentDiffusionError.scheduler(error) }
        randomness = parsed[Generate.randomness] ?? .torchCPU
        let (tall, wide) = try model.latentSize()
        let factor = model.autoencoder.configuration.factor
        size = (wide * factor, tall * factor)
        startShape = Shape(model.autoencoder.configuration.latentChannels, tall, wide)
        picturesAtATime = model.diffusion.picturesAtATime(height: tall, width: wide)
    }

    func cost(pictures: Int, tiling: LatentTiling?) throws(LatentDiffusionError) -> LatentSamplingCost {
        try model.plan(pictures: min(pictures, picturesAtATime), tiling: tiling)
    }
}
