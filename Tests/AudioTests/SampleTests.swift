import Audio
import TestSupport
import Testing

/// Samples that are odd, few or many.
@Suite struct SampleTests {
    @Test(arguments: [Float.nan, .infinity, -.infinity, 1e38, -4_294_967_808, .signalingNaN])
    func samplesThatAreNoSound(_ value: Float) throws {
        // AU05: frame 20,000 lies beyond the first block.
        var sound = noise(24_000, seed: 3)
        sound[20_000] = value
        let scratch = try TemporaryFolder()
        for (rate, seconds) in [(16_000, 1.25), (8_000, 2.5)] {
            let path = try scratch.write(SoundBytes.floatWAV(sound, rate: rate), as: "odd.wav")
            let error = #expect(throws: AudioError.self) { try AudioClip(path: path) }
            guard case .sample(path, let found, 20_000, seconds) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(found == value || (found.isNaN && value.isNaN))
            #expect(error.map { "\($0)".contains("\(seconds)") } == true)
        }
    }

    @Test func whatCameBeforeAnErrorIsGiven() throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.write(SoundBytes.floatWAV([Float](repeating: 0, count: 9_000) + [.nan]), as: "odd.wav")
        let reader = try AudioReader(path: path)
        #expect(try reader.read(8_000).count == 8_000)
        let first = #expect(throws: AudioError.self) { try reader.read(8_000) }
        let second = #expect(throws: AudioError.self) { try reader.read(1) }
        #expect("\(String(describing: first))" == "\(String(describing: second))")
    }

    @Test func otherChannelsDoNotMatter() throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.write(SoundBytes.floatWAV([0.5, .nan, 0.25, 0], channels: 2), as: "odd.wav")
        #expect(try AudioClip(path: path, channel: .channel(1)).samples == [0.5, 0.25])
        #expect(throws: AudioError.self) { try AudioClip(path: path, channel: .channel(2)) }
        #expect(throws: AudioError.self) { try AudioClip(path: path) }
    }

    @Test func loudQuietAndConstantSoundIsKept() throws {
        // AU05, AU06: beyond full scale, denormal, silent, constant.
        let scratch = try TemporaryFolder()
        for sound: [Float] in [
            [4_294_967_296, -4_294_967_296], [.leastNormalMagnitude / 100, -.leastNonzeroMagnitude], [0, 0, 0], [-0.0],
            [Float](repeating: 0.7, count: 500), [1.5, -3, 32_767],
        ] {
            let path = try scratch.write(SoundBytes.floatWAV(sound), as: "kept.wav")
            #expect(try AudioClip(path: path).samples == sound)
        }
    }

    @Test(arguments: [0, 1, 399, 400, 401])
    func fewSamples(_ count: Int) throws {
        // AU07
        let scratch = try TemporaryFolder()
        let sound = noise(count, seed: 4)
        let path = try scratch.write(SoundBytes.floatWAV(sound), as: "few.wav")
        let reader = try AudioReader(path: path)
        #expect(reader.frames == count && reader.duration == Double(count) / 16_000)
        #expect(try reader.read(0).isEmpty && reader.read(-1).isEmpty)
        #expect(try samples(of: reader) == sound)
        let other = try scratch.write(SoundBytes.floatWAV(sound, rate: 44_100), as: "few.wav")
        #expect(try AudioClip(path: other).samples == Resampler.resample(sound, from: 44_100, to: 16_000))
    }

    @Test func manyChannelsAndAHighRate() throws {
        // AU08
        let scratch = try TemporaryFolder()
        let frames = noise(32 * 500, seed: 6)
        let path = try scratch.write(SoundBytes.floatWAV(frames, channels: 32), as: "many.wav")
        let mean = (0..<500).map { frame in frames[frame * 32..<frame * 32 + 32].reduce(0, +) / 32 }
        #expect(try difference(AudioClip(path: path).samples, mean) < 1e-6)
        #expect(try AudioClip(path: path, channel: .channel(32)).samples == (0..<500).map { frames[$0 * 32 + 31] })
        let high = try scratch.write(
            SoundBytes.riff(
                SoundBytes.format(rate: 768_000, bits: 8),
                SoundBytes.chunk("data", [UInt8](repeating: 0x80, count: 768_000))),
            as: "high.wav")
        #expect(try AudioClip(path: high).samples == [Float](repeating: 0, count: 16_000))
    }
}
