public import Checkpoints
public import TensorCore

/// Calls for tasks: the same results, bit for bit, computed on a thread of the runtime's own rather than on the
/// cooperative pool. Clips are taken one by one, tasks that share a model take turns, and a cancelled task stops before
/// the next clip.
extension AudioEncoder {
    /// Loads a folder as ``init(folder:runtime:weights:language:plansOnly:)`` does.
    ///
    /// - Parameters:
    ///   - folder: of transformers.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    ///   - language: the language of MMS's models.
    /// - Throws: ``AudioEncoderError``; its ``AudioEncoderError/cancelled`` where the task was cancelled before loading
    ///   began.
    public static func load(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice(), language: String? = nil
    ) async throws(AudioEncoderError) -> AudioEncoder {
        let runtime = runtime ?? Runtime()
        return try await runtime.perform { (cancellation) throws(AudioEncoderError) -> AudioEncoder in
            guard !cancellation.isCancelled else { throw .cancelled }
            return try AudioEncoder(folder: folder, runtime: runtime, weights: weights, language: language)
        }
    }

    /// Clips' embeddings.
    ///
    /// - Parameters:
    ///   - clips: of any number, each one channel at ``samplingRate``.
    ///   - layer: as of ``hiddenStates(_:attentionMask:layer:)``.
    ///   - progress: is told after every clip how many are done, of how many.
    /// - Returns: one embedding a clip.
    /// - Throws: ``AudioEncoderError``; its ``AudioEncoderError/cancelled`` where the task was cancelled.
    public func embed(
        _ clips: [[Float]], layer: Int? = nil, progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) async throws(AudioEncoderError) -> [[Float]] {
        try await runtime.perform(
            on: clips, atATime: 1, cancelled: AudioEncoderError.cancelled, progress: progress
        ) { (part) throws(AudioEncoderError) -> [[Float]] in
            var results: [[Float]] = []
            for clip in part { results.append(try embed(clip, layer: layer)) }
            return results
        }.flatMap(\.self)
    }

    /// The labels of clips, best first; of equal ones the lower number first.
    ///
    /// - Parameters:
    ///   - clips: of any number, each one channel at ``samplingRate``.
    ///   - progress: is told after every clip how many are done, of how many.
    /// - Returns: all labels for each clip.
    /// - Throws: ``AudioEncoderError``; its ``AudioEncoderError/cancelled`` where the task was cancelled.
    public func classify(
        _ clips: [[Float]], progress: (@Sendable (_ done: Int, _ total: Int) -> Void)? = nil
    ) async throws(AudioEncoderError) -> [[Prediction]] {
        try await runtime.perform(
            on: clips, atATime: 1, cancelled: AudioEncoderError.cancelled, progress: progress
        ) { (part) throws(AudioEncoderError) -> [[Prediction]] in
            var results: [[Prediction]] = []
            for clip in part { results.append(try classify(clip)) }
            return results
        }.flatMap(\.self)
    }
}
