import CKernels

extension Workspace {
    /// Rows of a table by their numbers.
    ///
    /// - Parameters:
    ///   - ids: `B * T` numbers in `0 ..< table.shape[0]`.
    ///   - shape: `[B, T]`.
    ///   - table: `[V, C]`, of a type of weights.
    ///   - addend: `[T, C]`, added to every sequence; `nil` adds nothing.
    /// - Returns: `[B, T, C]`.
    public func embedded(_ ids: [Int], shape: Shape, table: Tensor, adding addend: Tensor? = nil) -> Tensor {
        let (batch, tokens, width) = (shape[0], shape[1], table.shape[1])
        precondition(
            ids.count == batch * tokens && (addend.map { $0.count == tokens * width } ?? true),
            "embeddings: \(ids.count) ids for \(shape), addend \(addend?.shape ?? [])")
        let y = allocate(Shape(batch, tokens, width))
        let (tier, rowBytes) = (runtime.tier, width * table.dtype.byteCount)
        perform("embedding", rows: ids.count, floats: (addend == nil ? 2 : 5) * width) { rows in
            for index in rows {
                let id = ids[index]
                precondition(id >= 0 && id < table.shape[0], "embeddings: id \(id) of \(table.shape[0])")
                let target = y.mutableFloatPointer + index * width
                convertToFloat(table.start + id * rowBytes, dtype: table.dtype, count: width, into: target, tier: tier)
                guard let addend else { continue }
                let values = addend.floatPointer + index % tokens * width
                for channel in 0..<width { target[channel] += values[channel] }
            }
        }
        return y
    }

    /// The same rows for every sequence of a batch.
    ///
    /// - Parameters:
    ///   - x: `[T, C]`.
    ///   - batch: the number of sequences.
    /// - Returns: `[batch, T, C]`.
    public func repeated(_ x: Tensor, batch: Int) -> Tensor {
        precondition(x.shape.rank == 2 && batch >= 0, "repeat \(x.shape) \(batch) times")
        let y = allocate(Shape(batch, x.shape[0], x.shape[1]))
        guard mode == .compute else { return y }
        for index in 0..<batch {
            (y.mutableFloatPointer + index * x.count).update(from: x.floatPointer, count: x.count)
        }
        return y
    }

    /// Two lists of tokens one after the other, sequence by sequence.
    ///
    /// - Parameters:
    ///   - first: `[B, P, C]`.
    ///   - second: `[B, T, C]`.
    ///   - addend: `[P + T, C]`, added to every sequence; `nil` adds nothing.
    /// - Returns: `[B, P + T, C]`.
    public func joined(_ first: Tensor, _ second: Tensor, adding addend: Tensor? = nil) -> Tensor {
        precondition(
            first.shape.rank == 3 && second.shape.rank == 3 && first.shape[0] == second.shape[0]
                && first.shape[2] == second.shape[2], "\(first.shape) before \(second.shape)")
        let (batch, width) = (first.shape[0], first.shape[2])
        let (head, tail) = (first.shape[1] * width, second.shape[1] * width)
        precondition(addend.map { $0.count == head + tail } ?? true, "addend \(addend?.shape ?? [])")
        let y = allocate(Shape(batch, first.shape[1] + second.shape[1], width))
        let (headTokens, tokens) = (first.shape[1], y.shape[1])
        perform("layout", rows: batch * tokens, floats: (addend == nil ? 2 : 5) * width) { rows in
            for row in rows {
                let (index, token) = row.quotientAndRemainder(dividingBy: tokens)
                let source =
                    token < headTokens
                    ? first.floatPointer + index * head + token * width
                    : second.floatPointer + index * tail + (token - headTokens) * width
                let target = y.mutableFloatPointer + row * width
                target.update(from: source, count: width)
                guard let values = addend?.floatPointer else { continue }
                for channel in 0..<width { target[channel] += values[token * width + channel] }
            }
        }
        return y
    }

    /// One token of each sequence, each at its own place.
    ///
    /// - Parameters:
    ///   - indices: the place in each of the `B` sequences.
    ///   - x: `[B, T, C]`.
    /// - Returns: `[B, C]`.
    public func tokens(_ indices: [Int], of x: Tensor) -> Tensor {
        let (batch, tokens, width) = (x.shape[0], x.shape[1], x.shape[2])
        precondition(indices.count == batch, "tokens: \(indices.count) places for \(x.shape)")
        let y = allocate(Shape(batch, width))
        guard mode == .compute else { return y }
        for (row, index) in indices.enumerated() {
            precondition(index >= 0 && index < tokens, "token \(index) of \(x.shape)")
            (y.mutableFloatPointer + row * width).update(
                from: x.floatPointer + (row * tokens + index) * width, count: width)
        }
        return y
    }

    /// The first tokens of each sequence.
    ///
    /// - Parameters:
    ///   - count: how many, at most all.
    ///   - x: `[B, T, C]`.
    /// - Returns: `[B, count, C]`.
    public func firstTokens(_ count: Int, of x: Tensor) -> Tensor {
        let (batch, tokens, width) = (x.shape[0], x.shape[1], x.shape[2])
        precondition(count >= 0 && count <= tokens, "\(count) tokens of \(x.shape)")
        let y = allocate(Shape(batch, count, width))
        guard mode == .compute else { return y }
        for index in 0..<batch {
            (y.mutableFloatPointer + index * count * width).update(
                from: x.floatPointer + index * tokens * width, count: count * width)
        }
        return y
    }

    /// Rows of each sequence in another order: windows of a picture, say, or pixels side by side.
    ///
    /// - Parameters:
    ///   - x: `[B, ..., C]`, rows of C values.
    ///   - indices: the row that each row of the result is; a negative one stands for zeros.
    /// - Returns: `[B, indices, C]`.
    /// - Precondition: no index reaches past a sequence's rows.
    public func rows(_ indices: RowIndices, of x: Tensor) -> Tensor {
        let (batch, width) = (x.shape[0], x.shape[-1])
        let tokens = batch * width == 0 ? 0 : x.count / (batch * width)
        precondition(x.shape.rank >= 2 && indices.limit <= tokens, "rows up to \(indices.limit) of \(x.shape)")
        let y = allocate(Shape(batch, indices.values.count, width))
        indices.values.withUnsafeBufferPointer { values in
            let arguments = ck_gather_rows(
                batch: batch, rows: values.count, in_rows: tokens, c: width, index: values.baseAddress,
                input: x.floatPointer, output: y.mutableFloatPointer)
            perform("layout", .CK_OP_gather_rows_run, arguments, work: 2 * Double(y.count))
        }
        return y
    }
}
