import Glibc

/// `torch.Generator("cuda")`: Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel Random Numbers: As Easy as
/// 1, 2, 3", 2011), a block cipher of a counter: every element has a thread, and a thread a stream, of its own.
///
/// Source: PyTorch 2.13, `aten/src/ATen/native/cuda/DistributionTemplates.h`, and cuRAND's `curand_philox4x32_x.h` and
/// `curand_normal.h`. While a tensor has no more elements than the GPU runs threads, element `i` is the first number of
/// thread `i`, whatever the GPU; beyond, the numbers depend on its model, and are refused. The GPU's own sines and
/// logarithms differ from these by 1e-6 or so.
public struct TorchCUDAGenerator: NormalGenerator {
    /// The threads of an NVIDIA A100: 108 multiprocessors of 2,048.
    public static let threadsOfA100 = 221_184

    /// The most elements drawn at once.
    public let threads: Int
    private let key: (UInt32, UInt32)
    /// Calls so far, each of which advances every thread's counter by one block.
    private var calls: UInt64 = 0

    /// `manual_seed`.
    ///
    /// - Parameters:
    ///   - seed: -2^63 to 2^64 - 1, as of ``TorchGenerator/init(seed:)``.
    ///   - threads: how many the GPU that is imitated runs at a time, 256 to 2^22.
    /// - Throws: ``RandomnessError/seed(_:generator:allowed:)``; ``RandomnessError/count(_:allowed:)`` for `threads`.
    public init(seed: some BinaryInteger, threads: Int = threadsOfA100) throws(RandomnessError) {
        guard (256...1 << 22).contains(threads) else { throw .count(threads, allowed: 256...1 << 22) }
        let bits = try TorchGenerator.bits(of: seed, for: "torch-cuda")
        key = (UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32))
        self.threads = threads
    }

    /// `torch.randn(count, device="cuda")`.
    ///
    /// - Parameter count: 0 to ``threads``.
    /// - Throws: ``RandomnessError/beyondThreads(_:threads:)``, ``RandomnessError/count(_:allowed:)``.
    public mutating func normals(_ count: Int) throws(RandomnessError) -> [Float] {
        let blocks = try draw(count)
        // Box and Muller's transform; both uniforms lie in (0, 1].
        return blocks.map { first, second in
            let radius = (-2 * logf(Float(first) * 0x1p-32 + 0x1p-33)).squareRoot()
            let turn = 0x1p-32 * TorchVectorMath.fullTurn
            return radius * sinf(Float(second) * turn + turn / 2)
        }
    }

    /// `torch.rand(count, device="cuda")`: uniform in [0, 1).
    ///
    /// - Parameter count: 0 to ``threads``.
    /// - Throws: ``RandomnessError/beyondThreads(_:threads:)``, ``RandomnessError/count(_:allowed:)``.
    public mutating func rand(_ count: Int) throws(RandomnessError) -> [Float] {
        try draw(count).map { first, _ in
            let value = Float(first) * 0x1p-32 + 0x1p-33
            // cuRAND's interval is open at 0 and closed at 1, PyTorch's the other way round.
            return value == 1 ? 0 : value
        }
    }

    /// The first two of each thread's four words.
    private mutating func draw(_ count: Int) throws(RandomnessError) -> [(UInt32, UInt32)] {
        try checkCount(count)
        guard count <= threads else { throw .beyondThreads(count, threads: threads) }
        guard count > 0 else { return [] }
        defer { calls &+= 1 }
        let low = UInt32(truncatingIfNeeded: calls)
        let high = UInt32(truncatingIfNeeded: calls >> 32)
        return (0..<count).map { element in
            let block = Philox.encrypt(counter: (low, high, UInt32(element), 0), key: key)
            return (block.0, block.1)
        }
    }
}

/// The block cipher of Philox4x32-10.
enum Philox {
    /// Four words of ten rounds.
    static func encrypt(
        counter: (UInt32, UInt32, UInt32, UInt32), key: (UInt32, UInt32)
    ) -> (UInt32, UInt32, UInt32, UInt32) {
        var (block, key) = (counter, key)
        for _ in 0..<10 {
            let first = (0xD251_1F53 as UInt32).multipliedFullWidth(by: block.0)
            let second = (0xCD9E_8D57 as UInt32).multipliedFullWidth(by: block.2)
            block = (second.high ^ block.1 ^ key.0, second.low, first.high ^ block.3 ^ key.1, first.low)
            key = (key.0 &+ 0x9E37_79B9, key.1 &+ 0xBB67_AE85)
        }
        return block
    }
}
