public import Diffusion
public import Randomness
public import TensorCore

/// Calls for tasks: the same results, bit for bit, computed on a thread of the runtime's own rather than on the
/// cooperative pool. A cancelled task stops before the next call of the network.
extension LatentDiffusionModel {
    /// Loads a folder as ``init(folder:runtime:plansOnly:)`` does.
    ///
    /// - Parameters:
    ///   - folder: a pipeline's.
    ///   - runtime: where to compute; made with default settings where left out.
    /// - Throws: ``LatentDiffusionError``; its ``LatentDiffusionError/cancelled`` where the task was cancelled before
    ///   loading began.
    public static func load(
        folder: String, runtime: Runtime? = nil
    ) async throws(LatentDiffusionError) -> LatentDiffusionModel {
        let runtime = runtime ?? Runtime()
        return try await runtime.perform { (cancellation) throws(LatentDiffusionError) -> LatentDiffusionModel in
            guard !cancellation.isCancelled else { throw .cancelled }
            return try LatentDiffusionModel(folder: folder, runtime: runtime)
        }
    }

    /// Samples pictures as the function that does not wait does.
    ///
    /// - Parameters:
    ///   - request: steps, scheduler, texts, guidance and what to start from.
    ///   - noise: a generator for each picture.
    ///   - tiling: how larger ones are decoded in parts; `nil` decodes them as a whole.
    ///   - progress: is told after every call of the network; `false` stops.
    /// - Returns: `[pictures, channels, H, W]`.
    /// - Throws: ``LatentDiffusionError``; its ``LatentDiffusionError/cancelled`` where the task was cancelled.
    public func sample(
        _ request: LatentSamplingRequest, noise: [any NormalGenerator], tiling: LatentTiling? = nil,
        progress: (@Sendable (SamplingProgress) -> Bool)? = nil
    ) async throws(LatentDiffusionError) -> Tensor {
        try await runtime.perform { (cancellation) throws(LatentDiffusionError) -> Tensor in
            guard !cancellation.isCancelled else { throw .cancelled }
            do throws(LatentDiffusionError) {
                return try self.sample(request, noise: noise, tiling: tiling) { now in
                    (progress?(now) ?? true) && !cancellation.isCancelled
                }
            } catch {
                if case .stopped = error, cancellation.isCancelled { throw .cancelled }
                throw error
            }
        }
    }
}
