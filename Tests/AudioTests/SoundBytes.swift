/// Builders of sound files, sound ones and hostile ones.
enum SoundBytes {
    static func little(_ value: Int, _ width: Int = 4) -> [UInt8] {
        (0..<width).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func big(_ value: Int, _ width: Int = 4) -> [UInt8] { little(value, width).reversed() }

    static func chunk(_ name: String, _ data: [UInt8] = [], size: Int? = nil) -> [UInt8] {
        Array(name.utf8) + little(size ?? data.count) + data + [UInt8](repeating: 0, count: data.count % 2)
    }

    /// A fmt chunk of sixteen bytes.
    static func format(
        tag: Int = 1, channels: Int = 1, rate: Int = 16_000, bits: Int = 16, block: Int? = nil, byteRate: Int? = nil
    ) -> [UInt8] {
        let block = block ?? channels * bits / 8
        return chunk(
            "fmt ",
            little(tag, 2) + little(channels, 2) + little(rate) + little(byteRate ?? rate * block) + little(block, 2)
                + little(bits, 2))
    }

    static func riff(_ chunks: [UInt8]..., size: Int? = nil) -> [UInt8] {
        let body = Array(chunks.joined())
        return Array("RIFF".utf8) + little(size ?? body.count + 4) + Array("WAVE".utf8) + body
    }

    /// 16-bit samples.
    static func int16(_ samples: [Int]) -> [UInt8] { samples.flatMap { little($0, 2) } }

    static func float32(_ samples: [Float]) -> [UInt8] { samples.flatMap { little(Int($0.bitPattern)) } }

    /// A WAV file of single-precision samples.
    static func floatWAV(_ samples: [Float], channels: Int = 1, rate: Int = 16_000) -> [UInt8] {
        riff(format(tag: 3, channels: channels, rate: rate, bits: 32), chunk("data", float32(samples)))
    }

    /// An AIFF chunk.
    static func bigChunk(_ name: String, _ data: [UInt8], size: Int? = nil) -> [UInt8] {
        Array(name.utf8) + big(size ?? data.count) + data + [UInt8](repeating: 0, count: data.count % 2)
    }

    static func aiff(_ chunks: [UInt8]..., kind: String = "AIFF") -> [UInt8] {
        let body = Array(chunks.joined())
        return Array("FORM".utf8) + big(body.count + 4) + Array(kind.utf8) + body
    }

    /// A COMM chunk at 16 kHz, or with an exponent of the caller's choice.
    static func common(
        channels: Int = 1, frames: Int, bits: Int = 16, exponent: Int = 16_396, compression: String? = nil
    ) -> [UInt8] {
        let fields = big(channels, 2) + big(frames) + big(bits, 2) + big(exponent, 2) + big(16_000 << 18) + big(0)
        return bigChunk("COMM", fields + (compression.map { Array($0.utf8) + [0, 0] } ?? []))
    }

    static func sound(_ data: [UInt8]) -> [UInt8] { bigChunk("SSND", big(0) + big(0) + data) }
}
