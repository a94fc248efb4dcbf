/// What draws noise: a seeded generator that repeats another library's numbers.
public protocol NormalGenerator: Sendable {
    /// Draws of the standard normal distribution, as the library's function for a whole array gives them: several
    /// small calls need not give the numbers of one large call.
    ///
    /// - Parameter count: how many.
    /// - Returns: `count` numbers in single precision.
    /// - Throws: ``RandomnessError/count(_:allowed:)``, ``RandomnessError/beyondThreads(_:threads:)``.
    mutating func normals(_ count: Int) throws(RandomnessError) -> [Float]

    /// Draws of the standard normal distribution cut off beyond `bound` on either side.
    ///
    /// - Parameters:
    ///   - count: how many.
    ///   - bound: the largest magnitude, 0.1 to 8.
    /// - Returns: `count` numbers in single precision.
    /// - Throws: ``RandomnessError/bounds(lower:upper:)`` and as of ``normals(_:)``.
    mutating func truncatedNormals(_ count: Int, bound: Double) throws(RandomnessError) -> [Float]
}

/// The most numbers that are drawn at once, 2^28 of them (1 GiB in single precision).
let mostAtOnce = 1 << 28

/// Checks a count of numbers to draw.
func checkCount(_ count: Int, most: Int = mostAtOnce) throws(RandomnessError) {
    guard (0...most).contains(count) else { throw .count(count, allowed: 0...most) }
}

extension NormalGenerator {
    /// Zoo's own sampler, by redrawing, for generators whose library has none: `count` normals are drawn, then as many
    /// again as were beyond the bound, which take those places in order, until none is.
    public mutating func truncatedNormals(_ count: Int, bound: Double) throws(RandomnessError) -> [Float] {
        guard bound >= 0.1, bound <= 8 else { throw .bounds(lower: -bound, upper: bound) }
        let bound = Float(bound)
        var result = try normals(count)
        var beyond = result.indices.filter { result[$0].magnitude > bound }
        while !beyond.isEmpty {
            for (index, value) in zip(beyond, try normals(beyond.count)) { result[index] = value }
            beyond = beyond.filter { result[$0].magnitude > bound }
        }
        return result
    }
}

/// The generators by the names that people give them.
public enum GeneratorKind: String, Sendable, CaseIterable {
    /// ``TorchGenerator``: `torch.Generator("cpu")`.
    case torchCPU = "torch-cpu"
    /// ``TorchCUDAGenerator``: `torch.Generator("cuda")`.
    case torchCUDA = "torch-cuda"
    /// ``NumPyRandomState``: `numpy.random.RandomState`, which the StyleGAN and BigGAN programs use.
    case numpy
    /// ``NumPyGenerator``: `numpy.random.default_rng`.
    case numpyGenerator = "numpy-pcg64"

    /// A seeded generator.
    ///
    /// - Parameter seed: any that the library takes.
    /// - Throws: ``RandomnessError/seed(_:generator:allowed:)``.
    public func makeGenerator(seed: Int128) throws(RandomnessError) -> any NormalGenerator {
        switch self {
        case .torchCPU: try TorchGenerator(seed: seed)
        case .torchCUDA: try TorchCUDAGenerator(seed: seed)
        case .numpy: try NumPyRandomState(seed: seed)
        case .numpyGenerator: try NumPyGenerator(seed: seed)
        }
    }
}
