/// What a LoRA adds to a weight: scale * up down, for matrices of the outputs and everything behind them.
///
/// Hu et al. 2021 (arXiv:2106.09685), section 4.1. For a convolution the factor next to the inputs is the kernel, and
/// the other one is 1x1.
struct LoRADelta: Sendable {
    /// Columns of the weight: inputs, times the taps of a kernel.
    let columns: Int
    let rank: Int
    let scale: Float
    /// `[rank, columns]`.
    let down: [Float]
    /// `[outputs, rank]`.
    let up: [Float]

    init(columns: Int, rank: Int, scale: Float, down: [Float], up: [Float]) {
        precondition(down.count == rank * columns && up.count % rank == 0, "factors that are no matrices")
        (self.columns, self.rank, self.scale, self.down, self.up) = (columns, rank, scale, down, up)
    }

    /// Adds the values of some elements of the weight, counted row by row.
    ///
    /// Each is one chain of sums over the rank, so that its bits do not depend on where the elements are cut.
    func add(_ elements: Range<Int>, to target: UnsafeMutablePointer<Float>) {
        withUnsafeTemporaryAllocation(of: Float.self, capacity: min(columns, elements.count)) { sums in
            guard let sum = sums.baseAddress else { return }
            down.withUnsafeBufferPointer { down in
                guard let down = down.baseAddress else { return }
                var element = elements.lowerBound
                while element < elements.upperBound {
                    let (row, column) = element.quotientAndRemainder(dividingBy: columns)
                    let count = min(columns - column, elements.upperBound - element)
                    product(row, down + column, count, into: sum)
                    let part = target + (element - elements.lowerBound)
                    for index in 0..<count { part[index] += scale * sum[index] }
                    element += count
                }
            }
        }
    }

    /// One row of up times `count` columns of down.
    private func product(_ row: Int, _ down: UnsafePointer<Float>, _ count: Int, into sum: UnsafeMutablePointer<Float>)
    {
        sum.initialize(repeating: 0, count: count)
        let first = row * rank
        var k = 0
        // Four at a time keep a sum in a register while it grows; the order of its terms stays.
        while k + 4 <= rank {
            let (a, b, c, d) = (up[first + k], up[first + k + 1], up[first + k + 2], up[first + k + 3])
            let rows = down + k * columns
            for index in 0..<count {
                var value = sum[index] + a * rows[index]
                value += b * rows[index + columns]
                value += c * rows[index + 2 * columns]
                value += d * rows[index + 3 * columns]
                sum[index] = value
            }
            k += 4
        }
        while k < rank {
            let a = up[first + k]
            let rows = down + k * columns
            for index in 0..<count { sum[index] += a * rows[index] }
            k += 1
        }
    }
}
