internal import Files

/// Sound as samples of one channel at one rate, read piece by piece: memory does not depend on the length.
///
/// WAV and AIFF (integers of 8 to 32 bits, floating point, A-law, mu-law) are read here; FLAC, Ogg Vorbis, Opus and
/// MP3 by libsndfile. The content decides, not the name. Everything else is refused by name, ADPCM and other rare
/// encodings of WAV and AIFF, FLAC of other than 8, 16 or 24 bits, and Ogg of several streams included.
///
/// Integers become fractions of full scale; the channels' mean, or one of them, is taken; then ``Resampler``
/// changes the rate. Silence, clipped sound and files of no frames are sound like any other. A sample that is NaN,
/// infinite or beyond ``AudioLimits/amplitude`` is an error that names its time.
///
/// Where a header and the file's bytes disagree: more promised than present is an error, with two exceptions. A WAV
/// `data` size that stands for "not known" (2 GiB less 64 KiB or more; or 0 in an unfinished header) means up to
/// the end; and the length of an MP3 is an estimate, but none of its frames may be missing. Bytes after the
/// promised ones are not looked at, nor is the part of a frame that may be left at the end.
///
/// Damage that a format lets one see is an error: FLAC's and Ogg's checksums, the chain of an MP3's frames. Inside
/// of MP3 frames, WAV and AIFF there are no checksums.
///
/// One thread at a time may use a reader; it keeps its file open as long as it lives.
public final class AudioReader {
    /// Frames that are decoded at a time.
    static let blockFrames = 4_096

    /// What messages call the sound: the path, or the name that was given.
    public let name: String
    /// Samples a second of what ``read(_:)`` gives.
    public let rate: Int
    /// Frames a second of the source.
    public let sourceRate: Int
    /// Channels of the source.
    public let channels: Int
    /// Frames of the source in all, as its header says; `nil` where that is not known.
    public let frames: Int?

    private let source: any FrameSource
    private let limits: AudioLimits
    private let isLive: Bool
    private let downmix: Downmix
    private var resampler: Resampler
    private let interleaved: UnsafeMutablePointer<Float>
    private let mono: UnsafeMutableBufferPointer<Float>
    /// Samples that are ready, from `taken` on.
    private var ready: [Float] = []
    private var taken = 0
    private var framesRead = 0
    private var isAtEnd = false
    private var failure: AudioError?

    /// Opens a file. Pipes and devices are refused:
    /// ``init(descriptor:name:pcm:rate:channel:limits:endsWhenInterrupted:)`` reads them.
    ///
    /// - Parameters:
    ///   - path: of a regular file.
    ///   - rate: samples a second that ``read(_:)`` gives, within `limits.rates`.
    ///   - channel: how the channels become one.
    ///   - limits: what is accepted.
    /// - Throws: ``AudioError``
    public convenience init(
        path: String, rate: Int = 16_000, channel: ChannelChoice = .mean, limits: AudioLimits = .standard
    ) throws(AudioError) {
        let file: RegularFile
        do { file = try RegularFile(path) } catch { throw .file(error) }
        guard file.size <= limits.fileBytes else {
            throw .file(
                FileError(
                    path: path, operation: "read",
                    reason: .tooLarge(bytes: file.size, limit: limits.fileBytes)))
        }
        let source = try Self.source(FileBytes(file), limits)
        try self.init(source, isLive: false, rate: rate, channel: channel, limits: limits)
    }

    /// Reads sound as it arrives at a descriptor, such as standard input. ``AudioLimits/fileBytes`` and
    /// ``AudioLimits/seconds`` do not hold for it.
    ///
    /// - Parameters:
    ///   - descriptor: stays open and its owner's.
    ///   - name: what messages call it.
    ///   - pcm: what the bytes mean; `nil` for a WAV stream, whose header says so.
    ///   - rate: samples a second that ``read(_:)`` gives, within `limits.rates`.
    ///   - channel: how the channels become one.
    ///   - limits: what is accepted.
    ///   - endsWhenInterrupted: asked when a signal has broken off the wait for bytes; where it says `true`, the sound
    ///     ends there.
    /// - Throws: ``AudioError``
    public convenience init(
        descriptor: Int32, name: String, pcm: PCMFormat?, rate: Int = 16_000, channel: ChannelChoice = .mean,
        limits: AudioLimits = .standard, endsWhenInterrupted: @escaping () -> Bool = { false }
    ) throws(AudioError) {
        let stream = DescriptorBytes(descriptor, name: name, endsWhenInterrupted: endsWhenInterrupted)
        let layout: PCMLayout
        if let pcm {
            try limits.check(name, rate: pcm.rate, channels: pcm.channels)
            layout = PCMLayout(format: pcm, byteCount: nil, type: "PCM")
        } else {
            let head = try stream.bytes(12)
            switch AudioFormat(head) {
            case .wav: layout = try WAVHeader.read(after: head, from: stream, limits: limits)
            case .unknown where head.isEmpty: throw .empty(file: name)
            case .unknown:
                throw .unsupported(
                    file: name, type: "this input", advice: "send WAV, or say what the samples are")
            default:
                throw .unsupported(
                    file: name, type: "this format as live input",
                    advice: "give the file by its path, or send WAV or bare samples")
            }
        }
        try self.init(
            PCMSource(stream, layout), isLive: true, rate: rate, channel: channel, limits: limits)
    }

