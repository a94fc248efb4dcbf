/// Where a format's bytes come from: an open file or memory.
enum ByteSource: Sendable {
    case file(RegularFile)
    case memory([UInt8], name: String)

    /// What messages call it.
    var name: String {
        switch self {
        case .file(let file): file.path
        case .memory(_, let name): name
        }
    }

    var count: Int {
        switch self {
        case .file(let file): file.size
        case .memory(let bytes, _): bytes.count
        }
    }

    /// Fills `buffer` from `offset` on; the caller has checked that the range lies within `count`.
    func read(at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(FileError) {
        precondition(offset >= 0 && buffer.count <= count - offset, "read beyond the end of \(name)")
        switch self {
        case .file(let file): try file.read(at: offset, into: buffer)
        case .memory(let bytes, _):
            bytes.withUnsafeBytes {
                buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
            }
        }
    }

    /// Bytes `offset ..< offset + count`; the caller has checked the range.
    func bytes(at offset: Int, count: Int) throws(FileError) -> [UInt8] {
        switch self {
        case .file(let file): try file.bytes(at: offset, count: count)
        case .memory(let bytes, _): Array(bytes[offset..<offset + count])
        }
    }
}
