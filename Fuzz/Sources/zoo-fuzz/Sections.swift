/// An input of several files: parts between bytes of 0xFF, which no UTF-8 text holds.
///
/// A part that is not there is empty; whatever follows the last belongs to it.
func sections(_ bytes: [UInt8], _ count: Int) -> [ArraySlice<UInt8>] {
    var parts = bytes.split(separator: 0xFF, maxSplits: count - 1, omittingEmptySubsequences: false)
    while parts.count < count { parts.append([]) }
    return parts
}

/// The text that an input begins with, repaired where it is no UTF-8.
func text(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

/// The cyclic redundancy check of PNG and gzip (ISO 3309).
func checksum(_ bytes: ArraySlice<UInt8>) -> UInt32 {
    var sum = UInt32.max
    for byte in bytes {
        sum ^= UInt32(byte)
        for _ in 0..<8 { sum = sum & 1 == 0 ? sum >> 1 : (sum >> 1) ^ 0xEDB8_8320 }
    }
    return ~sum
}