    private init(
        _ source: any FrameSource, isLive: Bool, rate: Int, channel: ChannelChoice, limits: AudioLimits
    ) throws(AudioError) {
        guard limits.rates.contains(rate) else {
            throw .argument(
                what: "sampling rate", expected: "\(limits.rates.lowerBound) to \(limits.rates.upperBound) Hz",
                found: "\(rate)")
        }
        if let frames = source.frames, !isLive {
            try limits.check(source.name, frames: frames, rate: source.rate)
        }
        downmix = try Downmix(
            channel, channels: source.channels, amplitude: limits.amplitude, file: source.name)
        resampler = try Resampler(from: source.rate, to: rate)
        name = source.name
        self.rate = rate
        sourceRate = source.rate
        channels = source.channels
        frames = source.frames
        self.source = source
        self.limits = limits
        self.isLive = isLive
        interleaved = .allocate(capacity: Self.blockFrames * source.channels)
        mono = .allocate(capacity: Self.blockFrames)
    }

    deinit {
        interleaved.deallocate()
        mono.deallocate()
    }

    /// Seconds, as the header says; `nil` where that is not known.
    public var duration: Double? { frames.map { Double($0) / Double(sourceRate) } }

    /// The next samples: `count`, or fewer or none at the end only.
    ///
    /// A live input is waited for until there are so many. An error is given again by every later call.
    ///
    /// - Parameter count: samples at ``rate``; not positive gives none.
    /// - Throws: ``AudioError``
    public func read(_ count: Int) throws(AudioError) -> [Float] {
        if let failure { throw failure }
        while ready.count - taken < count, !isAtEnd {
            do throws(AudioError) {
                try readBlock()
            } catch {
                failure = error
                throw error
            }
        }
        let end = taken + min(max(count, 0), ready.count - taken)
        let samples = Array(ready[taken..<end])
        taken = end
        if taken == ready.count {
            ready.removeAll(keepingCapacity: true)
            taken = 0
        } else if taken >= 4 * Self.blockFrames {
            ready.removeSubrange(..<taken)
            taken = 0
        }
        return samples
    }

    /// Decodes, mixes and resamples one block.
    private func readBlock() throws(AudioError) {
        let count = try source.read(Self.blockFrames, into: interleaved)
        guard count > 0, let samples = mono.baseAddress else {
            resampler.finish(into: &ready)
            isAtEnd = true
            return
        }
        if let bad = downmix.apply(count, from: interleaved, to: samples) {
            let frame = framesRead + bad
            throw .sample(
                file: name, value: samples[bad], frame: frame, seconds: Double(frame) / Double(sourceRate))
        }
        framesRead += count
        if !isLive { try limits.check(name, frames: framesRead, rate: sourceRate) }
        resampler.process(UnsafeBufferPointer(rebasing: mono[..<count]), into: &ready)
    }

    /// The decoder for what a file is.
    private static func source(_ bytes: FileBytes, _ limits: AudioLimits) throws(AudioError) -> any FrameSource {
        let name = bytes.name
        if bytes.end == 0 { throw .empty(file: name) }
        var head = try bytes.bytes(AudioFormat.headBytes)
        var start = 0
        // Tags of ID3v2 stand before the format proper; several may follow each other.
        while head.count >= 10, head.has("ID3"), start < 16 << 20, head[6...9].allSatisfy({ $0 < 0x80 }) {
            let size = head[6...9].reduce(0) { $0 << 7 | Int($1) }
            start += 10 + size + (head[5] & 0x10 == 0 ? 0 : 10)
            guard start < bytes.end else {
                throw .malformed(file: name, type: "ID3", reason: "the tag reaches beyond the file's end")
            }
            bytes.position = start
            head = try bytes.bytes(AudioFormat.headBytes)
        }
        let format = AudioFormat(head)
        bytes.position = start
        switch format {
        case .wav where start == 0:
            bytes.position = 12
            return try PCMSource(bytes, try WAVHeader.read(after: head, from: bytes, limits: limits))
        case .aiff(let compressed) where start == 0:
            bytes.position = 12
            return try PCMSource(
                bytes, try AIFFHeader.read(from: bytes, compressed: compressed, limits: limits))
        case .flac:
            try FLACHeader.check(head, name, limits)
            return try SndFileSource(bytes, format, limits: limits)
        case .ogg:
            try OggPages.check(bytes)
            bytes.position = start
            return try SndFileSource(bytes, format, limits: limits)
        case .mp3:
            try MP3Frames.check(bytes)
            bytes.position = start
            return try SndFileSource(bytes, format, limits: limits)
        case .foreign(let type): throw .unsupported(file: name, type: type, advice: AudioFormat.advice)
        case .wav, .aiff, .unknown:
            throw .unsupported(
                file: name, type: "this file's type", advice: "it is not WAV, FLAC, Ogg, Opus, MP3 or AIFF sound")
        }
    }
}
