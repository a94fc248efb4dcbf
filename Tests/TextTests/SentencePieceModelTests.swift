import Foundation
import TestSupport
import Testing

@testable import Text

/// Reading the model's file: what it says, what is refused, and that no bytes do harm.
@Suite struct SentencePieceModelTests {
    /// Fields of the wire format.
    private enum Wire {
        static func varint(_ value: UInt64) -> [UInt8] {
            var (value, bytes) = (value, [UInt8]())
            while value > 0x7F {
                bytes.append(UInt8(value & 0x7F) | 0x80)
                value >>= 7
            }
            return bytes + [UInt8(value)]
        }

        static func number(_ field: UInt64, _ value: UInt64) -> [UInt8] { varint(field << 3) + varint(value) }
        static func bytes(_ field: UInt64, _ value: [UInt8]) -> [UInt8] {
            varint(field << 3 | 2) + varint(UInt64(value.count)) + value
        }
        static func float(_ field: UInt64, _ value: Float) -> [UInt8] {
            varint(field << 3 | 5) + (0..<4).map { UInt8(truncatingIfNeeded: value.bitPattern >> ($0 * 8)) }
        }
        static func piece(_ text: String, _ score: Float = 0, _ kind: UInt64 = 1) -> [UInt8] {
            bytes(1, bytes(1, Array(text.utf8)) + float(2, score) + number(3, kind))
        }
    }

    private static let base = Wire.piece("<unk>", 0, 2) + Wire.piece("</s>", 0, 3) + Wire.piece("\u{2581}a", -1)

    private func read(_ bytes: [UInt8]) throws -> SentencePieceModel { try SentencePieceModel(file: "m", bytes: bytes) }

    @Test func readsWhatIsThere() throws {
        let trainer = Wire.number(3, 1) + Wire.number(24, 1) + Wire.number(35, 0) + Wire.bytes(44, Array(" ?? ".utf8))
        let normalizer =
            Wire.bytes(1, Array("nfkc".utf8)) + Wire.bytes(2, [1, 2]) + Wire.number(3, 0) + Wire.number(4, 0)
        let model = try read(Self.base + Wire.bytes(2, trainer) + Wire.bytes(3, normalizer) + Wire.bytes(5, [9]))
        #expect(model.pieces.map(\.text) == ["<unk>", "</s>", "\u{2581}a"])
        #expect(model.pieces.map(\.kind) == [.unknown, .control, .normal])
        #expect(model.pieces[2].score == -1 && model.unknownID == 0)
        #expect(model.algorithm == .unigram && model.spacesAreSuffixes && !model.hasByteFallback)
        #expect(model.normalization.name == "nfkc" && model.normalization.characterMap == [1, 2])
        #expect(!model.normalization.addsDummyPrefix && !model.normalization.removesExtraSpaces)
        #expect(model.normalization.escapesSpaces)
    }

    @Test func defaultsAreTheFormats() throws {
        let model = try read(Self.base)
        #expect(model.algorithm == .unigram && !model.spacesAreSuffixes)
        #expect(model.normalization.addsDummyPrefix && model.normalization.removesExtraSpaces)
    }

    private static let refused: [(String, [UInt8])] = [
        ("at least one piece", []),
        ("unknown type", Wire.piece("a")),
        ("unknown type", base + Wire.piece("x", 0, 2)),
        ("a spelling", base + Wire.piece("")),
        ("without NUL", base + Wire.piece("a\u{0}")),
        ("UTF-8", base + Wire.bytes(1, Wire.bytes(1, [0xFF]))),
        ("finite", base + Wire.piece("b", .nan)),
        ("finite", base + Wire.piece("b", -.infinity)),
        ("less than 8000 bytes", base + Wire.piece(String(repeating: "a", count: 8000))),
        ("type of piece 3", base + Wire.piece("b", 0, 7)),
        ("model type", base + Wire.bytes(2, Wire.number(3, 9))),
        ("byte_fallback", base + Wire.piece("<0x41>", 0, 6)),
        ("all 256", base + Wire.piece("<0x41>", 0, 6) + Wire.bytes(2, Wire.number(35, 1))),
        ("byte pieces", base + Wire.piece("<0x-1>", 0, 6) + Wire.bytes(2, Wire.number(35, 1))),
        ("byte pieces", base + Wire.piece("<0xZZ>", 0, 6) + Wire.bytes(2, Wire.number(35, 1))),
        ("byte pieces", base + Wire.piece("<0x100>", 0, 6) + Wire.bytes(2, Wire.number(35, 1))),
        ("byte pieces", base + Wire.piece("<0x4a>", 0, 6) + Wire.bytes(2, Wire.number(35, 1))),
        ("at most", base + [0x0A, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]),
        ("at most ten bytes", base + [UInt8](repeating: 0xFF, count: 12)),
        ("wire type 3", base + [0x0B]),
        ("the key 0", base + [0x00]),
        ("field 1", base + Wire.number(1, 5)),
        ("4 bytes", base + [0x0A, 0x03, 0x15, 0, 0]),
    ]

