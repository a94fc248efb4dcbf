import JSON

/// Tokens by number and numbers by token, told apart by their bytes: Swift's own `String` keys would take "é" and
/// "e" + U+0301 for one.
struct Vocabulary: Sendable {
    /// The most tokens a vocabulary may have.
    static let countLimit = 4_000_000
    /// The longest token, in bytes.
    static let tokenLimit = 1 << 16

    /// The tokens' bytes, one after another.
    private var bytes: [UInt8] = []
    /// Where each token's bytes start, and where the last one's end.
    private var starts: [Int] = [0]
    /// An open-addressing table: a hash in the upper half, the id + 1 in the lower; 0 is free. Its size is a power of
    /// two and at most half of it is taken.
    private var slots: [UInt64]

    /// An empty vocabulary with room for so many tokens.
    init(capacity: Int = 32) {
        var size = 64
        while size < 2 * min(capacity, Self.countLimit) { size *= 2 }
        slots = [UInt64](repeating: 0, count: size)
        starts.reserveCapacity(min(capacity, Self.countLimit) + 1)
    }

    /// The number of tokens; ids are `0 ..< count`.
    var count: Int { starts.count - 1 }

    /// The bytes of a token's spelling. The id must be in range.
    func bytes(of id: Int) -> ArraySlice<UInt8> { bytes[starts[id]..<starts[id + 1]] }

    /// A token's spelling; `nil` where there is no such id.
    func token(_ id: Int) -> String? {
        guard id >= 0, id < count else { return nil }
        return String(decoding: bytes(of: id), as: UTF8.self)
    }

    /// The id of a spelling.
    func id(of token: String) -> Int? {
        var token = token
        return token.withUTF8 { id(of: UnsafeRawBufferPointer($0)) }
    }

    /// The id of a spelling given by its bytes.
    func id(of spelling: UnsafeRawBufferPointer) -> Int? { id(of: spelling, hash: Self.hash(spelling)) }

    private func id(of spelling: UnsafeRawBufferPointer, hash: UInt32) -> Int? {
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] != 0 {
            if UInt32(truncatingIfNeeded: slots[slot] >> 32) == hash {
                let id = Int(slots[slot] & 0xFFFF_FFFF) - 1
                if matches(id, spelling) { return id }
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The id of a spelling given by its bytes.
    func id(of spelling: [UInt8]) -> Int? { spelling.withUnsafeBytes { id(of: $0) } }

    /// Appends a token under the next id.
    ///
    /// - Returns: whether it is new; a spelling that is there already is not appended.
    mutating func append(_ token: String) -> Bool {
        var token = token
        return token.withUTF8 { append(UnsafeRawBufferPointer($0)) }
    }

    /// Appends a token given by its bytes, see ``append(_:)-(String)``.
    mutating func append(_ spelling: UnsafeRawBufferPointer) -> Bool {
        let hash = Self.hash(spelling)
        guard id(of: spelling, hash: hash) == nil else { return false }
        bytes.append(contentsOf: spelling)
        starts.append(bytes.count)
        if count * 2 > slots.count {
            let old = slots
            slots = [UInt64](repeating: 0, count: old.count * 4)
            for slot in old where slot != 0 { place(slot) }
        }
        place(UInt64(hash) << 32 | UInt64(count))
        return true
    }

    private mutating func place(_ entry: UInt64) {
        let mask = slots.count - 1
        var slot = Int(entry >> 32) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = entry
    }

    private func matches(_ id: Int, _ spelling: UnsafeRawBufferPointer) -> Bool {
        let start = starts[id]
        guard starts[id + 1] - start == spelling.count else { return false }
        var i = 0
        while i < spelling.count && bytes[start + i] == spelling[i] { i += 1 }
        return i == spelling.count
    }

    /// Seeded per process, so that a file cannot provoke collisions.
    private static func hash(_ spelling: UnsafeRawBufferPointer) -> UInt32 {
        var hasher = Hasher()
        hasher.combine(bytes: spelling)
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }
}
