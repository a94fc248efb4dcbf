import Files
import TestSupport
import Testing
import Text

/// Damaged files are refused or make a tokenizer that works; nothing else happens.
@Suite struct TokenizerFuzzTests {
    /// Bytes changed, cut, doubled or put elsewhere.
    static func damage(_ bytes: [UInt8], _ generator: inout SeededGenerator) -> [UInt8] {
        var bytes = bytes
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
            guard !bytes.isEmpty else { return bytes }
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            let end = min(bytes.count, place + Int.random(in: 1...40, using: &generator))
            switch Int.random(in: 0..<7, using: &generator) {
            case 0: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 1: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes.removeSubrange(place..<end)
            case 3: bytes.insert(contentsOf: bytes[place..<end], at: place)
            case 4: bytes.removeSubrange(place...)
            case 5:
                let words = ["null", "-1", "1e400", "[]", "{}", "\"\"", "9223372036854775807", "true", "\\ud800", "\n"]
                let word = words[Int.random(in: 0..<words.count, using: &generator)]
                bytes.replaceSubrange(place..<min(bytes.count, place + 3), with: Array(word.utf8))
            default:
                let other = Int.random(in: 0..<bytes.count, using: &generator)
                bytes.swapAt(place, other)
            }
        }
        return bytes
    }

    /// Loads damaged copies of a fixture's files and encodes with what loads.
    ///
    /// - Returns: how many were refused.
    static func run(_ name: String, rounds: Int, seed: UInt64) throws -> Int {
        var generator = SeededGenerator(seed: seed)
        let names = try FileSystem.list(TokenizerFixtures.path(name)).names.filter { $0 != "golden.json" }
        let folder = try TemporaryFolder()
        var refused = 0
        for _ in 0..<rounds {
            let victim = names[Int.random(in: 0..<names.count, using: &generator)]
            for file in names {
                let bytes = try TokenizerFixtures.bytes(name, file)
                try folder.write(file == victim ? damage(bytes, &generator) : bytes, as: file)
            }
            do throws(TokenizerError) {
                let tokenizer = try Tokenizer(folder: folder.path)
                let encoding = tokenizer.encode("A photo of 2 cats &amp; ½ “dogs” 日本 é</s><|endoftext|>[MASK]")
                #expect(encoding.ids.allSatisfy { (0..<tokenizer.vocabularyCount).contains($0) })
            } catch {
                #expect(!error.description.isEmpty)
                refused += 1
            }
        }
        return refused
    }

    @Test(arguments: TokenizerFixtures.names)
    func damagedFiles(_ name: String) throws {
        #expect(try Self.run(name, rounds: 25, seed: 11) > 0)
    }

    /// A packed file that would fill the memory.
    @Test func bomb() throws {
        let folder = try TemporaryFolder()
        // Zeros, packed by zlib: a thousandth of their size; repeated blocks of a stored stream are not needed.
        let header: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
        try folder.write(header + [UInt8](repeating: 0, count: 5000), as: "bpe_simple_vocab_16e6.txt.gz")
        #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        try folder.write(header, as: "bpe_simple_vocab_16e6.txt.gz")
        #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        try folder.write([], as: "bpe_simple_vocab_16e6.txt.gz")
        #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        let packed = try TokenizerFixtures.bytes("clip-openai", "bpe_simple_vocab_16e6.txt.gz")
        for count in stride(from: 0, to: packed.count, by: 97) {
            try folder.write(packed[..<count], as: "bpe_simple_vocab_16e6.txt.gz")
            #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        }
        try folder.write(packed + [0], as: "bpe_simple_vocab_16e6.txt.gz")
        #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
    }
}
