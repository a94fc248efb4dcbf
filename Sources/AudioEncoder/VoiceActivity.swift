/// Where in a sound somebody may be speaking, judged by energy alone: the rule and its numbers.
///
/// The sound is cut into frames of 20 ms. A frame's level is its mean square about its own mean, in decibels relative
/// to full scale, so that a constant offset is silence. The noise floor at a frame is the lowest level of any five
/// consecutive frames between 10 s before it and 2 s after it, but not below -80 dB. A frame is loud where its level is
/// at least ``margin`` above the noise floor. Loud frames are speech where ``minimumSpeech`` of them follow each
/// other; shorter bursts are clicks.
///
/// What is not speech for at least ``minimumSilence`` is skipped, but for ``padding`` after the speech before it and
/// before the speech after it. So a pause between words is kept, and so are soft beginnings and ends of words. A sound
/// without any speech is skipped whole, however short.
///
/// As long as nothing in the sound stood out from the noise floor by 15 dB, nothing but what is below ``quietest`` is
/// skipped: steady sound may be a voice in noise, and to lose words is worse than to listen in vain.
public struct VoiceActivity: Sendable, Equatable {
    /// Decibels above the noise floor from which a frame is loud, at least 1.
    public var margin: Double = 8
    /// Decibels relative to full scale below which a frame is never loud, -100 to 0.
    public var quietest: Double = -72
    /// Seconds that loud frames last at least to be speech, 0 to 1.
    public var minimumSpeech: Double = 0.06
    /// Seconds without speech from which on something is skipped, 0.1 to 60.
    public var minimumSilence: Double = 1
    /// Seconds next to speech that are never skipped, at most half of ``minimumSilence``.
    public var padding: Double = 0.3

    /// The rule with the numbers above.
    public init() {}

    /// Seconds of a frame.
    static let frame = 0.02
    /// Frames whose mean is compared in search of the noise floor.
    static let smoothed = 5
    /// Frames before and after one that its noise floor is searched in.
    static let framesBefore = 500
    static let framesAfter = 100
    /// The lowest noise floor, in decibels relative to full scale: about that of 13-bit samples.
    static let lowestFloor = -80.0
    /// Decibels that something has to stand out from the noise floor before noise is skipped.
    static let range = 15.0

    /// Says what is wrong with the numbers.
    ///
    /// - Throws: ``AudioEncoderError/input(expected:found:)``.
    func check() throws(AudioEncoderError) {
        func require(_ value: Double, _ range: ClosedRange<Double>, _ name: String) throws(AudioEncoderError) {
            guard range.contains(value) else {
                throw .input(
                    expected: "a \(name) of voice activity from \(range.lowerBound) to \(range.upperBound)",
                    found: "\(value)")
            }
        }
        try require(margin, 1...60, "margin")
        try require(quietest, -100...0, "quietest level")
        try require(minimumSpeech, 0...1, "minimum of speech")
        try require(minimumSilence, 0.1...60, "minimum of silence")
        try require(padding, 0...minimumSilence / 2, "padding")
    }
}
