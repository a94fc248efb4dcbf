/// The members of a JSON object in the order of the file; no key occurs twice. Keys are told apart by their bytes.
public struct JSONObject: Sendable {
    /// One key with its value.
    public struct Member: Sendable {
        /// The key, unescaped.
        public var key: String
        /// The value.
        public var value: JSONValue

        /// A member of an object.
        public init(key: String, value: JSONValue) {
            self.key = key
            self.value = value
        }
    }

    /// The members in order.
    public private(set) var members: [Member]
    /// Finds a key among many; absent while a scan is as quick.
    private var table: KeyTable?

    private static let largestScanned = 8

    /// An object without members.
    public init() {
        members = []
    }

    /// The number of members.
    public var count: Int { members.count }
    /// Whether there is no member.
    public var isEmpty: Bool { members.isEmpty }
    /// The keys in order.
    public var keys: [String] { members.map(\.key) }

    /// The value of a key; setting replaces it in place or appends it, setting `nil` removes it.
    public subscript(key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            guard let newValue else {
                members.removeAll { $0.key.hasSameBytes(as: key) }
                table = members.count > Self.largestScanned ? KeyTable(members) : nil
                return
            }
            if let position = position(of: key) {
                members[position].value = newValue
            } else {
                append(key: key, value: newValue)
            }
        }
    }

    /// Appends a member unless its key is already there.
    ///
    /// - Returns: whether it was appended.
    @discardableResult
    public mutating func append(key: String, value: JSONValue) -> Bool {
        if table != nil {
            let hash = key.hashOfBytes()
            guard table?.position(of: key, hash: hash, in: members) == nil else { return false }
            members.append(Member(key: key, value: value))
            table?.enter(members.count - 1, hash: hash)
        } else {
            guard position(of: key) == nil else { return false }
            members.append(Member(key: key, value: value))
            if members.count > Self.largestScanned { table = KeyTable(members) }
        }
        return true
    }

    private func position(of key: String) -> Int? {
        guard let table else { return members.firstIndex { $0.key.hasSameBytes(as: key) } }
        return table.position(of: key, hash: key.hashOfBytes(), in: members)
    }
}

/// A hash table with open addressing over the members of an object.
private struct KeyTable: Sendable {
    /// The hash in the upper half, the position + 1 in the lower; 0 is free. The size is a power of two, at most half
    /// of it is taken.
    private var slots: [UInt64]
    private var count = 0

    init(_ members: [JSONObject.Member]) {
        slots = [UInt64](repeating: 0, count: 64)
        for (position, member) in members.enumerated() { enter(position, hash: member.key.hashOfBytes()) }
    }

    func position(of key: String, hash: UInt32, in members: [JSONObject.Member]) -> Int? {
        let mask = slots.count - 1
        var slot = Int(hash) & mask
        while slots[slot] != 0 {
            if UInt32(truncatingIfNeeded: slots[slot] >> 32) == hash {
                let position = Int(slots[slot] & 0xFFFF_FFFF) - 1
                if members[position].key.hasSameBytes(as: key) { return position }
            }
            slot = (slot + 1) & mask
        }
        return nil
    }

    mutating func enter(_ position: Int, hash: UInt32) {
        count += 1
        if count * 2 > slots.count {
            let old = slots
            slots = [UInt64](repeating: 0, count: old.count * 4)
            for slot in old where slot != 0 { place(slot) }
        }
        place(UInt64(hash) << 32 | UInt64(position + 1))
    }

    private mutating func place(_ entry: UInt64) {
        let mask = slots.count - 1
        var slot = Int(entry >> 32) & mask
        while slots[slot] != 0 { slot = (slot + 1) & mask }
        slots[slot] = entry
    }
}

extension JSONObject: Equatable {
    /// Whether both hold the same members in the same order.
    public static func == (left: JSONObject, right: JSONObject) -> Bool {
        left.members.count == right.members.count
            && zip(left.members, right.members).allSatisfy { $0.key.hasSameBytes(as: $1.key) && $0.value == $1.value }
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    /// An object of the given members; of a key written twice the last value stays.
    public init(dictionaryLiteral elements: (String, JSONValue)...) {
        self.init()
        for (key, value) in elements { self[key] = value }
    }
}
