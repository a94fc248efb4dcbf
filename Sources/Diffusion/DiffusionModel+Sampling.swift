public import Randomness
public import TensorCore

extension DiffusionModel {
    /// Samples pictures: the network's prediction and the scheduler's step in turn.
    ///
    /// Each picture draws from a generator of its own and is stepped by itself, so that it is the same picture, bit for
    /// bit, whichever others are sampled with it. Both halves of guided predictions are one batch.
    ///
    /// - Parameters:
    ///   - request: steps, scheduler, classes, guidance and what to start from.
    ///   - noise: a generator for each picture; there are as many pictures.
    ///   - progress: is told after every call of the network; `false` stops.
    /// - Returns: `[pictures, channels, H, W]`, of values from about -1 to 1: see ``pixels(_:)``.
    /// - Throws: ``DiffusionError``; its ``DiffusionError/stopped`` where `progress` said so.
    public func sample(
        _ request: SamplingRequest, noise: [any NormalGenerator], progress: ((SamplingProgress) -> Bool)? = nil
    ) throws(DiffusionError) -> Tensor {
        var run = try SamplingRun(self, request, noise)
        let calls = run.indices
        for index in calls {
            let estimate = try run.step(index)
            guard let progress else { continue }
            let now = SamplingProgress(
                index: index - calls.lowerBound, total: calls.count, timestep: run.timesteps[index],
                sample: run.sample, estimate: Tensor(estimate, shape: run.shape))
            guard progress(now) else { throw .stopped }
        }
        return run.sample
    }

    /// The bytes of pictures, as diffusers' pipelines and NumPy round them: x / 2 + 1/2, cut to 0...1, times 255, half
    /// to even.
    ///
    /// - Parameter sample: `[pictures, channels, H, W]`.
    /// - Returns: for each picture `height * width * channels` bytes, the channels of a pixel side by side.
    public static func pixels(_ sample: Tensor) -> [[UInt8]] {
        precondition(sample.shape.rank == 4, "pixels of \(sample.shape)")
        let (channels, area) = (sample.shape[1], sample.shape[2] * sample.shape[3])
        return sample.withFloats { values in
            (0..<sample.shape[0]).map { picture in
                var bytes = [UInt8](repeating: 0, count: channels * area)
                for channel in 0..<channels {
                    for pixel in 0..<area {
                        let value = values[(picture * channels + channel) * area + pixel]
                        let scaled = min(max(value / 2 + 0.5, 0), 1) * 255
                        bytes[pixel * channels + channel] = scaled.isNaN ? 0 : UInt8(scaled.rounded(.toNearestOrEven))
                    }
                }
                return bytes
            }
        }
    }
}
