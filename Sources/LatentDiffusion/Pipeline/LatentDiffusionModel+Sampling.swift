public import Diffusion
public import Randomness
public import TensorCore

extension LatentDiffusionModel {
    /// Samples latent pictures: the network's prediction and the scheduler's step in turn.
    ///
    /// Each picture draws from a generator of its own and is stepped by itself, so that it is the same picture, bit for
    /// bit, whichever others are sampled with it: the one that diffusers' pipeline gives for a generator of this seed
    /// and one picture at a time. The texts' keys and values are computed once; both halves of guided predictions are
    /// one batch.
    ///
    /// - Parameters:
    ///   - request: steps, scheduler, texts, guidance and what to start from.
    ///   - noise: a generator for each picture; there are as many pictures.
    ///   - progress: is told after every call of the network, of latent pictures; `false` stops.
    /// - Returns: `[pictures, latent channels, H, W]`: see ``pictures(of:tiling:)``.
    /// - Throws: ``LatentDiffusionError``; its ``LatentDiffusionError/stopped`` where `progress` said so.
    public func sampleLatents(
        _ request: LatentSamplingRequest, noise: [any NormalGenerator], progress: ((SamplingProgress) -> Bool)? = nil
    ) throws(LatentDiffusionError) -> Tensor {
        var run = try LatentSamplingRun(self, request, noise)
        // What other networks took is of other sizes.
        runtime.releaseMemory()
        let calls = run.indices
        for index in calls {
            let estimate = try run.step(index)
            guard let progress else { continue }
            let now = SamplingProgress(
                index: index - calls.lowerBound, total: calls.count, timestep: run.timesteps[index],
                sample: run.sample, estimate: Tensor(estimate, shape: run.shape))
            guard progress(now) else { throw .stopped }
        }
        runtime.releaseMemory()
        return run.sample
    }

    /// Samples pictures: latent pictures as ``sampleLatents(_:noise:progress:)``, decoded one by one.
    ///
    /// - Parameters:
    ///   - request: steps, scheduler, texts, guidance and what to start from.
    ///   - noise: a generator for each picture; there are as many pictures.
    ///   - tiling: how larger ones are decoded in parts; `nil` decodes them as a whole.
    ///   - progress: is told after every call of the network, of latent pictures; `false` stops.
    /// - Returns: `[pictures, channels, H, W]`, of values from about -1 to 1; `DiffusionModel.pixels(_:)` makes bytes
    ///   of them.
    /// - Throws: ``LatentDiffusionError``; its ``LatentDiffusionError/stopped`` where `progress` said so.
    public func sample(
        _ request: LatentSamplingRequest, noise: [any NormalGenerator], tiling: LatentTiling? = nil,
        progress: ((SamplingProgress) -> Bool)? = nil
    ) throws(LatentDiffusionError) -> Tensor {
        try pictures(of: sampleLatents(request, noise: noise, progress: progress), tiling: tiling)
    }
}
