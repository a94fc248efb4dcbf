import TensorCore
import TestSupport
import VectorIndex

/// Seeded vectors of length 1 with paths in order.
struct VectorFixture {
    let description: IndexDescription
    let entries: [IndexEntry]
    let rows: [[Float]]

    init(count: Int, width: Int, seed: UInt64 = 1) {
        var state = seed
        func next() -> Float {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Float(Int32(truncatingIfNeeded: state >> 32)) / 2_147_483_648
        }
        description = IndexDescription(
            model: "tiny", identity: "0123abcd", folder: Array("/photos".utf8), width: width)
        entries = (0..<count).map { number in
            let digits = String(number)
            let name = "set/\(String(repeating: "0", count: 8 - digits.count))\(digits).png"
            return IndexEntry(
                path: Array(name.utf8), size: 100 + number, modified: -5 + number * 1_000_000_007)
        }
        rows = (0..<count).map { _ in
            while true {
                if let row = normalized((0..<width).map { _ in next() }) { return row }
            }
        }
    }

    /// Writes the index.
    func write(to path: String) throws(VectorIndexError) {
        var writer = try IndexWriter(path, description: description, entries: entries)
        for row in rows { try writer.append(row) }
        try writer.finish()
    }
}

/// What a search must give: the cosine in double precision, sorted.
func expectedHits(_ rows: [[Float]], query: [Float], top: Int) -> [(entry: Int, score: Double)] {
    let length = query.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    let scores = rows.map { row in
        zip(row, query).reduce(0.0) { $0 + Double($1.0) * Double($1.1) } / length
    }
    let order = scores.indices.sorted { scores[$0] != scores[$1] ? scores[$0] > scores[$1] : $0 < $1 }
    return order.prefix(top).map { ($0, scores[$0]) }
}
