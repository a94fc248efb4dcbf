import TensorCore
import VectorIndex

/// Any bytes as an index of vectors, which is then searched.
@Sendable func fuzzVectorIndex(_ bytes: [UInt8]) throws {
    let path = ScratchFolder.shared.path + "/vectors.index"
    write(bytes, to: path)
    let file = try IndexFile(path)
    require(file.entries.count <= bytes.count, "more entries than bytes")
    let index = try VectorIndex(file, runtime: runtime)
    var query = [Float](repeating: 0, count: file.description.width)
    query[0] = 1
    let hits = try index.search(query, top: 3)
    require(hits.count == min(3, file.entries.count), "\(hits.count) hits of \(file.entries.count)")
    require(hits.allSatisfy { file.entries.indices.contains($0.entry) && $0.score.isFinite }, "a hit that is none")
}

private let runtime = Runtime(threads: 1)
