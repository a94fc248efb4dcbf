import Foundation
import JSON
import Media
import Testing

/// The files beside the tests.
enum MediaFixtures {
    static func bytes(_ name: String) throws -> [UInt8] {
        let url = try #require(Bundle.module.url(forResource: "Fixtures", withExtension: nil))
        return [UInt8](try Data(contentsOf: url.appendingPathComponent(name)))
    }

    /// The rows of a fixture's `cases`.
    static func cases(_ name: String) throws -> [Config] {
        try Config(file: name, bytes: try bytes(name)).objects("cases", count: 1...10_000)
    }
}

/// CRC-32 (ISO 3309), as zlib's `crc32`.
func crc32(_ bytes: some Sequence<UInt8>) -> Int {
    var crc: UInt32 = ~0
    for byte in bytes { crc = crcTable[Int(UInt8(truncatingIfNeeded: crc) ^ byte)] ^ (crc >> 8) }
    return Int(~crc)
}

private let crcTable: [UInt32] = (0..<256).map { index in
    (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ (value >> 1) : value >> 1 }
}

/// CRC-32 of the little-endian bytes of floats.
func crc32(_ floats: [Float]) -> Int {
    crc32(floats.lazy.flatMap { value in (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> (8 * $0)) } })
}

/// `count` bytes, each a hash of its position; the same function as in the script that makes the fixtures.
func noise(count: Int, seed: Int) -> [UInt8] {
    (0..<count).map { index in
        var v = UInt32(truncatingIfNeeded: index &* 0x9E37_79B1 &+ seed &* 0x85EB_CA77)
        v ^= v >> 15
        v &*= 0x2C1B_3C6D
        v ^= v >> 12
        v &*= 0x297A_2D39
        v ^= v >> 15
        return UInt8(truncatingIfNeeded: v)
    }
}

func noiseImage(_ mode: Image.Mode, width: Int, height: Int, seed: Int) -> Image {
    Image(
        width: width, height: height, mode: mode,
        bytes: noise(count: width * height * mode.bytesPerPixel, seed: seed))
}

extension Image.Mode {
    /// The mode of Pillow's name.
    init?(pillow name: String) {
        let names: [String: Image.Mode] = [
            "L": .grey, "LA": .greyAlpha, "RGB": .rgb, "RGBA": .rgba, "CMYK": .cmyk, "I;16": .grey16,
        ]
        guard let mode = names[name] else { return nil }
        self = mode
    }
}

/// A generator for damage: the same sequence in every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
