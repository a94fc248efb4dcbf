import Audio
import Foundation
import Glibc
import TestSupport
import Testing

/// Sound that arrives.
@Suite struct LiveTests {
    @Test(
        arguments: [
            ("u8", [0x00, 0x80, 0xFF], [-1, 0, 127.0 / 128]), ("s8", [0x80, 0x00, 0x7F], [-1, 0, 127.0 / 128]),
            ("s16le", [0x00, 0x80, 0xFF, 0x7F], [-1, 32_767.0 / 32_768]),
            ("s16be", [0x80, 0x00, 0x7F, 0xFF], [-1, 32_767.0 / 32_768]),
            ("s24le", [0x00, 0x00, 0x80, 0xFF, 0xFF, 0x7F, 1, 0, 0], [-1, 8_388_607.0 / 8_388_608, 1.0 / 8_388_608]),
            ("s24be", [0x80, 0x00, 0x00, 0xFF, 0xFF, 0xFF], [-1, -1.0 / 8_388_608]),
            ("s32le", [0, 0, 0, 0x80, 0, 0, 0, 0x40], [-1, 0.5]),
            ("s32be", [0x80, 0, 0, 0, 0x40, 0, 0, 0], [-1, 0.5]),
            ("f32le", [0, 0, 0x80, 0x3F], [1]), ("f32be", [0x3F, 0x80, 0, 0], [1]),
            ("f64le", [0, 0, 0, 0, 0, 0, 0xE0, 0xBF], [-0.5]), ("f64be", [0xBF, 0xE0, 0, 0, 0, 0, 0, 0], [-0.5]),
            ("mulaw", [0xFF, 0x7F, 0x80, 0x00], [0, 0, 32_124.0 / 32_768, -32_124.0 / 32_768]),
            ("alaw", [0xD5, 0x55, 0xAA, 0x2A], [8.0 / 32_768, -8.0 / 32_768, 32_256.0 / 32_768, -32_256.0 / 32_768]),
        ] as [(String, [UInt8], [Float])])
    func encodings(_ name: String, _ bytes: [UInt8], _ expected: [Float]) throws {
        // Byte by byte: frames arrive in parts.
        for piece in [1, 64] {
            let pipe = try Pipe(bytes, piece: piece)
            let format = try PCMFormat(parsing: "\(name):16000")
            let reader = try AudioReader(descriptor: pipe.output, name: "-", pcm: format)
            #expect(reader.frames == nil && reader.duration == nil && reader.channels == 1)
            #expect(try samples(of: reader) == expected)
        }
    }

    @Test func ratesAndChannels() throws {
        let sound = noise(3_000, seed: 5)
        let pipe = try Pipe(SoundBytes.float32(sound.flatMap { [$0, 0] }), piece: 1_001)
        let reader = try AudioReader(
            descriptor: pipe.output, name: "-", pcm: PCMFormat(parsing: "f32le:48000:2"), channel: .channel(1))
        #expect(reader.sourceRate == 48_000 && reader.channels == 2)
        #expect(try samples(of: reader) == Resampler.resample(sound, from: 48_000, to: 16_000))
    }

    @Test func partOfAFrameAtTheEndIsNoSound() throws {
        let pipe = try Pipe([0, 0x40, 0, 0x40, 7])
        let reader = try AudioReader(descriptor: pipe.output, name: "-", pcm: PCMFormat(parsing: "s16le:16000"))
        #expect(try samples(of: reader) == [0.5, 0.5])
    }

