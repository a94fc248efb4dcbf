import Glibc
public import TensorCore

/// What an encoder says of latent pictures: a normal distribution for each value, diffusers'
/// `DiagonalGaussianDistribution`.
public struct LatentPosterior: Sendable {
    /// `[B, latent channels, H, W]`; not scaled.
    public let mean: Tensor
    /// The logarithm of the variance, -30 to 20, of the same shape.
    public let logVariance: Tensor

    private static let logVariances: ClosedRange<Float> = -30...20

    /// Splits an encoder's result.
    ///
    /// - Parameter moments: `[B, 2 latent channels, H, W]`.
    init(moments: Tensor) {
        let (batch, channels) = (moments.shape[0], moments.shape[1] / 2)
        let shape = Shape(batch, channels, moments.shape[2], moments.shape[3])
        let size = batch == 0 ? 0 : shape.elementCount / batch
        let values = moments.floats
        var (means, logs): ([Float], [Float]) = ([], [])
        for picture in 0..<batch {
            let start = 2 * picture * size
            means += values[start..<start + size]
            logs += values[start + size..<start + 2 * size].map {
                min(max($0, Self.logVariances.lowerBound), Self.logVariances.upperBound)
            }
        }
        mean = Tensor(means, shape: shape)
        logVariance = Tensor(logs, shape: shape)
    }

    private init(mean: Tensor, logVariance: Tensor) { (self.mean, self.logVariance) = (mean, logVariance) }

    /// Some of the pictures.
    ///
    /// - Parameter range: of the batch.
    /// - Precondition: the range lies within the batch.
    public func rows(_ range: Range<Int>) -> LatentPosterior {
        LatentPosterior(mean: mean.rows(range), logVariance: logVariance.rows(range))
    }

    /// A draw: mean + exp(logVariance / 2) * noise.
    ///
    /// - Parameter noise: standard normal values, as many as there are in ``mean``.
    /// - Precondition: there are as many.
    public func sample(_ noise: [Float]) -> Tensor {
        precondition(noise.count == mean.count, "\(noise.count) values of noise for \(mean.shape)")
        let (means, logs) = (mean.floats, logVariance.floats)
        return Tensor(noise.indices.map { means[$0] + expf(0.5 * logs[$0]) * noise[$0] }, shape: mean.shape)
    }
}
