public import Checkpoints
public import Media
public import TensorCore

/// Calls for tasks: the same results, bit for bit, computed on a thread of the runtime's own rather than on the
/// cooperative pool. Images are taken a few at a time, tasks that share a model take turns, and a cancelled task stops
/// before the next few.
extension ImageClassifier {
    /// Loads a folder as ``init(folder:runtime:weights:plansOnly:)`` does.
    ///
    /// - Parameters:
    ///   - folder: holds `config.json`, the weights, and what says how images are prepared.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    /// - Throws: ``ImageClassifierError``; its ``ImageClassifierError/cancelled`` where the task was cancelled before
    ///   loading began.
    public static func load(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice()
    ) async throws(ImageClassifierError) -> ImageClassifier {
        let runtime = runtime ?? Runtime()
        return try await runtime.perform { (cancellation) throws(ImageClassifierError) -> ImageClassifier in
            guard !cancellation.isCancelled else { throw .cancelled }
            return try ImageClassifier(folder: folder, runtime: runtime, weights: weights)
        }
    }

    /// The most probable classes of an image.
    ///
    /// - Parameters:
    ///   - image: of any size and kind.
    ///   - top: how many classes, at most all.
    /// - Throws: ``ImageClassifierError``; its ``ImageClassifierError/cancelled`` where the task was cancelled.
    public func classify(_ image: Image, top: Int = 5) async throws(ImageClassifierError) -> [Prediction] {
        try await runtime.perform { (cancellation) throws(ImageClassifierError) -> [Prediction] in
            guard !cancellation.isCancelled else { throw .cancelled }
            return try classify(image, top: top)
        }
    }

    /// The most probable classes of each image, most probable first; of equal ones the lower number first.
    ///
    /// - Parameters:
    ///   - images: of any sizes and kinds.
    ///   - top: how many classes for each, at most all.
    ///   - progress: is told after every few images how many are done, of how many.
    /// - Throws: ``ImageClassifierError``; its ``ImageClassifierError/cancelled`` where the task was cancelled.
    public func classify(
        _ images: [Image], top: Int = 5, progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) async throws(ImageClassifierError) -> [[Prediction]] {
        try await inParts(images, progress) { (part) throws(ImageClassifierError) in try classify(part, top: top) }
            .flatMap(\.self)
    }

    /// Pooled features of images: what enters the last linear layer.
    ///
    /// - Parameters:
    ///   - images: of any sizes and kinds.
    ///   - progress: is told after every few images how many are done, of how many.
    /// - Returns: `[images, features]`.
    /// - Throws: ``ImageClassifierError``; its ``ImageClassifierError/cancelled`` where the task was cancelled.
    public func features(
        _ images: [Image], progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) async throws(ImageClassifierError) -> Tensor {
        let width = try featureWidth()
        let parts = try await inParts(images, progress) { (part) throws(ImageClassifierError) in try features(part) }
        return Tensor(parts.flatMap(\.floats), shape: Shape(images.count, width))
    }

    private func inParts<R: Sendable>(
        _ images: [Image], _ progress: (@Sendable (Int, Int) -> Void)?,
        _ body: @escaping @Sendable ([Image]) throws(ImageClassifierError) -> R
    ) async throws(ImageClassifierError) -> [R] {
        try await runtime.perform(
            on: images, atATime: try imagesAtATime(), cancelled: ImageClassifierError.cancelled, progress: progress,
            body)
    }
}
