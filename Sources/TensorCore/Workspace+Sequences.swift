import CKernels

extension Workspace {
    /// softmax(Q K^T / sqrt(d) + bias) V for each head within each sequence; no matrix of scores or of biases is
    /// stored.
    ///
    /// - Parameters:
    ///   - qkv: `[N, 3 heads d]`, a row a token: all heads' queries, then keys, then values.
    ///   - heads: number of heads.
    ///   - sequences: where the sequences lie; the rows of padding see the sequence's own tokens.
    ///   - relativeBias: `[heads, 2 S - 1]` with S at least the longest sequence: what is added to the score of a query
    ///     at place i and a key at place j is element `S - 1 + j - i`; `nil` adds nothing.
    ///   - biasGate: `[N, heads]`: what the biases of a row's query are multiplied by; `nil` counts as ones.
    ///   - form: as of ``selfAttention(_:heads:scale:mask:form:)``.
    /// - Returns: `[N, heads d]`.
    public func selfAttention(
        _ qkv: Tensor, heads: Int, sequences: PackedSequences, relativeBias: Tensor? = nil, biasGate: Tensor? = nil,
        form: PackedMatrix.Form = .plain
    ) -> Tensor {
        precondition(
            qkv.shape.rank == 2 && heads > 0 && qkv.shape[1] % (3 * heads) == 0 && qkv.shape[0] == sequences.rowCount,
            "attention: \(qkv.shape), \(heads) heads, \(sequences.rowCount) rows")
        let width = qkv.shape[1] / 3
        let y = allocate(Shape(sequences.rowCount, width))
        var arguments = ck_attention()
        arguments.heads = heads
        arguments.head_dim = width / heads
        arguments.q_head = width / heads
        arguments.k_head = width / heads
        arguments.v_head = width / heads
        arguments.out_head = width / heads
        arguments.q_row = 3 * width
        arguments.k_row = 3 * width
        arguments.v_row = 3 * width
        arguments.out_row = width
        arguments.scale = 1 / Float(width / heads).squareRoot()
        arguments.form = form.kernelForm
        if let relativeBias {
            let places = relativeBias.shape[1]
            precondition(
                relativeBias.shape[0] == heads && places % 2 == 1 && (places + 1) / 2 >= sequences.longest,
                "attention: relative bias \(relativeBias.shape) for \(sequences.longest) tokens")
            // One row serves all queries, each reading it from one element further left: a stride of -1.
            arguments.bias = relativeBias.floatPointer + (places - 1) / 2
            arguments.bias_row = -1
            arguments.bias_head = places
        }
        precondition(
            biasGate.map { $0.shape == Shape(sequences.rowCount, heads) && relativeBias != nil } ?? true,
            "attention: gates \(biasGate?.shape ?? []) for \(sequences.rowCount) rows, \(heads) heads")
        arguments.gate_row = heads
        arguments.gate_head = 1
        var row = 0
        for group in sequences.groups {
            arguments.bias_gate = biasGate.map { $0.floatPointer + row * heads }
            arguments.gate_batch = group.tokens * heads
            attend(group, arguments, qkv.floatPointer + row * 3 * width, y.mutableFloatPointer + row * width, width)
            row += group.count * group.tokens
        }
        return y
    }

    private func attend(
        _ group: PackedSequences.Group, _ shared: ck_attention, _ qkv: UnsafePointer<Float>,
        _ output: UnsafeMutablePointer<Float>, _ width: Int
    ) {
        var arguments = shared
        arguments.batch = group.count
        arguments.queries = group.tokens
        arguments.keys = group.tokens
        arguments.q = qkv
        arguments.k = qkv + width
        arguments.v = qkv + 2 * width
        arguments.out = output
        arguments.q_batch = group.tokens * 3 * width
        arguments.k_batch = arguments.q_batch
        arguments.v_batch = arguments.q_batch
        arguments.out_batch = group.tokens * width
        let flops = 4 * Double(group.count * group.tokens * group.tokens) * Double(width)
        precondition(group.seen.map { $0.count == group.count } ?? true, "attention: lengths for \(group.count)")
        (group.seen ?? []).withUnsafeBufferPointer { lengths in
            arguments.key_lengths = group.seen == nil ? nil : lengths.baseAddress
            perform(
                "attention", .CK_OP_attention_run, arguments, flops: flops, work: flops / 4,
                scratchBytes: ck_attention_scratch(&arguments))
        }
    }
}
