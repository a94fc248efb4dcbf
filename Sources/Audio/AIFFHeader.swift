/// The head of an AIFF or AIFF-C file.
///
/// Apple, "Audio Interchange File Format 1.3" and "AIFF-C". The sound may come before its description, so a file is
/// needed. Of other chunks nothing but the length is looked at.
struct AIFFHeader {
    private let stream: FileBytes
    private let limits: AudioLimits
    private var name: String { stream.name }

    /// Reads on after the twelve bytes `FORM`, size, `AIFF` or `AIFC`; `compressed` says which.
    static func read(
        from stream: FileBytes, compressed: Bool, limits: AudioLimits
    ) throws(AudioError) -> PCMLayout {
        try AIFFHeader(stream: stream, limits: limits).layout(compressed)
    }

    private struct Description {
        var format: PCMFormat
        var frames: Int
    }

    private struct Sound {
        var position: Int
        var byteCount: Int
    }

    private func layout(_ compressed: Bool) throws(AudioError) -> PCMLayout {
        var description: Description?
        var sound: Sound?
        for _ in 0..<WAVHeader.chunkLimit {
            if let description, let sound { return try layout(description, sound) }
            let head = try stream.bytes(8)
            guard head.count == 8 else {
                // A file without sound needs no sound chunk.
                if let description, description.frames == 0 { return layout(description, byteCount: 0) }
                throw malformed("it has no \(description == nil ? "COMM" : "SSND") chunk")
            }
            let size = head.big32(4)
            let start = stream.position
            switch head.code(0) {
            case "COMM":
                guard description == nil else { throw malformed("two COMM chunks") }
                let needed = compressed ? 22 : 18
                guard (needed...4_096).contains(size) else {
                    throw malformed("a COMM chunk of \(size) bytes, expected \(needed) or more")
                }
                let fields = try stream.bytes(size)
                guard fields.count == size else { throw malformed("it ends in its COMM chunk") }
                description = try parse(fields, compressed)
            case "SSND":
                guard sound == nil else { throw malformed("two SSND chunks") }
                let fields = try stream.bytes(8)
                guard fields.count == 8, size >= 8 + fields.big32(0) else {
                    throw malformed("an SSND chunk of \(size) bytes")
                }
                sound = Sound(
                    position: start + 8 + fields.big32(0), byteCount: size - 8 - fields.big32(0))
            default: break
            }
            stream.position = start
            // Sound that reaches beyond the end is told of with its figures; a last pad byte may be missing.
            if !stream.skip(size), sound == nil {
                throw malformed("its chunk \"\(head.code(0))\" of \(size) bytes reaches beyond the end")
            }
            _ = stream.skip(size % 2)
        }
        throw .limit(
            file: name, what: "chunks before the sound", found: "more",
            allowed: "at most \(WAVHeader.chunkLimit)")
    }

    private func layout(_ description: Description, _ sound: Sound) throws(AudioError) -> PCMLayout {
        // 2³² frames of 32 channels of 8 bytes are below 2⁴⁰.
        let bytes = description.frames * description.format.frameBytes
        guard bytes <= sound.byteCount else {
            throw .truncated(
                file: name, type: "AIFF", promised: bytes, found: sound.byteCount, unit: "bytes of sound")
        }
        stream.position = sound.position
        return layout(description, byteCount: bytes)
    }

    private func layout(_ description: Description, byteCount: Int) -> PCMLayout {
        PCMLayout(format: description.format, byteCount: byteCount, type: "AIFF")
    }

    private func parse(_ fields: [UInt8], _ compressed: Bool) throws(AudioError) -> Description {
        let channels = fields.big16(0)
        let bits = fields.big16(6)
        let compression = compressed ? fields.code(18) : "NONE"
        let rate = Self.extended(fields, at: 8)
        try limits.check(name, rate: rate, channels: channels)
        let encoding: SampleEncoding
        switch (compression, bits) {
        case ("NONE", 8), ("twos", 8), ("sowt", 8): encoding = .s8
        case ("NONE", 16), ("twos", 16): encoding = .s16be
        case ("NONE", 24), ("twos", 24), ("in24", _): encoding = .s24be
        case ("NONE", 32), ("twos", 32), ("in32", _): encoding = .s32be
        case ("sowt", 16): encoding = .s16le
        case ("sowt", 24): encoding = .s24le
        case ("sowt", 32): encoding = .s32le
        case ("raw ", 8): encoding = .u8
        case ("fl32", _), ("FL32", _): encoding = .f32be
        case ("fl64", _), ("FL64", _): encoding = .f64be
        case ("alaw", _), ("ALAW", _): encoding = .alaw
        case ("ulaw", _), ("ULAW", _): encoding = .mulaw
        default:
            throw .unsupported(
                file: name, type: "AIFF with \"\(compression)\" of \(bits) bits", advice: AudioFormat.advice)
        }
        return Description(
            format: PCMFormat(encoding: encoding, rate: rate, channels: channels), frames: fields.big32(2))
    }

    /// The whole part of an 80-bit floating-point number; 0 for what is no rate (negative, below 1, beyond 2³²).
    private static func extended(_ fields: [UInt8], at: Int) -> Int {
        let exponent = fields.big16(at) - 16_383
        guard (0..<32).contains(exponent) else { return 0 }
        // The upper half of the mantissa has all digits before the point.
        return fields.big32(at + 2) >> (31 - exponent)
    }

    private func malformed(_ reason: String) -> AudioError { .malformed(file: name, type: "AIFF", reason: reason) }
}