    @Test func nothingArrives() throws {
        let pipe = try Pipe([])
        let reader = try AudioReader(descriptor: pipe.output, name: "-", pcm: PCMFormat(parsing: "s16le:16000"))
        #expect(try samples(of: reader).isEmpty)
        let other = try Pipe([])
        #expect(throws: AudioError.empty(file: "-")) {
            try AudioReader(descriptor: other.output, name: "-", pcm: nil)
        }
    }

    /// A sample is given as soon as what it depends on is there, not when a block is full.
    @Test func doesNotWaitForMoreThanNeeded() throws {
        var ends: [Int32] = [0, 0]
        try #require(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        let reader = try AudioReader(
            descriptor: ends[0], name: "-", pcm: PCMFormat(parsing: "s16le:16000"))
        for value: UInt8 in [0x20, 0x40] {
            let bytes = [UInt8](repeating: value, count: 320)
            #expect(write(ends[1], bytes, bytes.count) == 320)
            #expect(try reader.read(160).count == 160)
        }
    }

    @Test func wavFromAPipeEqualsTheFile() throws {
        for name in ["int16.wav", "extensible24.wav", "float64.wav", "mulaw.wav"] {
            let path = try AudioFixtures.path("formats/\(name)")
            for piece in [13, 4_096] {
                let pipe = try Pipe(try AudioFixtures.bytes("formats/\(name)"), piece: piece)
                let reader = try AudioReader(descriptor: pipe.output, name: name, pcm: nil)
                #expect(try samples(of: reader) == AudioClip(path: path).samples)
            }
        }
    }

    @Test func otherFormatsNeedAFile() throws {
        for name in ["int16.flac", "vorbis.ogg", "mpeg1.mp3", "int16.aiff"] {
            let pipe = try Pipe(try AudioFixtures.bytes("formats/\(name)"))
            let error = #expect(throws: AudioError.self) {
                try AudioReader(descriptor: pipe.output, name: "-", pcm: nil)
            }
            #expect(error.map { "\($0)".hasPrefix("-: ") } == true)
        }
        let text = try Pipe(Array("hello, this is no sound".utf8))
        #expect(throws: AudioError.self) { try AudioReader(descriptor: text.output, name: "-", pcm: nil) }
    }

    @Test func namedPipesAreReadByDescriptorOnly() throws {
        let scratch = try TemporaryFolder()
        let path = scratch.path("pipe")
        #expect(mkfifo(path, 0o600) == 0)
        let error = #expect(throws: AudioError.self) { try AudioReader(path: path) }
        #expect(error.map { "\($0)".contains("not a regular file") } == true)
    }

    @Test func badDescriptor() throws {
        let reader = try AudioReader(descriptor: -1, name: "-", pcm: PCMFormat(parsing: "u8:8000"))
        #expect(throws: AudioError.input(name: "-", code: EBADF)) { try reader.read(1) }
        #expect(throws: AudioError.input(name: "-", code: EBADF)) { try reader.read(1) }
    }

    @Test(arguments: [
        "", ":", "s16le", "s16:16000", "S16LE:16000", "s16le:", "s16le:0", "s16le:-1", "s16le:+1", "s16le:16000:",
        "s16le:16000:0", "s16le:16000:1:1", "s16le:1e4", "s16le: 16000", "s16le:99999999999999999999", "s16le:١٦٠٠٠",
    ])
    func otherFormatsAreRefused(_ text: String) {
        #expect(throws: AudioError.self) { try PCMFormat(parsing: text) }
    }

    @Test(arguments: ["s16le:999", "s16le:768001", "s16le:16000:33"])
    func formatsBeyondTheLimits(_ text: String) throws {
        let pipe = try Pipe([])
        let format = try PCMFormat(parsing: text)
        #expect(format.description.hasPrefix(text))
        #expect(throws: AudioError.self) { try AudioReader(descriptor: pipe.output, name: "-", pcm: format) }
    }

    /// Chunks of a live input are skipped in bounded memory and not without end.
    @Test func skipsNoMoreThanAllowed() throws {
        let pipe = try Pipe(
            SoundBytes.riff(SoundBytes.format(), SoundBytes.chunk("LIST", size: 65 << 20)) + [0, 0])
        let error = #expect(throws: AudioError.self) {
            try AudioReader(descriptor: pipe.output, name: "-", pcm: nil)
        }
        guard case .limit = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
