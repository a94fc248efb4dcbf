/// An encoding of a byte a character, as ftfy uses it to read a text back to the bytes it came from.
struct LegacyEncoding: Sendable {
    let name: String
    /// Bytes without a meaning stand for the control character of their number, and U+FFFD for a byte that was lost.
    let isSloppy: Bool
    /// Whether a space may stand for a byte A0.
    let restoresSpaces: Bool
    private let bytes: [Unicode.Scalar: UInt8]
    private let characters: [Unicode.Scalar]

    /// In the order they are tried.
    static let all: [LegacyEncoding] =
        [LegacyEncoding("latin-1", false, true, Array(repeating: ".", count: 128))]
        + MojibakeTables.encodings.map { LegacyEncoding($0.0, $0.1, $0.2, $0.3.split(separator: " ")) }

    private init(_ name: String, _ isSloppy: Bool, _ restoresSpaces: Bool, _ table: [Substring]) {
        (self.name, self.isSloppy, self.restoresSpaces) = (name, isSloppy, restoresSpaces)
        var bytes: [Unicode.Scalar: UInt8] = [:]
        var characters: [Unicode.Scalar] = []
        for (byte, code) in zip(UInt8(128)...UInt8(255), table) {
            let scalar = UInt32(code, radix: 16).flatMap { Unicode.Scalar($0) } ?? Unicode.Scalar(byte)
            bytes[scalar] = byte
            characters.append(scalar)
        }
        if isSloppy { bytes["\u{FFFD}"] = Self.lost }
        self.bytes = bytes
        self.characters = characters
    }

    /// What stands for a byte that was lost: the control character "substitute".
    static let lost: UInt8 = 0x1A

    /// What Windows-1252 has at a byte from 80 on.
    static func windows1252(_ byte: UInt8) -> Unicode.Scalar {
        guard byte >= 128, let table = all.first(where: { $0.name == "windows-1252" })?.characters,
            Int(byte) - 128 < table.count
        else { return Unicode.Scalar(byte) }
        return table[Int(byte) - 128]
    }

    /// The bytes that a text is read from in this encoding; `nil` where it has another character.
    func encode(_ text: NormalizedText) -> LegacyBytes? {
        var result = LegacyBytes()
        for (scalar, span) in zip(text.scalars, text.spans) {
            if scalar.isASCII {
                guard !isSloppy || scalar.value != UInt32(Self.lost) else { return nil }
                result.append(UInt8(scalar.value), span)
            } else {
                guard let byte = bytes[scalar] else { return nil }
                result.append(byte, span)
            }
        }
        return result
    }
}

/// Bytes that are to be read as UTF-8, each with the part of the original text it came from.
struct LegacyBytes {
    private(set) var bytes: [UInt8] = []
    private(set) var spans: [Range<Int>] = []

    mutating func append(_ byte: UInt8, _ span: Range<Int>) {
        bytes.append(byte)
        spans.append(span)
    }

    private func byte(_ position: Int) -> UInt8 { position < bytes.count ? bytes[position] : 0 }

    /// Puts byte A0, the no-break space of Latin-1, back where a sequence has a space in its place.
    mutating func restoreSpaces() {
        guard bytes.contains(0x20), bytes.indices.contains(where: { alteredLength(at: $0) > 0 }) else { return }
        // "à" at the end of a word lost its A0 to the space after it; Portuguese words that start with it did not.
        let endings = ["", "quele", "quela", "quilo", "s "].map { Array($0.utf8) }
        var words = LegacyBytes()
        for position in bytes.indices {
            words.append(bytes[position], spans[position])
            guard bytes[position] == 0xC3, byte(position + 1) == 0x20 else { continue }
            let rest = bytes[min(position + 2, bytes.count)...]
            let continues = byte(position + 2) == 0x20 || endings.dropFirst().contains { rest.starts(with: $0) }
            if !continues { words.append(0xA0, spans[position + 1]) }
        }
        self = words
        var position = 0
        while position < bytes.count {
            let length = alteredLength(at: position)
            for place in position..<(position + length) where bytes[place] == 0x20 { bytes[place] = 0xA0 }
            position += max(length, 1)
        }
    }

    /// The length of a sequence that would be likely UTF-8 with A0 for its space; 0 where there is none.
    private func alteredLength(at start: Int) -> Int {
        func isContinuation(_ offset: Int, strict: Bool) -> Bool {
            let byte = byte(start + offset)
            return (0x80...0xBF).contains(byte) && !(strict && (byte == 0x85 || byte == 0xA0))
        }
        func isSpace(_ offset: Int) -> Bool { byte(start + offset) == 0x20 }
        switch byte(start) {
        case 0xC2, 0xC3, 0xC5, 0xCE, 0xD0, 0xD9: return isSpace(1) ? 2 : 0
        case 0xE0...0xE3:
            if byte(start) >= 0xE2, isSpace(1), isContinuation(2, strict: true) { return 3 }
            return isContinuation(1, strict: true) && isSpace(2) ? 3 : 0
        case 0xF0:
            let spaces = (1...3).filter { isSpace($0) }.count
            let rest = (1...3).filter { isContinuation($0, strict: false) }.count
            return spaces == 1 && rest == 2 ? 4 : 0
        default: return 0
        }
    }