    /// TK01
    @Test(arguments: refused.indices) func refuses(_ index: Int) throws {
        let (words, bytes) = Self.refused[index]
        let error = #expect(throws: TokenizerError.self) { try read(bytes) }
        #expect(error?.description.contains(words) == true, "\(error?.description ?? "nothing") lacks \(words)")
        #expect(error?.description.hasPrefix("m: expected") == true)
    }

    /// A model of another type is refused by its name, and a second piece of the same spelling by its place.
    @Test func otherTypesAreRefusedByName() throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"tokenizer_class": "SiglipTokenizer"}"#, as: "tokenizer_config.json")
        try folder.write(Self.base + Wire.bytes(2, Wire.number(3, 2)), as: "spiece.model")
        var error = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        #expect(error?.description.contains("expected a model of type UNIGRAM, found BPE") == true)
        try folder.write(Self.base + Wire.piece("</s>"), as: "spiece.model")
        error = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        #expect(error?.description.contains("piece 3 a second time") == true)
        try folder.write(#"{"tokenizer_class": "T5Tokenizer"}"#, as: "tokenizer_config.json")
        error = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        #expect(error?.description.contains("tokenizer_class") == true)
    }

    /// Damaged files are refused or give a tokenizer that works; nothing else happens.
    @Test(arguments: ["siglip/spiece.model", "siglip-bytes/spiece.model"]) func mutations(_ name: String) throws {
        let bytes = try SentencePieceFixtures.bytes(name)
        var generator = SeededGenerator(seed: 20)
        var refused = 0
        for round in 0..<400 {
            var damaged = bytes
            switch round % 4 {
            case 0: damaged.removeLast(Int.random(in: 1..<bytes.count, using: &generator))
            case 1:
                let start = Int.random(in: 0..<bytes.count, using: &generator)
                damaged.removeSubrange(start..<min(bytes.count, start + Int.random(in: 1...9, using: &generator)))
            default:
                for _ in 0..<Int.random(in: 1...8, using: &generator) {
                    let place = Int.random(in: 0..<damaged.count, using: &generator)
                    damaged[place] = UInt8.random(in: .min ... .max, using: &generator)
                }
            }
            do {
                try Self.exercise(damaged)
            } catch is TokenizerError {
                refused += 1
            } catch is SentencePieceWire.Failure {
                refused += 1
            }
        }
        #expect(refused > 50 && refused < 400)
    }

    static let hardText =
        "</s> a\u{301} ﬁ\u{301} … \u{0} 字 <sep> ▁▁ red car \u{1}\u{200B}x" + String(repeating: "ab", count: 50)

    private static func exercise(_ bytes: [UInt8]) throws {
        let file = try SentencePieceModel(file: "m", bytes: bytes)
        let model = try UnigramModel(file)
        let normalizer = try SentencePieceNormalizer(file)
        var text = NormalizedText(hardText)
        let count = text.count
        normalizer.normalize(&text)
        var tokens: [ModelToken] = []
        model.tokenize(0..<text.count, of: text, into: &tokens)
        // The tokens cover the text from end to end; all bytes of a scalar have its range.
        var end = 0
        for token in tokens {
            #expect(token.range.lowerBound <= end && token.range.upperBound >= end)
            #expect(token.id >= 0 && token.id < model.vocabulary.count)
            end = token.range.upperBound
        }
        #expect(end == text.count)
        #expect(text.spans.allSatisfy { 0 <= $0.lowerBound && $0.upperBound <= count })
    }
}
