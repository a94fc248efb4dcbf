/// What gives away that a text in UTF-8 was read in another encoding (ftfy 6.3, `badness.py` and `chardata.py`).
enum MojibakeClues {
    /// Characters at one place of a clue.
    private enum Element {
        /// Of one of the classes in ``MojibakeTables``, or one of those listed.
        case of(UInt32, [Unicode.Scalar])
        /// White space.
        case space
        /// A letter, number or underscore.
        case word
        /// a to z.
        case lower
        /// a to z, and A to Z.
        case letter
        /// Anything but a letter of ASCII.
        case notLetter
        /// a to z, sentence punctuation, or of the classes.
        case lowerOrStop(UInt32)
        /// A letter of ASCII or a space.
        case letterOrSpace
        /// Anything but a line feed.
        case any
    }

    /// Each a sequence of characters that hardly occurs but by such a mistake.
    private static let clues: [[Element]] = [
        [of("C")],
        [of("bLUxse$nl"), of("b")],
        [.letter, of("gG"), of("b")],
        [of("b"), of("LUxse$nl")],
        [of("Lgxe$n"), of("U")],
        [of("xe$n"), of("L")],
        [of("Lxe"), of("$")],
        [.space, of("U"), of("$")],
        [of("Ux"), of("nl")],
        [of("LUx$e"), of("s"), of("n")],
        [of("LU$nxl"), of("e"), of("s")],
        [of("$nx"), of("s")],
        [.lower, of("U"), of("s$")],
        [of("x"), of("k")],
        [of("LU$nsel"), of("x")],
        [of("x"), of("e")],
        [of("LU"), of("se"), .word],
        [of("", "Œœ"), .notLetter],
        [of("U"), of("", "°")],
        [of("", "ÂÃÎÐ"), of("se", "€œŠš¢£Ÿž\u{A0}\u{AD}®©°·»–—´")],
        [of("", "×"), of("", "²³")],
        [of("", "ØÙ"), of("m$bns", "ŸŠ®°µ»"), of("", "ØÙ"), of("m$bns", "ŸŠ®°µ»")],
        [of("", "à"), of("", "²µ¹¼½¾")],
        [of("", "√"), of("", "±∂†≠®™´≤≥¥µø")],
        [of("", "≈"), of("", "°¢")],
        [of("", "‚"), of("", "Ä"), of("", "ìîïòôúùû†°¢π")],
        [of("", "‚"), of("", "âó"), of("", "àä°ê")],
        [of("", "в"), of("", "Ђ")],
        [of("", "ВГРС"), of("Cbse$", "°µ"), of("", "ВГРС")],
        [of("", "Г"), of("", "ў"), of("", "В"), of("", "Ђ"), of("", "В"), .any, .letterOrSpace],
        [of("", "Ã"), of("", "\u{A0}¡")],
        [.lower, .space, of("", "ÃÂ"), of("", " ")],
        [.lower, of("", "ÃÂ"), of("", " ")],
        [.lowerOrStop(mask("e")), of("", "Â"), of("se", " ")],
        [of("", "β"), of("", "€"), of("", "™\u{A0}\u{386}\u{AD}®°")],
        [of("", "ΒΓΞΟ"), of("Cbse$", "°"), of("", "ΒΓΞΟ")],
        [of("", "ā"), of("", "€")],
    ]

    private static func of(_ classes: String, _ others: String = "") -> Element {
        .of(mask(classes), Array(others.unicodeScalars))
    }

    private static func mask(_ classes: String) -> UInt32 {
        var mask: UInt32 = 0
        for (bit, entry) in MojibakeTables.classes.enumerated() where classes.contains(entry.0) { mask |= 1 << bit }
        return mask
    }

    /// The classes of each character that has one, a bit each.
    private static let masks: [Unicode.Scalar: UInt32] = {
        var masks: [Unicode.Scalar: UInt32] = [:]
        for (bit, entry) in MojibakeTables.classes.enumerated() {
            for range in entry.1.split(separator: " ") {
                let bounds = range.split(separator: "-").compactMap { UInt32($0, radix: 16) }
                guard let first = bounds.first, let last = bounds.last, first <= last else { continue }
                for code in first...last {
                    if let scalar = Unicode.Scalar(code) { masks[scalar, default: 0] |= 1 << bit }
                }
            }
        }
        return masks
    }()

    /// Whether a text looks as if it was read in the wrong encoding.
    static func isBad(_ scalars: ArraySlice<Unicode.Scalar>) -> Bool {
        // Every clue has a character that is not in ASCII among its first three.
        var last = scalars.startIndex
        for position in scalars.indices {
            guard !scalars[position].isASCII else { continue }
            for start in max(last, position - 2)...position where hasClue(scalars, at: start) { return true }
            last = position + 1
        }
        return false
    }

    private static func hasClue(_ scalars: ArraySlice<Unicode.Scalar>, at start: Int) -> Bool {
        if start == scalars.startIndex, start + 1 < scalars.endIndex, scalars[start + 1] == " ",
            scalars[start] == "Ã" || scalars[start] == "Â"
        {
            return true
        }
        return clues.contains { clue in
            guard scalars.endIndex - start >= clue.count else { return false }
            for (offset, element) in clue.enumerated() where !matches(scalars[start + offset], element) {
                return false
            }
            return true
        }
    }

    private static func matches(_ scalar: Unicode.Scalar, _ element: Element) -> Bool {
        let isLower = (0x61...0x7A).contains(scalar.value)
        let isLetter = isLower || (0x41...0x5A).contains(scalar.value)
        switch element {
        case .of(let mask, let others): return (mask & (masks[scalar] ?? 0)) != 0 || others.contains(scalar)
        case .space: return scalar.isPythonSpace
        case .word: return scalar.isPatternLetter || scalar.isPatternNumber || scalar == "_"
        case .lower: return isLower
        case .letter: return isLetter
        case .notLetter: return !isLetter
        case .lowerOrStop(let mask):
            return isLower || ".,?!".unicodeScalars.contains(scalar) || (mask & (masks[scalar] ?? 0)) != 0
        case .letterOrSpace: return isLetter || scalar == " "
        case .any: return scalar != "\n"
        }
    }

    /// Stretches that look like sequences of UTF-8 whatever is around them.
    static func sequences(in scalars: [Unicode.Scalar]) -> [Range<Int>] {
        let (first2, first3, first4) = (mask("2"), mask("3"), mask("4"))
        let (continuation, strict) = (mask("c"), mask("!"))
        func isOf(_ mask: UInt32, _ position: Int) -> Bool {
            position < scalars.count && (mask & (masks[scalars[position]] ?? 0)) != 0
        }
        func sequence(at start: Int) -> Int {
            if isOf(first2, start), isOf(continuation, start + 1) { return 2 }
            if isOf(first3, start), isOf(continuation, start + 1), isOf(continuation, start + 2) { return 3 }
            if isOf(first4, start), (1...3).allSatisfy({ isOf(continuation, start + $0) }) { return 4 }
            return 0
        }
        var found: [Range<Int>] = []
        var start = 0
        while start < scalars.count {
            var end = start
            if start == 0 || !isOf(strict, start - 1) {
                var length = sequence(at: end)
                while length > 0 {
                    end += length
                    length = sequence(at: end)
                }
            }
            if end > start { found.append(start..<end) }
            start = max(end, start + 1)
        }
        return found
    }
}
