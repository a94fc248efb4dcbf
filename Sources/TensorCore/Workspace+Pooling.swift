/// How the tokens of a sequence become one vector.
public enum TokenPooling: Sendable, Equatable, CaseIterable {
    /// The first token.
    case first
    /// The last token.
    case last
    /// The largest value of each channel.
    case maximum
    /// The mean.
    case mean
    /// The sum over the square root of the number of tokens.
    case meanBySquareRoot
    /// The mean weighted by place: 1 for the sequence's first token, 2 for the second, and so on.
    case weightedMean
}

extension Workspace {
    /// Each sequence as one vector, or several side by side.
    ///
    /// - Parameters:
    ///   - x: `[N, C]`, a row a token.
    ///   - sequences: where the sequences lie; padding counts for nothing.
    ///   - modes: what is put side by side, in this order.
    ///   - skipped: tokens at the start of each sequence that do not count, such as a prompt's; places are counted with
    ///     them.
    /// - Returns: `[sequences, modes C]`.
    /// - Precondition: every sequence is longer than `skipped`.
    public func pooled(
        _ x: Tensor, _ modes: [TokenPooling], sequences: PackedSequences, skipping skipped: Int = 0
    ) -> Tensor {
        precondition(x.shape.rank == 2 && x.shape[0] == sequences.rowCount, "pooling: \(x.shape)")
        precondition(
            skipped >= 0 && sequences.spans.allSatisfy { $0.count > skipped }, "pooling: no token after \(skipped)")
        let width = x.shape[1]
        let y = allocate(Shape(sequences.spans.count, modes.count * width))
        let spans = sequences.spans
        perform("pooling", rows: spans.count, floats: modes.count * x.count / max(1, spans.count)) { rows in
            for index in rows {
                for (place, mode) in modes.enumerated() {
                    mode.pool(
                        x.floatPointer + spans[index].lowerBound * width, skipped..<spans[index].count, width,
                        into: y.mutableFloatPointer + (index * modes.count + place) * width)
                }
            }
        }
        return y
    }

    /// Rows of unit length: each divided by its Euclidean norm, PyTorch's `torch.nn.functional.normalize`.
    ///
    /// - Parameter x: `[..., C]`.
    /// - Returns: the same shape; a row of zeros stays one.
    public func unitRows(_ x: Tensor) -> Tensor {
        let width = x.shape[-1]
        let y = allocate(x.shape)
        perform("unit rows", rows: x.count / max(1, width), floats: 3 * width) { rows in
            for row in rows {
                let (source, target) = (x.floatPointer + row * width, y.mutableFloatPointer + row * width)
                var sum = 0.0
                for channel in 0..<width { sum += Double(source[channel]) * Double(source[channel]) }
                let norm = max(Float(sum.squareRoot()), 1e-12)
                for channel in 0..<width { target[channel] = source[channel] / norm }
            }
        }
        return y
    }
}

extension TokenPooling {
    /// Pools the tokens `range` of the sequence at `x`, one channel beside the other so that loops become vectors.
    fileprivate func pool(
        _ x: UnsafePointer<Float>, _ range: Range<Int>, _ width: Int, into y: UnsafeMutablePointer<Float>
    ) {
        switch self {
        case .first: y.update(from: x + range.lowerBound * width, count: width)
        case .last: y.update(from: x + (range.upperBound - 1) * width, count: width)
        case .maximum:
            y.update(from: x + range.lowerBound * width, count: width)
            for token in range.dropFirst() {
                let row = x + token * width
                // A NaN stays one: a comparison with it is false.
                for channel in 0..<width where !(row[channel] <= y[channel]) { y[channel] = row[channel] }
            }
        case .mean: sum(x, range, width, into: y, divisor: Float(range.count)) { _ in 1 }
        case .meanBySquareRoot:
            sum(x, range, width, into: y, divisor: Float(range.count).squareRoot()) { _ in 1 }
        case .weightedMean:
            let total = range.reduce(0) { $0 + $1 + 1 }
            sum(x, range, width, into: y, divisor: Float(total)) { Float($0 + 1) }
        }
    }

    private func sum(
        _ x: UnsafePointer<Float>, _ range: Range<Int>, _ width: Int, into y: UnsafeMutablePointer<Float>,
        divisor: Float, weight: (Int) -> Float
    ) {
        y.update(repeating: 0, count: width)
        for token in range {
            let (row, factor) = (x + token * width, weight(token))
            for channel in 0..<width { y[channel] += row[channel] * factor }
        }
        for channel in 0..<width { y[channel] /= divisor }
    }
}
