/// What the bytes of a live input without a header mean.
///
/// Written as `ENCODING:RATE` or `ENCODING:RATE:CHANNELS`, such as `s16le:16000` or `f32le:48000:2`. The encodings are
/// `u8`, `s8`, `s16le`, `s16be`, `s24le`, `s24be`, `s32le`, `s32be`, `f32le`, `f32be`, `f64le`, `f64be`, `alaw` and
/// `mulaw`: unsigned and signed integers and floating point of so many bits, with the low or the high byte first. The
/// channels of a frame follow each other.
public struct PCMFormat: Sendable, Equatable {
    let encoding: SampleEncoding
    /// Frames a second.
    public let rate: Int
    /// Samples of a frame.
    public let channels: Int

    /// Bytes of a frame.
    var frameBytes: Int { encoding.width * channels }

    init(encoding: SampleEncoding, rate: Int, channels: Int) {
        self.encoding = encoding
        self.rate = rate
        self.channels = channels
    }

    /// Reads the text form. Rate and channels are held against ``AudioLimits`` where the format is used.
    ///
    /// - Throws: ``AudioError/argument(what:expected:found:)``
    public init(parsing text: String) throws(AudioError) {
        let parts = text.split(separator: ":", omittingEmptySubsequences: false).map(String.init)
        guard (2...3).contains(parts.count) else {
            throw Self.failure("ENCODING:RATE or ENCODING:RATE:CHANNELS, such as s16le:16000", text)
        }
        guard let encoding = SampleEncoding(rawValue: parts[0]) else {
            let names = SampleEncoding.allCases.map(\.rawValue).joined(separator: ", ")
            throw Self.failure("one of \(names) before the colon", text)
        }
        guard let rate = Self.number(parts[1]) else { throw Self.failure("a sampling rate in Hz", text) }
        guard let channels = parts.count == 3 ? Self.number(parts[2]) : 1 else {
            throw Self.failure("a number of channels", text)
        }
        self.init(encoding: encoding, rate: rate, channels: channels)
    }

    /// A positive decimal number of at most nine digits; `Int` alone would take signs.
    private static func number(_ text: String) -> Int? {
        guard (1...9).contains(text.utf8.count), text.utf8.allSatisfy({ (48...57).contains($0) }) else { return nil }
        return Int(text).flatMap { $0 > 0 ? $0 : nil }
    }

    private static func failure(_ expected: String, _ text: String) -> AudioError {
        .argument(what: "PCM format", expected: expected, found: "\"\(text)\"")
    }
}

extension PCMFormat: CustomStringConvertible {
    /// The text form.
    public var description: String { "\(encoding.rawValue):\(rate):\(channels)" }
}
