import Audio
import Glibc
import TestSupport
import Testing

/// Headers that lie, by the catalogue's names.
@Suite struct HostileHeaderTests {
    /// What must come of a file.
    enum Outcome: Sendable {
        /// So many samples.
        case samples(Int)
        case malformed, unsupported, truncated, limit
    }

    struct Case: Sendable, CustomTestStringConvertible {
        let id: String
        let bytes: [UInt8]
        let outcome: Outcome
        var testDescription: String { id }

        init(_ id: String, _ outcome: Outcome, _ bytes: [UInt8]) {
            (self.id, self.outcome, self.bytes) = (id, outcome, bytes)
        }
    }

    private typealias Make = SoundBytes
    private static let tone = Make.int16((0..<100).map { $0 * 10 })
    private static let format = Make.format()
    private static let data = Make.chunk("data", tone)

    static let lengths: [Case] = [
        Case("AU01 RIFF size 0", .samples(100), Make.riff(format, data, size: 0)),
        Case("AU01 RIFF size 2^32-1", .samples(100), Make.riff(format, data, size: 0xFFFF_FFFF)),
        Case("AU01 RIFF size too small", .samples(100), Make.riff(format, data, size: 20)),
        Case("AU01 RIFF size too large", .samples(100), Make.riff(format, data, size: 1_000_000)),
        Case("AU01 data size 2^32-1", .samples(100), Make.riff(format, Make.chunk("data", tone, size: 0xFFFF_FFFF))),
        Case("AU01 data size of SoX", .samples(100), Make.riff(format, Make.chunk("data", tone, size: 0x7FFF_F000))),
        Case(
            "AU01 unfinished header", .samples(100), Make.riff(format, Make.chunk("data", tone, size: 0), size: 0)),
        Case(
            "AU01 data size 0 in a finished header", .samples(0),
            Make.riff(format, Make.chunk("data"), Make.chunk("LIST", tone))),
        Case(
            "AU01 data size below placeholders", .truncated,
            Make.riff(format, Make.chunk("data", tone, size: 0x7FFE_FFFF))),
        Case("AU01 odd data size", .samples(49), Make.riff(format, Make.chunk("data", tone, size: 99))),
        Case("AU01 odd data size at the end", .samples(49), Make.riff(format, Make.chunk("data", Array(tone[..<99])))),
        Case(
            "AU01 odd unknown length", .samples(49),
            Make.riff(format, Make.chunk("data", Array(tone[..<98]), size: 0xFFFF_FFFF)) + [1]),
        Case("AU01 one byte short", .truncated, Array(Make.riff(format, data).dropLast(2))),
        Case(
            "AU01 ten hours in a kilobyte", .truncated, Make.riff(format, Make.chunk("data", tone, size: 1_152_000_000))
        ),
        Case("AU01 no samples", .samples(0), Make.riff(format, Make.chunk("data"))),
        Case("AU01 samples after the data", .samples(100), Make.riff(format, data, data)),
    ]

