public import TensorCore

/// What a sentence encoder computes for a batch of token ids.
public struct SentenceOutput: Sendable {
    /// A vector for each token, padding included: `[B, T, width]`.
    public var lastHiddenState: Tensor
    /// A vector for each sentence: `[B, embeddingWidth]`; `nil` where the folder does not say how tokens become one.
    public var sentenceEmbedding: Tensor?

    /// An output of the given parts.
    public init(lastHiddenState: Tensor, sentenceEmbedding: Tensor?) {
        (self.lastHiddenState, self.sentenceEmbedding) = (lastHiddenState, sentenceEmbedding)
    }
}

extension SentenceEncoder {
    /// Computes the vectors of tokens and sentences.
    ///
    /// - Parameters:
    ///   - inputIDs: int64 `[B, T]`, the tokens' numbers, those around a text included.
    ///   - attentionMask: int64 `[B, T]`, 1 for tokens and 0 for the padding after them; `nil` counts as ones.
    ///   - tokenTypeIDs: int64 `[B, T]`, the segments' numbers; `nil` counts as zeros.
    /// - Returns: tensors in transformers' shapes; the same bits for a sentence whatever the batch it is in.
    /// - Throws: ``SentenceEncoderError/input(expected:found:)`` for what the network cannot take, and
    ///   ``SentenceEncoderError/notFinite(output:index:)``.
    public func outputs(
        inputIDs: Tensor, attentionMask: Tensor? = nil, tokenTypeIDs: Tensor? = nil
    ) throws(SentenceEncoderError) -> SentenceOutput {
        let parts = try parts(inputIDs, attentionMask, tokenTypeIDs)
        let (count, tokens, width) = (inputIDs.shape[0], inputIDs.shape[1], network.configuration.width)
        let result = runtime.withWorkspace { ws in
            var sentences: Tensor?
            let hidden = Tensor(shape: Shape(count, tokens, width)) { states in
                let embeddings = Tensor(shape: Shape(count, head?.width ?? 0)) { vectors in
                    var (state, vector) = (0, 0)
                    for part in parts {
                        let hidden = network(part, ws)
                        hidden.withFloats { state = states[state...].update(fromContentsOf: $0) }
                        head?(hidden, sequences: part.sequences, ws).withFloats {
                            vector = vectors[vector...].update(fromContentsOf: $0)
                        }
                    }
                }
                sentences = head == nil ? nil : embeddings
            }
            return SentenceOutput(lastHiddenState: hidden, sentenceEmbedding: sentences)
        }
        try Self.checkFinite(result.lastHiddenState, "last_hidden_state")
        if let sentences = result.sentenceEmbedding { try Self.checkFinite(sentences, "sentence_embedding") }
        return result
    }

    /// Computes as ``outputs(inputIDs:attentionMask:tokenTypeIDs:)`` does, and measures every operation.
    ///
    /// - Returns: what the pass cost; `allocations` is 0 from the third pass of a shape on.
    /// - Throws: as `outputs`.
    public func profile(
        inputIDs: Tensor, attentionMask: Tensor? = nil, tokenTypeIDs: Tensor? = nil
    ) throws(SentenceEncoderError) -> Workspace.Account {
        let parts = try parts(inputIDs, attentionMask, tokenTypeIDs)
        return runtime.withWorkspace(profile: true) { ws in
            for part in parts {
                let hidden = network(part, ws)
                _ = head.map { $0(hidden, sequences: part.sequences, ws) }
            }
            return ws.account
        }
    }

    /// Counts what a forward pass over `batch` sentences of `tokens` tokens would cost, without running it.
    ///
    /// - Throws: ``SentenceEncoderError/input(expected:found:)`` for a shape the network cannot take.
    public func plan(batch: Int, tokens: Int) throws(SentenceEncoderError) -> Workspace.Account {
        guard batch >= 1, tokens >= 1, tokens <= network.configuration.contextLength else {
            throw .input(expected: expectedShape, found: "[\(batch), \(tokens)]")
        }
        let step = max(1, tokensAtATime / tokens)
        return runtime.plan { ws in
            for first in stride(from: 0, to: batch, by: step) {
                let count = min(step, batch - first)
                let sequences = PackedSequences(lengths: [Int](repeating: tokens, count: count))
                let input = TokenBatch(ids: [Int](repeating: 0, count: count * tokens), sequences: sequences)
                let hidden = network(input, ws)
                _ = head.map { $0(hidden, sequences: sequences, ws) }
            }
        }
    }

