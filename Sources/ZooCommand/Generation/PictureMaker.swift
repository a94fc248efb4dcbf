import Diffusion
import Media
import Randomness
import TensorCore

/// A model that makes pictures, as `zoo generate` sees it: the same for every family.
protocol PictureMaker {
    /// What is worth saying of every picture, such as its scheduler.
    var facts: [PNGText] { get }
    /// The classes asked for, among which pictures are shared out; empty where the model has none.
    var classes: [PictureClass] { get }
    /// The shape of what one picture starts from, without the batch: `[size]` or `[channels, height, width]`.
    var startShape: Shape { get }
    /// The generator that seeds are for.
    var randomness: GeneratorKind { get }
    /// Pictures that are made at a time.
    var picturesAtATime: Int { get }
    /// Passes through the network that a picture takes.
    var steps: Int { get }

    /// What a picture starts from; more noise, where the model wants it, comes from the same generator after it.
    func start(_ generator: inout any NormalGenerator) throws -> [Float]

    /// Makes pictures.
    ///
    /// - Parameters:
    ///   - starts: one for each.
    ///   - observer: is told of every step.
    func pictures(from starts: [PictureStart], _ observer: StepObserver) throws -> MadePictures
}

/// What a picture is made from.
struct PictureStart {
    /// Of ``PictureMaker/startShape``.
    let values: [Float]
    /// The generator after ``values`` were drawn.
    var generator: any NormalGenerator
    /// What is to be on it, where the model has classes.
    var label: PictureClass?
}

/// What is to be on a picture.
struct PictureClass: Equatable {
    /// Its number in the model.
    let number: Int
    /// Its name.
    let name: String
}

/// Pictures, and the arrays that go with them.
struct MadePictures {
    let pictures: [Image]
    /// What `--output-latents` writes: of a GAN the latents `[N, size]` that it started from, of a diffusion model the
    /// samples `[N, channels, H, W]` that it came to.
    let latents: Tensor
}

/// What looks on while pictures are made.
final class StepObserver {
    /// Is told after a step how far it is: the pictures so far, and what they will be like; returns false to stop.
    typealias Step = (_ index: Int, _ current: () -> [Image], _ expected: () -> [Image]) throws -> Bool

    private let step: Step

    init(_ step: @escaping Step) { self.step = step }

    /// Takes note of a step.
    ///
    /// - Throws: ``PicturesStopped`` where no more are wanted.
    func note(_ index: Int, current: () -> [Image] = { [] }, expected: () -> [Image] = { [] }) throws {
        guard try step(index, current, expected) else { throw PicturesStopped() }
    }

    /// Samples with a diffusion model, step by step under the observer's eyes.
    ///
    /// - Parameters:
    ///   - pictures: what there is to see of a sample.
    ///   - sample: runs the model, which is to tell the given closure of every step and to stop where it says so.
    /// - Throws: what the observer threw where it stopped the model, else what the model throws.
    func sampled(
        seen pictures: @escaping (Tensor) -> [Image],
        _ sample: (_ progress: @escaping (SamplingProgress) -> Bool) throws -> Tensor
    ) throws -> Tensor {
        var failure: (any Error)?
        do {
            return try sample { progress in
                do {
                    try self.note(
                        progress.index, current: { pictures(progress.sample) },
                        expected: { pictures(progress.estimate) })
                    return true
                } catch {
                    failure = error
                    return false
                }
            }
        } catch { throw failure ?? error }
    }
}

/// A signal has come; nothing that was not whole is written.
struct PicturesStopped: Error {}
