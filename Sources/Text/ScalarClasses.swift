/// The classes of characters that the references' patterns name, as their own tables have them.
///
/// The libraries that models are trained with carry tables of different Unicode versions. Swift's are newer, so a
/// character that came later than the library's version is taken out by its age. What else differs, because a character
/// changed its category between two versions, is listed.
extension Unicode.Scalar {
    /// `\p{L}` of the patterns in `tokenizer.json`: letters of Unicode 16.
    var isPatternLetter: Bool {
        guard !isASCII else { return isASCIILetter }
        switch properties.generalCategory {
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
            return isAssigned(in: 16)
        default: return false
        }
    }

    /// `\p{N}` of the patterns in `tokenizer.json`: numbers of Unicode 16.
    var isPatternNumber: Bool {
        guard !isASCII else { return isASCIIDigit }
        switch properties.generalCategory {
        case .decimalNumber, .letterNumber, .otherNumber: return isAssigned(in: 16)
        default: return false
        }
    }

    /// `\s`: Unicode's White_Space.
    var isPatternSpace: Bool {
        isASCII ? value == 0x20 || (0x09...0x0D).contains(value) : properties.isWhitespace
    }

    /// A letter or number of any version, or the underscore: `\w` next to an added token.
    var isWordCharacter: Bool {
        guard !isASCII else { return isASCIILetter || isASCIIDigit || value == 0x5F }
        return properties.isAlphabetic || properties.generalCategory == .decimalNumber
            || properties.generalCategory == .connectorPunctuation || properties.isJoinControl || isMark
    }

    /// What BERT's clean-up removes besides NUL and U+FFFD: control, format and private-use characters of Unicode 8,
    /// but not tab, line feed and carriage return.
    var isRemovedByBERT: Bool {
        if isASCII { return (value < 0x20 && value != 0x09 && value != 0x0A && value != 0x0D) || value == 0x7F }
        switch properties.generalCategory {
        case .control, .format, .privateUse: return isAssigned(in: 8)
        default: return value == 0xFFFD
        }
    }

    /// What BERT cuts out as a word of its own: ASCII's symbols and Unicode 8's punctuation.
    var isPunctuationForBERT: Bool {
        if isASCII { return (0x21...0x7E).contains(value) && !isASCIILetter && !isASCIIDigit }
        switch properties.generalCategory {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation:
            return isAssigned(in: 8)
        default: return value == 0x166D || value == 0x111C9
        }
    }

    /// Nonspacing marks of Unicode 8, which BERT's accent stripping removes.
    var isStrippedAccent: Bool {
        if value < 0x300 { return false }
        switch value {
        case 0x1734, 0x1171E: return true
        case 0x1885, 0x1886, 0xA9BD, 0x111C9: return false
        default: return properties.generalCategory == .nonspacingMark && isAssigned(in: 8)
        }
    }

    /// The blocks of Chinese characters that BERT puts spaces around.
    var isChineseForBERT: Bool {
        switch value {
        case 0x4E00...0x9FFF, 0x3400...0x4DBF, 0x20000...0x2A6DF, 0x2A700...0x2B73F, 0x2B740...0x2B81F,
            0x2B920...0x2CEAF, 0xF900...0xFAFF, 0x2F800...0x2FA1F:
            true
        default: false
        }
    }

    /// Whether the character exists since this major version of Unicode or an earlier one.
    func isAssigned(in version: Int) -> Bool {
        guard let age = properties.age else { return false }
        return age.major <= version
    }

    /// Whether this is a combining mark of any kind.
    var isMark: Bool {
        switch properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    private var isASCIILetter: Bool { (0x61...0x7A).contains(value | 0x20) }
    private var isASCIIDigit: Bool { (0x30...0x39).contains(value) }
}
