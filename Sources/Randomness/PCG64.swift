/// PCG64, XSL-RR variant (O'Neill, "PCG: A Family of Simple Fast Space-Efficient Statistically Good Algorithms for
/// Random Number Generation", 2014), as NumPy seeds and reads it.
struct PCG64: Sendable {
    private static let multiplier: UInt128 = 0x2360_ED05_1FC6_5DA4_4385_DF64_9FCC_F645

    private var state: UInt128 = 0
    private let increment: UInt128
    /// The high half of 64 bits whose low half was handed out.
    private var leftHalf: UInt32?

    /// - Parameter words: four words: the state's high and low, the stream's high and low.
    init(_ words: [UInt64]) {
        increment = (UInt128(words[2]) << 64 | UInt128(words[3])) << 1 | 1
        step()
        state &+= UInt128(words[0]) << 64 | UInt128(words[1])
        step()
    }

    /// The next 64 bits.
    mutating func next64() -> UInt64 {
        step()
        let mixed = UInt64(truncatingIfNeeded: state >> 64) ^ UInt64(truncatingIfNeeded: state)
        let turn = UInt64(truncatingIfNeeded: state >> 122)
        return mixed >> turn | mixed << ((64 - turn) & 63)
    }

    /// The next 32 bits: the low half of 64, then the high half.
    mutating func next32() -> UInt32 {
        if let half = leftHalf {
            leftHalf = nil
            return half
        }
        let bits = next64()
        leftHalf = UInt32(truncatingIfNeeded: bits >> 32)
        return UInt32(truncatingIfNeeded: bits)
    }

    private mutating func step() { state = state &* Self.multiplier &+ increment }
}

/// NumPy's `SeedSequence`: spreads a seed over a pool of four words so that near seeds give unrelated streams (after
/// O'Neill's `seed_seq_fe`, 2015).
struct SeedSequence {
    private var pool: [UInt32] = []

    /// - Parameter entropy: the seed; its low 32 bits come first, high bits of zero count for nothing.
    init(entropy: UInt64) {
        var constant: UInt32 = 0x43B0_D7E5
        func hash(_ word: UInt32) -> UInt32 {
            var value = word ^ constant
            constant &*= 0x931E_8875
            value &*= constant
            return value ^ (value >> 16)
        }
        // A word that the seed lacks hashes as zero does.
        pool = [UInt32(truncatingIfNeeded: entropy), UInt32(truncatingIfNeeded: entropy >> 32), 0, 0].map(hash)
        for source in pool.indices {
            for target in pool.indices where target != source {
                let mixed = 0xCA01_F9DD &* pool[target] &- 0x4973_F715 &* hash(pool[source])
                pool[target] = mixed ^ (mixed >> 16)
            }
        }
    }

    /// Words for a generator's state.
    ///
    /// - Parameter count: how many.
    func words(_ count: Int) -> [UInt64] {
        var constant: UInt32 = 0x8B51_F9DD
        let halves = (0..<2 * count).map { index in
            var value = pool[index % pool.count] ^ constant
            constant &*= 0x58F3_8DED
            value &*= constant
            return value ^ (value >> 16)
        }
        return (0..<count).map { UInt64(halves[2 * $0 + 1]) << 32 | UInt64(halves[2 * $0]) }
    }
}
