import LatentDiffusion

/// What latent pictures are made with, known before any weight is read.
protocol LatentPlan {
    /// The model's folder or file.
    var location: String { get }
    /// Of the pictures, in pixels.
    var size: (width: Int, height: Int) { get }
    /// Calls of the network for a picture.
    var calls: Int { get }
    /// How pictures are decoded where they do not fit as a whole.
    var standardTiling: LatentTiling { get }

    /// What a run would take.
    ///
    /// - Parameters:
    ///   - pictures: how many are made.
    ///   - tiling: how they are decoded in parts; `nil` decodes them as a whole.
    func cost(pictures: Int, tiling: LatentTiling?) throws(LatentDiffusionError) -> LatentSamplingCost
}

extension LatentPlan {
    /// How pictures are decoded: as a whole where that fits, else in parts where that takes less.
    ///
    /// - Parameters:
    ///   - pictures: how many are made.
    ///   - limit: bytes that weights and activations may take together; `nil` where nothing limits them.
    func tiling(pictures: Int, within limit: Int?) throws(LatentDiffusionError) -> LatentTiling? {
        guard let limit else { return nil }
        let whole = try cost(pictures: pictures, tiling: nil).peakBytes
        // Parts of a small picture, with what they see about them, take no less.
        guard whole > limit, try cost(pictures: pictures, tiling: standardTiling).peakBytes < whole else { return nil }
        return standardTiling
    }

    /// How pictures are decoded, as ``tiling(pictures:within:)`` says.
    ///
    /// - Throws: ``Failure`` where they would not fit in any way, `LatentDiffusionError`.
    func admittedTiling(pictures: Int, within limit: Int?) throws -> LatentTiling? {
        let tiling = try tiling(pictures: pictures, within: limit)
        let peak = try cost(pictures: pictures, tiling: tiling).peakBytes
        if let limit, peak > limit {
            throw Failure(
                "\(location): pictures of \(size.width)x\(size.height) need \(Format.bytes(peak)), and may take "
                    + "\(Format.bytes(limit)); make fewer or smaller ones, or allow more with --max-memory",
                .unavailable)
        }
        return tiling
    }
}
