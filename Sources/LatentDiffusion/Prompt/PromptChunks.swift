public import TensorCore

/// A prompt as a text encoder takes it: rows of as many tokens as its context has, each with a start, an end and
/// padding.
public struct PromptChunks: Sendable, Equatable {
    /// One row.
    public struct Chunk: Sendable, Equatable {
        /// As many numbers of tokens as the context has.
        public var ids: [Int]
        /// The weight of each; 1 for start, end and padding.
        public var weights: [Float]
    }

    /// The rows, one at least.
    public private(set) var chunks: [Chunk]
    /// A row of no text.
    private let empty: Chunk

    init(_ chunks: [Chunk], empty: Chunk) {
        self.chunks = chunks
        self.empty = empty
    }

    /// Number of rows.
    public var count: Int { chunks.count }

    /// Whether any token has another weight than 1.
    public var hasWeights: Bool { chunks.contains { $0.weights.contains { $0 != 1 } } }

    /// The token numbers, I64 `[rows, context]`.
    public var ids: Tensor {
        Tensor(integers: chunks.flatMap { $0.ids.map(Int64.init) }, shape: Shape(count, empty.ids.count))
    }

    /// The same with rows of no text behind, up to a number of rows; more rows than that stay.
    ///
    /// - Parameter count: rows that are wanted.
    public func padded(to count: Int) -> PromptChunks {
        var result = self
        while result.chunks.count < count { result.chunks.append(empty) }
        return result
    }

    /// Prompts with as many rows each, as guidance needs: what is asked for and what is not stand side by side.
    ///
    /// - Parameter prompts: of one tokenizer.
    public static func balanced(_ prompts: [PromptChunks]) -> [PromptChunks] {
        let most = prompts.reduce(0) { max($0, $1.count) }
        return prompts.map { $0.padded(to: most) }
    }

    /// What the network is conditioned on: the encoder's outputs with the tokens' weights, row after row.
    ///
    /// A token's state is multiplied with its weight, and then all states of its row with one factor that gives them
    /// their mean back (over tokens and channels of the row, as AUTOMATIC1111's web UI does for one prompt). A row in
    /// which every weight is 1 stays as it is, bit for bit.
    ///
    /// - Parameter outputs: the encoder's last states, fp32 `[rows, context, channels]`.
    /// - Returns: `[1, rows * context, channels]`.
    /// - Throws: ``PromptError/outputs(expected:found:)`` where the outputs have another shape, or the weighted states
    ///   have the mean 0, so that no factor gives the mean back.
    public func conditioning(_ outputs: Tensor) throws(PromptError) -> Tensor {
        let (rows, tokens) = (count, empty.ids.count)
        guard outputs.dtype == .float32, outputs.shape.rank == 3, outputs.shape[0] == rows, outputs.shape[1] == tokens
        else {
            throw .outputs(
                expected: "fp32 [\(rows), \(tokens), channels]", found: "\(outputs.dtype.rawValue) \(outputs.shape)")
        }
        let channels = outputs.shape[2]
        var result = outputs.reshaped(to: Shape(1, rows * tokens, channels))
        guard hasWeights else { return result }
        var failed: Int?
        result.withMutableFloats { values in
            for (row, chunk) in chunks.enumerated() where chunk.weights.contains(where: { $0 != 1 }) {
                let range = row * tokens * channels..<(row + 1) * tokens * channels
                if !Self.weigh(UnsafeMutableBufferPointer(rebasing: values[range]), chunk.weights) { failed = row }
            }
        }
        if let failed {
            throw .outputs(expected: "weights that leave a mean other than 0", found: "none in part \(failed + 1)")
        }
        return result
    }

    /// - Returns: whether the factor is a number.
    private static func weigh(_ values: UnsafeMutableBufferPointer<Float>, _ weights: [Float]) -> Bool {
        let channels = values.count / weights.count
        // Sums of all states are taken in double precision: their mean is often small beside them.
        var (before, after) = (0.0, 0.0)
        for (token, weight) in weights.enumerated() {
            for index in token * channels..<(token + 1) * channels {
                before += Double(values[index])
                values[index] *= weight
                after += Double(values[index])
            }
        }
        let factor = Float(before / after)
        guard factor.isFinite else { return false }
        for index in values.indices { values[index] *= factor }
        return true
    }
}
