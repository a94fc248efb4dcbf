import Synchronization
public import TensorCore

/// An index in memory, for exact search: every vector is compared with the query.
///
/// ```swift
/// let index = try VectorIndex(IndexFile("photos.index"), runtime: runtime)
/// for hit in try index.search(query, top: 10) { print(hit.score, index.entries[hit.entry].path) }
/// ```
///
/// May be searched from several tasks at once; searches on one `Runtime` run one after another, each on all its
/// threads. A search reads every vector once, so its time is that of reading the memory they lie in.
public struct VectorIndex: Sendable {
    /// One vector that a search found.
    public struct Hit: Sendable, Equatable {
        /// The place of its entry.
        public var entry: Int
        /// The cosine of the angle between it and the query, -1 to 1 within rounding.
        public var score: Float
    }

    /// Model, folder and width.
    public let description: IndexDescription
    /// The origin of each vector, in the bytewise order of the paths.
    public let entries: [IndexEntry]
    private let matrix: PackedMatrix
    private let runtime: Runtime

    /// Bytes of vectors that a thread reads at a time.
    private static let stepBytes = 1 << 20

    /// Reads the vectors of an index, on all threads of the runtime.
    ///
    /// - Throws: ``VectorIndexError``.
    public init(_ file: IndexFile, runtime: Runtime) throws(VectorIndexError) {
        let (count, width) = (file.entries.count, file.description.width)
        let memory = WeightMemory()
        // The file's size has bounded the number of floats: rounding up to whole panels does not overflow.
        let floats = PackedMatrix.floatCount(outputs: count, inputs: width)
        guard memory.reserve(floats) else {
            throw .memory(file: file.path, bytes: file.layout.fileBytes)
        }
        matrix = PackedMatrix(outputs: count, inputs: width, in: memory)
        description = file.description
        entries = file.entries
        self.runtime = runtime
        try Self.fill(matrix, from: file, runtime)
    }

    /// The vectors most like a query, best first; of equal ones the earlier entry first. The outcome does not depend on
    /// the number of threads.
    ///
    /// - Parameters:
    ///   - query: as many numbers as the index is wide, of any length but 0.
    ///   - top: how many, at most all.
    /// - Throws: ``VectorIndexError/mismatch(expected:found:)`` where the query does not fit.
    public func search(_ query: [Float], top: Int) throws(VectorIndexError) -> [Hit] {
        guard query.count == matrix.inputs else {
            throw .mismatch(expected: "vectors of \(matrix.inputs) numbers", found: "\(query.count)")
        }
        guard let direction = normalized(query) else {
            throw .mismatch(
                expected: "vectors with a direction", found: "one of zeros, or with NaN or infinity")
        }
        guard !entries.isEmpty, top > 0 else { return [] }
        return runtime.withWorkspace { ws in
            let scores = ws.linear(Tensor(direction, shape: Shape(1, direction.count)), matrix)
            return scores.withFloats { best(of: $0, top: top) }
        }
    }

    private static func fill(
        _ matrix: PackedMatrix, from file: IndexFile, _ runtime: Runtime
    ) throws(VectorIndexError) {
        let (count, width, tier) = (matrix.outputs, matrix.inputs, runtime.tier)
        // Whole panels of 32 rows, so that no two threads write the same one.
        let step = max(32, stepBytes / (width * 4) / 32 * 32)
        let pieces = (count + step - 1) / step
        let next = Atomic(0)
        let failure = Mutex<(piece: Int, error: VectorIndexError)?>(nil)
        runtime.concurrently(parts: min(runtime.threads, max(pieces, 1))) { _ in
            let staging = UnsafeMutableBufferPointer<Float>.allocate(capacity: min(step, count) * width)
            defer { staging.deallocate() }
            while true {
                let piece = next.wrappingAdd(1, ordering: .relaxed).oldValue
                guard piece < pieces, failure.withLock({ $0 == nil }) else { return }
                let rows = piece * step..<min((piece + 1) * step, count)
                do throws(VectorIndexError) {
                    let values = UnsafeMutableBufferPointer(rebasing: staging[..<(rows.count * width)])
                    try file.read(rows, into: values)
                    guard let start = values.baseAddress else { continue }
                    matrix.fill(
                        row: rows.lowerBound, count: rows.count, taps: 1, from: start, dtype: .float32,
                        tier: tier)
                } catch {
                    // Of several bad vectors the first is told of, whichever thread came to it first.
                    failure.withLock { if piece < $0?.piece ?? .max { $0 = (piece, error) } }
                }
            }
        }
        if let found = failure.withLock({ $0 }) { throw found.error }
    }
}

/// A vector's direction: the vector divided by its length. The length is summed in double precision.
///
/// - Returns: `nil` where there is none: all numbers are zero, or one is NaN or infinite.
public func normalized(_ vector: [Float]) -> [Float]? {
    let length = vector.reduce(0.0) { $0 + Double($1) * Double($1) }.squareRoot()
    guard length.isFinite, length > 0 else { return nil }
    return vector.map { Float(Double($0) / length) }
}
