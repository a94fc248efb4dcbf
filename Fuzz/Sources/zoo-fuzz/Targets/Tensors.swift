import Checkpoints
import JSON
import TensorCore

/// Any bytes as a safetensors file.
@Sendable func fuzzSafetensors(_ bytes: [UInt8]) throws { try useTensors(bytes) }

/// Any text as the header of a safetensors file whose lengths are right, since changed bytes rarely leave them so.
@Sendable func fuzzSafetensorsHeader(_ bytes: [UInt8]) throws {
    guard let dataCount = bytes.first else { return }
    let header = bytes.dropFirst()
    var file = withUnsafeBytes(of: UInt64(header.count).littleEndian) { Array($0) }
    file += header
    file += (0..<dataCount).map { $0 &* 37 }
    try useTensors(file)
}

/// What a file that is accepted must hold: its tensors fill it to the end, can be read, and are the same once written.
private func useTensors(_ bytes: [UInt8]) throws {
    let file = try Safetensors(bytes: bytes, file: "input")
    var stored: [StoredTensor] = []
    var end = bytes.count - file.entries.reduce(0) { $0 + $1.byteCount }
    for entry in file.entries.sorted(by: { ($0.offset, $0.byteCount) < ($1.offset, $1.byteCount) }) {
        require(entry.offset == end, "\(entry.name) begins at \(entry.offset), not at \(end)")
        end += entry.byteCount
        require(file.entry(entry.name) == entry, "another entry by the name of \(entry.name)")
        guard let info = file.info(entry.name) else { continue }
        let data = try file.bytes(of: entry.name)
        require(data.count == info.byteCount && data.count == entry.byteCount, "\(entry.name) has other bytes")
        _ = try file.firstNonFinite(of: entry.name)
        stored.append(StoredTensor(name: entry.name, dtype: info.dtype, shape: info.shape, bytes: data))
    }
    require(end == bytes.count, "the data end at \(end) of \(bytes.count)")
    let written = try Safetensors(bytes: Safetensors.serialized(stored), file: "written")
    for tensor in stored {
        let same =
            try written.bytes(of: tensor.name) == tensor.bytes && written.info(tensor.name)?.shape == tensor.shape
        require(same, "\(tensor.name) is another once written")
    }
}

/// Any text as the index of two shards.
@Sendable func fuzzShardIndex(_ bytes: [UInt8]) throws {
    let folder = shardFolder
    let path = "\(folder)/model.safetensors.index.json"
    write(bytes, to: path)
    let checkpoint = try Checkpoint.open(file: path)
    for name in checkpoint.names {
        require(checkpoint.info(name)?.name == name, "nothing is known of \(name)")
        _ = try checkpoint.bytes(of: name)
    }
    // No index leads out of the folder.
    for file in checkpoint.files { require(file.hasPrefix(folder + "/"), "\(file) is elsewhere") }
}

private let shardFolder: String = {
    let folder = ScratchFolder.shared.folder("shards")
    _ = ScratchFolder.shared.folder("shards/sub")
    func tensor(_ name: String) -> StoredTensor { StoredTensor(name: name, shape: [1], floats: [1]) }
    do {
        try Safetensors.write([tensor("a")], to: "\(folder)/1.safetensors")
        try Safetensors.write([tensor("b"), tensor("c")], to: "\(folder)/sub/2.safetensors")
        try Safetensors.write([tensor("a")], to: "\(ScratchFolder.shared.path)/3.safetensors")
    } catch { fatalError("\(error)") }
    return folder
}()

/// Any bytes as an array file; what is accepted is the same once written.
@Sendable func fuzzNPY(_ bytes: [UInt8]) throws {
    let array = try NPY(bytes: bytes, file: "input")
    require(array.bytes.count <= bytes.count, "more data than there are")
    let count = array.shape.reduce(1, *)
    require(array.floats().count == count, "floats")
    if let integers = array.integers() { require(integers.count == count, "integers") }
    require(try NPY(bytes: array.serialized(), file: "written") == array, "another array once written")
}
