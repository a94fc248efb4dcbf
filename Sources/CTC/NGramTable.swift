/// The n-grams of one order: each is a context, which is a place in the table of the order below, and a word.
struct NGramTable: Sendable {
    /// An entry with no probability stands for a context that no line gives.
    private(set) var probabilities: [Float] = []
    private(set) var backoffs: [Float] = []
    /// Context and word of each entry, 32 bits each.
    private(set) var keys: [UInt64] = []
    /// The entry + 1; 0 is free. At most half of it, whose size is a power of two, is taken.
    private var slots = [UInt32](repeating: 0, count: 64)
    private let seed = UInt64.random(in: .min ... .max)

    /// The most n-grams of one order.
    static let countLimit = 1 << 30

    /// The number of entries.
    var count: Int { keys.count }

    static func key(context: Int, word: Int) -> UInt64 { UInt64(context) << 32 | UInt64(word) }

    /// The entry of a context and a word.
    func find(_ key: UInt64) -> Int? {
        let mask = slots.count - 1
        var slot = hash(key) & mask
        while slots[slot] != 0 {
            let entry = Int(slots[slot]) - 1
            if keys[entry] == key { return entry }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// Enters an n-gram that is not there yet.
    ///
    /// - Returns: its place.
    mutating func append(_ key: UInt64, probability: Float, backoff: Float) -> Int {
        keys.append(key)
        probabilities.append(probability)
        backoffs.append(backoff)
        if count * 2 > slots.count {
            slots = [UInt32](repeating: 0, count: slots.count * 2)
            for entry in 0..<count - 1 { place(entry) }
        }
        place(count - 1)
        return count - 1
    }

    private mutating func place(_ entry: Int) {
        let mask = slots.count - 1
        var slot = hash(keys[entry]) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = UInt32(entry + 1)
    }

    /// Seeded, so that a file cannot provoke collisions; the mixing is SplitMix64's.
    private func hash(_ key: UInt64) -> Int {
        var z = key ^ seed
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return Int(truncatingIfNeeded: (z ^ (z >> 31)) >> 1)
    }
}
