/// What a SentencePiece model file (`spiece.model`, `sentencepiece.bpe.model`) says: the `ModelProto` message of
/// SentencePiece's `sentencepiece_model.proto`.
struct SentencePieceModel: Sendable, Equatable {
    /// What a piece is for.
    enum Kind: Int, Sendable {
        case normal = 1
        case unknown, control, userDefined, unused, byte
    }

    /// How texts are cut into pieces.
    enum Algorithm: Int, Sendable {
        case unigram = 1
        case bpe, word, char

        /// The name in the format's definition.
        var name: String {
            switch self {
            case .unigram: "UNIGRAM"
            case .bpe: "BPE"
            case .word: "WORD"
            case .char: "CHAR"
            }
        }
    }

    /// An entry of the vocabulary.
    struct Piece: Sendable, Equatable {
        /// The spelling, never empty and without NUL.
        var text: String
        /// The logarithm of its probability, finite.
        var score: Float = 0
        var kind = Kind.normal
    }

    /// How texts are rewritten before they are cut: `NormalizerSpec`.
    struct Normalization: Sendable, Equatable {
        /// The rules' name, such as `nmt_nfkc`.
        var name = ""
        /// See ``CharacterMap``; empty where there are no rules.
        var characterMap: [UInt8] = []
        var addsDummyPrefix = true
        var removesExtraSpaces = true
        var escapesSpaces = true
    }

    /// The pieces; a piece's position is its id.
    var pieces: [Piece] = []
    var algorithm = Algorithm.unigram
    /// Whether what is unknown is spelled in bytes.
    var hasByteFallback = false
    /// Whether the dummy prefix and the spaces between words go to the end of the word before.
    var spacesAreSuffixes = false
    var normalization = Normalization()
    /// Position of the piece that stands for what is unknown.
    var unknownID = 0

    /// The largest file, in bytes.
    static let byteLimit = 64 << 20
    /// The longest piece, in bytes; SentencePiece's own limit.
    static let pieceLimit = 8000

    /// Reads a file's bytes.
    ///
    /// - Throws: ``TokenizerError/format(file:line:expected:found:)`` where they are no such message, or one that
    ///   SentencePiece itself refuses: pieces without a spelling, two of the same spelling, scores that are not finite,
    ///   no or two unknown pieces, byte pieces without byte fallback or not all 256 with it.
    init(file: String, bytes: [UInt8]) throws(TokenizerError) {
        do {
            try read(bytes)
            try check()
        } catch {
            throw .format(file: file, line: nil, expected: error.expected, found: error.found)
        }
    }
}

extension SentencePieceModel {
    private typealias Failure = SentencePieceWire.Failure

    private mutating func read(_ bytes: [UInt8]) throws(SentencePieceWire.Failure) {
        guard bytes.count <= Self.byteLimit else {
            throw Failure(expected: "at most \(Self.byteLimit) bytes", found: "\(bytes.count)")
        }
        var message = SentencePieceWire(bytes, 0..<bytes.count)
        while let (number, value) = try message.next() {
            switch (number, value) {
            case (1, .bytes(let range)): pieces.append(try Self.piece(bytes, range, pieces.count))
            case (2, .bytes(let range)): try readTrainer(bytes, range)
            case (3, .bytes(let range)): try readNormalizer(bytes, range)
            case (1...3, _): throw Failure(expected: "a message in field \(number)", found: "a number")
            default: break
            }
        }
    }

    private static func piece(_ bytes: [UInt8], _ range: Range<Int>, _ id: Int) throws(SentencePieceWire.Failure)
        -> Piece
    {
        var piece = Piece(text: "")
        var message = SentencePieceWire(bytes, range)
        while let (number, value) = try message.next() {
            switch (number, value) {
            case (1, .bytes(let text)):
                guard text.count < pieceLimit else {
                    throw Failure(expected: "less than \(pieceLimit) bytes of piece \(id)", found: "\(text.count)")
                }
                guard let text = String(validating: bytes[text], as: UTF8.self), !text.utf8.contains(0) else {
                    throw Failure(expected: "piece \(id) in UTF-8 without NUL", found: "other bytes")
                }
                piece.text = text
            case (2, .fixed32(let bits)):
                piece.score = Float(bitPattern: bits)
                guard piece.score.isFinite else {
                    throw Failure(expected: "a finite score of piece \(id)", found: "\(piece.score)")
                }
            case (3, .varint(let kind)):
                guard let kind = Int(exactly: kind).flatMap(Kind.init(rawValue:)) else {
                    throw Failure(expected: "a type of piece \(id) in 1...6", found: "\(kind)")
                }
                piece.kind = kind
            case (1...3, _): throw Failure(expected: "the wire type of field \(number) of a piece", found: "another")
            default: break
            }
        }
        guard !piece.text.isEmpty else { throw Failure(expected: "a spelling of piece \(id)", found: "none") }
        return piece
    }

