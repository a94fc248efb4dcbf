import TensorCore

/// Tensors of a checkpoint under other names, other shapes of as many elements, or cut out of larger ones.
struct RenamedSource: TensorSource {
    /// Where a tensor is.
    struct Entry: Sendable {
        /// The tensor as it is shown.
        var info: TensorInfo
        /// The name in the checkpoint.
        var original: String
        /// Its first byte in the original.
        var offset = 0
    }

    let location: String
    let names: [String]
    private let base: any TensorSource
    private let entries: [String: Entry]

    /// - Parameters:
    ///   - base: the checkpoint.
    ///   - component: what the tensors belong to, for messages.
    ///   - entries: of distinct names, their bytes within the originals'.
    init(_ base: any TensorSource, component: String, _ entries: [String: Entry]) {
        self.base = base
        self.entries = entries
        location = "\(base.location) (\(component))"
        names = entries.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    func info(_ name: String) -> TensorInfo? { entries[name]?.info }

    func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError) {
        guard let entry = entries[name] else {
            throw TensorReadError(file: location, tensor: name, reason: "there is no such tensor")
        }
        let byteCount = entry.info.byteCount
        guard offset >= 0, offset <= byteCount, buffer.count <= byteCount - offset else {
            throw TensorReadError(
                file: entry.info.file, tensor: entry.original,
                reason: "\(buffer.count) bytes from \(offset) on are wanted, \(name) has \(byteCount)")
        }
        try base.read(entry.original, at: entry.offset + offset, into: buffer)
    }
}
