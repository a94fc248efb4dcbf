internal import Glibc

/// The discrete Fourier transform of real numbers, of a length that is a power of two: Cooley and Tukey's in place,
/// radix 2, single precision.
struct FourierTransform: Sendable {
    let count: Int
    private let reversed: [Int]
    /// cos and -sin of 2 pi k / count, k below half.
    private let cosines, sines: [Float]

    /// - Precondition: `count` is a power of two.
    init(_ count: Int) {
        precondition(count > 0 && count & (count - 1) == 0, "FourierTransform: \(count) is no power of two")
        self.count = count
        let bits = count.trailingZeroBitCount
        reversed = (0..<count).map { index in
            (0..<bits).reduce(0) { $0 | (index >> $1 & 1) << (bits - 1 - $1) }
        }
        let angles = (0..<count / 2).map { 2 * Double.pi * Double($0) / Double(count) }
        cosines = angles.map { Float(cos($0)) }
        sines = angles.map { Float(-sin($0)) }
    }

    /// Squared magnitudes of the first `count / 2 + 1` frequencies of `real`, which is overwritten, as is `imaginary`.
    ///
    /// - Parameters:
    ///   - real: `count` numbers.
    ///   - imaginary: room for as many.
    ///   - power: room for `count / 2 + 1`.
    func power(
        _ real: UnsafeMutableBufferPointer<Float>, _ imaginary: UnsafeMutableBufferPointer<Float>,
        to power: UnsafeMutableBufferPointer<Float>
    ) {
        for index in 0..<count {
            imaginary[index] = 0
            if index < reversed[index] { real.swapAt(index, reversed[index]) }
        }
        var half = 1
        while half < count {
            let step = count / (2 * half)
            for start in stride(from: 0, to: count, by: 2 * half) {
                for k in 0..<half {
                    let (c, s) = (cosines[k * step], sines[k * step])
                    let (a, b) = (start + k, start + k + half)
                    let x = real[b] * c - imaginary[b] * s
                    let y = real[b] * s + imaginary[b] * c
                    (real[b], imaginary[b]) = (real[a] - x, imaginary[a] - y)
                    (real[a], imaginary[a]) = (real[a] + x, imaginary[a] + y)
                }
            }
            half *= 2
        }
        for k in 0...count / 2 { power[k] = real[k] * real[k] + imaginary[k] * imaginary[k] }
    }
}