    static let chunks: [Case] = [
        Case("AU01 data before fmt", .malformed, Make.riff(data, format)),
        Case("AU01 two fmt chunks", .malformed, Make.riff(format, Make.format(channels: 255), data)),
        Case("AU01 fmt size 0", .malformed, Make.riff(Make.chunk("fmt "), data)),
        Case("AU01 fmt size 14", .malformed, Make.riff(Make.chunk("fmt ", Array(format[8..<22])), data)),
        Case("AU01 fmt size 15", .malformed, Make.riff(Make.chunk("fmt ", Array(format[8..<23])), data)),
        Case("AU01 fmt size 18", .samples(100), Make.riff(Make.chunk("fmt ", format[8...] + [0, 0]), data)),
        Case(
            "AU01 fmt size 40", .samples(100),
            Make.riff(Make.chunk("fmt ", format[8...] + [UInt8](repeating: 0, count: 24)), data)),
        Case(
            "AU01 fmt size 2^32-1", .malformed,
            Make.riff(Make.chunk("fmt ", Array(format[8...]), size: 0xFFFF_FFFF), data)),
        Case("AU01 no data", .malformed, Make.riff(format)),
        Case("AU01 nothing after WAVE", .malformed, Make.riff()),
        Case("AU01 LIST of 4 GB", .malformed, Make.riff(format, Make.chunk("LIST", size: 0xFFFF_FFFE), data)),
        Case("AU01 LIST of 2^32-1", .malformed, Make.riff(format, Make.chunk("LIST", size: 0xFFFF_FFFF), data)),
        Case("AU01 size that wraps at +8", .malformed, Make.riff(format, Make.chunk("junk", size: 0xFFFF_FFF8), data)),
        Case(
            "AU01 4095 tiny chunks", .samples(100),
            Make.riff(Array(repeating: Make.chunk("junk"), count: 4_094).flatMap(\.self), format, data)),
        Case(
            "AU01 4096 tiny chunks", .limit,
            Make.riff(Array(repeating: Make.chunk("junk"), count: 4_095).flatMap(\.self), format, data)),
        Case("AU01 odd chunk", .samples(100), Make.riff(Make.chunk("junk", [1, 2, 3]), format, data)),
        Case(
            "AU02 smpl that wants 2 GB", .samples(100),
            Make.riff(
                format,
                Make.chunk("smpl", Make.little(0, 28) + Make.little(0x7FFF_FFFF) + Make.little(0)), data)),
    ]

    static let formats: [Case] = [
        Case("AU03 channels 0", .limit, Make.riff(Make.format(channels: 0, block: 2), data)),
        Case("AU03 channels 33", .limit, Make.riff(Make.format(channels: 33), data)),
        Case("AU03 channels 65535", .limit, Make.riff(Make.format(channels: 65_535, block: 2), data)),
        Case("AU03 channels 32", .samples(3), Make.riff(Make.format(channels: 32), data)),
        Case("AU03 rate 0", .limit, Make.riff(Make.format(rate: 0), data)),
        Case("AU03 rate 1", .limit, Make.riff(Make.format(rate: 1), data)),
        Case("AU03 rate 999", .limit, Make.riff(Make.format(rate: 999), data)),
        Case("AU03 rate 768001", .limit, Make.riff(Make.format(rate: 768_001), data)),
        Case("AU03 rate 2^32-1", .limit, Make.riff(Make.format(rate: 0xFFFF_FFFF), data)),
        Case("AU03 rate 768000", .samples(3), Make.riff(Make.format(rate: 768_000), data)),
        Case("AU03 rate 1000", .samples(1_600), Make.riff(Make.format(rate: 1_000), data)),
        Case("AU03 bits 0", .unsupported, Make.riff(Make.format(bits: 0, block: 2), data)),
        Case("AU03 bits 1", .unsupported, Make.riff(Make.format(bits: 1, block: 2), data)),
        Case("AU03 bits 12", .unsupported, Make.riff(Make.format(bits: 12, block: 2), data)),
        Case("AU03 bits 64", .unsupported, Make.riff(Make.format(bits: 64), data)),
        Case("AU03 bits 65535", .unsupported, Make.riff(Make.format(bits: 65_535, block: 2), data)),
        Case("AU03 bytes a frame 0", .malformed, Make.riff(Make.format(block: 0), data)),
        Case("AU03 bytes a frame 3", .malformed, Make.riff(Make.format(block: 3), data)),
        Case("AU03 bytes a second", .samples(100), Make.riff(Make.format(byteRate: 7), data)),
        Case("AU04 MS ADPCM", .unsupported, Make.riff(adpcm(2), data)),
        Case("AU04 IMA ADPCM", .unsupported, Make.riff(adpcm(0x11), data)),
        Case("AU04 MP3 in WAV", .unsupported, Make.riff(Make.format(tag: 0x55), data)),
        Case("AU04 extensible without its fields", .malformed, Make.riff(Make.format(tag: 0xFFFE), data)),
    ]

