/// The rules by which SentencePiece rewrites characters: its `precompiled_charsmap`.
///
/// The bytes are the size of a trie as four bytes, little-endian, the trie, and the replacements, each ended by NUL.
/// The trie is a double array of Darts-clone: 32-bit units in which a step over a byte goes from a node to the unit at
/// its offset XOR the byte, and a node with a value has it in the unit at its offset; the value is where the
/// replacement starts. Everything is checked here or where it is used, so that no bytes can lead outside.
struct CharacterMap: Sendable, Equatable {
    /// The units of the double array.
    private let units: [UInt32]
    /// The replacements, in UTF-8, each ended by NUL.
    private let replacements: [UInt8]
    /// The scalars of the longest replacement.
    let longestReplacement: Int

    /// The largest map, in bytes.
    static let byteLimit = 16 << 20
    /// The longest replacement, in bytes; the longest of NFKC has 33.
    static let replacementLimit = 1024
    /// The longest rule, in bytes; the longest of NFKC has 18.
    static let ruleLimit = 256

    /// A rule that applies.
    struct Match: Equatable {
        /// The bytes it takes.
        var length: Int
        /// The bytes that take their place, a range of ``subscript(_:)``.
        var replacement: Range<Int>
    }

    /// Reads a map.
    ///
    /// - Throws: ``SentencePieceWire/Failure`` with what was expected and found.
    init(_ bytes: [UInt8]) throws(SentencePieceWire.Failure) {
        typealias Failure = SentencePieceWire.Failure
        guard bytes.count <= Self.byteLimit else {
            throw Failure(expected: "a character map of at most \(Self.byteLimit) bytes", found: "\(bytes.count)")
        }
        let size = bytes.count < 4 ? 0 : Int(Self.word(bytes, 0))
        guard bytes.count >= 4, size >= 1024, size % 1024 == 0, size < bytes.count - 4 else {
            throw Failure(
                expected: "a character map with a trie of a multiple of 1024 bytes and replacements behind it",
                found: "\(bytes.count) bytes, of which the trie takes \(size)")
        }
        replacements = Array(bytes[(4 + size)...])
        guard replacements.last == 0, String(validating: replacements, as: UTF8.self) != nil else {
            throw Failure(expected: "replacements in UTF-8, ended by NUL", found: "other bytes")
        }
        let texts = replacements.split(separator: 0)
        let longest = texts.map(\.count).max() ?? 0
        guard longest <= Self.replacementLimit else {
            throw Failure(expected: "replacements of at most \(Self.replacementLimit) bytes", found: "\(longest)")
        }
        // Bytes that begin a scalar.
        longestReplacement = texts.map { text in text.count { $0 & 0xC0 != 0x80 } }.max() ?? 0
        units = (0..<(size / 4)).map { Self.word(bytes, 4 + 4 * $0) }
    }

    /// The bytes of a replacement.
    subscript(range: Range<Int>) -> ArraySlice<UInt8> { replacements[range] }

    /// The rule that takes the most of the bytes from `start` on, as SentencePiece applies them.
    func longestMatch(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Match? {
        var best: (length: Int, value: Int)?
        search(bytes, start) {
            best = ($0, $1)
            return true
        }
        return best.flatMap { match($0.length, $0.value) }
    }

    /// The rule that takes the least of the bytes from `start` on, as Hugging Face's tokenizers apply them.
    func shortestMatch(_ bytes: UnsafeBufferPointer<UInt8>, at start: Int) -> Match? {
        var first: (length: Int, value: Int)?
        search(bytes, start) {
            first = ($0, $1)
            return false
        }
        return first.flatMap { match($0.length, $0.value) }
    }

    /// Calls `body` with the length and value of each rule that applies, shorter ones first, until it returns `false`.
    private func search(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ body: (Int, Int) -> Bool) {
        var node = Self.offset(units[0])
        var position = start
        let end = min(bytes.count, start + Self.ruleLimit)
        while position < end {
            let byte = bytes[position]
            node ^= Int(byte)
            // A NUL ends every rule, so it cannot be in one.
            guard byte != 0, node < units.count else { return }
            let unit = units[node]
            // The label; a value has the highest bit set, so it never equals a byte.
            guard unit & 0x8000_00FF == UInt32(byte) else { return }
            position += 1
            node ^= Self.offset(unit)
            guard unit >> 8 & 1 == 1 else { continue }
            guard node < units.count, body(position - start, Int(units[node] & 0x7FFF_FFFF)) else { return }
        }
    }

    private func match(_ length: Int, _ value: Int) -> Match? {
        // Only a damaged map points outside, or into the middle of a character.
        guard value < replacements.count, replacements[value] & 0xC0 != 0x80 else { return nil }
        var end = value
        while replacements[end] != 0 { end += 1 }
        return Match(length: length, replacement: value..<end)
    }

    private static func offset(_ unit: UInt32) -> Int { Int(unit >> 10) << Int((unit & 0x200) >> 6) }

    private static func word(_ bytes: [UInt8], _ start: Int) -> UInt32 {
        (0..<4).reversed().reduce(0) { $0 << 8 | UInt32(bytes[start + $1]) }
    }
}

/// A text's UTF-8 with the scalar that each byte belongs to.
struct CharacterMapBytes {
    /// The bytes.
    private(set) var bytes: [UInt8] = []
    /// For each byte the position of its scalar, and one more at the end.
    private(set) var scalars: [Int] = []

    init(_ text: [Unicode.Scalar]) {
        bytes.reserveCapacity(text.count * 2)
        scalars.reserveCapacity(text.count * 2 + 1)
        for (position, scalar) in text.enumerated() {
            for byte in UTF8.encode(scalar) ?? .init() {
                bytes.append(byte)
                scalars.append(position)
            }
        }
        scalars.append(text.count)
    }
}
