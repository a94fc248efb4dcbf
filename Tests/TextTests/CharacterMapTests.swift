import JSON
import TestSupport
import Testing

@testable import Text

/// The rules for characters: which one applies, and that damaged ones do no harm.
@Suite struct CharacterMapTests {
    private func bytes() throws -> [UInt8] {
        try SentencePieceModel(file: "m", bytes: SentencePieceFixtures.bytes("siglip/spiece.model"))
            .normalization.characterMap
    }

    private func text(_ map: CharacterMap, _ source: String, longest: Bool) -> (String, Int)? {
        let bytes = Array(source.utf8)
        let match = bytes.withUnsafeBufferPointer {
            longest ? map.longestMatch($0, at: 0) : map.shortestMatch($0, at: 0)
        }
        return match.map { (String(decoding: map[$0.replacement], as: UTF8.self), $0.length) }
    }

    @Test func theLongestAndTheShortestRule() throws {
        let map = try CharacterMap(bytes())
        let angstrom = "A\u{30A}\u{301}"
        #expect(try #require(text(map, angstrom, longest: true)) == ("\u{1FA}", 5))
        #expect(try #require(text(map, angstrom, longest: false)) == ("\u{C5}", 3))
        #expect(try #require(text(map, "ﬁx", longest: true)) == ("fi", 3))
        #expect(try #require(text(map, "\u{1}", longest: true)) == ("", 1))
        #expect(text(map, "A", longest: true) == nil)
        #expect(text(map, "", longest: true) == nil)
        #expect(text(map, "\u{0}", longest: true) == nil)
    }

    @Test func refusesWhatIsNoMap() throws {
        let good = try bytes()
        let size = Int(good[0]) + Int(good[1]) << 8
        var unended = good
        unended[good.count - 1] = 65
        var broken = good
        broken[good.count - 2] = 0xFF
        let long = good + [UInt8](repeating: 65, count: 1025) + [0]
        for bytes in [
            [], [0], [0, 4, 0, 0], Array(good[..<(size + 4)]), Array(good.dropLast()), unended, broken, long,
        ] {
            #expect(throws: SentencePieceWire.Failure.self) { try CharacterMap(bytes) }
        }
    }

    @Test func mutations() throws {
        let good = try bytes()
        var generator = SeededGenerator(seed: 4)
        var read = 0
        for _ in 0..<400 {
            var damaged = good
            for _ in 0..<Int.random(in: 1...40, using: &generator) {
                let place = Int.random(in: 4..<damaged.count, using: &generator)
                damaged[place] = UInt8.random(in: .min ... .max, using: &generator)
            }
            guard let map = try? CharacterMap(damaged) else { continue }
            read += 1
            var text = NormalizedText(SentencePieceModelTests.hardText)
            let count = text.count
            CharacterMapNormalizer(map: map).normalize(&text)
            #expect(text.spans.allSatisfy { 0 <= $0.lowerBound && $0.upperBound <= count })
        }
        #expect(read > 100)
    }

    /// A trie whose every step leads on: matches are bounded, so the time stays linear.
    @Test func aTrieThatNeverEnds() throws {
        // Unit 0 and unit "a" both have offset 0 and so lead to each other's place.
        var units = [UInt32](repeating: 0xFFFF_FFFF, count: 256)
        units[0] = 0x100
        units[97] = 97 | 97 << 10 | 0x100
        var bytes: [UInt8] = [0, 4, 0, 0]
        for unit in units {
            for shift in [0, 8, 16, 24] { bytes.append(UInt8(truncatingIfNeeded: unit >> UInt32(shift))) }
        }
        let map = try CharacterMap(bytes + [65, 0])
        var text = NormalizedText(String(repeating: "a", count: 20_000))
        CharacterMapNormalizer(map: map).normalize(&text)
        let source = [UInt8](repeating: 97, count: 20_000)
        for start in stride(from: 0, to: source.count, by: 1) {
            let match = source.withUnsafeBufferPointer { map.longestMatch($0, at: start) }
            #expect(match.map { $0.length <= CharacterMap.ruleLimit } ?? true)
        }
    }

    @Test func base64() {
        #expect(Base64.decode("") == [])
        #expect(Base64.decode("AAEC/+8=") == [0, 1, 2, 255, 239])
        #expect(Base64.decode("AA==") == [0])
        for bad in ["A", "AA=", "A===", "====", "AA=A", "AA-_", "AAA\n", "é=="] { #expect(Base64.decode(bad) == nil) }
    }
}
