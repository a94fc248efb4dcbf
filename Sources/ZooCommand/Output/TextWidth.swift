/// The number of terminal cells that `text` takes: 2 for wide East Asian characters and emoji, 0 for marks that join
/// the character before, else 1. After Unicode's East_Asian_Width (UAX #11) for the common blocks.
func displayWidth(_ text: String) -> Int {
    text.reduce(0) { $0 + displayWidth($1) }
}

/// `text` cut to at most `cells`, with `ellipsis` at the end where it was cut.
func truncated(_ text: String, to cells: Int, ellipsis: String = "…") -> String {
    guard displayWidth(text) > cells else { return text }
    let room = cells - displayWidth(ellipsis)
    guard room >= 0 else { return String(repeating: ".", count: max(0, cells)) }
    var result = ""
    var used = 0
    for character in text {
        let width = displayWidth(character)
        guard used + width <= room else { break }
        result.append(character)
        used += width
    }
    return result + ellipsis
}

private func displayWidth(_ character: Character) -> Int {
    var widest = 0
    for scalar in character.unicodeScalars {
        // A variation selector asks for the emoji form of the character before it.
        guard scalar.value != 0xFE0F else { return 2 }
        widest = max(widest, displayWidth(scalar))
    }
    return widest
}

private func displayWidth(_ scalar: Unicode.Scalar) -> Int {
    let value = scalar.value
    guard value >= 0x300 else { return 1 }
    switch scalar.properties.generalCategory {
    case .nonspacingMark, .enclosingMark, .format, .control: return 0
    default: break
    }
    guard !scalar.properties.isEmojiPresentation else { return 2 }
    return wideRanges.contains { $0.contains(value) } ? 2 : 1
}

/// Blocks whose characters are wide or full width.
private let wideRanges: [ClosedRange<UInt32>] = [
    0x1100...0x115F, 0x2329...0x232A, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF,
    0xA000...0xA4CF, 0xA960...0xA97F, 0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE30...0xFE6F, 0xFF01...0xFF60,
    0xFFE0...0xFFE6, 0x17000...0x18DFF, 0x1B000...0x1B2FF, 0x1F200...0x1F2FF, 0x1F300...0x1F64F, 0x1F900...0x1F9FF,
    0x20000...0x3FFFD,
]
