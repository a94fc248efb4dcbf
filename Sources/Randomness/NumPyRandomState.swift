import Glibc

/// `numpy.random.RandomState`: the Mersenne Twister and NumPy's frozen ways from its bits to numbers, which also stand
/// behind `numpy.random.seed`, `rand` and `randn`.
///
/// Source: NumPy 2.4, `numpy/random/mtrand.pyx` and `numpy/random/src/legacy/legacy-distributions.c`.
public struct NumPyRandomState: NormalGenerator {
    private var engine: MersenneTwister
    private var cachedNormal: Double?

    /// `RandomState(seed)`.
    ///
    /// - Parameter seed: 0 to 2^32 - 1.
    /// - Throws: ``RandomnessError/seed(_:generator:allowed:)``.
    public init(seed: some BinaryInteger) throws(RandomnessError) {
        guard let seed = UInt32(exactly: seed) else {
            throw .seed("\(seed)", generator: "numpy", allowed: "0...\(UInt32.max)")
        }
        engine = MersenneTwister(seed: seed)
    }

    /// `random_sample(count)`, which `rand` is, too: uniform in [0, 1), multiples of 2^-53.
    ///
    /// - Parameter count: how many.
    /// - Throws: ``RandomnessError/count(_:allowed:)``.
    public mutating func randomSample(_ count: Int) throws(RandomnessError) -> [Double] {
        try checkCount(count)
        return (0..<count).map { _ in uniform() }
    }

    /// `randn(count)`: standard normals by Marsaglia's polar method.
    ///
    /// - Parameter count: how many; of a pair that a call leaves half used, the next call takes the other half.
    /// - Throws: ``RandomnessError/count(_:allowed:)``.
    public mutating func randn(_ count: Int) throws(RandomnessError) -> [Double] {
        try checkCount(count)
        return (0..<count).map { _ in normal() }
    }

    /// `randn(count).astype(numpy.float32)`.
    public mutating func normals(_ count: Int) throws(RandomnessError) -> [Float] { try randn(count).map { Float($0) } }

    /// `randint(low, high, count)`: whole numbers, redrawn until they fit.
    ///
    /// - Parameters:
    ///   - low: the least.
    ///   - high: above the greatest.
    ///   - count: how many.
    /// - Throws: ``RandomnessError/emptyRange(low:high:)``, ``RandomnessError/count(_:allowed:)``.
    public mutating func randint(low: Int = 0, high: Int, count: Int) throws(RandomnessError) -> [Int] {
        guard low < high else { throw .emptyRange(low: low, high: high) }
        try checkCount(count)
        let most = UInt64(bitPattern: Int64(high)) &- UInt64(bitPattern: Int64(low)) &- 1
        return (0..<count).map { _ in low &+ Int(truncatingIfNeeded: atMost(most)) }
    }

    /// `permutation(count)`: 0 to `count - 1` in random order.
    ///
    /// - Parameter count: how many.
    /// - Throws: ``RandomnessError/count(_:allowed:)``.
    public mutating func permutation(_ count: Int) throws(RandomnessError) -> [Int] {
        try checkCount(count)
        var result = Array(0..<count)
        for index in stride(from: count - 1, to: 0, by: -1) { result.swapAt(index, Int(atMost(UInt64(index)))) }
        return result
    }

    /// `scipy.stats.truncnorm.rvs(-bound, bound, size=count, random_state=self).astype(numpy.float32)`, as BigGAN's
    /// latents are drawn: the inverse of the distribution function at a uniform number, to 1e-7.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - bound: the largest magnitude, 0.1 to 8.
    /// - Throws: ``RandomnessError/bounds(lower:upper:)``, ``RandomnessError/count(_:allowed:)``.
    public mutating func truncatedNormals(_ count: Int, bound: Double) throws(RandomnessError) -> [Float] {
        guard bound >= 0.1, bound <= 8 else { throw .bounds(lower: -bound, upper: bound) }
        let distribution = TruncatedNormal(bound: bound)
        return try randomSample(count).map { Float(distribution.quantile($0)) }
    }

    private mutating func uniform() -> Double {
        let high = Double(engine.next() >> 5)
        return (high * 0x1p26 + Double(engine.next() >> 6)) * 0x1p-53
    }

    private mutating func normal() -> Double {
        if let cached = cachedNormal {
            cachedNormal = nil
            return cached
        }
        while true {
            let first = 2 * uniform() - 1
            let second = 2 * uniform() - 1
            let square = first * first + second * second
            guard square < 1, square != 0 else { continue }
            let factor = (-2 * log(square) / square).squareRoot()
            cachedNormal = factor * first
            return factor * second
        }
    }

    /// A number up to `most`: as many bits as it has, until they are no more. The range 0...0 draws nothing.
    private mutating func atMost(_ most: UInt64) -> UInt64 {
        guard most > 0 else { return 0 }
        let mask = UInt64.max >> UInt64(most.leadingZeroBitCount)
        while true {
            let value = mask & (most <= UInt64(UInt32.max) ? UInt64(engine.next()) : engine.next64())
            if value <= most { return value }
        }
    }
}
