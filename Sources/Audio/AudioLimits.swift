/// What is read and what is refused. All of it is checked before memory is taken for it.
///
/// | | ``standard`` |
/// |---|---|
/// | file | 4 GiB, the largest that a WAV file can be; an hour of 44.1 kHz stereo in 16 bits has 635 MB |
/// | length | 4 hours of a file; a live input may last as long as it likes |
/// | channels | 1 to 32 |
/// | sampling rate | 1 kHz to 768 kHz |
/// | a sample's absolute value | 2³² (full scale of integers is 1) |
///
/// Beyond these, which can be changed, some bounds are fixed. Before its sound a WAV or AIFF file may have at most
/// 4,096 chunks, a live WAV input at most 64 MiB. The tables of ``Resampler`` hold at most 50 MB, those of a rate
/// pair such as 44.1 to 16 kHz 26 kB. An ``AudioReader`` holds blocks of 4,096 frames of its source, whatever the
/// sound's length; the decoders of FLAC, Ogg and MP3 take a few megabytes more.
///
/// A length that a header claims is never believed: of WAV and AIFF the bytes present are counted, of compressed
/// sound the frames decoded, and a header that promised more is an error. The exceptions are stated at
/// ``AudioReader``.
public struct AudioLimits: Sendable, Equatable {
    /// The largest file, in bytes.
    public var fileBytes: Int
    /// The longest file, in seconds.
    public var seconds: Double
    /// How many channels there may be.
    public var channels: ClosedRange<Int>
    /// Which sampling rates there may be, in frames a second.
    public var rates: ClosedRange<Int>
    /// The largest absolute value of a sample. What is beyond would overflow sums of squares in single precision.
    public var amplitude: Float

    /// Limits; the defaults are those of ``standard``.
    ///
    /// - Precondition: all are positive, `channels` ends at 1,024 or before, `rates` at ``Resampler/highestRate`` or
    ///   before, and `amplitude` is finite.
    public init(
        fileBytes: Int = 4 << 30, seconds: Double = 4 * 3600, channels: ClosedRange<Int> = 1...32,
        rates: ClosedRange<Int> = 1_000...768_000, amplitude: Float = 4_294_967_296
    ) {
        precondition(fileBytes > 0 && seconds > 0, "AudioLimits: out of range")
        precondition(channels.lowerBound >= 1 && channels.upperBound <= 1_024, "AudioLimits: channels out of range")
        precondition(
            rates.lowerBound >= 1 && rates.upperBound <= Resampler.highestRate, "AudioLimits: rates out of range")
        precondition(amplitude > 0 && amplitude.isFinite, "AudioLimits: amplitude out of range")
        self.fileBytes = fileBytes
        self.seconds = seconds
        self.channels = channels
        self.rates = rates
        self.amplitude = amplitude
    }

    /// The limits that hold where none are given.
    public static let standard = AudioLimits()

    /// Checks what a header says.
    func check(_ file: String, rate: Int, channels count: Int) throws(AudioError) {
        guard count >= 1, channels.contains(count) else {
            throw .limit(
                file: file, what: "channels", found: "\(count)",
                allowed: "\(channels.lowerBound) to \(channels.upperBound)")
        }
        guard rate >= 1, rates.contains(rate) else {
            throw .limit(
                file: file, what: "sampling rate", found: "\(rate) Hz",
                allowed: "\(rates.lowerBound) to \(rates.upperBound) Hz")
        }
    }

    /// Checks a length, as promised or as read so far.
    func check(_ file: String, frames: Int, rate: Int) throws(AudioError) {
        let length = Double(frames) / Double(rate)
        guard length <= seconds else {
            throw .limit(file: file, what: "length", found: "\(length) s", allowed: "at most \(seconds) s")
        }
    }
}
