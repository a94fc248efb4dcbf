import Glibc

/// Round numbers along an axis.
struct AxisTicks: Equatable {
    /// The numbers, ascending.
    let values: [Double]
    /// The digits after the point that they need.
    let digits: Int

    /// At most `most` numbers within a range: multiples of 1, 2 or 5 times a power of ten.
    init(_ range: Range<Double>, most: Int) {
        let length = range.upperBound - range.lowerBound
        guard length.isFinite, length > 0, most > 0 else {
            (values, digits) = ([], 0)
            return
        }
        var power = Int(log10(length / Double(most)).rounded(.down))
        var step = 0.0
        search: while true {
            for factor in [1.0, 2.0, 5.0] {
                step = factor * pow(10, Double(power))
                if length / step <= Double(most) { break search }
            }
            power += 1
        }
        let first = (range.lowerBound / step - 1e-9).rounded(.up)
        let last = (range.upperBound / step + 1e-9).rounded(.down)
        values = first > last ? [] : stride(from: first, through: last, by: 1).map { $0 * step }
        digits = max(0, -power)
    }
}
