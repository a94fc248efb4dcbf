/// How many channels become one.
public enum ChannelChoice: Sendable, Equatable {
    /// The mean of all: their sum in order, in single precision, divided by their number.
    case mean
    /// One of them; the first is 1.
    case channel(Int)
}

/// Frames of many channels to samples of one.
struct Downmix {
    let channels: Int
    let choice: ChannelChoice
    let amplitude: Float

    /// - Throws: ``AudioError/channel(file:asked:channels:)``
    init(_ choice: ChannelChoice, channels: Int, amplitude: Float, file: String) throws(AudioError) {
        if case .channel(let number) = choice, !(1...channels).contains(number) {
            throw .channel(file: file, asked: number, channels: channels)
        }
        self.channels = channels
        self.choice = choice
        self.amplitude = amplitude
    }

    /// Writes `frames` samples.
    ///
    /// - Returns: the first sample that is NaN or beyond `amplitude`, where there is one.
    func apply(
        _ frames: Int, from interleaved: UnsafePointer<Float>, to mono: UnsafeMutablePointer<Float>
    ) -> Int? {
        switch choice {
        case .channel(let number):
            let first = interleaved + (number - 1)
            for n in 0..<frames { mono[n] = first[n &* channels] }
        case .mean where channels == 1:
            mono.update(from: interleaved, count: frames)
        case .mean where channels == 2:
            for n in 0..<frames { mono[n] = (interleaved[2 &* n] + interleaved[2 &* n &+ 1]) * 0.5 }
        case .mean:
            let count = Float(channels)
            for n in 0..<frames {
                let frame = interleaved + n &* channels
                var sum = frame[0]
                for channel in 1..<channels { sum += frame[channel] }
                mono[n] = sum / count
            }
        }
        var sound: UInt32 = 1
        // A comparison with NaN is false.
        for n in 0..<frames { sound &= abs(mono[n]) <= amplitude ? 1 : 0 }
        guard sound == 0 else { return nil }
        return (0..<frames).first { !(abs(mono[$0]) <= amplitude) }
    }
}
