import CKernels

/// Operations on clips of sound: frames along the second dimension.
extension Workspace {
    /// Several clips as one batch, each filled up with rows of zeros.
    ///
    /// - Parameters:
    ///   - parts: the clips, `[1, t, C]` or `[t, C]` each, at most `rows` rows.
    ///   - rows: the rows of each in the result.
    /// - Returns: `[clips, rows, C]`.
    public func stacked(_ parts: [Tensor], rows: Int) -> Tensor {
        let width = parts.first?.shape[-1] ?? 0
        let y = allocate(Shape(parts.count, rows, width))
        for part in parts {
            precondition(part.shape[-1] == width && part.count <= rows * width, "stack \(part.shape) in \(rows) rows")
        }
        guard mode == .compute else { return y }
        for (index, part) in parts.enumerated() {
            let target = y.mutableFloatPointer + index * rows * width
            target.update(from: part.floatPointer, count: part.count)
            (target + part.count).update(repeating: 0, count: rows * width - part.count)
        }
        return y
    }

    /// Gated units: one half of the channels times a function of the other.
    ///
    /// - Parameters:
    ///   - x: `[..., 2 C]`.
    ///   - unit: which half is the gate, and its function.
    /// - Returns: `[..., C]`.
    public func gatedHalves(_ x: Tensor, _ unit: GatedUnit = .sigmoid) -> Tensor {
        precondition(x.shape.rank >= 1 && x.shape[-1] % 2 == 0, "gated halves: \(x.shape)")
        let width = x.shape[-1] / 2
        var dimensions = x.shape.dimensions
        dimensions[dimensions.count - 1] = width
        let y = allocate(Shape(dimensions))
        let arguments = ck_glu(
            rows: width == 0 ? 0 : x.count / (2 * width), c: width, input: x.floatPointer,
            output: y.mutableFloatPointer, gate: unit.kernelGate)
        perform("gate", .CK_OP_glu_run, arguments, work: 8 * Double(y.count))
        return y
    }

    /// Rotates each head's channels by the angles of their place: channel i with channel i + d/2, as
    /// (a cos - b sin, b cos + a sin).
    ///
    /// - Parameters:
    ///   - x: `[B, T, heads d]`, d even.
    ///   - heads: number of heads.
    ///   - cosines: `[T, d / 2]`.
    ///   - sines: `[T, d / 2]`.
    /// - Returns: `[B, T, heads d]`.
    public func rotated(_ x: Tensor, heads: Int, cosines: Tensor, sines: Tensor) -> Tensor {
        precondition(
            x.shape.rank == 3 && heads > 0 && x.shape[2] % (2 * heads) == 0 && cosines.shape == sines.shape
                && cosines.count == x.shape[1] * x.shape[2] / heads / 2,
            "rotation: \(x.shape), \(heads) heads, angles \(cosines.shape)")
        let y = allocate(x.shape)
        let arguments = ck_rotate(
            batch: x.shape[0], tokens: x.shape[1], heads: heads, half: x.shape[2] / heads / 2, input: x.floatPointer,
            cosines: cosines.floatPointer, sines: sines.floatPointer, output: y.mutableFloatPointer)
        perform("rotation", .CK_OP_rotate_run, arguments, work: 2 * Double(x.count))
        return y
    }

    /// WavLM's gates: a (b c - 1) + 2 for each row and head, a the sigmoid of the sum of its first four values, b that
    /// of the last four, c the head's constant.
    ///
    /// - Parameters:
    ///   - x: `[N heads, 8]`, row by row all heads.
    ///   - constants: one for each head.
    /// - Returns: `[N, heads]`.
    public func positionGates(_ x: Tensor, constants: [Float]) -> Tensor {
        precondition(
            x.shape.rank == 2 && x.shape[1] == 8 && !constants.isEmpty && x.shape[0] % constants.count == 0,
            "gates: \(x.shape), \(constants.count) heads")
        let sums = allocate(Shape(x.shape[0], 2))
        if mode == .compute {
            let (from, to) = (x.floatPointer, sums.mutableFloatPointer)
            for index in 0..<sums.count {
                let values = from + 4 * index
                to[index] = (values[0] + values[1]) + (values[2] + values[3])
            }
        }
        let shares = activated(sums, .sigmoid)
        let y = allocate(Shape(x.shape[0] / constants.count, constants.count))
        guard mode == .compute else { return y }
        let (from, to) = (shares.floatPointer, y.mutableFloatPointer)
        for index in 0..<y.count {
            to[index] = from[2 * index] * (from[2 * index + 1] * constants[index % constants.count] - 1) + 2
        }
        return y
    }
}
