/// Numbers at places of a header's bytes. The caller has checked that they are there.
extension [UInt8] {
    func little16(_ at: Int) -> Int { Int(self[at]) | Int(self[at + 1]) << 8 }
    func little32(_ at: Int) -> Int { little16(at) | little16(at + 2) << 16 }
    func big16(_ at: Int) -> Int { Int(self[at]) << 8 | Int(self[at + 1]) }
    func big32(_ at: Int) -> Int { big16(at) << 16 | big16(at + 2) }

    /// Four bytes as text, for comparisons and messages.
    func code(_ at: Int) -> String {
        String(decoding: self[at..<at + 4].map { (32...126).contains($0) ? $0 : UInt8(ascii: "?") }, as: UTF8.self)
    }

    func has(_ text: String, at: Int = 0) -> Bool {
        count >= at + text.utf8.count && self[at..<at + text.utf8.count].elementsEqual(text.utf8)
    }
}

/// Where the samples of an uncompressed file are and what they mean; the stream stands at the first.
struct PCMLayout {
    var format: PCMFormat
    /// Bytes the header promises, whole frames only; `nil` where it does not know.
    var byteCount: Int?
    /// The container's name, for messages.
    var type: String
}
