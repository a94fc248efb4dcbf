/// Words by number and numbers by word, told apart by their bytes.
struct WordTable: Sendable {
    /// The words' bytes, one after another.
    private var bytes: [UInt8] = []
    /// Where each word's bytes start, and where the last one's end.
    private var starts: [Int] = [0]
    /// An open-addressing table: a hash in the upper half, the number + 1 in the lower; 0 is free. At most half of it,
    /// whose size is a power of two, is taken.
    private var slots = [UInt64](repeating: 0, count: 64)

    /// The number of words; numbers are `0 ..< count`.
    var count: Int { starts.count - 1 }

    /// A word's spelling; the number must be in range.
    func word(_ number: Int) -> String { String(decoding: bytes(of: number), as: UTF8.self) }

    /// A word's bytes; the number must be in range.
    func bytes(of number: Int) -> ArraySlice<UInt8> { bytes[starts[number]..<starts[number + 1]] }

    /// The number of a word.
    func number(of word: String) -> Int? {
        var word = word
        return word.withUTF8 { number(of: UnsafeRawBufferPointer($0)) }
    }

    /// The number of a word given by its bytes.
    func number(of word: UnsafeRawBufferPointer) -> Int? { find(word, hash: Self.hash(word)) }

    /// The number of a word, the next one where it is new.
    mutating func enter(_ word: String) -> Int {
        var word = word
        return word.withUTF8 { enter(UnsafeRawBufferPointer($0)) }
    }

    /// The number of a word given by its bytes, the next one where it is new.
    mutating func enter(_ word: UnsafeRawBufferPointer) -> Int {
        let hash = Self.hash(word)
        if let number = find(word, hash: hash) { return number }
        bytes.append(contentsOf: word)
        starts.append(bytes.count)
        if count * 2 > slots.count {
            let old = slots
            slots = [UInt64](repeating: 0, count: old.count * 2)
            for slot in old where slot != 0 { place(slot) }
        }
        place(UInt64(hash) << 32 | UInt64(count))
        return count - 1
    }

    private func find(_ word: UnsafeRawBufferPointer, hash: UInt32) -> Int? {
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] != 0 {
            if UInt32(truncatingIfNeeded: slots[slot] >> 32) == hash {
                let number = Int(slots[slot] & 0xFFFF_FFFF) - 1
                if bytes(of: number).elementsEqual(word) { return number }
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    private mutating func place(_ entry: UInt64) {
        let mask = slots.count - 1
        var slot = Int(entry >> 32) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = entry
    }

    /// Seeded per process, so that a file cannot provoke collisions.
    private static func hash(_ word: UnsafeRawBufferPointer) -> UInt32 {
        var hasher = Hasher()
        hasher.combine(bytes: word)
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }
}
