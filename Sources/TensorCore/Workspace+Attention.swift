import CKernels

/// Which keys a query may see.
public struct AttentionMask: Sendable {
    /// Whether key j is hidden from query i when j > i + keys - queries.
    public var isCausal: Bool
    /// For each image or sequence of the batch the number of keys that count; `nil` where all do.
    public var keyLengths: [Int32]?
    /// Values added to the scaled scores, `[B or 1, heads or 1, queries, keys]`; minus infinity hides a key.
    public var bias: Tensor?
    /// Values added to the scaled scores, looked up by the places of query and key; instead of ``bias``.
    public var placedBias: PlacedBias?

    /// A mask of the given parts.
    public init(
        isCausal: Bool = false, keyLengths: [Int32]? = nil, bias: Tensor? = nil, placedBias: PlacedBias? = nil
    ) {
        self.isCausal = isCausal
        self.keyLengths = keyLengths
        self.bias = bias
        self.placedBias = placedBias
    }

    /// Every query sees every key.
    public static var none: AttentionMask { AttentionMask() }
}

extension Workspace {
    /// softmax(scale Q K^T + mask) V for each head, Q, K and V side by side in one tensor; no matrix of scores is
    /// stored.
    ///
    /// - Parameters:
    ///   - qkv: `[B, T, 3 heads d]`: all heads' queries, then keys, then values.
    ///   - heads: number of heads.
    ///   - scale: factor of the scores, `1 / sqrt(d)` where left out.
    ///   - mask: which tokens a token attends to.
    ///   - form: that of the projections' weights: where it is narrower than fp32 and brain floats are multiplied,
    ///     scaled queries, keys, softmax's weights and values are rounded to bf16.
    /// - Returns: `[B, T, heads d]`.
    public func selfAttention(
        _ qkv: Tensor, heads: Int, scale: Float? = nil, mask: AttentionMask = .none, form: PackedMatrix.Form = .plain
    ) -> Tensor {
        precondition(
            qkv.shape.rank == 3 && heads > 0 && qkv.shape[2] % (3 * heads) == 0,
            "attention: \(qkv.shape), \(heads) heads")
        let (batch, tokens, width) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3)
        let base = qkv.floatPointer
        return attention(
            query: base, key: base + width, value: base + 2 * width, rowStride: 3 * width, keyRowStride: 3 * width,
            batch: batch, queries: tokens, keys: tokens, heads: heads, headSize: width / heads, scale: scale,
            mask: mask, form: form)
    }

    /// softmax(scale Q K^T) V for each head, of queries by themselves to keys and values side by side in one tensor.
    ///
    /// - Parameters:
    ///   - query: `[B, N, heads d]`.
    ///   - keyValue: `[B, T, 2 heads d]`: all heads' keys, then values.
    ///   - heads: number of heads.
    ///   - scale: factor of the scores, `1 / sqrt(d)` where left out.
    ///   - mask: which tokens a token attends to.
    ///   - form: that of the projections' weights: where it is narrower than fp32 and brain floats are multiplied,
    ///     scaled queries, keys, softmax's weights and values are rounded to bf16.
    /// - Returns: `[B, N, heads d]`.
    public func attention(
        query: Tensor, keyValue: Tensor, heads: Int, scale: Float? = nil, mask: AttentionMask = .none,
        form: PackedMatrix.Form = .plain
    ) -> Tensor {
        precondition(
            query.shape.rank == 3 && keyValue.shape.rank == 3 && query.shape[0] == keyValue.shape[0]
                && 2 * query.shape[2] == keyValue.shape[2] && heads > 0 && query.shape[2] % heads == 0,
            "attention: \(query.shape), \(keyValue.shape), \(heads) heads")
        let width = query.shape[2]
        return attention(
            query: query.floatPointer, key: keyValue.floatPointer, value: keyValue.floatPointer + width,
            rowStride: width, keyRowStride: 2 * width, batch: query.shape[0], queries: query.shape[1],
            keys: keyValue.shape[1], heads: heads, headSize: width / heads, scale: scale, mask: mask, form: form)
    }

    /// Attention that adds to the score of two tokens one for their distance: softmax(((Q + u) K^T + (Q + v) P^T) /
    /// sqrt(d)) V for each head, where query i and key j meet row T - 1 - i + j of P. No matrix of scores is stored.
    ///
    /// - Parameters:
    ///   - qkv: `[B, T, 3 heads d]`: all heads' queries, then keys, then values.
    ///   - heads: number of heads.
    ///   - positions: `[2 T - 1, heads d]`, P.
    ///   - contentBias: `heads d` values, u.
    ///   - positionBias: `heads d` values, v.
    /// - Returns: `[B, T, heads d]`.
    public func selfAttention(
        _ qkv: Tensor, heads: Int, positions: Tensor, contentBias: PackedVector, positionBias: PackedVector
    ) -> Tensor {
        precondition(
            qkv.shape.rank == 3 && heads > 0 && qkv.shape[2] % (3 * heads) == 0
                && positions.shape == Shape(2 * qkv.shape[1] - 1, qkv.shape[2] / 3)
                && contentBias.count == positions.shape[1] && positionBias.count == positions.shape[1],
            "attention: \(qkv.shape), \(heads) heads, positions \(positions.shape)")
        let (batch, tokens, width) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3)
        var arguments = ck_attention()
        arguments.position_keys = positions.floatPointer
        arguments.position_head = width / heads
        arguments.position_row = width
        arguments.query_bias = UnsafePointer(contentBias.pointer)
        arguments.position_bias = UnsafePointer(positionBias.pointer)
        let base = qkv.floatPointer
        return attention(
            query: base, key: base + width, value: base + 2 * width, rowStride: 3 * width, keyRowStride: 3 * width,
            batch: batch, queries: tokens, keys: tokens, heads: heads, headSize: width / heads, scale: nil,
            mask: .none, arguments)
    }

    /// softmax(scale Q K^T + mask) V for each head; no matrix of scores is stored.
    ///
    /// - Parameters:
    ///   - query: `[B, N, heads d]`.
    ///   - key: `[B, M, heads d]`.
    ///   - value: `[B, M, heads d]`.
    ///   - heads: number of heads.
    ///   - scale: factor of the scores, `1 / sqrt(d)` where left out.
    ///   - mask: which tokens a token attends to.
    ///   - form: that of the projections' weights: where it is narrower than fp32 and brain floats are multiplied,
    ///     scaled queries, keys, softmax's weights and values are rounded to bf16.
    /// - Returns: `[B, N, heads d]`.
    public func attention(
        query: Tensor, key: Tensor, value: Tensor, heads: Int, scale: Float? = nil, mask: AttentionMask = .none,
        form: PackedMatrix.Form = .plain
    ) -> Tensor {
        precondition(
            query.shape.rank == 3 && key.shape == value.shape && query.shape[0] == key.shape[0]
                && query.shape[2] == key.shape[2] && heads > 0 && query.shape[2] % heads == 0,
            "attention: \(query.shape), \(key.shape), \(value.shape), \(heads) heads")
        let width = query.shape[2]
        return attention(
            query: query.floatPointer, key: key.floatPointer, value: value.floatPointer, rowStride: width,
            keyRowStride: width, batch: query.shape[0], queries: query.shape[1], keys: key.shape[1], heads: heads,
            headSize: width / heads, scale: scale, mask: mask, form: form)
    }

    /// softmax(Q K^T) V for values wider than queries and keys: one map of scores for all of their channels, unscaled,
    /// as SAGAN has it (Zhang et al. 2018, arXiv:1805.08318, section 3). No matrix of scores is stored.
    ///
    /// - Parameters:
    ///   - query: `[B, N, d]`.
    ///   - key: `[B, M, d]`.
    ///   - value: `[B, M, E]`, E a multiple of d.
    /// - Returns: `[B, N, E]`.
    public func attention(query: Tensor, key: Tensor, wideValue value: Tensor) -> Tensor {
        precondition(
            query.shape.rank == 3 && key.shape.rank == 3 && value.shape.rank == 3 && query.shape[2] == key.shape[2]
                && query.shape[0] == key.shape[0] && key.shape[0] == value.shape[0] && key.shape[1] == value.shape[1]
                && query.shape[2] > 0 && value.shape[2] % query.shape[2] == 0,
            "attention: \(query.shape), \(key.shape), \(value.shape)")
        let (width, headSize) = (value.shape[2], query.shape[2])
        return attention(
            query: query.floatPointer, key: key.floatPointer, value: value.floatPointer, rowStride: headSize,
            keyRowStride: headSize, valueRowStride: width, batch: query.shape[0], queries: query.shape[1],
            keys: key.shape[1], heads: width / headSize, headSize: headSize, scale: 1, mask: .none, sharesScores: true)
    }

    private func attention(
        query: UnsafePointer<Float>, key: UnsafePointer<Float>, value: UnsafePointer<Float>, rowStride: Int,
        keyRowStride: Int, valueRowStride: Int? = nil, batch: Int, queries: Int, keys: Int, heads: Int, headSize: Int,
        scale: Float?, mask: AttentionMask, form: PackedMatrix.Form = .plain, sharesScores: Bool = false,
        _ shared: ck_attention = ck_attention()
    ) -> Tensor {
        let width = heads * headSize
        let y = allocate(Shape(batch, queries, width))
        var arguments = shared
        arguments.batch = batch
        arguments.heads = heads
        arguments.queries = queries
        arguments.keys = keys
        arguments.head_dim = headSize
        arguments.q = query
        arguments.k = key
        arguments.v = value
        arguments.out = y.mutableFloatPointer
        arguments.q_batch = queries * rowStride
        arguments.k_batch = keys * keyRowStride
        arguments.v_batch = keys * (valueRowStride ?? keyRowStride)
        arguments.out_batch = queries * width
        // The heads of one map of scores all read the same queries and keys.
        arguments.q_head = sharesScores ? 0 : headSize
        arguments.k_head = sharesScores ? 0 : headSize
        arguments.v_head = headSize
        arguments.out_head = headSize
        arguments.q_row = rowStride
        arguments.k_row = keyRowStride
        arguments.v_row = valueRowStride ?? keyRowStride
        arguments.out_row = width
        arguments.scale = scale ?? 1 / Float(headSize).squareRoot()
        arguments.causal = mask.isCausal ? 1 : 0
        arguments.form = form.kernelForm
        if let bias = mask.bias {
            precondition(
                bias.shape.rank == 4 && [1, batch].contains(bias.shape[0]) && [1, heads].contains(bias.shape[1])
                    && bias.shape[2] == queries && bias.shape[3] == keys, "attention: bias \(bias.shape)")
            arguments.bias = bias.floatPointer
            arguments.bias_row = keys
            arguments.bias_head = bias.shape[1] == 1 ? 0 : queries * keys
            arguments.bias_batch = bias.shape[0] == 1 ? 0 : bias.shape[1] * queries * keys
        }
        if let placed = mask.placedBias {
            precondition(mask.bias == nil && placed.fits(heads: heads, queries: queries, keys: keys))
            arguments.bias = placed.table.floatPointer
            arguments.bias_head = placed.table.shape[1]
            arguments.place_period = placed.places.variants.count
        }
        precondition(mask.keyLengths.map { $0.count == batch } ?? true, "attention: key lengths for \(batch) sequences")
        // Scores and sums; with positions the scores of all distances, too.
        let products: Double = arguments.position_keys == nil ? 4 : 6
        let flops = products * Double(batch * queries * keys) * Double(width)
        let lengths = mask.keyLengths ?? []
        lengths.withUnsafeBufferPointer { buffer in
            arguments.key_lengths = mask.keyLengths == nil ? nil : buffer.baseAddress
            mask.placedBias.withPlaces(&arguments) { arguments in
                perform(
                    "attention", .CK_OP_attention_run, arguments, flops: flops, work: flops / 4,
                    scratchBytes: ck_attention_scratch(&arguments))
            }
        }
        return y
    }
}
