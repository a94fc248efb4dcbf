import Audio
import Foundation
import JSON
import Testing

/// The files beside the tests.
enum AudioFixtures {
    static func path(_ name: String) throws -> String {
        let url = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return url.appendingPathComponent(name).path
    }

    static func bytes(_ name: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: path(name)))) }

    /// The rows of a fixture's `cases`.
    static func cases(_ name: String) throws -> [Config] {
        try Config(file: name, bytes: try bytes(name)).objects("cases", count: 1...1_000)
    }

    /// The numbers of an `.f32` file.
    static func floats(_ name: String) throws -> [Float] {
        let bytes = try bytes(name)
        return stride(from: 0, to: bytes.count, by: 4).map { at in
            Float(bitPattern: (0..<4).reduce(0) { $0 | UInt32(bytes[at + $1]) << (8 * UInt32($1)) })
        }
    }

    static let formats = [
        "u8.wav", "int16.wav", "int24.wav", "int32.wav", "float32.wav", "float64.wav", "mulaw.wav", "alaw.wav",
        "extensible24.wav", "extensible-float.wav", "int8.aiff", "int16.aiff", "int24.aiff", "float32.aifc",
        "float64.aifc", "raw8.aifc", "mulaw.aifc", "alaw.aifc", "int16.flac", "int24.flac", "int8.flac", "vorbis.ogg",
        "vorbis-stereo.ogg", "opus.opus", "opus-stereo.opus", "mpeg1.mp3", "mpeg2.mp3", "mpeg25.mp3", "sowt.aifc",
        "tagged.flac",
    ]
}

/// `count` samples, each a hash of its position; the same function as in the script that makes the fixtures.
func noise(_ count: Int, seed: Int) -> [Float] {
    (0..<count).map { index in
        var v = UInt32(truncatingIfNeeded: index &* 0x9E37_79B1 &+ seed &* 0x85EB_CA77)
        v ^= v >> 15
        v &*= 0x2C1B_3C6D
        v ^= v >> 12
        v &*= 0x297A_2D39
        v ^= v >> 15
        return (Float(v & 255) - 128) / 128
    }
}

/// All samples of a reader, asked for piece by piece.
func samples(of reader: AudioReader, piece: Int = 1_000) throws -> [Float] {
    var samples: [Float] = []
    while true {
        let next = try reader.read(piece)
        samples += next
        if next.count < piece {
            #expect(try reader.read(piece).isEmpty, "samples after the end")
            return samples
        }
    }
}

/// The largest difference; infinite where the counts differ.
func difference(_ a: [Float], _ b: [Float]) -> Float {
    a.count == b.count ? zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) } : .infinity
}
