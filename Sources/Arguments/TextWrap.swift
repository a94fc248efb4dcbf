/// The words of `text` in lines of at most `width` characters; a longer word gets a line of its own. A line feed in
/// `text` starts a new line.
///
/// - Parameters:
///   - text: what to break, at spaces.
///   - width: characters a line may have.
/// - Returns: the lines, at least one.
public func wrap(_ text: String, width: Int) -> [String] {
    var lines: [String] = []
    for paragraph in text.split(separator: "\n", omittingEmptySubsequences: false) {
        var line = ""
        for word in paragraph.split(separator: " ") {
            if line.isEmpty {
                line = String(word)
            } else if line.count + 1 + word.count <= width {
                line += " \(word)"
            } else {
                lines.append(line)
                line = String(word)
            }
        }
        lines.append(line)
    }
    return lines
}

/// Pairs as two columns: names indented by two, explanations aligned and wrapped to `columns`.
///
/// A name that is too long for the first column stands on a line of its own, so one long name does not push every
/// explanation to the right.
func definitions(_ pairs: [(name: String, meaning: String)], columns: Int) -> [String] {
    let widest = min(28, columns / 3)
    let fitting = pairs.map(\.name.count).filter { $0 <= widest }.max() ?? 0
    let indent = fitting + 4
    var lines: [String] = []
    for pair in pairs {
        let meaning = wrap(pair.meaning, width: columns - indent)
        let margin = String(repeating: " ", count: indent)
        var rest = meaning[...]
        if pair.name.count <= fitting, let first = rest.popFirst() {
            lines.append("  \(pair.name)\(String(repeating: " ", count: fitting - pair.name.count))  \(first)")
        } else {
            lines.append("  \(pair.name)")
        }
        lines += rest.map { margin + $0 }
    }
    return lines
}
