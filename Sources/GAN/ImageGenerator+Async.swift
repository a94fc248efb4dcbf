public import Checkpoints
public import TensorCore

/// Calls for tasks: the same results, bit for bit, computed on a thread of the runtime's own rather than on the
/// cooperative pool. Tasks that share a model take turns, and a cancelled task stops before the next pass.
extension ImageGenerator {
    /// Loads a folder as ``init(folder:runtime:weights:plansOnly:)`` does.
    ///
    /// - Parameters:
    ///   - folder: holds the configuration and the weights.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    /// - Throws: ``GANError``; its ``GANError/cancelled`` where the task was cancelled before loading began.
    public static func load(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice()
    ) async throws(GANError) -> ImageGenerator {
        let runtime = runtime ?? Runtime()
        return try await runtime.perform { (cancellation) throws(GANError) -> ImageGenerator in
            guard !cancellation.isCancelled else { throw .cancelled }
            return try ImageGenerator(folder: folder, runtime: runtime, weights: weights)
        }
    }

    /// Draws images as ``generate(_:_:)`` does.
    ///
    /// - Parameters:
    ///   - latents: `[N, latentSize]` or `[N, latentSize, 1, 1]`.
    ///   - options: what to draw, besides.
    ///   - progress: is told after every pass how many images are done, of how many.
    /// - Returns: `[N, channels, imageSize, imageSize]`.
    /// - Throws: ``GANError``; its ``GANError/cancelled`` where the task was cancelled.
    public func generate(
        _ latents: Tensor, _ options: GenerationOptions,
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)?
    ) async throws(GANError) -> Tensor {
        // Everything is checked before the first pass, and again with each.
        let count = try checked(latents, options).latents.shape[0]
        let parts = try await runtime.perform(
            on: Array(0..<count), atATime: imagesAtATime, cancelled: GANError.cancelled, progress: progress
        ) { (part) throws(GANError) -> Tensor in
            let first = part.first ?? 0
            let range = first..<first + part.count
            do throws(GANError) { return try generate(latents.rows(range), options.rows(range)) } catch {
                if case .notFinite(let layer, let image) = error {
                    throw .notFinite(layer: layer, image: first + image)
                }
                throw error
            }
        }
        return Tensor(shape: Shape(count, channels, imageSize, imageSize)) { values in
            var start = 0
            for part in parts {
                part.withFloats { source in _ = values[start...].update(fromContentsOf: source) }
                start += part.count
            }
        }
    }
}

extension GenerationOptions {
    /// The part for some of the images.
    fileprivate func rows(_ range: Range<Int>) -> GenerationOptions {
        var part = self
        part.classes = classes.map { Array($0[range]) }
        part.mixing = mixing.map { StyleMixing(latents: $0.latents.rows(range), from: $0.layer) }
        if case .random(let normals) = noise {
            part.noise = .random { image, count in normals(range.lowerBound + image, count) }
        }
        return part
    }
}
