public import Checkpoints
public import TensorCore

/// Calls for tasks: the same results, bit for bit, computed on a thread of the runtime's own rather than on the
/// cooperative pool. Texts are taken a few at a time, tasks that share a model take turns, and a cancelled task stops
/// before the next few.
extension SentenceEncoder {
    /// Loads a folder as ``init(folder:runtime:weights:plansOnly:)`` does.
    ///
    /// - Parameters:
    ///   - folder: of sentence-transformers, or of transformers.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    /// - Throws: ``SentenceEncoderError``; its ``SentenceEncoderError/cancelled`` where the task was cancelled before
    ///   loading began.
    public static func load(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice()
    ) async throws(SentenceEncoderError) -> SentenceEncoder {
        let runtime = runtime ?? Runtime()
        return try await runtime.perform { (cancellation) throws(SentenceEncoderError) -> SentenceEncoder in
            guard !cancellation.isCancelled else { throw .cancelled }
            return try SentenceEncoder(folder: folder, runtime: runtime, weights: weights)
        }
    }

    /// One vector for each text.
    ///
    /// - Parameters:
    ///   - texts: of any number.
    ///   - prompt: the name of the prompt that goes before each text; `nil` takes the model's standard one, if any.
    ///   - truncates: whether texts of more than ``contextLength`` tokens are cut; an error otherwise.
    ///   - progress: is told after every few texts how many are done, of how many.
    /// - Returns: `[texts, embeddingWidth]`, of unit length where the model's modules say so.
    /// - Throws: ``SentenceEncoderError``; its ``SentenceEncoderError/cancelled`` where the task was cancelled.
    public func embed(
        _ texts: [String], prompt: String? = nil, truncates: Bool = false,
        progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) async throws(SentenceEncoderError) -> Tensor {
        guard head != nil else { throw .noPooling(folder: folder) }
        let parts = try await runtime.perform(
            on: texts, atATime: Self.textsOfATask, cancelled: SentenceEncoderError.cancelled, progress: progress
        ) { (part) throws(SentenceEncoderError) -> [Float] in
            try embed(part, prompt: prompt, truncates: truncates).floats
        }
        return Tensor(parts.flatMap(\.self), shape: Shape(texts.count, embeddingWidth))
    }

    /// Texts that are embedded before a task looks whether it was cancelled.
    private static let textsOfATask = 32
}
