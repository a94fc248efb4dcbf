/// ftfy's repairs of single characters.
enum CharacterFixes {
    /// Latin ligatures taken apart, full-width and half-width forms made ordinary, curly quotes made straight.
    static func replaceVariants(_ text: inout NormalizedText) {
        guard text.scalars.contains(where: { $0.value >= 0x132 }) else { return }
        for replace in [ligature, ordinaryWidth, straightQuote] {
            text.replaceEach { scalar, append in
                if let replacement = replace(scalar) {
                    for scalar in replacement.unicodeScalars { append(scalar) }
                } else {
                    append(scalar)
                }
            }
        }
    }

    /// Ligatures that come from typesetting, and digraphs that old encodings had; those that are letters stay.
    private static func ligature(_ scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0x132: "IJ"
        case 0x133: "ij"
        case 0x149: "\u{2BC}n"
        case 0x1F1: "DZ"
        case 0x1F2: "Dz"
        case 0x1F3: "dz"
        case 0x1C4: "D\u{17D}"
        case 0x1C5: "D\u{17E}"
        case 0x1C6: "d\u{17E}"
        case 0x1C7: "LJ"
        case 0x1C8: "Lj"
        case 0x1C9: "lj"
        case 0x1CA: "NJ"
        case 0x1CB: "Nj"
        case 0x1CC: "nj"
        case 0xFB00: "ff"
        case 0xFB01: "fi"
        case 0xFB02: "fl"
        case 0xFB03: "ffi"
        case 0xFB04: "ffl"
        case 0xFB05: "\u{17F}t"
        case 0xFB06: "st"
        default: nil
        }
    }

    /// The block of half-width and full-width forms (U+FF01 to U+FFEF) by compatibility, and the ideographic space.
    private static func ordinaryWidth(_ scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0x3000: return " "
        case 0xFF01...0xFF5E: return Unicode.Scalar(scalar.value - 0xFEE0).map { String($0) }
        case 0xFF5F...0xFFEE:
            let offset = Int(scalar.value - 0xFF5F)
            guard offset < widthTable.count, widthTable[offset] != "." else { return nil }
            return widthTable[offset] == "\u{AF}" ? " \u{304}" : String(widthTable[offset])
        default: return nil
        }
    }

    /// From U+FF5F on; `.` for what has no other form, and the macron for its own, which is two characters.
    private static let widthTable: [Unicode.Scalar] = Array(
        ("⦅⦆。「」、・ヲァィゥェォャュョッーアイウエオカキクケコサシスセソタチツテトナニヌネノハヒフヘホマミムメモヤユヨラリルレロワン\u{3099}\u{309A}\u{1160}\u{1100}"
            + "\u{1101}\u{11AA}\u{1102}\u{11AC}\u{11AD}\u{1103}\u{1104}\u{1105}\u{11B0}\u{11B1}\u{11B2}\u{11B3}"
            + "\u{11B4}\u{11B5}\u{111A}\u{1106}\u{1107}\u{1108}\u{1121}\u{1109}\u{110A}\u{110B}\u{110C}\u{110D}"
            + "\u{110E}\u{110F}\u{1110}\u{1111}\u{1112}...\u{1161}\u{1162}\u{1163}\u{1164}\u{1165}\u{1166}.."
            + "\u{1167}\u{1168}\u{1169}\u{116A}\u{116B}\u{116C}..\u{116D}\u{116E}\u{116F}\u{1170}\u{1171}"
            + "\u{1172}..\u{1173}\u{1174}\u{1175}...¢£¬¯¦¥₩.│←↑→↓■○").unicodeScalars)

    private static func straightQuote(_ scalar: Unicode.Scalar) -> String? {
        switch scalar.value {
        case 0x2BC, 0x2018...0x201B: "'"
        case 0x201C...0x201F: "\""
        default: nil
        }
    }

    /// All line breaks become line feeds.
    static func fixLineBreaks(_ text: inout NormalizedText) {
        guard text.scalars.contains(where: { isLineBreak($0) }) else { return }
        var result = NormalizedText()
        var position = 0
        while position < text.count {
            let isPair =
                text.scalars[position] == "\r" && position + 1 < text.count && text.scalars[position + 1] == "\n"
            let length = isPair ? 2 : 1
            let scalar = isLineBreak(text.scalars[position]) ? "\n" : text.scalars[position]
            result.append(scalar, span: text.originalRange(of: position..<(position + length)))
            position += length
        }
        text = result
    }

    private static func isLineBreak(_ scalar: Unicode.Scalar) -> Bool {
        scalar == "\r" || scalar == "\u{2028}" || scalar == "\u{2029}" || scalar == "\u{85}"
    }

    /// Removes what colours text in terminals: escape, "[", digits and semicolons, a letter.
    static func removeTerminalEscapes(_ text: inout NormalizedText) {
        guard text.scalars.contains("\u{1B}") else { return }
        var result = NormalizedText()
        var position = 0
        while position < text.count {
            let length = escapeLength(text.scalars, position)
            if length == 0 { result.append(text, position..<(position + 1)) }
            position += max(length, 1)
        }
        text = result
    }

    private static func escapeLength(_ scalars: [Unicode.Scalar], _ start: Int) -> Int {
        guard scalars[start] == "\u{1B}", start + 1 < scalars.count, scalars[start + 1] == "[" else { return 0 }
        var end = start + 2
        while end < scalars.count, scalars[end] == ";" || scalars[end].properties.generalCategory == .decimalNumber {
            end += 1
        }
        guard end < scalars.count, scalars[end].isASCII, (0x61...0x7A).contains(scalars[end].value | 0x20) else {
            return 0
        }
        return end + 1 - start
    }

    /// Removes control characters that show nothing; white space, joiners and direction marks stay.
    static func removeControls(_ text: inout NormalizedText) {
        guard text.scalars.contains(where: { isControl($0) }) else { return }
        text.replaceEach { scalar, append in if !isControl(scalar) { append(scalar) } }
    }

    private static func isControl(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x00...0x08, 0x0B, 0x0E...0x1F, 0x7F, 0x206A...0x206F, 0xFEFF, 0xFFF9...0xFFFC: true
        default: false
        }
    }
}
