public import Checkpoints
public import JSON
import Layers
public import TensorCore

/// A generator of images as loaded from a folder: DCGAN, BigGAN-deep or StyleGAN2.
///
/// May be used from several tasks at once; forward passes of one `Runtime` run one after another.
///
/// ```swift
/// let generator = try ImageGenerator(folder: "models/dcgan-64")
/// let images = try generator.generate(latents)  // [N, 3, 64, 64]
/// let pictures = try generator.rgb(images)      // N times 64 * 64 * 3 bytes
/// ```
public struct ImageGenerator: Sendable {
    /// The folder it was loaded from.
    public let folder: String
    /// The family, whose raw value is its name.
    public let family: GeneratorFamily
    /// Where it computes.
    public let runtime: Runtime
    /// Elements of all parameters.
    public let parameterCount: Int
    /// Bytes the weights take in memory.
    public let weightBytes: Int
    /// The classes' names; numbered where the folder names none, empty where there are no classes.
    public let labels: [String]

    let network: any GeneratorNetwork

    /// Loads a folder.
    ///
    /// - Parameters:
    ///   - folder: holds the configuration and the weights; of StyleGAN2 the weights alone will do.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - plansOnly: reads no weights, only names and shapes: for ``plan(batch:)``.
    /// - Throws: ``GANError``.
    public init(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), plansOnly: Bool = false
    ) throws(GANError) {
        let path = FileSystem.join(folder, "config.json")
        var config: Config?
        if FileSystem.exists(path) { config = try Self.readConfig(path) }
        let checkpoint: Checkpoint
        do throws(CheckpointError) { checkpoint = try Checkpoint.open(folder: folder, choice: weights) } catch {
            throw .checkpoint(error)
        }
        try self.init(
            folder: folder, config: config, source: checkpoint, runtime: runtime ?? Runtime(), plansOnly: plansOnly)
    }

    /// Builds a generator from a configuration and any source of tensors.
    ///
    /// - Parameters:
    ///   - folder: for messages.
    ///   - config: what `config.json` says; `nil` where there is none, which only StyleGAN2 can do without.
    ///   - source: the tensors.
    ///   - runtime: where to compute.
    ///   - plansOnly: reads no weights, only names and shapes.
    /// - Throws: ``GANError``.
    public init(
        folder: String, config: Config?, source: any TensorSource, runtime: Runtime, plansOnly: Bool = false
    ) throws(GANError) {
        self.folder = folder
        self.runtime = runtime
        family = try GeneratorFamily(config, source)
        let loader = WeightLoader(source, runtime: runtime, plansOnly: plansOnly)
        network = try family.build(config, source, Weights(loader))
        do throws(WeightError) { try loader.finish(ignoring: type(of: network).ignores) } catch {
            throw .weights(error)
        }
        parameterCount = loader.parameterCount
        weightBytes = loader.byteCount
        do throws(ConfigError) {
            let count = network.classCount
            let named = count == 0 ? [] : try config?.optionalLabels("id2label", count: count)
            labels = named ?? (0..<count).map { "class \($0)" }
        } catch { throw .config(error) }
    }

    /// The family's name.
    public var architecture: String { family.rawValue }
    /// Length of a latent vector; ``GeneratorFamily/latentConvention`` says how it is drawn.
    public var latentSize: Int { network.latentSize }
    /// Number of classes; 0 where there are none.
    public var classCount: Int { network.classCount }
    /// Height and width of an image.
    public var imageSize: Int { network.imageSize }
    /// Channels of an image: 3 of colours, 1 of greys.
    public var channels: Int { network.channels }
    /// The truncation that it takes.
    public var truncation: TruncationRule { network.truncation }
    /// Sides of the pictures of noise that are added to pixels, layer by layer; empty where there are none.
    public var noiseSides: [Int] { network.noiseSides }

    /// Number of styles: two a resolution; 0 where there are none.
    public var styleCount: Int { family == .styleGAN2 ? network.noiseSides.count + 1 : 0 }

    /// Draws images.
    ///
    /// - Parameters:
    ///   - latents: `[N, latentSize]` or `[N, latentSize, 1, 1]`.
    ///   - options: what to draw, besides.
    /// - Returns: `[N, channels, imageSize, imageSize]`, in -1 ... 1 (StyleGAN2 may go beyond); the same bits for an
    ///   image whatever the batch it is in.
    /// - Throws: ``GANError/input(expected:found:)`` and ``GANError/notFinite(layer:image:)``.
    public func generate(
        _ latents: Tensor, _ options: GenerationOptions = GenerationOptions()
    ) throws(GANError) -> Tensor {
        try run(latents, options, profile: false).images
    }

    /// Draws images as ``generate(_:_:)`` does, and measures every operation.
    ///
    /// - Parameters:
    ///   - latents: as there.
    ///   - options: as there.
    /// - Returns: what the pass cost; `allocations` is 0 from the third pass of a shape on.
    /// - Throws: as there.
    public func profile(
        _ latents: Tensor, _ options: GenerationOptions = GenerationOptions()
    ) throws(GANError) -> Workspace.Account {
        try run(latents, options, profile: true).account
    }

    /// Counts what a pass would cost, without running it.
    ///
    /// - Parameter batch: number of images; a pass takes them a few at a time.
    public func plan(batch: Int) -> Workspace.Account {
        let count = max(0, min(batch, imagesAtATime))
        let input = GeneratorInput(
            latents: Tensor(zeros: Shape(count, latentSize)),
            classes: Array(repeating: 0, count: classCount > 0 ? count : 0),
            truncation: truncation == .statistics ? 1 : nil)
        return runtime.plan { ws in _ = network(input, ws, LayerTrace(isOn: false)) }
    }

    /// Images that one pass takes: large ones one by one, whose activations then stay in the caches, small ones
    /// together, so that every layer has work for all threads.
    public var imagesAtATime: Int { max(1, 65_536 / (imageSize * imageSize)) }

    private func run(
        _ latents: Tensor, _ options: GenerationOptions, profile: Bool
    ) throws(GANError) -> (images: Tensor, account: Workspace.Account) {
        let input = try checked(latents, options)
        let (count, step) = (latents.shape[0], imagesAtATime)
        let size = channels * imageSize * imageSize
        var noises: [GeneratorInput.Noise] = []
        for first in stride(from: 0, to: count, by: step) {
            noises.append(try noise(options.noise, first..<min(first + step, count)))
        }
        let (images, account) = runtime.withWorkspace(profile: profile) { ws in
            let images = Tensor(shape: Shape(count, channels, imageSize, imageSize)) { values in
                for first in stride(from: 0, to: count, by: step) {
                    let range = first..<min(first + step, count)
                    let part = network(input.rows(range, noises[first / step]), ws, LayerTrace(isOn: false))
                    ws.channelsFirst(part).withFloats { source in
                        _ = values[first * size..<range.upperBound * size].update(fromContentsOf: source)
                    }
                }
            }
            return (images, ws.account)
        }
        guard let index = images.firstNonFinite else { return (images, account) }
        // Once more, the images of that pass, looking at every layer.
        let first = index / size / step * step
        let trace = LayerTrace(isOn: true)
        runtime.withWorkspace { ws in
            _ = network(input.rows(first..<min(first + step, count), noises[first / step]), ws, trace)
        }
        throw .notFinite(
            layer: trace.first?.layer ?? "output", image: trace.first.map { first + $0.image } ?? index / size)
    }
}

extension GeneratorInput {
    /// The part for some of the images.
    fileprivate func rows(_ range: Range<Int>, _ noise: Noise) -> GeneratorInput {
        GeneratorInput(
            latents: latents.rows(range), classes: classes.isEmpty ? [] : Array(classes[range]), truncation: truncation,
            cutoff: cutoff, mixing: mixing.map { ($0.latents.rows(range), $0.layer) }, noise: noise)
    }
}
