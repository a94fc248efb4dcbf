/// Which pairs of tokens are joined, in which order, to which token.
struct MergeTable: Sendable {
    /// A pair that is joined.
    struct Merge: Sendable, Equatable {
        /// The place in the table; lower comes first.
        var rank: Int
        /// The token that the pair becomes.
        var id: Int
    }

    private var merges: [UInt64: Merge] = [:]

    /// An empty table with room.
    init(capacity: Int = 0) { merges.reserveCapacity(capacity) }

    /// What a pair becomes; `nil` where it stays two tokens. Ids are below 2^32.
    subscript(left: Int, right: Int) -> Merge? {
        get { merges[Self.key(left, right)] }
        set { merges[Self.key(left, right)] = newValue }
    }

    private static func key(_ left: Int, _ right: Int) -> UInt64 {
        UInt64(truncatingIfNeeded: left) << 32 | UInt64(truncatingIfNeeded: right)
    }
}

/// The merges that could be made in a word, the first in the table and then the leftmost on top: a binary heap.
struct MergeQueue {
    struct Entry {
        var rank: Int
        var position: Int
        var id: Int

        static func < (left: Entry, right: Entry) -> Bool {
            left.rank != right.rank ? left.rank < right.rank : left.position < right.position
        }
    }

    private var entries: [Entry] = []

    mutating func push(_ entry: Entry) {
        entries.append(entry)
        var child = entries.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            guard entries[child] < entries[parent] else { return }
            entries.swapAt(child, parent)
            child = parent
        }
    }

    mutating func pop() -> Entry? {
        guard let top = entries.first, let last = entries.popLast() else { return nil }
        guard !entries.isEmpty else { return top }
        entries[0] = last
        var parent = 0
        while true {
            var least = parent
            for child in (2 * parent + 1)...(2 * parent + 2) where child < entries.count {
                if entries[child] < entries[least] { least = child }
            }
            guard least != parent else { return top }
            entries.swapAt(parent, least)
            parent = least
        }
    }
}
