/// How samples become frames.
extension AudioEncoder {
    /// Samples from one frame's first to the next one's: the product of the strides.
    public var samplesPerFrame: Int { configuration.samplesPerFrame }

    /// Samples that it takes to make one frame; what is shorter gives none and is an error.
    public var minimumSamples: Int { configuration.minimumSamples }

    /// Samples of the longest clip that one pass takes, at least ``minimumSamples``: no activation of it is larger
    /// than 4 GiB. Of the usual models the first layer's frames are the largest, and the clip is one of 655 seconds.
    public var maximumSamples: Int { configuration.maximumSamples(headWidth: logitLayers?.frameWidth ?? 0) }

    /// Frames that a clip of so many samples gives; none for fewer than ``minimumSamples``.
    public func frames(samples: Int) -> Int { samples < 0 ? 0 : configuration.frames(samples: samples) }
}
