/// Sequences of tokens one after another along the rows of one tensor, `[N, C]`.
///
/// Layers that look at one token at a time take all rows at once, so that no row is spent on padding; attention goes
/// group by group. What a sequence gives does not depend on the sequences beside it.
public struct PackedSequences: Sendable, Equatable {
    /// Neighbouring sequences of the same number of rows.
    public struct Group: Sendable, Equatable {
        /// Number of sequences.
        public var count: Int
        /// Rows of each.
        public var tokens: Int
        /// For each sequence the tokens that are seen, the rows after them being padding; `nil` where all are.
        public var seen: [Int32]?
    }

    /// The groups in the order of the rows.
    public let groups: [Group]
    /// Rows in all.
    public let rowCount: Int
    /// The rows of each sequence, in order, without padding.
    public let spans: [Range<Int>]

    /// Sequences without padding; neighbours of equal length form a group, so sorted lengths make the fewest.
    ///
    /// - Precondition: no length is negative.
    public init(lengths: [Int]) {
        var groups: [Group] = []
        var spans: [Range<Int>] = []
        var row = 0
        for length in lengths {
            spans.append(row..<row + length)
            row += length
            if groups.last?.tokens == length {
                groups[groups.count - 1].count += 1
            } else {
                groups.append(Group(count: 1, tokens: length))
            }
        }
        self.groups = groups
        self.spans = spans
        rowCount = row
    }

    /// Sequences padded at the end to the same number of rows.
    ///
    /// - Precondition: each length is in `0 ... tokens`.
    public init(lengths: [Int], paddedTo tokens: Int) {
        precondition(lengths.allSatisfy { (0...tokens).contains($0) }, "sequences of \(lengths) in \(tokens) tokens")
        let isFull = lengths.allSatisfy { $0 == tokens }
        groups = [Group(count: lengths.count, tokens: tokens, seen: isFull ? nil : lengths.map(Int32.init))]
        spans = lengths.enumerated().map { $0 * tokens..<$0 * tokens + $1 }
        rowCount = lengths.count * tokens
    }

    /// Rows of the longest sequence, padding included.
    public var longest: Int { groups.reduce(0) { max($0, $1.tokens) } }

    /// For each row its place in its sequence, from 0.
    public var places: [Int] {
        var places: [Int] = []
        places.reserveCapacity(rowCount)
        for group in groups {
            for _ in 0..<group.count { places.append(contentsOf: 0..<group.tokens) }
        }
        return places
    }
}