    /// Replaces sequences that lost bytes by the replacement character, and what is left of lost bytes, too.
    mutating func replaceLost() {
        guard bytes.contains(LegacyEncoding.lost) || bytes.contains(UInt8(ascii: "?")) else { return }
        var result = LegacyBytes()
        var position = 0
        while position < bytes.count {
            let length = lostLength(at: position)
            guard length > 0 else {
                result.append(bytes[position], spans[position])
                position += 1
                continue
            }
            let span = spans[position].lowerBound..<spans[position + length - 1].upperBound
            for byte: UInt8 in [0xEF, 0xBF, 0xBD] { result.append(byte, span) }
            position += length
        }
        self = result
    }

    /// The length of a sequence of UTF-8, or of a surrogate pair written as two, that lost at least one byte.
    private func lostLength(at start: Int) -> Int {
        let lost = LegacyEncoding.lost
        func isLost(_ offset: Int) -> Bool { byte(start + offset) == lost || byte(start + offset) == 0x3F }
        func isRest(_ offset: Int) -> Bool {
            byte(start + offset) == lost || (0x80...0xBF).contains(byte(start + offset))
        }
        /// A sequence with at most one "?", and a lost byte.
        func hasLost(_ count: Int) -> Bool {
            (1..<count).contains { place in
                isLost(place) && (1..<count).allSatisfy { $0 == place || isRest($0) }
            }
        }
        func isIn(_ offset: Int, _ range: ClosedRange<UInt8>) -> Bool { range.contains(byte(start + offset)) }
        switch byte(start) {
        case 0xC2...0xDF:
            if byte(start + 1) == lost { return 2 }
            return byte(start) <= 0xC3 && byte(start + 1) == 0x3F ? 2 : 0
        case 0xE0...0xEF:
            if byte(start) == 0xED, isIn(1, 0xA0...0xAF), isIn(3, 0xED...0xED), isIn(4, 0xB0...0xBF) {
                let (first, second) = (isLost(2), isLost(5))
                if first && (second || isIn(5, 0x80...0xBF)) || second && isIn(2, 0x80...0xBF) { return 6 }
            }
            return hasLost(3) ? 3 : 0
        case 0xF0...0xF4: return hasLost(4) ? 4 : 0
        case lost: return 1
        default: return 0
        }
    }

    /// The bytes read as UTF-8; `nil` where they are not. Surrogate pairs written as two sequences (CESU-8) and NUL in
    /// two bytes are taken, too.
    func decoded() -> NormalizedText? {
        var text = NormalizedText()
        text.reserveCapacity(bytes.count)
        var position = 0
        while position < bytes.count {
            guard let (scalar, length) = scalar(at: position) else { return nil }
            text.append(scalar, span: spans[position].lowerBound..<spans[position + length - 1].upperBound)
            position += length
        }
        return text
    }

    private func scalar(at start: Int) -> (Unicode.Scalar, Int)? {
        func rest(_ offset: Int) -> UInt32? {
            guard (0x80...0xBF).contains(byte(start + offset)) else { return nil }
            return UInt32(byte(start + offset) & 0x3F)
        }
        let first = UInt32(byte(start))
        switch first {
        case 0..<0x80: return Unicode.Scalar(first).map { ($0, 1) }
        case 0xC0: return byte(start + 1) == 0x80 ? ("\0", 2) : nil
        case 0xC2...0xDF:
            guard let a = rest(1) else { return nil }
            return Unicode.Scalar((first & 0x1F) << 6 | a).map { ($0, 2) }
        case 0xE0...0xEF:
            guard let a = rest(1), let b = rest(2) else { return nil }
            let code = (first & 0x0F) << 12 | a << 6 | b
            if (0xD800..<0xDC00).contains(code), byte(start + 3) == 0xED, let c = rest(4), let d = rest(5), c >= 0x30 {
                return Unicode.Scalar(0x10000 + (code & 0x3FF) << 10 + (c & 0x0F) << 6 + d).map { ($0, 6) }
            }
            return code >= 0x800 ? Unicode.Scalar(code).map { ($0, 3) } : nil
        case 0xF0...0xF4:
            guard let a = rest(1), let b = rest(2), let c = rest(3) else { return nil }
            let code = (first & 0x07) << 18 | a << 12 | b << 6 | c
            return code >= 0x10000 ? Unicode.Scalar(code).map { ($0, 4) } : nil
        default: return nil
        }
    }
}
