public import Checkpoints
public import Randomness
public import TensorCore

/// Calls for tasks: the same results, bit for bit, computed on a thread of the runtime's own rather than on the
/// cooperative pool. A cancelled task stops before the next call of the network.
extension DiffusionModel {
    /// Loads a folder as ``init(folder:runtime:weights:plansOnly:)`` does.
    ///
    /// - Parameters:
    ///   - folder: a pipeline's, or that of a network alone.
    ///   - runtime: where to compute; made with default settings where left out.
    ///   - weights: which of the folder's weights are read; what it has as it was trained where left out.
    /// - Throws: ``DiffusionError``; its ``DiffusionError/cancelled`` where the task was cancelled before loading
    ///   began.
    public static func load(
        folder: String, runtime: Runtime? = nil, weights: WeightChoice = WeightChoice()
    ) async throws(DiffusionError) -> DiffusionModel {
        let runtime = runtime ?? Runtime()
        return try await runtime.perform { (cancellation) throws(DiffusionError) -> DiffusionModel in
            guard !cancellation.isCancelled else { throw .cancelled }
            return try DiffusionModel(folder: folder, runtime: runtime, weights: weights)
        }
    }

    /// Samples pictures as the function that does not wait does.
    ///
    /// - Parameters:
    ///   - request: steps, scheduler, classes, guidance and what to start from.
    ///   - noise: a generator for each picture.
    ///   - progress: is told after every call of the network; `false` stops.
    /// - Returns: `[pictures, channels, H, W]`.
    /// - Throws: ``DiffusionError``; its ``DiffusionError/cancelled`` where the task was cancelled.
    public func sample(
        _ request: SamplingRequest, noise: [any NormalGenerator],
        progress: (@Sendable (SamplingProgress) -> Bool)? = nil
    ) async throws(DiffusionError) -> Tensor {
        try await runtime.perform { (cancellation) throws(DiffusionError) -> Tensor in
            guard !cancellation.isCancelled else { throw .cancelled }
            do throws(DiffusionError) {
                return try self.sample(request, noise: noise) { now in
                    (progress?(now) ?? true) && !cancellation.isCancelled
                }
            } catch {
                if case .stopped = error, cancellation.isCancelled { throw .cancelled }
                throw error
            }
        }
    }
}
