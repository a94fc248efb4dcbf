import Audio
import TestSupport
import Testing

/// Files cut short and changed: an error or samples, the same each time, and errors where a format lets one see it.
@Suite struct DamageTests {
    /// The samples, or the error's words.
    private func outcome(_ bytes: [UInt8], _ scratch: TemporaryFolder) throws -> Result<[Float], AudioError> {
        let path = try scratch.write(bytes, as: "damaged")
        do { return .success(try AudioClip(path: path, limits: AudioLimits(seconds: 60)).samples) } catch {
            return .failure(error)
        }
    }

    @Test(arguments: AudioFixtures.formats)
    func cutShort(_ name: String) throws {
        let bytes = try AudioFixtures.bytes("formats/\(name)")
        let scratch = try TemporaryFolder()
        for part in 0..<16 {
            let outcome = try outcome(Array(bytes[..<(bytes.count * part / 16)]), scratch)
            guard case .failure = outcome else {
                Issue.record("\(part)/16 of \(name) is read without an error")
                continue
            }
        }
        // One byte less is missed, too.
        if case .success = try outcome(bytes.dropLast(), scratch) { Issue.record("\(name) less a byte") }
    }

    @Test(arguments: AudioFixtures.formats)
    func changed(_ name: String) throws {
        let bytes = try AudioFixtures.bytes("formats/\(name)")
        let scratch = try TemporaryFolder()
        var generator = SeededGenerator(seed: name.utf8.reduce(7) { $0 &* 31 &+ UInt64($1) })
        // What decoders of MP3 write to standard error about damage cannot be silenced: few rounds.
        for _ in 0..<(name.hasSuffix(".mp3") ? 4 : 40) {
            var damaged = bytes
            for _ in 0..<Int.random(in: 1...4, using: &generator) {
                let place = Int.random(in: 0..<damaged.count, using: &generator)
                damaged[place] = UInt8.random(in: 0...255, using: &generator)
            }
            let (first, second) = (try outcome(damaged, scratch), try outcome(damaged, scratch))
            switch (first, second) {
            case (.success(let a), .success(let b)): #expect(a == b && a.allSatisfy { $0.isFinite })
            case (.failure(let a), .failure(let b)): #expect("\(a)" == "\(b)")
            default: Issue.record("not the same twice: \(name)")
            }
        }
    }

    /// AU09: a wrong checksum, in frames and in pages.
    @Test(arguments: ["int16.flac", "int24.flac", "vorbis.ogg", "opus.opus"])
    func checksums(_ name: String) throws {
        var bytes = try AudioFixtures.bytes("formats/\(name)")
        bytes[bytes.count - 5] ^= 1
        let scratch = try TemporaryFolder()
        guard case .failure(.malformed(_, _, let reason)) = try outcome(bytes, scratch) else {
            Issue.record("\(name) is read")
            return
        }
        #expect(!reason.isEmpty)
    }

    /// AU09
    @Test func oggPages() throws {
        let bytes = try AudioFixtures.bytes("formats/vorbis.ogg")
        let scratch = try TemporaryFolder()
        let starts = bytes.indices.filter { bytes[$0...].starts(with: "OggS".utf8) }
        try #require(starts.count >= 3)
        // A page left out, the first twice, two streams one after the other, something that is no page.
        let cases: [([UInt8], String)] = [
            (Array(bytes[..<starts[1]] + bytes[starts[2]...]), "pages are missing"),
            (Array(bytes[..<starts[1]] + bytes), "several streams"), (bytes + bytes, "several streams"),
            (Array(bytes[..<starts[2]]), "before the stream's last page"),
            (Array(bytes[..<starts[1]] + [0] + bytes[starts[1]...]), "no page begins here"),
        ]
        for (bytes, words) in cases {
            guard case .failure(let error) = try outcome(bytes, scratch) else {
                Issue.record("read: \(words)")
                continue
            }
            #expect("\(error)".contains(words), "\(error)")
        }
        // What follows the last page is no sound.
        let whole = try outcome(bytes, scratch)
        #expect(try outcome(bytes + Array("TAG".utf8), scratch) == whole)
    }

    @Test func mp3Frames() throws {
        let bytes = try AudioFixtures.bytes("formats/mpeg1.mp3")
        let other = try AudioFixtures.bytes("formats/mpeg2.mp3")
        let scratch = try TemporaryFolder()
        let whole = try outcome(bytes, scratch)
        let tag = Array("TAG".utf8) + [UInt8](repeating: 32, count: 125)
        let id3 = Array("ID3".utf8) + [4, 0, 0, 0, 0, 1, 2] + [UInt8](repeating: 0, count: 130)
        for same in [bytes + tag, id3 + bytes, id3 + id3 + bytes + tag, bytes + [UInt8](repeating: 0, count: 50)] {
            #expect(try outcome(same, scratch) == whole)
        }
        let cases: [([UInt8], String)] = [
            (bytes + other, "changes its rate or channels"), (bytes + Array("junk".utf8), "no frame begins here"),
            (Array(id3.dropLast(20)), "reaches beyond"),
        ]
        for (bytes, words) in cases {
            guard case .failure(let error) = try outcome(bytes, scratch) else {
                Issue.record("read: \(words)")
                continue
            }
            #expect("\(error)".contains(words), "\(error)")
        }
    }

    @Test func flacHeaders() throws {
        let bytes = try AudioFixtures.bytes("formats/int24.flac")
        let scratch = try TemporaryFolder()
        // AU09: a length of 0 means that it is not known.
        var unknown = bytes
        unknown[21] &= 0xF0
        for place in 22..<26 { unknown[place] = 0 }
        #expect(try outcome(unknown, scratch) == outcome(bytes, scratch))
        // Widths of 4 to 32 bits: those that are not decoded are refused by name.
        for bits in [4, 12, 20, 32] {
            var wide = bytes
            wide[20] = wide[20] & 0xFE | UInt8((bits - 1) >> 4)
            wide[21] = wide[21] & 0x0F | UInt8((bits - 1) & 15) << 4
            guard case .failure(.unsupported(_, "FLAC of \(bits) bits", _)) = try outcome(wide, scratch) else {
                Issue.record("\(bits) bits")
                continue
            }
        }
        // More channels than the frames have.
        var many = bytes
        many[20] |= 0x0E
        guard case .failure(.malformed) = try outcome(many, scratch) else {
            Issue.record("eight channels of one")
            return
        }
    }
}
