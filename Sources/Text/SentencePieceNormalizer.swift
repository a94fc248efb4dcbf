/// What SentencePiece does to a text before it cuts it: the rules of its ``CharacterMap``, the longest match first,
/// white space trimmed and joined, a space put before the text, and spaces written as U+2581.
struct SentencePieceNormalizer: Normalizer {
    private let map: CharacterMap?
    private let normalization: SentencePieceModel.Normalization
    private let spacesAreSuffixes: Bool
    /// Pieces that the user defined, which no rule changes.
    private let protected: UnigramTrie?

    /// - Throws: ``SentencePieceWire/Failure`` where the map is damaged.
    init(_ model: SentencePieceModel) throws(SentencePieceWire.Failure) {
        normalization = model.normalization
        spacesAreSuffixes = model.spacesAreSuffixes
        map = normalization.characterMap.isEmpty ? nil : try CharacterMap(normalization.characterMap)
        var spellings = Set<[UInt8]>()
        for piece in model.pieces where piece.kind == .userDefined { spellings.insert(Array(piece.text.utf8)) }
        protected = spellings.isEmpty ? nil : UnigramTrie(spellings.map { ($0[...], 0) })
    }

    func normalize(_ text: inout NormalizedText) {
        let source = CharacterMapBytes(text.scalars)
        var result = NormalizedText()
        result.reserveCapacity(text.count + 8)
        let space: Unicode.Scalar = normalization.escapesSpaces ? "\u{2581}" : " "
        let trims = normalization.removesExtraSpaces

        source.bytes.withUnsafeBufferPointer { bytes in
            var position = 0
            while trims, position < bytes.count {
                let rule = rule(bytes, position)
                guard rule.text.count == 1, rule.text[0] == " " else { break }
                position += rule.length
            }
            guard position < bytes.count else { return }
            let addsPrefix = normalization.addsDummyPrefix && !spacesAreSuffixes
            if addsPrefix { result.append(space, span: place(of: source.scalars[position], in: text)) }
            var followsSpace = trims
            while position < bytes.count {
                let rule = rule(bytes, position)
                let end = position + rule.length
                var scalars = rule.text[...]
                while followsSpace, scalars.first == " " { scalars.removeFirst() }
                if let last = scalars.last {
                    let span = text.originalRange(of: source.scalars[position]..<source.scalars[end])
                    for scalar in scalars { result.append(scalar == " " ? space : scalar, span: span) }
                    followsSpace = trims && last == " "
                }
                position = end
            }
            var count = result.count
            while trims, count > 0, result.scalars[count - 1] == space { count -= 1 }
            if count < result.count { result = result[0..<count] }
            if spacesAreSuffixes && normalization.addsDummyPrefix {
                result.append(space, span: place(of: text.count, in: text))
            }
        }
        text = result
    }

    /// What the text from a place on starts with, and what takes its place.
    private func rule(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> (text: [Unicode.Scalar], length: Int) {
        if let length = protectedLength(bytes, start) { return (Self.scalars(bytes[start..<(start + length)]), length) }
        if let map, let match = map.longestMatch(bytes, at: start) {
            return (Self.scalars(map[match.replacement]), boundary(bytes, start + match.length) - start)
        }
        let end = boundary(bytes, start + 1)
        return (Self.scalars(bytes[start..<end]), end - start)
    }

    private func protectedLength(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
        guard let protected else { return nil }
        var node = UnigramTrie.root
        var longest: Int?
        var position = start
        while position < bytes.count, let child = protected.child(of: node, bytes[position]) {
            node = child
            position += 1
            if protected.id(at: node) != nil { longest = position - start }
        }
        return longest
    }

    /// The next place that is not within a scalar; only a damaged map has rules that end in one.
    private func boundary(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> Int {
        var position = position
        while position < bytes.count, bytes[position] & 0xC0 == 0x80 { position += 1 }
        return position
    }

    private static func scalars(_ bytes: some Collection<UInt8>) -> [Unicode.Scalar] {
        Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    }

    private func place(of position: Int, in text: NormalizedText) -> Range<Int> {
        text.originalRange(of: position..<position)
    }
}
