/// Finds the pieces that a text starts with, byte by byte.
///
/// Nodes are numbered level by level, so the children of one lie side by side, sorted by their byte.
struct UnigramTrie: Sendable {
    /// The byte that leads to each node; the root's means nothing.
    private var labels: [UInt8] = [0]
    /// Where each node's children start; they end where the next node's start.
    private var children: [UInt32] = []
    /// The piece that ends at each node, -1 where none does.
    private var ids: [Int32] = [-1]

    /// The first node.
    static let root = 0

    /// A trie of spellings, of which no two may be equal, with their ids. It has at most one node more than bytes.
    init(_ entries: [(spelling: ArraySlice<UInt8>, id: Int)]) {
        let sorted = entries.sorted { $0.spelling.lexicographicallyPrecedes($1.spelling) }
        // For each node, the entries below it and the bytes they share.
        var level: [Range<Int>] = [sorted.startIndex..<sorted.endIndex]
        var depth = 0
        while !level.isEmpty {
            var below: [Range<Int>] = []
            for (position, entries) in level.enumerated() {
                var first = entries.lowerBound
                children.append(UInt32(labels.count))
                if first < entries.upperBound, sorted[first].spelling.count == depth {
                    ids[ids.count - level.count - below.count + position] = Int32(sorted[first].id)
                    first += 1
                }
                while first < entries.upperBound {
                    let label = Self.byte(sorted[first].spelling, depth)
                    var last = first + 1
                    while last < entries.upperBound, Self.byte(sorted[last].spelling, depth) == label { last += 1 }
                    labels.append(label)
                    ids.append(-1)
                    below.append(first..<last)
                    first = last
                }
            }
            level = below
            depth += 1
        }
        children.append(UInt32(labels.count))
    }

    /// The node that a byte leads to.
    @inline(__always)
    func child(of node: Int, _ byte: UInt8) -> Int? {
        var low = Int(children[node])
        var high = Int(children[node + 1])
        while low < high {
            let middle = (low + high) / 2
            let label = labels[middle]
            if label == byte { return middle }
            if label < byte { low = middle + 1 } else { high = middle }
        }
        return nil
    }

    /// The piece that ends at a node.
    @inline(__always)
    func id(at node: Int) -> Int? { ids[node] < 0 ? nil : Int(ids[node]) }

    private static func byte(_ spelling: ArraySlice<UInt8>, _ depth: Int) -> UInt8 {
        spelling[spelling.startIndex + depth]
    }
}