    static let aiff: [Case] = [
        Case("AIFF", .samples(100), Make.aiff(Make.common(frames: 100), Make.sound(tone))),
        Case("AIFF sound first", .samples(100), Make.aiff(Make.sound(tone), Make.common(frames: 100))),
        Case("AIFF fewer frames", .samples(60), Make.aiff(Make.common(frames: 60), Make.sound(tone))),
        Case("AIFF more frames", .truncated, Make.aiff(Make.common(frames: 101), Make.sound(tone))),
        Case(
            "AIFF 2^32-1 frames", .truncated,
            Make.aiff(Make.common(channels: 32, frames: 0xFFFF_FFFF), Make.sound(tone))),
        Case("AIFF cut short", .truncated, Array(Make.aiff(Make.common(frames: 100), Make.sound(tone)).dropLast(2))),
        Case("AIFF no sound", .malformed, Make.aiff(Make.common(frames: 100))),
        Case("AIFF nothing", .samples(0), Make.aiff(Make.common(frames: 0))),
        Case("AIFF no COMM", .malformed, Make.aiff(Make.sound(tone))),
        Case("AIFF two COMM", .malformed, Make.aiff(Make.common(frames: 1), Make.common(frames: 2), Make.sound(tone))),
        Case(
            "AIFF offset beyond", .malformed,
            Make.aiff(Make.common(frames: 1), Make.bigChunk("SSND", Make.big(9) + Make.big(0) + [0, 0]))),
        Case("AIFF small SSND", .malformed, Make.aiff(Make.common(frames: 1), Make.bigChunk("SSND", [], size: 3))),
        Case(
            "AIFF chunk of 4 GB", .malformed,
            Make.aiff(Make.bigChunk("NAME", [], size: 0xFFFF_FFFF), Make.common(frames: 1))),
        Case("AIFF rate 0", .limit, Make.aiff(Make.common(frames: 100, exponent: 0), Make.sound(tone))),
        Case("AIFF negative rate", .limit, Make.aiff(Make.common(frames: 100, exponent: 0xC00C), Make.sound(tone))),
        Case("AIFF infinite rate", .limit, Make.aiff(Make.common(frames: 100, exponent: 0x7FFF), Make.sound(tone))),
        Case("AIFF bits 12", .unsupported, Make.aiff(Make.common(frames: 100, bits: 12), Make.sound(tone))),
        Case(
            "AU04 AIFF ima4", .unsupported,
            Make.aiff(Make.common(frames: 100, compression: "ima4"), Make.sound(tone), kind: "AIFC")),
        Case(
            "AIFF-C without compression", .malformed,
            Make.aiff(Make.common(frames: 100), Make.sound(tone), kind: "AIFC")),
    ]

    /// An ADPCM fmt chunk whose samples a block times blocks overflow.
    private static func adpcm(_ tag: Int) -> [UInt8] {
        let head = Make.format(tag: tag, bits: 4, block: 50_000)
        return Make.chunk("fmt ", Array(head[8...]) + Make.little(2, 2) + Make.little(50_000, 2))
    }

    @Test(arguments: lengths + chunks + formats + aiff)
    func files(_ test: Case) throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.write(test.bytes, as: "case.wav")
        let found = Result { try AudioClip(path: path) }
        check(test, found)
    }

    /// The same from a pipe, which ends like a file but does not tell its length before.
    @Test(arguments: lengths + chunks + formats)
    func pipes(_ test: Case) throws {
        let pipe = try Pipe(test.bytes)
        let found = Result { () throws -> AudioClip in
            let reader = try AudioReader(descriptor: pipe.output, name: "case", pcm: nil)
            return AudioClip(samples: try samples(of: reader), rate: 16_000)
        }
        // Where a file's end is known, a pipe is skipped through up to a limit.
        if case .malformed = test.outcome, case .failure(AudioError.limit) = found { return }
        check(test, found)
    }

    private func check(_ test: Case, _ found: Result<AudioClip, any Error>) {
        switch (test.outcome, found) {
        case (.samples(let count), .success(let clip)): #expect(clip.samples.count == count)
        case (.malformed, .failure(AudioError.malformed)), (.unsupported, .failure(AudioError.unsupported)),
            (.truncated, .failure(AudioError.truncated)), (.limit, .failure(AudioError.limit)):
            break
        default: Issue.record("expected \(test.outcome), found \(found)")
        }
    }
}
