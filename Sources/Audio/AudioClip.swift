/// A sound held whole: samples of one channel.
public struct AudioClip: Sendable, Equatable {
    /// The samples; full scale is -1 to 1.
    public var samples: [Float]
    /// Samples a second.
    public var rate: Int

    /// A clip of given samples.
    public init(samples: [Float], rate: Int) {
        self.samples = samples
        self.rate = rate
    }

    /// Reads a whole file, as ``AudioReader`` does.
    ///
    /// Memory: four bytes a sample, 230 MB an hour at 16 kHz, at most twice that while it is read; ``AudioReader``
    /// needs none for the length.
    ///
    /// - Throws: ``AudioError``
    public init(
        path: String, rate: Int = 16_000, channel: ChannelChoice = .mean, limits: AudioLimits = .standard
    ) throws(AudioError) {
        let reader = try AudioReader(path: path, rate: rate, channel: channel, limits: limits)
        var samples: [Float] = []
        while true {
            let piece = try reader.read(65_536)
            if piece.isEmpty { break }
            samples += piece
        }
        self.init(samples: samples, rate: rate)
    }

    /// Seconds.
    public var duration: Double { Double(samples.count) / Double(max(rate, 1)) }
}