    private var expectedShape: String {
        "[batch, tokens] with 1 to \(network.configuration.contextLength) tokens"
    }

    /// The arrays checked, in parts that one pass takes.
    private func parts(
        _ ids: Tensor, _ mask: Tensor?, _ types: Tensor?
    ) throws(SentenceEncoderError) -> [TokenBatch] {
        guard ids.dtype == .int64, ids.shape.rank == 2, ids.shape[0] >= 1, ids.shape[1] >= 1,
            ids.shape[1] <= network.configuration.contextLength
        else {
            throw .input(expected: "input_ids of type int64, \(expectedShape)", found: "\(ids.dtype) \(ids.shape)")
        }
        let numbers = try Self.numbers(ids, below: network.configuration.vocabularyCount, "input_ids")
        let lengths = try mask.map { mask throws(SentenceEncoderError) in
            try Self.lengths(mask, ids.shape)
        }
        let segments = try types.map { types throws(SentenceEncoderError) in
            guard types.dtype == .int64, types.shape == ids.shape else {
                throw .input(
                    expected: "token_type_ids of type int64, \(ids.shape)", found: "\(types.dtype) \(types.shape)")
            }
            return try Self.numbers(types, below: max(network.configuration.typeCount, 1), "token_type_ids")
        }
        let (count, tokens) = (ids.shape[0], ids.shape[1])
        let step = max(1, tokensAtATime / tokens)
        return stride(from: 0, to: count, by: step).map { first in
            let sentences = first..<min(first + step, count)
            let rows = sentences.lowerBound * tokens..<sentences.upperBound * tokens
            return TokenBatch(
                ids: Array(numbers[rows]),
                types: network.configuration.typeCount == 0 ? nil : segments.map { Array($0[rows]) },
                sequences: PackedSequences(
                    lengths: lengths.map { Array($0[sentences]) } ?? sentences.map { _ in tokens }, paddedTo: tokens))
        }
    }

    private static func numbers(
        _ tensor: Tensor, below limit: Int, _ name: String
    ) throws(SentenceEncoderError) -> [Int] {
        let values = tensor.integers
        if let index = values.firstIndex(where: { $0 < 0 || $0 >= limit }) {
            throw .input(expected: "\(name) in 0 ... \(limit - 1)", found: "\(values[index]) at index \(index)")
        }
        return values.map { Int($0) }
    }

    /// The number of ones at the start of each row of a mask.
    private static func lengths(_ mask: Tensor, _ shape: Shape) throws(SentenceEncoderError) -> [Int] {
        guard mask.dtype == .int64, mask.shape == shape else {
            throw .input(expected: "attention_mask of type int64, \(shape)", found: "\(mask.dtype) \(mask.shape)")
        }
        let (values, tokens) = (mask.integers, shape[1])
        var lengths: [Int] = []
        for row in 0..<shape[0] {
            let length = values[row * tokens..<(row + 1) * tokens].prefix { $0 == 1 }.count
            guard length > 0, values[(row * tokens + length)..<(row + 1) * tokens].allSatisfy({ $0 == 0 }) else {
                throw .input(
                    expected: "attention_mask with at least one 1 in each row and zeros only after the last 1",
                    found: "row \(row): \(values[row * tokens..<(row + 1) * tokens].prefix(16).map { $0 })")
            }
            lengths.append(length)
        }
        return lengths
    }

    static func checkFinite(_ values: Tensor, _ name: String) throws(SentenceEncoderError) {
        if let index = values.firstNonFinite { throw .notFinite(output: name, index: index) }
    }
}
