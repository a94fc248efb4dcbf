import Audio
import JSON
import TestSupport
import Testing

/// Every format against what soundfile makes of it.
@Suite struct FormatTests {
    @Test(arguments: AudioFixtures.formats)
    func samplesEqualTheReference(_ name: String) throws {
        let row = try #require(try AudioFixtures.cases("formats.json").first { try $0.string("file") == name })
        let rate = try row.int("rate", in: 1...1_000_000)
        let channels = try row.int("channels", in: 1...2)
        let frames = try row.int("frames", in: 1...100_000)
        let path = try AudioFixtures.path("formats/\(name)")
        // Decoders of lossy formats may round otherwise in another version.
        let tolerance: Float = try row.bool("exact") ? 0 : 2e-4
        for (choice, key) in [(ChannelChoice.mean, "mean"), (.channel(channels), "last")] {
            let reader = try AudioReader(path: path, rate: rate, channel: choice)
            #expect(reader.sourceRate == rate && reader.rate == rate && reader.channels == channels)
            #expect(reader.frames == frames && reader.duration == Double(frames) / Double(rate))
            let found = try samples(of: reader)
            #expect(found.count == frames)
            let picked = stride(from: 0, to: found.count, by: 37).map { found[$0] }
            let expected = try row.doubles(key, count: 1...10_000, in: -2...2).map(Float.init)
            #expect(difference(picked, expected) <= tolerance)
        }
    }

    @Test(arguments: AudioFixtures.formats)
    func piecesDoNotMatter(_ name: String) throws {
        let path = try AudioFixtures.path("formats/\(name)")
        let whole = try AudioClip(path: path)
        for piece in [1, 7, 1_601] {
            #expect(try samples(of: AudioReader(path: path), piece: piece) == whole.samples)
        }
        #expect(whole.rate == 16_000)
    }

    @Test func contentDecidesNotTheName() throws {
        let scratch = try TemporaryFolder()
        for (content, name) in [("int16.flac", "a.wav"), ("mpeg1.mp3", "b.ogg"), ("vorbis.ogg", "c.flac")] {
            let path = try scratch.write(try AudioFixtures.bytes("formats/\(content)"), as: name)
            #expect(try !AudioClip(path: path).samples.isEmpty)
        }
    }

    @Test(arguments: [
        ("text.wav", "this is no sound, but long enough to be taken for a file with a header of some kind"),
        ("short.wav", "R"), ("page.html", "<!doctype html><html></html>"),
    ])
    func otherFilesAreRefused(_ name: String, _ text: String) throws {
        let scratch = try TemporaryFolder()
        let path = try scratch.write(text, as: name)
        let error = #expect(throws: AudioError.self) { try AudioReader(path: path) }
        #expect(error.map { "\($0)".hasPrefix(path) && "\($0)".contains("is not supported") } == true)
    }

    @Test(arguments: [
        ("RF64\0\0\0\0WAVE", "RF64"), ("RIFX\0\0\0\0WAVE", "big-endian WAV"), ("caff\0\u{1}\0\0", "CAF"),
        (".snd\0\0\0\u{18}", "AU"), ("\0\0\0\u{20}ftypM4A ", "M4A"), ("NIST_1A\n", "NIST"), ("MThd\0\0", "MIDI"),
        ("RIFF\0\0\0\0AVI ", "AVI"), ("#!AMR\n", "AMR"), ("wvpk", "WavPack"),
        ("OggS\0\u{2}" + String(repeating: "\0", count: 20) + "\u{1}\u{8}Speex   ", "Speex"),
        ("OggS\0\u{2}" + String(repeating: "\0", count: 20) + "\u{1}\u{33}\u{7F}FLAC\u{1}\0", "Ogg with FLAC"),
    ])
    func otherSoundIsRefusedByName(_ start: String, _ type: String) throws {
        let bytes = Array(start.utf8) + [UInt8](repeating: 0, count: 200)
        let scratch = try TemporaryFolder()
        let path = try scratch.write(bytes, as: "sound.wav")
        let error = #expect(throws: AudioError.self) { try AudioReader(path: path) }
        guard case .unsupported(_, let found, _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found.contains(type))
    }

    @Test func onlyRegularFiles() throws {
        let scratch = try TemporaryFolder()
        #expect(throws: AudioError.self) { try AudioReader(path: scratch.path("absent.wav")) }
        #expect(throws: AudioError.self) { try AudioReader(path: scratch.path) }
        #expect(throws: AudioError.self) { try AudioReader(path: "/dev/zero") }
        #expect(throws: AudioError.self) { try AudioReader(path: "") }
        #expect(throws: AudioError.self) { try AudioReader(path: "a\0b") }
        let empty = try scratch.write([], as: "empty.wav")
        #expect(throws: AudioError.empty(file: empty)) { try AudioReader(path: empty) }
    }

    @Test func channelsCountFromOne() throws {
        let path = try AudioFixtures.path("formats/int16.wav")
        for channel in [0, 3, -1, Int.max] {
            #expect(throws: AudioError.channel(file: path, asked: channel, channels: 2)) {
                try AudioReader(path: path, channel: .channel(channel))
            }
        }
        let (left, right) = (
            try AudioClip(path: path, rate: 8_000, channel: .channel(1)).samples,
            try AudioClip(path: path, rate: 8_000, channel: .channel(2)).samples
        )
        #expect(left != right)
        #expect(try AudioClip(path: path, rate: 8_000).samples == zip(left, right).map { ($0 + $1) * 0.5 })
    }

    @Test(arguments: [0, -1, 999, 768_001, Int.max])
    func ratesBeyondTheLimits(_ rate: Int) throws {
        let path = try AudioFixtures.path("formats/int16.wav")
        #expect(throws: AudioError.self) { try AudioReader(path: path, rate: rate) }
    }
}
