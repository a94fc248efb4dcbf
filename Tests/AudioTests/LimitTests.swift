import Audio
import TestSupport
import Testing

/// Every limit, at it and one beyond.
@Suite struct LimitTests {
    private func wav(channels: Int = 1, rate: Int = 8_000, frames: Int = 8) -> [UInt8] {
        SoundBytes.floatWAV([Float](repeating: 1, count: frames * channels), channels: channels, rate: rate)
    }

    private func fits(_ bytes: [UInt8], _ limits: AudioLimits, rate: Int = 8_000) throws -> Bool {
        let scratch = try TemporaryFolder()
        let path = try scratch.write(bytes, as: "sound.wav")
        do {
            _ = try AudioClip(path: path, rate: rate, limits: limits)
            return true
        } catch {
            #expect("\(error)".hasPrefix(path) && ("\(error)".contains("allowed") || "\(error)".contains("limit")))
            return false
        }
    }

    @Test func fileBytes() throws {
        let bytes = wav()
        #expect(try fits(bytes, AudioLimits(fileBytes: bytes.count)))
        #expect(try !fits(bytes, AudioLimits(fileBytes: bytes.count - 1)))
        #expect(AudioLimits.standard.fileBytes == 4_294_967_296)
    }

    @Test func seconds() throws {
        #expect(try fits(wav(frames: 8_000), AudioLimits(seconds: 1)))
        #expect(try !fits(wav(frames: 8_001), AudioLimits(seconds: 1)))
        #expect(AudioLimits.standard.seconds == 14_400)
    }

    @Test func channels() throws {
        #expect(try fits(wav(channels: 32), .standard))
        #expect(try !fits(wav(channels: 33), .standard))
        #expect(try fits(wav(channels: 33), AudioLimits(channels: 1...33)))
    }

    /// Limits that were changed to allow what cannot be are no reason to fail otherwise.
    @Test func nothingAtAllIsRefused() throws {
        var limits = AudioLimits.standard
        limits.channels = 0...8
        limits.rates = 0...8_000
        let format = SoundBytes.format(channels: 0, block: 0)
        #expect(try !fits(SoundBytes.riff(format, SoundBytes.chunk("data", [0, 0])), limits))
        #expect(try !fits(SoundBytes.riff(SoundBytes.format(rate: 0), SoundBytes.chunk("data", [0, 0])), limits))
    }

    @Test func rates() throws {
        for (rate, isAllowed) in [(999, false), (1_000, true), (768_000, true), (768_001, false)] {
            #expect(try fits(wav(rate: rate), .standard) == isAllowed)
        }
        #expect(try fits(wav(rate: 500), AudioLimits(rates: 1...8_000)))
    }

    @Test func amplitude() throws {
        #expect(try fits(wav(), AudioLimits(amplitude: 1)))
        let scratch = try TemporaryFolder()
        let path = try scratch.write(wav(), as: "loud.wav")
        #expect(throws: AudioError.sample(file: path, value: 1, frame: 0, seconds: 0)) {
            try AudioClip(path: path, limits: AudioLimits(amplitude: Float(1).nextDown))
        }
    }

    /// A live input has no length to be held against.
    @Test func liveInputsMayLast() throws {
        let pipe = try Pipe([UInt8](repeating: 0x80, count: 9_000))
        let reader = try AudioReader(
            descriptor: pipe.output, name: "-", pcm: PCMFormat(parsing: "u8:8000"), rate: 8_000,
            limits: AudioLimits(fileBytes: 100, seconds: 1))
        #expect(try samples(of: reader).count == 9_000)
    }

    /// AU08: ten hours in a header of FLAC that its file may hold for all that is known.
    @Test func lengthsThatAreOnlyPromised() throws {
        var bytes = try AudioFixtures.bytes("formats/int24.flac")
        bytes[21] |= 0x0F
        for place in 22..<26 { bytes[place] = 0xFF }
        #expect(try !fits(bytes, .standard))
        // Believed neither where the limit allows it.
        let scratch = try TemporaryFolder()
        let path = try scratch.write(bytes, as: "long.flac")
        #expect(
            throws: AudioError.truncated(
                file: path, type: "FLAC", promised: (1 << 36) - 1, found: 1_280, unit: "frames")
        ) { try AudioClip(path: path, limits: AudioLimits(seconds: 1e9)) }
    }
}
