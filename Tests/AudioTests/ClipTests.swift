import Audio
import TestSupport
import Testing

/// Clips written and read again.
@Suite struct ClipTests {
    @Test func integersSurvive() throws {
        let scratch = try TemporaryFolder()
        let sound = (-32_768...32_767).map { Float($0) / 32_768 }
        try AudioClip(samples: sound, rate: 22_050).writeWAV(to: scratch.path("a.wav"))
        #expect(try AudioClip(path: scratch.path("a.wav"), rate: 22_050).samples == sound)
        let reader = try AudioReader(path: scratch.path("a.wav"))
        #expect(reader.sourceRate == 22_050 && reader.frames == 65_536 && reader.channels == 1)
    }

    @Test func floatsSurvive() throws {
        let scratch = try TemporaryFolder()
        let sound = noise(20_000, seed: 8).map { $0 * 3.1 }
        try AudioClip(samples: sound, rate: 16_000).writeWAV(to: scratch.path("a.wav"), encoding: .float32)
        #expect(try AudioClip(path: scratch.path("a.wav")).samples == sound)
    }

    /// IM13 for sound
    @Test func integersAreRoundedAndClipped() throws {
        let scratch = try TemporaryFolder()
        let sound: [Float] = [1, -1, 2, -2, 0.5 / 32_768, 1.5 / 32_768, -0.6 / 32_768, 1e30]
        try AudioClip(samples: sound, rate: 16_000).writeWAV(to: scratch.path("a.wav"))
        let found = try AudioClip(path: scratch.path("a.wav")).samples.map { Int($0 * 32_768) }
        #expect(found == [32_767, -32_768, 32_767, -32_768, 0, 2, -1, 32_767])
    }

    @Test func emptyClips() throws {
        let scratch = try TemporaryFolder()
        for encoding in [AudioClip.WAVEncoding.int16, .float32] {
            try AudioClip(samples: [], rate: 8_000).writeWAV(to: scratch.path("a.wav"), encoding: encoding)
            let clip = try AudioClip(path: scratch.path("a.wav"))
            #expect(clip.samples.isEmpty && clip.duration == 0)
        }
    }

    /// IM13 for sound
    @Test func refusalsLeaveTheOldFile() throws {
        let scratch = try TemporaryFolder()
        let path = scratch.path("a.wav")
        let clip = AudioClip(samples: [0.5], rate: 16_000)
        try clip.writeWAV(to: path)
        #expect(throws: AudioError.self) { try AudioClip(samples: [0, .nan], rate: 16_000).writeWAV(to: path) }
        #expect(throws: AudioError.self) { try AudioClip(samples: [0], rate: 0).writeWAV(to: path) }
        #expect(throws: AudioError.self) { try AudioClip(samples: [0], rate: .max).writeWAV(to: path) }
        #expect(throws: AudioError.self) { try clip.writeWAV(to: scratch.path("absent/a.wav")) }
        #expect(throws: AudioError.self) { try clip.writeWAV(to: "") }
        #expect(try AudioClip(path: path) == clip)
        #expect(scratch.names == ["a.wav"])
    }

    @Test func messagesNameFileExpectedAndFound() {
        let messages: [(AudioError, String)] = [
            (.empty(file: "a.wav"), "a.wav: there is nothing in it"),
            (
                .truncated(file: "a.wav", type: "WAV", promised: 9, found: 4, unit: "bytes of sound"),
                "a.wav: cut short: the WAV header promises 9 bytes of sound, there are 4"
            ),
            (
                .sample(file: "a.wav", value: .nan, frame: 24_000, seconds: 1.5),
                "a.wav: the sample at 1.500 s (number 24000) is nan, not a number one can hear"
            ),
            (
                .channel(file: "a.wav", asked: 3, channels: 2),
                "a.wav: there is no channel 3, it has 2 (the first is 1)"
            ),
            (
                .limit(file: "a.wav", what: "channels", found: "64", allowed: "1 to 32"),
                "a.wav: channels: 64 (allowed: 1 to 32)"
            ),
        ]
        for (error, message) in messages { #expect(error.description == message) }
    }
}
