/// MT19937, the 32-bit Mersenne Twister of period 2^19937 - 1 (Matsumoto and Nishimura, "Mersenne Twister: A
/// 623-dimensionally equidistributed uniform pseudorandom number generator", 1998; seeding of 2002).
struct MersenneTwister: Sendable {
    private static let count = 624
    private static let middle = 397

    private var state: [UInt32]
    private var position = Self.count

    /// Seeds as the authors' `init_genrand` does.
    init(seed: UInt32) {
        var word = seed
        state = [word]
        state.reserveCapacity(Self.count)
        for index in 1..<Self.count {
            word = 1_812_433_253 &* (word ^ (word >> 30)) &+ UInt32(index)
            state.append(word)
        }
    }

    /// The next 32 bits.
    mutating func next() -> UInt32 {
        if position == Self.count { turn() }
        var word = state[position]
        position += 1
        word ^= word >> 11
        word ^= (word << 7) & 0x9D2C_5680
        word ^= (word << 15) & 0xEFC6_0000
        return word ^ (word >> 18)
    }

    /// The next 64 bits, the high half drawn first.
    mutating func next64() -> UInt64 {
        let high = UInt64(next())
        return high << 32 | UInt64(next())
    }

    /// Makes the next 624 words.
    private mutating func turn() {
        for index in 0..<Self.count {
            let following = state[index + 1 < Self.count ? index + 1 : 0]
            let far = index + Self.middle
            let mixed = (state[index] & 0x8000_0000) | (following & 0x7FFF_FFFF)
            let twist: UInt32 = mixed & 1 == 0 ? 0 : 0x9908_B0DF
            state[index] = state[far < Self.count ? far : far - Self.count] ^ (mixed >> 1) ^ twist
        }
        position = 0
    }
}