    private mutating func readTrainer(_ bytes: [UInt8], _ range: Range<Int>) throws(SentencePieceWire.Failure) {
        var message = SentencePieceWire(bytes, range)
        while let (number, value) = try message.next() {
            switch (number, value) {
            case (3, .varint(let type)):
                guard let algorithm = Int(exactly: type).flatMap(Algorithm.init(rawValue:)) else {
                    throw Failure(expected: "a model type in 1...4", found: "\(type)")
                }
                self.algorithm = algorithm
            case (24, .varint(let flag)): spacesAreSuffixes = flag != 0
            case (35, .varint(let flag)): hasByteFallback = flag != 0
            case (3, _), (24, _), (35, _):
                throw Failure(expected: "a varint in field \(number) of the trainer's message", found: "another type")
            default: break
            }
        }
    }

    private mutating func readNormalizer(_ bytes: [UInt8], _ range: Range<Int>) throws(SentencePieceWire.Failure) {
        var message = SentencePieceWire(bytes, range)
        while let (number, value) = try message.next() {
            switch (number, value) {
            case (1, .bytes(let name)): normalization.name = String(decoding: bytes[name], as: UTF8.self)
            case (2, .bytes(let map)): normalization.characterMap = Array(bytes[map])
            case (3, .varint(let flag)): normalization.addsDummyPrefix = flag != 0
            case (4, .varint(let flag)): normalization.removesExtraSpaces = flag != 0
            case (5, .varint(let flag)): normalization.escapesSpaces = flag != 0
            case (1...5, _):
                throw Failure(expected: "the wire type of field \(number) of the normalizer", found: "another")
            default: break
            }
        }
    }

    private mutating func check() throws(SentencePieceWire.Failure) {
        guard !pieces.isEmpty else { throw Failure(expected: "at least one piece", found: "none") }
        guard pieces.count <= Vocabulary.countLimit else {
            throw Failure(expected: "at most \(Vocabulary.countLimit) pieces", found: "\(pieces.count)")
        }
        let unknown = pieces.indices.filter { pieces[$0].kind == .unknown }
        guard unknown.count == 1 else {
            throw Failure(expected: "one piece of the unknown type", found: "\(unknown.count)")
        }
        unknownID = unknown[0]
        var bytesFound = Set<UInt8>()
        for piece in pieces where piece.kind == .byte {
            guard hasByteFallback, let byte = Self.byte(piece.text) else {
                throw Failure(expected: "byte pieces <0x00> to <0xFF> with byte_fallback only", found: piece.text)
            }
            bytesFound.insert(byte)
        }
        guard !hasByteFallback || bytesFound.count == 256 else {
            throw Failure(expected: "all 256 byte pieces with byte_fallback", found: "\(bytesFound.count)")
        }
    }

    /// The spelling of a byte's piece.
    static func spelling(_ byte: UInt8) -> String {
        let digits = String(byte, radix: 16, uppercase: true)
        return "<0x\(digits.utf8.count < 2 ? "0" : "")\(digits)>"
    }

    /// The byte that a piece spells, `<0x00>` to `<0xFF>` with capital letters.
    private static func byte(_ piece: String) -> UInt8? {
        let text = Array(piece.utf8)
        guard text.count == 6, let value = UInt8(String(decoding: text[3..<5], as: UTF8.self), radix: 16),
            piece.utf8.elementsEqual(spelling(value).utf8)
        else { return nil }
        return value
    }
}
