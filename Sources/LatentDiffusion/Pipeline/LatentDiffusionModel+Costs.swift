public import TensorCore

/// What a sampling run would cost, found without running it.
public struct LatentSamplingCost: Sendable {
    /// Encoding the texts; `nil` where there are none.
    public let text: Workspace.Account?
    /// Encoding the picture that is changed; `nil` where there is none.
    public let encoding: Workspace.Account?
    /// A call of the network for all pictures, keys and values of the texts included.
    public let step: Workspace.Account
    /// Decoding a picture.
    public let decoding: Workspace.Account
    /// Bytes of the packed weights.
    public let weightBytes: Int
    /// Bytes of texts, latents and pictures that are held beside them.
    public let heldBytes: Int

    /// Bytes that are held at the fullest moment: one of the stages beside all weights.
    public var peakBytes: Int {
        let stages = [text, encoding, step, decoding].compactMap(\.self).map { $0.activationBytes + $0.scratchBytes }
        return weightBytes + heldBytes + (stages.max() ?? 0)
    }
}

extension LatentDiffusionModel {
    /// The most pictures that are sampled at once.
    static let mostPictures = 1024

    /// Counts what a sampling run would cost; a model loaded with `plansOnly` will do.
    ///
    /// - Parameters:
    ///   - pictures: how many.
    ///   - height: of the pictures, in pixels.
    ///   - width: of the pictures, in pixels.
    ///   - tokens: of a text; the context's length where left out.
    ///   - isGuided: whether the network is called twice for each picture.
    ///   - changesPictures: whether it starts from pictures.
    ///   - tiling: how pictures are decoded in parts; `nil` decodes them as a whole.
    /// - Throws: ``LatentDiffusionError/input(expected:found:)`` for sizes that cannot be.
    public func plan(
        pictures: Int, height: Int, width: Int, tokens: Int? = nil, isGuided: Bool = true,
        changesPictures: Bool = false, tiling: LatentTiling? = nil
    ) throws(LatentDiffusionError) -> LatentSamplingCost {
        guard (0...Self.mostPictures).contains(pictures) else {
            throw .input(expected: "at most \(Self.mostPictures) pictures", found: "\(pictures)")
        }
        let (factor, channels) = (autoencoder.configuration.factor, autoencoder.configuration.latentChannels)
        let (tall, wide) = try LatentStart.latentSize(height, width, factor)
        let batch = isGuided ? 2 * pictures : pictures
        let tokens = tokens ?? textEncoder.contextLength
        let step = try unet.plan(batch: batch, height: tall, width: wide, tokens: tokens)
        let picture = height * width * autoencoder.configuration.outputChannels
        // The sample, its copies for scheduler and network, and the predictions; then the pictures.
        let latents = 8 * batch * channels * tall * wide
        let texts = 2 * batch * tokens * unet.configuration.textWidth
        return LatentSamplingCost(
            text: try textEncoder.plan(texts: isGuided ? 2 : 1),
            encoding: changesPictures ? try autoencoder.planEncoding(height: height, width: width) : nil, step: step,
            decoding: try autoencoder.planDecoding(height: tall, width: wide, tiling: tiling),
            weightBytes: weightBytes, heldBytes: 4 * (latents + texts + pictures * picture))
    }
}
