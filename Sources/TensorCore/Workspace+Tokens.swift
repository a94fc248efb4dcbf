extension Workspace {
    /// Rows of a table by their numbers.
    ///
    /// - Parameters:
    ///   - ids: `B * T` numbers in `0 ..< table.shape[0]`.
    ///   - shape: `[B, T]`.
    ///   - table: `[V, C]`.
    ///   - addend: `[T, C]`, added to every sequence; `nil` adds nothing.
    /// - Returns: `[B, T, C]`.
    public func embedded(_ ids: [Int], shape: Shape, table: Tensor, adding addend: Tensor? = nil) -> Tensor {
        let (batch, tokens, width) = (shape[0], shape[1], table.shape[1])
        precondition(
            ids.count == batch * tokens && (addend.map { $0.count == tokens * width } ?? true),
            "embeddings: \(ids.count) ids for \(shape), addend \(addend?.shape ?? [])")
        let y = allocate(Shape(batch, tokens, width))
        guard mode == .compute else { return y }
        for (index, id) in ids.enumerated() {
            precondition(id >= 0 && id < table.shape[0], "embeddings: id \(id) of \(table.shape[0])")
            let target = y.mutableFloatPointer + index * width
            target.update(from: table.floatPointer + id * width, count: width)
            guard let addend else { continue }
            let values = addend.floatPointer + index % tokens * width
            for channel in 0..<width { target[channel] += values[channel] }
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
}
