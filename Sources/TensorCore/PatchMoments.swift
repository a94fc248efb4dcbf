/// Means and covariances of the samples that a convolution's windows meet, tap by tap: what the mean and the variance
/// of any weighted sum of them come to.
public struct PatchMoments: Sendable {
    /// By tap.
    let means: [Double]
    /// `[taps, taps]`, of the population.
    let covariances: [Double]

    /// The mean and the variance over all windows of w₀ x₀ + w₁ x₁ + …, with a weight for each tap: Σ wₖ E[xₖ] and
    /// wᵀ C w.
    public func ofSum<Weights: Collection>(_ weights: Weights) -> (mean: Double, variance: Double)
    where Weights.Element == Float {
        var (mean, variance, row) = (0.0, 0.0, 0)
        for (first, a) in weights.enumerated() {
            mean += Double(a) * means[first]
            for (second, b) in weights.enumerated() { variance += Double(a) * Double(b) * covariances[row + second] }
            row += means.count
        }
        return (mean, variance < 0 ? 0 : variance)  // what is no number stays
    }
}

extension Workspace {
    /// Windows whose sums are added up before they go to those of all.
    private static let windowsTogether = 4096

    /// Means and covariances of a signal's samples over the windows of a convolution, in double precision.
    ///
    /// - Parameters:
    ///   - x: `[T]` samples, of any shape.
    ///   - kernel: taps of a window.
    ///   - stride: samples from one window to the next.
    /// - Returns: those of (T - kernel) / stride + 1 windows; zeros where nothing is computed but costs.
    /// - Precondition: there is a window.
    public func patchMoments(_ x: Tensor, kernel: Int, stride: Int) -> PatchMoments {
        let windows = (x.count - kernel) / stride + 1
        precondition(kernel > 0 && stride > 0 && x.count >= kernel, "windows of \(kernel) over \(x.shape)")
        let chunks = (windows + Self.windowsTogether - 1) / Self.windowsTogether
        // Of each chunk the sums of the taps, and of the products of each with itself and those behind it.
        let width = kernel + kernel * kernel
        var partial = [Double](repeating: 0, count: chunks * width)
        partial.withUnsafeMutableBufferPointer { partial in
            nonisolated(unsafe) let sums = partial
            let floats = Self.windowsTogether * (stride + kernel * (kernel + 3) / 2)
            perform("moments", rows: chunks, floats: floats) { chunks in
                for chunk in chunks {
                    let first = chunk * Self.windowsTogether
                    let last = min(windows, first + Self.windowsTogether)
                    let own = UnsafeMutableBufferPointer(rebasing: sums[chunk * width..<(chunk + 1) * width])
                    for window in first..<last {
                        let samples = x.floatPointer + window * stride
                        for a in 0..<kernel {
                            let sample = Double(samples[a]), row = kernel + a * kernel
                            own[a] += sample
                            for b in a..<kernel { own[row + b] += sample * Double(samples[b]) }
                        }
                    }
                }
            }
        }
        var total = [Double](repeating: 0, count: width)
        for index in partial.indices { total[index % width] += partial[index] }
        let means = total[..<kernel].map { $0 / Double(windows) }
        var covariances = [Double](repeating: 0, count: kernel * kernel)
        for a in 0..<kernel {
            for b in a..<kernel {
                let value = total[kernel + a * kernel + b] / Double(windows) - means[a] * means[b]
                covariances[a * kernel + b] = value
                covariances[b * kernel + a] = value
            }
        }
        return PatchMoments(means: means, covariances: covariances)
    }
}
