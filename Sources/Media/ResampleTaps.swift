import CImageCodecs

/// The weights of one pass of a resize: which samples make each output, and by how much.
///
/// Pillow's `precompute_coeffs` and `normalize_coeffs_8bpc` (`src/libImaging/Resample.c`): weights in double precision,
/// normalised, then rounded to 22 fractional bits.
struct ResampleTaps {
    private(set) var first: [UInt32] = []
    private(set) var count: [UInt32] = []
    private(set) var weights: [Int32] = []
    private(set) var halves: [Int16] = []
    let stride: Int

    /// The samples that any output needs.
    private(set) var inputs: Range<Int>

    /// - Parameters:
    ///   - size: the samples along the axis.
    ///   - box: the part of the axis that is resized; single precision, as in Pillow.
    ///   - newSize: what the box is resized to.
    ///   - outputs: the outputs that are wanted, within `0..<newSize`.
    init(filter: ResizeFilter, size: Int, box: ClosedRange<Float>, newSize: Int, outputs: Range<Int>) {
        let scale = Double(box.upperBound - box.lowerBound) / Double(newSize)
        let filterScale = max(scale, 1)
        let support = filter.support * filterScale
        let inverse = 1 / filterScale
        // Rounded up to even: the kernels take two taps at a time.
        stride = (Int(support.rounded(.up)) * 2 + 1 + 1) & ~1
        weights = [Int32](repeating: 0, count: outputs.count * stride)
        first.reserveCapacity(outputs.count)
        count.reserveCapacity(outputs.count)
        var row = [Double](repeating: 0, count: stride)
        var lowest = size
        var highest = 0
        for (index, output) in outputs.enumerated() {
            let center = Double(box.lowerBound) + (Double(output) + 0.5) * scale
            let start = max(Int(center - support + 0.5), 0)
            let taps = max(min(Int(center + support + 0.5), size) - start, 0)
            var sum = 0.0
            for tap in 0..<taps {
                let weight = filter.value((Double(tap + start) - center + 0.5) * inverse)
                row[tap] = weight
                sum += weight
            }
            for tap in 0..<taps {
                let weight = sum == 0 ? row[tap] : row[tap] / sum
                let scaled = weight * Double(1 << 22)
                weights[index * stride + tap] = Int32(scaled < 0 ? scaled - 0.5 : scaled + 0.5)
            }
            first.append(UInt32(start))
            count.append(UInt32(taps))
            lowest = min(lowest, start)
            highest = max(highest, start + taps)
        }
        inputs = lowest..<max(lowest, highest)
        halves = Self.split(weights)
    }

    /// Pairs of weights as their low 12 bits and the rest; see `ic_taps`.
    private static func split(_ weights: [Int32]) -> [Int16] {
        var halves = [Int16](repeating: 0, count: 2 * weights.count)
        for pair in 0..<weights.count / 2 {
            for k in 0..<2 {
                let weight = weights[2 * pair + k]
                halves[4 * pair + k] = Int16(truncatingIfNeeded: weight & 4095)
                halves[4 * pair + 2 + k] = Int16(truncatingIfNeeded: weight >> 12)
            }
        }
        return halves
    }

    /// Numbers the inputs from `inputs.lowerBound` on, for a buffer that holds no others.
    mutating func rebase() {
        let start = inputs.lowerBound
        for index in first.indices { first[index] -= UInt32(start) }
        inputs = 0..<inputs.count
    }

    /// Calls `body` with the C view of the taps, valid during the call.
    func withTaps(_ body: (UnsafePointer<ic_taps>) -> Void) {
        first.withUnsafeBufferPointer { first in
            count.withUnsafeBufferPointer { count in
                weights.withUnsafeBufferPointer { weights in
                    halves.withUnsafeBufferPointer { halves in
                        var taps = ic_taps(
                            outputs: UInt32(self.first.count), stride: UInt32(stride), first: first.baseAddress,
                            count: count.baseAddress, weights: weights.baseAddress, halves: halves.baseAddress)
                        body(&taps)
                    }
                }
            }
        }
    }
}
