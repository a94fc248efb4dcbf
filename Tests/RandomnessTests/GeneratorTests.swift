import Randomness
import Testing

/// What does not come from a fixture: known numbers, limits, errors.
@Suite struct GeneratorTests {
    /// The first numbers of `torch.randn(5, device="cuda")`, from an A100.
    @Test(arguments: [
        (0, [-0.924_662_59, -0.425_344_15, -2.643_845_70, 0.145_183_88, -0.120_866_47] as [Float]),
        (42, [0.194_018_96, 2.161_373_93, -0.172_050_83, 0.849_060_20, -1.924_399_19]),
    ]) func normalsOfTheGPU(_ seed: Int, _ expected: [Float]) throws {
        var generator = try TorchCUDAGenerator(seed: seed)
        let values = try generator.normals(5)
        for (value, reference) in zip(values, expected) { #expect(abs(value - reference) <= 2e-6) }
        // An element's number does not depend on how many there are; a second call gives others.
        var another = try TorchCUDAGenerator(seed: seed)
        #expect(try Array(another.normals(1_000).prefix(5)) == values)
        #expect(try generator.normals(5) != values)
        #expect(try generator.normals(0).isEmpty)
    }

    @Test func theGPUsLimit() throws {
        var generator = try TorchCUDAGenerator(seed: 1)
        #expect(try generator.rand(TorchCUDAGenerator.threadsOfA100).allSatisfy { $0 >= 0 && $0 < 1 })
        #expect(throws: RandomnessError.beyondThreads(221_185, threads: 221_184)) { try generator.normals(221_185) }
        var small = try TorchCUDAGenerator(seed: 1, threads: 40_960)
        #expect(throws: RandomnessError.beyondThreads(40_961, threads: 40_960)) { try small.normals(40_961) }
        #expect("\(RandomnessError.beyondThreads(40_961, threads: 40_960))".contains("GPU's model"))
        #expect(throws: RandomnessError.self) { try TorchCUDAGenerator(seed: 1, threads: 255) }
        #expect(throws: RandomnessError.self) { try TorchCUDAGenerator(seed: 1, threads: .max) }
    }

    static let seeds: [(GeneratorKind, least: Int128, most: Int128)] = [
        (.torchCPU, -1 << 63, 1 << 64 - 1), (.torchCUDA, -1 << 63, 1 << 64 - 1), (.numpy, 0, 1 << 32 - 1),
        (.numpyGenerator, 0, 1 << 64 - 1),
    ]

    @Test(arguments: seeds) func seedsOutOfRange(_ kind: GeneratorKind, _ least: Int128, _ most: Int128) throws {
        for seed in [least, most] {
            var generator = try kind.makeGenerator(seed: seed)
            #expect(try generator.normals(40).allSatisfy(\.isFinite))
        }
        for seed in [least - 1, most + 1, .min, .max] {
            let error = #expect(throws: RandomnessError.self) { try kind.makeGenerator(seed: seed) }
            #expect(error?.description.contains("\(seed)") == true)
            #expect(error?.description.contains(kind.rawValue) == true)
        }
    }

    /// A negative seed is the number 2^64 above it.
    @Test func negativeSeedsOfTorch() throws {
        var negative = try TorchGenerator(seed: -5)
        var positive = try TorchGenerator(seed: UInt64.max - 4)
        #expect(try negative.randn(20) == positive.randn(20))
    }

    @Test(arguments: GeneratorKind.allCases) func truncatedNormals(_ kind: GeneratorKind) throws {
        var generator = try kind.makeGenerator(seed: 3)
        let values = try generator.truncatedNormals(20_000, bound: 2)
        #expect(values.count == 20_000)
        #expect(values.allSatisfy { abs($0) <= 2 })
        // The variance of the normal distribution cut at 2 is 0.7737.
        let variance = values.reduce(0) { $0 + Double($1 * $1) } / 20_000
        #expect(abs(variance - 0.7737) < 0.02)
        #expect(abs(values.reduce(0, +) / 20_000) < 0.02)
        #expect(values.contains { $0 > 1.99 } && values.contains { $0 < -1.99 })
        for bound in [0, -2, .nan, .infinity, 8.1] {
            #expect(throws: RandomnessError.self) { try generator.truncatedNormals(2, bound: bound) }
        }
    }

    @Test func countsAndRanges() throws {
        var torch = try TorchGenerator(seed: 0)
        var state = try NumPyRandomState(seed: 0)
        var generator = try NumPyGenerator(seed: 0)
        for count in [-1, .min, .max, 1 << 28 + 1] {
            #expect(throws: RandomnessError.self) { try torch.randn(count) }
            #expect(throws: RandomnessError.self) { try torch.randperm(count) }
            #expect(throws: RandomnessError.self) { try state.randn(count) }
            #expect(throws: RandomnessError.self) { try generator.standardNormal(count) }
        }
        for (low, high) in [(0, 0), (5, 4), (.max, .min)] {
            #expect(throws: RandomnessError.emptyRange(low: low, high: high)) {
                try torch.randint(low: low, high: high, count: 1)
            }
            #expect(throws: RandomnessError.emptyRange(low: low, high: high)) {
                try state.randint(low: low, high: high, count: 1)
            }
            #expect(throws: RandomnessError.emptyRange(low: low, high: high)) {
                try generator.integers(low: low, high: high, count: 1)
            }
        }
        // The widest range there is.
        #expect(try torch.randint(low: .min, high: .max, count: 3).count == 3)
        #expect(try state.randint(low: .min, high: .max, count: 3).count == 3)
        #expect(try generator.integers(low: .min, high: .max, count: 3).count == 3)
    }
}
