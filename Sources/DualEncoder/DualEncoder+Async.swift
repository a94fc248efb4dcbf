public import Checkpoints
public import Media
public import TensorCore

/// Calls for tasks: the same results, bit for bit, computed on a thread of the runtime's own rather than on the
/// cooperative pool. Images and texts are taken a few at a time, tasks that share a model take turns, and a cancelled
/// task stops before the next few.
extension DualEncoder {
    /// Loads a folder as ``init(folder:runtime:weights:towers:plansOnly:)`` does.
    ///
    /// - Parameters:
    ///   - folder: in the layout of transformers or open_clip.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - towers: the towers whose weights are read. Names and shapes of all tensors are checked in any case.
    /// - Throws: ``DualEncoderError``; its ``DualEncoderError/cancelled`` where the task was cancelled before loading
    ///   began.
    public static func load(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(),
        towers: Set<Tower> = [.image, .text]
    ) async throws(DualEncoderError) -> DualEncoder {
        let runtime = runtime ?? Runtime()
        return try await runtime.perform { (cancellation) throws(DualEncoderError) -> DualEncoder in
            guard !cancellation.isCancelled else { throw .cancelled }
            return try DualEncoder(folder: folder, runtime: runtime, weights: weights, towers: towers)
        }
    }

    /// Images' embeddings.
    ///
    /// - Parameters:
    ///   - images: of any sizes and kinds.
    ///   - normalized: whether each embedding has length 1.
    ///   - progress: is told after every few images how many are done, of how many.
    /// - Returns: `[images, embeddingWidth]`.
    /// - Throws: ``DualEncoderError``; its ``DualEncoderError/cancelled`` where the task was cancelled.
    public func embed(
        images: [Image], normalized: Bool = true, progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) async throws(DualEncoderError) -> Tensor {
        _ = try requireImageTower()
        let preprocessing = try preprocessing()
        // Large images one by one, small ones together, as a pass takes them.
        let step = max(1, 65_536 / max(preprocessing.outputHeight * preprocessing.outputWidth, 1))
        return try await rows(of: images, step, progress) { (part) throws(DualEncoderError) in
            try embed(images: part, normalized: normalized)
        }
    }

    /// Texts' embeddings.
    ///
    /// - Parameters:
    ///   - texts: of any number.
    ///   - normalized: whether each embedding has length 1.
    ///   - truncates: whether a text longer than the context is cut; an error otherwise.
    ///   - progress: is told after every few texts how many are done, of how many.
    /// - Returns: `[texts, embeddingWidth]`.
    /// - Throws: ``DualEncoderError``; its ``DualEncoderError/cancelled`` where the task was cancelled.
    public func embed(
        texts: [String], normalized: Bool = true, truncates: Bool = false,
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) async throws(DualEncoderError) -> Tensor {
        _ = try requireTextTower()
        return try await rows(of: texts, Self.textsOfATask, progress) { (part) throws(DualEncoderError) in
            try embed(texts: part, normalized: normalized, truncates: truncates)
        }
    }

    /// One embedding a label, of all templates with the label in them: each is normalised, their mean is, too.
    ///
    /// - Parameters:
    ///   - labels: at least one.
    ///   - templates: at least one text with ``labelMark`` where the label goes.
    ///   - progress: is told after every few labels how many are done, of how many.
    /// - Returns: `[labels, embeddingWidth]`, rows of length 1.
    /// - Throws: ``DualEncoderError``; its ``DualEncoderError/cancelled`` where the task was cancelled.
    public func classMatrix(
        labels: [String], templates: [String], progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) async throws(DualEncoderError) -> Tensor {
        guard !labels.isEmpty else { throw .input(expected: "at least one label", found: "none") }
        let step = max(1, Self.textsOfATask / max(templates.count, 1))
        return try await rows(of: labels, step, progress) { (part) throws(DualEncoderError) in
            try classMatrix(labels: part, templates: templates)
        }
    }

    /// The labels of each image, best first; of equal ones the lower number first.
    ///
    /// - Parameters:
    ///   - images: of any sizes and kinds.
    ///   - labels: at least one.
    ///   - templates: the texts that a label is put into, with ``labelMark`` in its place.
    ///   - progress: is told after every few images how many are done, of how many. Labels come before all images.
    /// - Returns: all labels for each image.
    /// - Throws: ``DualEncoderError``; its ``DualEncoderError/cancelled`` where the task was cancelled.
    public func classify(
        _ images: [Image], labels: [String], templates: [String] = ["a photo of a {}."],
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) async throws(DualEncoderError) -> [[Prediction]] {
        _ = try requireImageTower()
        let matrix = try await classMatrix(labels: labels, templates: templates)
        let embeddings = try await embed(images: images, progress: progress)
        guard !images.isEmpty else { return [] }
        return try await runtime.perform { (cancellation) throws(DualEncoderError) -> [[Prediction]] in
            guard !cancellation.isCancelled else { throw .cancelled }
            return predictions(embeddings, labels: labels, classMatrix: matrix)
        }
    }

    /// Texts that are embedded before a task looks whether it was cancelled.
    private static let textsOfATask = 32

    /// The rows that `body` makes of every `step` items, one below the other.
    private func rows<Item: Sendable>(
        of items: [Item], _ step: Int, _ progress: (@Sendable (Int, Int) -> Void)?,
        _ body: @escaping @Sendable ([Item]) throws(DualEncoderError) -> Tensor
    ) async throws(DualEncoderError) -> Tensor {
        let parts = try await runtime.perform(
            on: items, atATime: step, cancelled: DualEncoderError.cancelled, progress: progress, body)
        var result = Tensor(zeros: Shape(items.count, embeddingWidth))
        var first = 0
        for part in parts {
            result.replaceRows(from: first, with: part)
            first += part.shape[0]
        }
        return result
    }
}
