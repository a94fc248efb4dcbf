/// Comparison of strings by their UTF-8 bytes.
///
/// Swift's own `==`, `<` and hashing follow canonical equivalence: there "é" equals "e" + U+0301, and "K" equals the
/// Kelvin sign. Two keys of a file are the same only if their bytes are.
extension String {
    /// Whether both strings consist of the same bytes.
    package func hasSameBytes(as other: String) -> Bool {
        withBytes { left in
            other.withBytes { right in
                guard left.count == right.count else { return false }
                var i = 0
                while i < left.count && left[i] == right[i] { i += 1 }
                return i == left.count
            }
        }
    }

    /// Whether this string comes before `other` in the order of the bytes.
    package func precedesByBytes(_ other: String) -> Bool {
        withBytes { left in
            other.withBytes { right in
                let common = min(left.count, right.count)
                var i = 0
                while i < common {
                    if left[i] != right[i] { return left[i] < right[i] }
                    i += 1
                }
                return left.count < right.count
            }
        }
    }

    /// A hash of the bytes, seeded per process so that a file cannot provoke collisions.
    func hashOfBytes() -> UInt32 {
        var hasher = Hasher()
        withBytes { hasher.combine(bytes: UnsafeRawBufferPointer($0)) }
        return UInt32(truncatingIfNeeded: hasher.finalize())
    }

    @inline(__always)
    private func withBytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) -> Result) -> Result {
        if let result = utf8.withContiguousStorageIfAvailable(body) { return result }
        return Array(utf8).withUnsafeBufferPointer(body)
    }
}
