import Arguments

/// Rows of text in aligned columns.
struct Table: Sendable {
    /// One column.
    struct Column: Sendable {
        enum Alignment: Sendable { case left, right }

        let title: String
        let alignment: Alignment
        /// True where its text may be cut to make the table fit.
        let isElastic: Bool

        init(_ title: String, _ alignment: Alignment = .left, isElastic: Bool = false) {
            self.title = title
            self.alignment = alignment
            self.isElastic = isElastic
        }
    }

    private let columns: [Column]
    private let hasHeader: Bool
    private let usesUnicode: Bool
    private var rows: [[String]] = []

    /// A table without rows.
    ///
    /// - Parameters:
    ///   - hasHeader: whether the titles and a rule come first.
    ///   - usesUnicode: whether the rule and the mark of a cut may be other than ASCII.
    init(_ columns: [Column], hasHeader: Bool = true, usesUnicode: Bool) {
        self.columns = columns
        self.hasHeader = hasHeader
        self.usesUnicode = usesUnicode
    }

    /// Adds a row; missing cells are empty, extra ones are left out.
    mutating func add(_ cells: [String]) {
        rows.append(columns.indices.map { $0 < cells.count ? printable(cells[$0], limit: 1000) : "" })
    }

    /// The lines of the table, without spaces at their ends.
    ///
    /// - Parameter width: the cells a line may take, where it is bounded. Elastic columns are cut, the widest first,
    ///   down to eight cells; what is then still too wide stays so.
    func lines(width: Int? = nil) -> [String] {
        let titles = columns.map(\.title)
        var widths = columns.indices.map { column in
            (rows + (hasHeader ? [titles] : [])).reduce(0) { max($0, displayWidth($1[column])) }
        }
        if let width {
            shrink(&widths, to: width)
        }
        var lines: [String] = []
        if hasHeader {
            lines.append(line(titles, widths))
            let rule = usesUnicode ? "─" : "-"
            lines.append(widths.map { String(repeating: rule, count: $0) }.joined(separator: Table.gap))
        }
        return lines + rows.map { line($0, widths) }
    }

    private static let gap = "  "
    private static let leastWidth = 8

    private func shrink(_ widths: inout [Int], to width: Int) {
        var excess = widths.reduce(0, +) + Table.gap.count * (columns.count - 1) - width
        while excess > 0 {
            let candidates = columns.indices.filter { columns[$0].isElastic && widths[$0] > Table.leastWidth }
            guard let widest = candidates.max(by: { widths[$0] < widths[$1] }) else { return }
            widths[widest] -= 1
            excess -= 1
        }
    }

    private func line(_ cells: [String], _ widths: [Int]) -> String {
        var result = ""
        for (column, width) in zip(columns.indices, widths) {
            let cell = truncated(cells[column], to: width, ellipsis: usesUnicode ? "…" : "..")
            let padding = String(repeating: " ", count: max(0, width - displayWidth(cell)))
            result += (column == 0 ? "" : Table.gap)
            result += columns[column].alignment == .left ? cell + padding : padding + cell
        }
        while result.last == " " {
            result.removeLast()
        }
        return result
    }
}
