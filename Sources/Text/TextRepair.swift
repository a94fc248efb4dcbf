/// The cleaning that OpenAI's CLIP and open_clip do before they tokenize (`basic_clean` and what follows it).
///
/// In order: the repairs of ftfy 6.3's `fix_text`, which are
/// - HTML entities with a semicolon, unless there is a "<" in the line or one before,
/// - UTF-8 that was read in another encoding, see ``Mojibake``,
/// - control characters of Latin-1 taken for Windows-1252's characters,
/// - Latin ligatures taken apart, full-width and half-width forms made ordinary, curly quotes made straight,
/// - line breaks made line feeds, terminal escapes and control characters removed, NFC;
///
/// all again until nothing changes, at most ``passLimit`` times; then HTML entities twice, semicolons or not; then
/// white space and case as the kind says. Surrogates, which ftfy repairs, cannot be in a Swift string. Where a text is
/// changed, offsets name the part of the original that a character was made of.
///
/// Python's tables are older than Swift's: where that matters, letters of Unicode 15 and later are put into lower case
/// here and not there.
enum TextRepair: Normalizer, Equatable {
    /// Lower case, white space to single spaces: CLIP.
    case lower
    /// White space to single spaces.
    case whitespace
    /// Without punctuation, lower case, white space to single spaces: SigLIP.
    case canonicalize

    /// How often the repairs are gone through; texts need two or three.
    static let passLimit = 32
    /// Longer lines are repaired in parts, as ftfy does.
    private static let segmentLimit = 1_000_000

    func normalize(_ text: inout NormalizedText) {
        Self.repair(&text)
        HTMLEntities.unescape(&text)
        HTMLEntities.unescape(&text)
        if self == .canonicalize {
            text.replaceEach { scalar, append in
                if scalar == "_" { return append(" ") }
                if !(scalar.isASCII && scalar.isPunctuationForBERT) { append(scalar) }
            }
        }
        if self != .whitespace { Self.lowercase(&text) }
        Self.joinSpaces(&text)
    }

    /// `fix_text`: lines are repaired apart from each other.
    private static func repair(_ text: inout NormalizedText) {
        guard text.scalars.contains(where: { needsRepair($0) }) else { return }
        var result = NormalizedText()
        result.reserveCapacity(text.count)
        var unescapes = true
        var start = 0
        while start < text.count {
            let rest = text.scalars[start...]
            var end = rest.firstIndex(of: "\n").map { $0 + 1 } ?? text.count
            end = min(end, start + segmentLimit)
            var segment = text[start..<end]
            if segment.scalars.contains("<") { unescapes = false }
            repairSegment(&segment, unescapes: unescapes)
            result.append(segment)
            start = end
        }
        text = result
    }

    /// Whether a character is one that any of the repairs looks for.
    private static func needsRepair(_ scalar: Unicode.Scalar) -> Bool {
        !scalar.isASCII || scalar == "&" || scalar.value < 0x20 && scalar != "\n" || scalar.value == 0x7F
    }

    private static func repairSegment(_ segment: inout NormalizedText, unescapes: Bool) {
        for _ in 0..<passLimit {
            let before = segment.scalars
            if unescapes { HTMLEntities.unescapeStrictly(&segment) }
            Mojibake.repair(&segment)
            Mojibake.fixControls(&segment)
            CharacterFixes.replaceVariants(&segment)
            CharacterFixes.fixLineBreaks(&segment)
            CharacterFixes.removeTerminalEscapes(&segment)
            CharacterFixes.removeControls(&segment)
            CanonicalForms.compose(&segment, version: CanonicalForms.newestVersion)
            if segment.scalars == before { return }
        }
    }

    /// White space, as Python sees it, to single spaces, and none at the ends.
    private static func joinSpaces(_ text: inout NormalizedText) {
        var result = NormalizedText()
        result.reserveCapacity(text.count)
        var space: Range<Int>?
        for (scalar, span) in zip(text.scalars, text.spans) {
            guard !scalar.isPythonSpace else {
                if !result.isEmpty { space = span }
                continue
            }
            if let place = space { result.append(" ", span: place) }
            space = nil
            result.append(scalar, span: span)
        }
        text = result
    }

    /// Python's `lower`: a sigma at the end of a word is the final one.
    private static func lowercase(_ text: inout NormalizedText) {
        let scalars = text.scalars
        guard scalars.contains("\u{3A3}") else { return LowercaseNormalizer().normalize(&text) }
        var finals: Set<Int> = []
        for position in scalars.indices where scalars[position] == "\u{3A3}" && isFinal(scalars, position) {
            finals.insert(position)
        }
        var position = 0
        text.replaceEach { scalar, append in
            if finals.contains(position) {
                append("\u{3C2}")
            } else {
                for lower in scalar.properties.lowercaseMapping.unicodeScalars { append(lower) }
            }
            position += 1
        }
    }

    /// Unicode's Final_Sigma (table 3-17): a cased letter before, none after, whatever cases ignore in between.
    private static func isFinal(_ scalars: [Unicode.Scalar], _ position: Int) -> Bool {
        var before = position - 1
        while before >= 0, scalars[before].properties.isCaseIgnorable { before -= 1 }
        guard before >= 0, scalars[before].properties.isCased else { return false }
        var after = position + 1
        while after < scalars.count, scalars[after].properties.isCaseIgnorable { after += 1 }
        return after == scalars.count || !scalars[after].properties.isCased
    }
}
