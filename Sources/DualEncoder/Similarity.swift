import TensorCore

/// Cosines of embeddings with a fixed set of others.
struct Similarity: Sendable {
    private let matrix: PackedMatrix
    private let runtime: Runtime

    /// Prepares the set, `[m, d]`; its rows are normalised.
    init(_ rows: Tensor, _ runtime: Runtime) {
        self.runtime = runtime
        let normalized = rows.normalizedRows()
        matrix = PackedMatrix(outputs: rows.shape[0], inputs: rows.shape[1], in: WeightMemory())
        normalized.withFloats { values in
            guard let start = values.baseAddress, !values.isEmpty else { return }
            matrix.fill(
                row: 0, count: rows.shape[0], taps: 1, from: UnsafeRawPointer(start), dtype: .float32,
                tier: runtime.tier)
        }
    }

    /// The scaled cosines with each of the set, plus the bias.
    ///
    /// - Parameter rows: `[n, d]`; they are normalised.
    /// - Returns: `[n, m]`.
    func logits(_ rows: Tensor, scale: Float, bias: Float?) -> Tensor {
        var result =
            rows.shape[0] * matrix.outputs == 0
            ? Tensor(zeros: Shape(rows.shape[0], matrix.outputs))
            : runtime.withWorkspace { ws in ws.linear(rows.normalizedRows(), matrix).copied() }
        result.withMutableFloats { values in
            for index in values.indices { values[index] = values[index] * scale + (bias ?? 0) }
        }
        return result
    }
}

extension Tensor {
    /// Each row of a matrix divided by its Euclidean norm; a row of zeros stays one.
    func normalizedRows() -> Tensor {
        var result = copied()
        let width = shape[1]
        result.withMutableFloats { values in
            for first in stride(from: 0, to: values.count, by: max(width, 1)) {
                let row = first..<first + width
                var squares = 0.0
                for index in row { squares += Double(values[index]) * Double(values[index]) }
                guard squares > 0 else { continue }
                let norm = squares.squareRoot()
                for index in row { values[index] = Float(Double(values[index]) / norm) }
            }
        }
        return result
    }
}
