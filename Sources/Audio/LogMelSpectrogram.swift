internal import Glibc

/// How loud which pitches are over time, for pictures: log10 of the power in triangular bands of the mel scale.
///
/// As torchaudio's `MelSpectrogram(sample_rate, n_fft, win_length, hop_length, n_mels)` with its other defaults
/// (periodic Hann window, centred frames, reflected ends, power 2, HTK's mel scale, no band normalisation), then
/// `log10(max(x, 1e-10))`, within 10⁻³ where the power is above 10⁻⁶.
public struct LogMelSpectrogram: Sendable {
    /// The values of a sound, band 0 the lowest.
    public struct Frames: Sendable, Equatable {
        /// Moments, a hop apart; the first is in the middle of the sound's first sample.
        public let count: Int
        /// Values of a moment.
        public let bands: Int
        /// log10 of power, `count` rows of `bands`; from -10 on.
        public let values: [Float]
    }

    /// Samples a second.
    public let rate: Int
    /// Bands of a frame.
    public let bands: Int
    /// Samples from one frame to the next.
    public let hop: Int
    private let transform: FourierTransform
    /// The Hann window in the middle of the transform's length.
    private let window: [Float]
    private let filters: [Filter]

    /// A triangle over neighbouring frequencies.
    private struct Filter {
        var first: Int
        var weights: [Float]
    }

    /// - Parameters:
    ///   - rate: samples a second, from 1,000 on.
    ///   - bands: how many, from 1 to 512.
    ///   - hop: samples between frames; `nil` is 10 ms. Windows are of 25 ms in a transform of the next power of two.
    /// - Throws: ``AudioError/argument(what:expected:found:)``
    public init(rate: Int = 16_000, bands: Int = 80, hop: Int? = nil) throws(AudioError) {
        guard (1_000...Resampler.highestRate).contains(rate) else {
            throw .argument(
                what: "sampling rate", expected: "1000 to \(Resampler.highestRate) Hz", found: "\(rate)")
        }
        guard (1...512).contains(bands) else {
            throw .argument(what: "bands", expected: "1 to 512", found: "\(bands)")
        }
        let hop = hop ?? rate / 100
        guard hop >= 1 else { throw .argument(what: "hop", expected: "1 or more", found: "\(hop)") }
        let length = rate / 40
        var size = 1
        while size < length { size *= 2 }
        self.rate = rate
        self.bands = bands
        self.hop = hop
        transform = FourierTransform(size)
        let margin = (size - length) / 2
        window = (0..<size).map { index in
            let n = index - margin
            guard (0..<length).contains(n) else { return 0 }
            return Float(0.5 - 0.5 * cos(2 * Double.pi * Double(n) / Double(length)))
        }
        filters = Self.filters(rate: rate, bands: bands, size: size)
    }

    /// The spectrogram of a sound: a frame every hop from its first sample on, `1 + samples / hop` of them; none of no
    /// samples. Before and after the sound its mirror image is heard, silence where it is too short for that.
    public func callAsFunction(_ samples: [Float]) -> Frames {
        guard !samples.isEmpty else { return Frames(count: 0, bands: bands, values: []) }
        let count = 1 + samples.count / hop
        let size = transform.count
        var values = [Float](repeating: -10, count: count * bands)
        var work = [Float](repeating: 0, count: 3 * size)
        values.withUnsafeMutableBufferPointer { values in
            work.withUnsafeMutableBufferPointer { work in
                let real = UnsafeMutableBufferPointer(rebasing: work[..<size])
                let imaginary = UnsafeMutableBufferPointer(rebasing: work[size..<2 * size])
                let power = UnsafeMutableBufferPointer(rebasing: work[(2 * size)...])
                for frame in 0..<count {
                    let start = frame * hop - size / 2
                    for n in 0..<size { real[n] = Self.sample(samples, start + n) * window[n] }
                    transform.power(real, imaginary, to: power)
                    for band in 0..<bands {
                        var sum: Float = 0
                        for (k, weight) in filters[band].weights.enumerated() {
                            sum += weight * power[filters[band].first + k]
                        }
                        values[frame * bands + band] = log10(max(sum, 1e-10))
                    }
                }
            }
        }
        return Frames(count: count, bands: bands, values: values)
    }

    @inline(__always)
    private static func sample(_ samples: [Float], _ index: Int) -> Float {
        let last = samples.count - 1
        let mirrored = index < 0 ? -index : index > last ? 2 * last - index : index
        return mirrored >= 0 && mirrored <= last ? samples[mirrored] : 0
    }

    /// HTK's scale: mel = 2595 log10(1 + f / 700).
    private static func filters(rate: Int, bands: Int, size: Int) -> [Filter] {
        let highest = 2_595 * log10(1 + Double(rate / 2) / 700)
        let edges = (0...bands + 1).map { index in
            700 * (pow(10, highest * Double(index) / Double(bands + 1) / 2_595) - 1)
        }
        let spacing = Double(rate / 2) / Double(size / 2)
        return (0..<bands).map { band in
            let (low, middle, high) = (edges[band], edges[band + 1], edges[band + 2])
            let weights = (0...size / 2).map { k in
                let frequency = Double(k) * spacing
                return Float(max(0, min((frequency - low) / (middle - low), (high - frequency) / (high - middle))))
            }
            let first = weights.firstIndex { $0 > 0 } ?? 0
            let last = weights.lastIndex { $0 > 0 } ?? 0
            return Filter(first: first, weights: Array(weights[first...last]))
        }
    }
}
