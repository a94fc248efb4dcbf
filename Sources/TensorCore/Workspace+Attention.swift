import CKernels

/// Which keys a query may see.
public struct AttentionMask: Sendable {
    /// Whether key j is hidden from query i when j > i + keys - queries.
    public var isCausal: Bool
    /// For each image or sequence of the batch the number of keys that count; `nil` where all do.
    public var keyLengths: [Int32]?
    /// Values added to the scaled scores, `[B or 1, heads or 1, queries, keys]`; minus infinity hides a key.
    public var bias: Tensor?

    /// A mask of the given parts.
    public init(isCausal: Bool = false, keyLengths: [Int32]? = nil, bias: Tensor? = nil) {
        self.isCausal = isCausal
        self.keyLengths = keyLengths
        self.bias = bias
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
    /// - Returns: `[B, T, heads d]`.
    public func selfAttention(
        _ qkv: Tensor, heads: Int, scale: Float? = nil, mask: AttentionMask = .none
    ) -> Tensor {
        precondition(
            qkv.shape.rank == 3 && heads > 0 && qkv.shape[2] % (3 * heads) == 0,
            "attention: \(qkv.shape), \(heads) heads")
        let (batch, tokens, width) = (qkv.shape[0], qkv.shape[1], qkv.shape[2] / 3)
        let base = qkv.floatPointer
        return attention(
            query: base, key: base + width, value: base + 2 * width, rowStride: 3 * width, keyRowStride: 3 * width,
            batch: batch, queries: tokens, keys: tokens, heads: heads, headSize: width / heads, scale: scale, mask: mask
        )
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
    /// - Returns: `[B, N, heads d]`.
    public func attention(
        query: Tensor, key: Tensor, value: Tensor, heads: Int, scale: Float? = nil, mask: AttentionMask = .none
    ) -> Tensor {
        precondition(
            query.shape.rank == 3 && key.shape == value.shape && query.shape[0] == key.shape[0]
                && query.shape[2] == key.shape[2] && heads > 0 && query.shape[2] % heads == 0,
            "attention: \(query.shape), \(key.shape), \(value.shape), \(heads) heads")
        let width = query.shape[2]
        return attention(
            query: query.floatPointer, key: key.floatPointer, value: value.floatPointer, rowStride: width,
            keyRowStride: width, batch: query.shape[0], queries: query.shape[1], keys: key.shape[1], heads: heads,
            headSize: width / heads, scale: scale, mask: mask)
    }

    private func attention(
        query: UnsafePointer<Float>, key: UnsafePointer<Float>, value: UnsafePointer<Float>, rowStride: Int,
        keyRowStride: Int, batch: Int, queries: Int, keys: Int, heads: Int, headSize: Int, scale: Float?,
        mask: AttentionMask
    ) -> Tensor {
        let width = heads * headSize
        let y = allocate(Shape(batch, queries, width))
        var arguments = ck_attention()
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
        arguments.v_batch = keys * keyRowStride
        arguments.out_batch = queries * width
        arguments.q_head = headSize
        arguments.k_head = headSize
        arguments.v_head = headSize
        arguments.out_head = headSize
        arguments.q_row = rowStride
        arguments.k_row = keyRowStride
        arguments.v_row = keyRowStride
        arguments.out_row = width
        arguments.scale = scale ?? 1 / Float(headSize).squareRoot()
        arguments.causal = mask.isCausal ? 1 : 0
        if let bias = mask.bias {
            precondition(
                bias.shape.rank == 4 && [1, batch].contains(bias.shape[0]) && [1, heads].contains(bias.shape[1])
                    && bias.shape[2] == queries && bias.shape[3] == keys, "attention: bias \(bias.shape)")
            arguments.bias = bias.floatPointer
            arguments.bias_row = keys
            arguments.bias_head = bias.shape[1] == 1 ? 0 : queries * keys
            arguments.bias_batch = bias.shape[0] == 1 ? 0 : bias.shape[1] * queries * keys
        }
        precondition(mask.keyLengths.map { $0.count == batch } ?? true, "attention: key lengths for \(batch) sequences")
        let flops = 4 * Double(batch * queries * keys) * Double(width)
        let lengths = mask.keyLengths ?? []
        lengths.withUnsafeBufferPointer { buffer in
            arguments.key_lengths = mask.keyLengths == nil ? nil : buffer.baseAddress
            perform(
                "attention", .CK_OP_attention_run, arguments, flops: flops, work: flops / 4,
                scratchBytes: ck_attention_scratch(&arguments))
        }
        return y
    }
}
