/// Repairs text in UTF-8 that was read in another encoding, once or several times over: "â€œquotesâ€\u{9D}" becomes
/// "“quotes”".
///
/// The rules are those of ftfy 6.3 (`fix_encoding`), with its encodings and in its order: Latin-1, Windows-1252, 1251,
/// 1250, 1253, 1254 and 1257, ISO 8859-2, Mac Roman, code page 437. A text is only touched where it has a sequence of
/// characters that hardly occurs otherwise, see ``MojibakeClues``. Not done: more than ``passLimit`` layers.
enum Mojibake {
    /// The most layers that are taken off.
    static let passLimit = 32
    /// How deep stretches within stretches are repaired.
    private static let depthLimit = 4

    /// Repairs a text.
    static func repair(_ text: inout NormalizedText, depth: Int = 0) {
        for _ in 0..<passLimit {
            guard let repaired = step(text, depth: depth), repaired.scalars != text.scalars else { return }
            text = repaired
        }
    }

    /// Takes one layer off; `nil` where there is none.
    private static func step(_ text: NormalizedText, depth: Int) -> NormalizedText? {
        guard text.scalars.contains(where: { !$0.isASCII }), MojibakeClues.isBad(text.scalars[...]) else { return nil }
        var isLatin1 = false
        for encoding in LegacyEncoding.all {
            guard var bytes = encoding.encode(text) else { continue }
            if encoding.name == "latin-1" { isLatin1 = true }
            if encoding.restoresSpaces { bytes.restoreSpaces() }
            if encoding.isSloppy { bytes.replaceLost() }
            if let decoded = bytes.decoded() { return decoded }
        }
        if depth < depthLimit, let repaired = repairStretches(of: text, depth: depth) { return repaired }
        let hasControls = text.scalars.contains { (0x80...0x9F).contains($0.value) }
        guard isLatin1 || hasControls else { return nil }
        // Latin-1 was meant to be Windows-1252, as browsers take it. Where a control character has no meaning there,
        // only the others are replaced; that is the same.
        var replaced = text
        fixControls(&replaced)
        return replaced
    }

    /// Control characters of Latin-1 become what Windows-1252 has at their place.
    static func fixControls(_ text: inout NormalizedText) {
        guard text.scalars.contains(where: { (0x80...0x9F).contains($0.value) }) else { return }
        text.replaceEach { scalar, append in
            append((0x80...0x9F).contains(scalar.value) ? LegacyEncoding.windows1252(UInt8(scalar.value)) : scalar)
        }
    }

    private static func repairStretches(of text: NormalizedText, depth: Int) -> NormalizedText? {
        let stretches = MojibakeClues.sequences(in: text.scalars)
        guard !stretches.isEmpty else { return nil }
        var result = NormalizedText()
        var done = 0
        for stretch in stretches {
            result.append(text, done..<stretch.lowerBound)
            var part = text[stretch]
            if stretch.count < text.count, MojibakeClues.isBad(part.scalars[...]) { repair(&part, depth: depth + 1) }
            result.append(part)
            done = stretch.upperBound
        }
        result.append(text, done..<text.count)
        return result.scalars == text.scalars ? nil : result
    }
}
