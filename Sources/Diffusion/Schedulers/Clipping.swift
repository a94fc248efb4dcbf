/// What keeps the estimate of the finished sample within the range of pictures.
enum Clipping: Sendable {
    case none
    /// To a range on either side of zero.
    case range(Float)
    /// To the quantile `ratio` of an image's magnitudes, at least 1 and at most `most`, and divided by it (Saharia et
    /// al., "Photorealistic Text-to-Image Diffusion Models with Deep Language Understanding", 2022, section 2.3).
    case dynamic(ratio: Float, most: Float)

    /// Clips.
    ///
    /// - Parameters:
    ///   - sample: as many values for each of the images, one after the other.
    ///   - images: how many.
    func callAsFunction(_ sample: inout [Float], images: Int) {
        switch self {
        case .none: break
        case .range(let range): for index in sample.indices { sample[index] = min(max(sample[index], -range), range) }
        case .dynamic(let ratio, let most):
            let size = sample.count / images
            guard size > 0 else { return }
            for start in stride(from: 0, to: size * images, by: size) {
                let quantile = Self.quantile(ratio, of: sample[start..<start + size].map(\.magnitude))
                let bound = min(max(quantile, 1), most)
                for index in start..<start + size { sample[index] = min(max(sample[index], -bound), bound) / bound }
            }
        }
    }

    /// The quantile between the two nearest values, as `torch.quantile` finds it.
    private static func quantile(_ ratio: Float, of values: [Float]) -> Float {
        let sorted = values.sorted()
        let rank = ratio * Float(sorted.count - 1)
        let below = Int(rank)
        let weight = rank - Float(below)
        let (low, high) = (sorted[below], sorted[min(below + (weight > 0 ? 1 : 0), sorted.count - 1)])
        return weight < 0.5 ? low + weight * (high - low) : high - (high - low) * (1 - weight)
    }
}
