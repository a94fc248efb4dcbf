import Glibc

/// `torch.Generator("cpu")`: the Mersenne Twister, and PyTorch's ways from its 32 bits to numbers.
///
/// Source: PyTorch 2.13, `aten/src/ATen/core/{MT19937RNGEngine,DistributionsHelper,TransformationHelper}.h` and
/// `aten/src/ATen/native/cpu/DistributionTemplates.h`. Numbers are those of single precision tensors, equal bit for bit
/// to a build for AVX2 on its vectorised path, and within 1e-6 of any other build.
public struct TorchGenerator: NormalGenerator {
    /// Fewer normals than this are drawn one by one, in double precision.
    static let vectorisedFrom = 16

    private var engine: MersenneTwister
    /// The second number of a pair whose first was the last of a call; a later call hands it out.
    private var cachedNormal: Double?

    /// `manual_seed`. Of the seed's 64 bits the engine takes the low 32.
    ///
    /// - Parameter seed: -2^63 to 2^64 - 1; a negative one means the number 2^64 above it, as in PyTorch.
    /// - Throws: ``RandomnessError/seed(_:generator:allowed:)``.
    public init(seed: some BinaryInteger) throws(RandomnessError) {
        engine = MersenneTwister(seed: UInt32(truncatingIfNeeded: try Self.bits(of: seed, for: "torch-cpu")))
    }

    /// The 64 bits that PyTorch makes of a seed.
    static func bits(of seed: some BinaryInteger, for generator: String) throws(RandomnessError) -> UInt64 {
        if let bits = UInt64(exactly: seed) { return bits }
        guard let negative = Int64(exactly: seed) else {
            throw .seed("\(seed)", generator: generator, allowed: "\(Int64.min)...\(UInt64.max)")
        }
        return UInt64(bitPattern: negative)
    }

    /// `torch.rand(count)`: uniform in [0, 1), multiples of 2^-24.
    ///
    /// - Parameter count: how many.
    /// - Throws: ``RandomnessError/count(_:allowed:)``.
    public mutating func rand(_ count: Int) throws(RandomnessError) -> [Float] {
        try checkCount(count)
        return (0..<count).map { _ in uniform() }
    }

    /// `torch.randn(count)`: standard normals. The shape of the tensor does not matter.
    ///
    /// - Parameter count: how many; 16 and more are made in blocks, fewer one by one.
    /// - Throws: ``RandomnessError/count(_:allowed:)``.
    public mutating func randn(_ count: Int) throws(RandomnessError) -> [Float] {
        try checkCount(count)
        guard count >= Self.vectorisedFrom else { return (0..<count).map { _ in Float(normal()) } }
        var values = (0..<count).map { _ in uniform() }
        var block = 0
        while block + 16 <= count {
            TorchVectorMath.boxMuller(&values, at: block)
            block += 16
        }
        if block < count {
            // The tail is redrawn together with the end of the last whole block.
            for index in count - 16..<count { values[index] = uniform() }
            TorchVectorMath.boxMuller(&values, at: count - 16)
        }
        return values
    }

    /// As ``randn(_:)``.
    public mutating func normals(_ count: Int) throws(RandomnessError) -> [Float] { try randn(count) }

    /// `torch.randint(low, high, (count,))`: whole numbers, as remainders of 32 or 64 bits.
    ///
    /// - Parameters:
    ///   - low: the least.
    ///   - high: above the greatest.
    ///   - count: how many.
    /// - Throws: ``RandomnessError/emptyRange(low:high:)``, ``RandomnessError/count(_:allowed:)``.
    public mutating func randint(low: Int = 0, high: Int, count: Int) throws(RandomnessError) -> [Int] {
        guard low < high else { throw .emptyRange(low: low, high: high) }
        try checkCount(count)
        let range = UInt64(bitPattern: Int64(high)) &- UInt64(bitPattern: Int64(low))
        return (0..<count).map { _ in
            let bits = range >= Self.wideFrom ? engine.next64() : UInt64(engine.next())
            return low &+ Int(truncatingIfNeeded: bits % range)
        }
    }

    /// From this many values on 32 bits would favour some noticeably.
    private static let wideFrom: UInt64 = 1 << 28

    /// `torch.randperm(count)`: 0 to `count - 1` in random order.
    ///
    /// - Parameter count: how many.
    /// - Throws: ``RandomnessError/count(_:allowed:)``.
    public mutating func randperm(_ count: Int) throws(RandomnessError) -> [Int] {
        try checkCount(count)
        return count < Self.largePermutation ? smallPermutation(count) : insideOutPermutation(count)
    }

    /// Where the two algorithms meet: (2^32 - 1) / 20.
    private static let largePermutation = Int(UInt32.max) / 20

    /// Swaps each place with one behind it or itself.
    private mutating func smallPermutation(_ count: Int) -> [Int] {
        var result = Array(0..<count)
        for index in 0..<max(0, count - 1) {
            result.swapAt(index, index + Int(engine.next() % UInt32(count - index)))
        }
        return result
    }

    /// Puts each number at a place before it or its own and moves the one found there to the end.
    package mutating func insideOutPermutation(_ count: Int) -> [Int] {
        var result: [Int] = []
        result.reserveCapacity(count)
        for index in 0..<count {
            let place = Int(engine.next64() % UInt64(index + 1))
            result.append(index)
            result.swapAt(index, place)
        }
        return result
    }

    private mutating func uniform() -> Float { Float(engine.next() & 0xFF_FFFF) * 0x1p-24 }

    private mutating func uniformDouble() -> Double { Double(engine.next64() & (1 << 53 - 1)) * 0x1p-53 }

    /// One normal by Box and Muller's transform in double precision; every second call takes the cached one.
    private mutating func normal() -> Double {
        if let cached = cachedNormal {
            cachedNormal = nil
            return cached
        }
        let first = uniformDouble()
        let second = uniformDouble()
        let radius = (-2 * log1p(-second)).squareRoot()
        let angle = 2 * Double.pi * first
        cachedNormal = radius * sin(angle)
        return radius * cos(angle)
    }
}
