/// The head of a RIFF/WAVE stream, up to its first sample.
///
/// Microsoft, "Multimedia Programming Interface and Data Specifications 1.0" and `mmreg.h`. Read in order, so that a
/// pipe will do; of other chunks nothing but the length is looked at, and nothing after the data. What is not believed:
/// the RIFF size (tools that cannot seek leave it wrong), the bytes a second, a `data` size that is no multiple of a
/// frame (the rest of a frame is left out).
///
/// A `data` size that tools write when they do not know it (2 GiB less 64 KiB or more; or 0 where the RIFF size reaches
/// no further than the head) means: up to the end.
struct WAVHeader {
    /// From here on a size is a placeholder. FFmpeg writes 2³²-1, SoX and eSpeak about 2³¹.
    static let unknownSize = 0x7FFF_0000
    /// The most chunks before the data.
    static let chunkLimit = 4_096
    /// The most bytes that are skipped before the data where the length of the input is not known.
    static let skipLimit = 64 << 20

    private let stream: any ByteStream
    private let limits: AudioLimits
    private var name: String { stream.name }

    /// Reads on after the twelve bytes `RIFF`, size, `WAVE`, which are `start`.
    static func read(
        after start: [UInt8], from stream: any ByteStream, limits: AudioLimits
    ) throws(AudioError) -> PCMLayout {
        try WAVHeader(stream: stream, limits: limits).layout(riffSize: start.little32(4))
    }

    private func layout(riffSize: Int) throws(AudioError) -> PCMLayout {
        var format: PCMFormat?
        var skipped = 12
        for _ in 0..<Self.chunkLimit {
            let head = try stream.bytes(8)
            guard head.count == 8 else { throw malformed("it ends before its data chunk") }
            let size = head.little32(4)
            skipped += 8
            switch head.code(0) {
            case "fmt ":
                guard format == nil else { throw malformed("two fmt chunks") }
                guard (16...4_096).contains(size) else {
                    throw malformed("a fmt chunk of \(size) bytes, expected 16 or more")
                }
                let fields = try stream.bytes(size + size % 2)
                guard fields.count >= size else { throw malformed("it ends in its fmt chunk") }
                format = try parse(fields, size: size)
                skipped += fields.count
            case "data":
                guard let format else { throw malformed("its data chunk comes before its fmt chunk") }
                let endless = size >= Self.unknownSize || (size == 0 && riffSize + 8 <= skipped)
                return PCMLayout(
                    format: format, byteCount: endless ? nil : size - size % format.frameBytes, type: "WAV")
            default:
                let padded = size + size % 2
                skipped += padded
                if stream.remaining == nil, skipped > Self.skipLimit {
                    throw .limit(
                        file: name, what: "bytes before the sound", found: "\(skipped)",
                        allowed: "at most \(Self.skipLimit)")
                }
                guard try stream.skip(padded) else {
                    throw malformed("its chunk \"\(head.code(0))\" of \(size) bytes reaches beyond the end")
                }
            }
        }
        throw .limit(
            file: name, what: "chunks before the sound", found: "more", allowed: "at most \(Self.chunkLimit)")
    }

    /// WAVEFORMAT, WAVEFORMATEX or WAVEFORMATEXTENSIBLE.
    private func parse(_ fields: [UInt8], size: Int) throws(AudioError) -> PCMFormat {
        var tag = fields.little16(0)
        let channels = fields.little16(2)
        let rate = fields.little32(4)
        let block = fields.little16(12)
        let bits = fields.little16(14)
        if tag == 0xFFFE {
            guard size >= 40, fields.little16(16) >= 22 else {
                throw malformed("an extensible fmt chunk of \(size) bytes, expected 40")
            }
            guard fields[26..<40].elementsEqual(Self.extensibleSuffix) else {
                throw unsupported("an extensible WAV of an unknown subformat")
            }
            guard fields.little16(18) <= bits else {
                throw malformed("\(fields.little16(18)) valid bits of \(bits)")
            }
            tag = fields.little16(24)
        }
        try limits.check(name, rate: rate, channels: channels)
        let encoding: SampleEncoding
        switch (tag, bits) {
        case (1, 8): encoding = .u8
        case (1, 16): encoding = .s16le
        case (1, 24): encoding = .s24le
        case (1, 32): encoding = .s32le
        case (3, 32): encoding = .f32le
        case (3, 64): encoding = .f64le
        case (6, 8): encoding = .alaw
        case (7, 8): encoding = .mulaw
        default: throw unsupported("WAV with \(Self.codec(tag)) of \(bits) bits")
        }
        let format = PCMFormat(encoding: encoding, rate: rate, channels: channels)
        guard block == format.frameBytes else {
            throw malformed(
                "\(block) bytes a frame, expected \(format.frameBytes) (\(channels) channels, \(bits) bits)")
        }
        return format
    }

    /// The last fourteen bytes of the identifiers of subformats that are format tags.
    private static let extensibleSuffix: [UInt8] = [
        0x00, 0x00, 0x00, 0x00, 0x10, 0x00, 0x80, 0x00, 0x00, 0xAA, 0x00, 0x38, 0x9B, 0x71,
    ]

    private static func codec(_ tag: Int) -> String {
        switch tag {
        case 1: "integers"
        case 2, 0x11: "ADPCM"
        case 3: "floating point"
        case 6: "A-law"
        case 7: "mu-law"
        case 0x31: "GSM 6.10"
        case 0x50, 0x55: "MPEG audio"
        default: "codec \(tag)"
        }
    }

    private func malformed(_ reason: String) -> AudioError { .malformed(file: name, type: "WAV", reason: reason) }

    private func unsupported(_ type: String) -> AudioError {
        .unsupported(file: name, type: type, advice: AudioFormat.advice)
    }
}
