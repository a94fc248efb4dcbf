/// How far a text is from what was said: the fewest words, or characters, to replace, leave out and put in.
public struct ErrorRate: Sendable, Equatable {
    /// Units that stand in place of others.
    public var substitutions: Int
    /// Units of the reference that are missing.
    public var deletions: Int
    /// Units that the reference does not have.
    public var insertions: Int
    /// Units of the reference.
    public var count: Int

    /// No units at all; add others to it.
    public init() { (substitutions, deletions, insertions, count) = (0, 0, 0, 0) }

    /// The word error rate's counts; words are what is between white space, compared by their bytes.
    public init(words reference: String, hypothesis: String) {
        self.init(reference.wordsLikePython, hypothesis.wordsLikePython)
    }

    /// The character error rate's counts, over Unicode scalars; white space between words is one space.
    public init(characters reference: String, hypothesis: String) {
        func scalars(_ text: String) -> [String] {
            text.wordsLikePython.joined(separator: " ").unicodeScalars.map { String($0) }
        }
        self.init(scalars(reference), scalars(hypothesis))
    }

    /// All errors.
    public var errors: Int { substitutions + deletions + insertions }

    /// Errors for each unit of the reference, more than 1 where much was put in; against an empty reference, the number
    /// of errors.
    public var rate: Double { Double(errors) / Double(max(1, count)) }

    /// The counts of both texts together.
    public static func + (left: ErrorRate, right: ErrorRate) -> ErrorRate {
        var sum = left
        sum += right
        return sum
    }

    /// Adds another text's counts.
    public static func += (left: inout ErrorRate, right: ErrorRate) {
        left.substitutions += right.substitutions
        left.deletions += right.deletions
        left.insertions += right.insertions
        left.count += right.count
    }

    /// One step from the reference to the hypothesis: a unit of each that stand in one place, `nil` where one has none.
    public struct Edit: Sendable, Equatable {
        /// The reference's unit.
        public var reference: String?
        /// The hypothesis's unit.
        public var hypothesis: String?
    }

    /// The words of both texts side by side, equal ones too; `nil` where the product of their lengths is above 2^26.
    public static func alignment(words reference: String, hypothesis: String) -> [Edit]? {
        let left = reference.wordsLikePython
        let right = hypothesis.wordsLikePython
        let (cells, overflow) = (left.count + 1).multipliedReportingOverflow(by: right.count + 1)
        guard !overflow, cells <= 1 << 26 else { return nil }
        var moves = [UInt8](repeating: 0, count: cells)
        _ = distance(left, right) { row, column, move in moves[row * (right.count + 1) + column] = move }
        var edits: [Edit] = []
        var (row, column) = (left.count, right.count)
        while row > 0 || column > 0 {
            let move = row == 0 ? 2 : column == 0 ? 1 : moves[row * (right.count + 1) + column]
            edits.append(
                Edit(reference: move == 2 ? nil : left[row - 1], hypothesis: move == 1 ? nil : right[column - 1]))
            if move != 2 { row -= 1 }
            if move != 1 { column -= 1 }
        }
        return edits.reversed()
    }

    private init(_ reference: [String], _ hypothesis: [String]) {
        self = Self.distance(reference, hypothesis) { _, _, _ in }
        count = reference.count
    }

    /// The best cell of a row so far.
    private struct Cell {
        var errors = 0
        var substitutions = 0
        var deletions = 0
        var insertions = 0
    }

    /// The edit distance, a row at a time; of ways as short the one that replaces rather than leaves out, and leaves
    /// out rather than puts in.
    ///
    /// - Parameter note: told of every cell's move: 0 both, 1 the reference's alone, 2 the hypothesis's alone.
    private static func distance(
        _ reference: [String], _ hypothesis: [String], note: (Int, Int, UInt8) -> Void
    ) -> ErrorRate {
        var numbers: [[UInt8]: Int] = [:]
        func number(_ unit: String) -> Int {
            let key = Array(unit.utf8)
            if let number = numbers[key] { return number }
            numbers[key] = numbers.count
            return numbers.count - 1
        }
        let left = reference.map(number)
        let right = hypothesis.map(number)
        var row = (0...right.count).map { Cell(errors: $0, insertions: $0) }
        for (i, unit) in left.enumerated() {
            var diagonal = row[0]
            row[0] = Cell(errors: i + 1, deletions: i + 1)
            for (j, other) in right.enumerated() {
                let above = row[j + 1]
                var best = diagonal
                var move: UInt8 = 0
                if unit != other {
                    best.errors += 1
                    best.substitutions += 1
                }
                if above.errors + 1 < best.errors {
                    best = above
                    best.errors += 1
                    best.deletions += 1
                    move = 1
                }
                if row[j].errors + 1 < best.errors {
                    best = row[j]
                    best.errors += 1
                    best.insertions += 1
                    move = 2
                }
                diagonal = above
                row[j + 1] = best
                note(i + 1, j + 1, move)
            }
        }
        let last = row[right.count]
        var result = ErrorRate()
        result.substitutions = last.substitutions
        result.deletions = last.deletions
        result.insertions = last.insertions
        return result
    }
}
