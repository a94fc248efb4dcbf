import Glibc

/// `numpy.random.default_rng(seed)`: the bits of PCG64, seeded through NumPy's `SeedSequence`.
///
/// Source: NumPy 2.4, `numpy/random/_generator.pyx`, `numpy/random/src/distributions/distributions.c`.
public struct NumPyGenerator: NormalGenerator {
    private var engine: PCG64

    /// `default_rng(seed)`.
    ///
    /// - Parameter seed: 0 to 2^64 - 1.
    /// - Throws: ``RandomnessError/seed(_:generator:allowed:)``.
    public init(seed: some BinaryInteger) throws(RandomnessError) {
        guard let seed = UInt64(exactly: seed) else {
            throw .seed("\(seed)", generator: "numpy-pcg64", allowed: "0...\(UInt64.max)")
        }
        engine = PCG64(SeedSequence(entropy: seed).words(4))
    }

    /// `random(count)`: uniform in [0, 1), multiples of 2^-53.
    ///
    /// - Parameter count: how many.
    /// - Throws: ``RandomnessError/count(_:allowed:)``.
    public mutating func random(_ count: Int) throws(RandomnessError) -> [Double] {
        try checkCount(count)
        return (0..<count).map { _ in uniform() }
    }

    /// `standard_normal(count)`, by the ziggurat (Marsaglia and Tsang, 2000; tables of 256 layers).
    ///
    /// - Parameter count: how many.
    /// - Throws: ``RandomnessError/count(_:allowed:)``.
    public mutating func standardNormal(_ count: Int) throws(RandomnessError) -> [Double] {
        try checkCount(count)
        return (0..<count).map { _ in normal() }
    }

    /// `standard_normal(count).astype(numpy.float32)`.
    public mutating func normals(_ count: Int) throws(RandomnessError) -> [Float] {
        try standardNormal(count).map { Float($0) }
    }

    /// `integers(low, high, count)`, by Lemire's method ("Fast Random Integer Generation in an Interval", 2019).
    ///
    /// - Parameters:
    ///   - low: the least.
    ///   - high: above the greatest.
    ///   - count: how many.
    /// - Throws: ``RandomnessError/emptyRange(low:high:)``, ``RandomnessError/count(_:allowed:)``.
    public mutating func integers(low: Int = 0, high: Int, count: Int) throws(RandomnessError) -> [Int] {
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
        for index in stride(from: count - 1, to: 0, by: -1) { result.swapAt(index, place(upTo: UInt32(index))) }
        return result
    }

    /// A place in a permutation: as many bits as `last` has, until they are no more. Shuffling has kept this way of
    /// NumPy's older generator.
    private mutating func place(upTo last: UInt32) -> Int {
        let mask = UInt32.max >> UInt32(last.leadingZeroBitCount)
        while true {
            let value = engine.next32() & mask
            if value <= last { return Int(value) }
        }
    }

    private mutating func uniform() -> Double { Double(engine.next64() >> 11) * 0x1p-53 }

    private mutating func normal() -> Double {
        while true {
            let bits = engine.next64()
            let layer = Int(bits & 0xFF)
            let distance = (bits >> 9) & (1 << 52 - 1)
            let isNegative = bits >> 8 & 1 == 1
            let magnitude = Double(distance) * Ziggurat.widths[layer]
            let x = isNegative ? -magnitude : magnitude
            // Within the part of the layer that lies below the curve everywhere.
            if distance < Ziggurat.insides[layer] { return x }
            if layer == 0 {
                let tail = tailBeyondLayers()
                return distance >> 8 & 1 == 1 ? -tail : tail
            }
            let height = Ziggurat.heights[layer]
            if (Ziggurat.heights[layer - 1] - height) * uniform() + height < exp(-0.5 * x * x) { return x }
        }
    }

    /// A normal beyond the last layer's edge, by Marsaglia's method for the tail (1964).
    private mutating func tailBeyondLayers() -> Double {
        while true {
            let beyond = -Ziggurat.inverseEdge * log1p(-uniform())
            let level = -log1p(-uniform())
            if level + level > beyond * beyond { return Ziggurat.edge + beyond }
        }
    }

    /// A number up to `most`, without bias.
    private mutating func atMost(_ most: UInt64) -> UInt64 {
        if most == 0 { return 0 }
        if most == UInt64.max { return engine.next64() }
        if most == UInt64(UInt32.max) { return UInt64(engine.next32()) }
        if most < UInt64(UInt32.max) {
            let range = UInt32(most) + 1
            var product = range.multipliedFullWidth(by: engine.next32())
            if product.low < range {
                let threshold = (UInt32.max - UInt32(most)) % range
                while product.low < threshold { product = range.multipliedFullWidth(by: engine.next32()) }
            }
            return UInt64(product.high)
        }
        let range = most + 1
        var product = range.multipliedFullWidth(by: engine.next64())
        if product.low < range {
            let threshold = (UInt64.max - most) % range
            while product.low < threshold { product = range.multipliedFullWidth(by: engine.next64()) }
        }
        return product.high
    }
}
