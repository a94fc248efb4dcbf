import Checkpoints
import TensorCore

/// Any bytes as what `torch.save` wrote, in either of its formats.
@Sendable func fuzzPyTorch(_ bytes: [UInt8]) throws {
    try useWeights(bytes)
}

/// Any bytes as the pickle in an archive that is right: a changed byte of an archive is mostly a wrong checksum.
@Sendable func fuzzPickle(_ bytes: [UInt8]) throws {
    let storage = (0..<64).map { UInt8(truncatingIfNeeded: $0 &* 37) }
    try useWeights(
        archive([
            ("archive/data.pkl", bytes), ("archive/byteorder", Array("little".utf8)), ("archive/data/0", storage),
            ("archive/data/1", storage), ("archive/version", Array("3\n".utf8)),
        ]))
}

private func useWeights(_ bytes: [UInt8]) throws {
    let path = ScratchFolder.shared.path + "/weights.pth"
    write(bytes, to: path)
    let checkpoint = try Checkpoint.open(file: path)
    for name in checkpoint.names {
        guard let info = checkpoint.info(name) else { continue }
        require(info.name == name && info.shape.allSatisfy { $0 >= 0 }, "\(name) has the shape \(info.shape)")
        // A tensor may repeat its storage any number of times; what asks for its values has checked its shape.
        guard info.byteCount <= 1 << 20 else { continue }
        let count = (try? checkpoint.bytes(of: name))?.count
        require(count == nil || count == info.byteCount, "\(name) has other bytes")
    }
}

/// A ZIP file of stored entries (APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16).
private func archive(_ entries: [(name: String, bytes: [UInt8])]) -> [UInt8] {
    func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var file: [UInt8] = []
    var directory: [UInt8] = []
    for (name, bytes) in entries {
        // Flags, method, time, date, checksum, sizes, lengths of the name and of what follows it.
        let fields =
            little(0, 2) + little(0, 2) + little(0, 4) + little(Int(checksum(bytes[...])), 4)
            + little(bytes.count, 4) + little(bytes.count, 4) + little(name.utf8.count, 2) + little(0, 2)
        directory += little(0x0201_4B50, 4) + little(20, 2) + little(20, 2) + fields
        directory += little(0, 2) + little(0, 2) + little(0, 2) + little(0, 4) + little(file.count, 4) + name.utf8
        file += little(0x0403_4B50, 4) + little(20, 2) + fields + name.utf8 + bytes
    }
    let end =
        little(0x0605_4B50, 4) + little(0, 4) + little(entries.count, 2) + little(entries.count, 2)
        + little(directory.count, 4) + little(file.count, 4) + little(0, 2)
    return file + directory + end
}
