import JSON

/// What a PyTorch file holds: the object of its pickle, and where the storages lie.
struct TorchContent {
    let root: PickleValue
    let machine: PickleMachine
    /// The machine's storages in the file, in its order.
    let stretches: [PyTorchFile.Stretch]
    let notes: [String]

    init(_ source: ByteSource) throws(CheckpointError) {
        var start = BoundedReader(source, 0..<source.count)
        let bytes = try start.bytes(min(4, source.count))
        if bytes == ZipArchive.magic {
            try self.init(archive: source)
        } else if bytes.first == Opcode.proto.rawValue {
            try self.init(legacy: source)
        } else {
            var tar = BoundedReader(source, min(257, source.count)..<source.count)
            let tag = tar.remaining >= 5 ? try tar.bytes(5) : []
            let isTar = tag.elementsEqual("ustar".utf8)
            throw start.failure(
                .format, "a file of torch.save", isTar ? "the tar format of PyTorch before 0.2" : "another start",
                at: 0)
        }
    }

    // MARK: - Zip

    /// The zip format: `data.pkl`, `version`, `byteorder` and a record a storage under `data/`, all in one folder.
    private init(archive source: ByteSource) throws(CheckpointError) {
        let archive = try ZipArchive(source)
        func failure(_ rule: PyTorchError.Rule, _ expected: String, _ found: String) -> CheckpointError {
            .pytorch(
                PyTorchError(file: source.name, rule: rule, expected: expected, found: found, offset: nil))
        }
        guard let slash = archive.firstName.firstIndex(of: "/") else {
            throw failure(.format, "records in one folder", archive.firstName.quoted)
        }
        let folder = String(archive.firstName[...slash])
        for record in archive.records where !record.name.utf8.starts(with: folder.utf8) {
            throw failure(.format, "records in the folder \(folder.quoted)", record.name.quoted)
        }
        if archive[folder + "constants.pkl"] != nil {
            throw failure(.format, "weights", "a TorchScript program, which holds code")
        }
        try archive.checkStored()
        func small(_ name: String) throws(CheckpointError) -> String? {
            guard let record = archive[folder + name] else { return nil }
            guard record.byteCount <= 64 else {
                throw failure(.format, "at most 64 bytes in \(record.name.quoted)", "\(record.byteCount)")
            }
            try Self.verify(record, archive, source)
            var reader = BoundedReader(source, record.offset..<record.offset + record.byteCount)
            return String(decoding: try reader.bytes(record.byteCount), as: UTF8.self)
        }
        var version = try small("version")
        if version == nil { version = try small(".data/version") }
        guard let version else { throw failure(.format, "the record \"\(folder)version\"", "none") }
        let digits = version.prefix { $0 != "\n" }
        guard let number = Int(digits), (1...10).contains(number) else {
            throw failure(.format, "a version of the format from 1 to 10", version.quoted)
        }
        if let order = try small("byteorder"), order != "little" {
            throw failure(.format, "little-endian data", "the byte order \(order.quoted)")
        }
        guard let pickle = archive[folder + "data.pkl"] else {
            throw failure(.format, "the record \"\(folder)data.pkl\"", "none")
        }
        try Self.verify(pickle, archive, source)
        var machine = PickleMachine(
            BoundedReader(source, pickle.offset..<pickle.offset + pickle.byteCount), isLegacy: false)
        root = try machine.run()
        guard machine.reader.remaining == 0 else {
            throw machine.reader.failure(.format, "the end of the pickle", "\(machine.reader.remaining) more bytes")
        }
        self.machine = machine
        var stretches: [PyTorchFile.Stretch] = []
        for storage in machine.storages {
            guard let record = archive["\(folder)data/\(storage.key)"] else {
                throw failure(.storage, "a record for the storage \(storage.key.quoted)", "none")
            }
            guard record.byteCount == storage.byteCount else {
                throw failure(
                    .storage, "\(storage.byteCount) bytes in \(record.name.quoted)", "\(record.byteCount)")
            }
            stretches.append(
                PyTorchFile.Stretch(
                    offset: record.offset, byteCount: record.byteCount,
                    checksum: archive.hasNoChecksums ? nil : record.checksum))
        }
        self.stretches = stretches
        notes = archive.hasNoChecksums ? ["\(source.name): it has no checksums, so damage goes unnoticed"] : []
    }

    /// Compares a record that is read at once with its checksum.
    private static func verify(
        _ record: ZipArchive.Record, _ archive: ZipArchive, _ source: ByteSource
    ) throws(CheckpointError) {
        guard !archive.hasNoChecksums else { return }
        let found: UInt32
        do throws(FileError) {
            found = try CRC32.value(of: source, at: record.offset, byteCount: record.byteCount)
        } catch { throw .file(error) }
        guard found == record.checksum else {
            throw .pytorch(
                PyTorchError(
                    file: source.name, rule: .checksum,
                    expected: "the CRC-32 \(record.checksum) of \(record.name.quoted)", found: "\(found)",
                    offset: record.offset))
        }
    }

    // MARK: - The format before zip

    /// What the second format starts with (torch/serialization.py, `MAGIC_NUMBER`), little-endian.
    private static let magicNumber: [UInt8] = [0x6C, 0xFC, 0x9C, 0x46, 0xF9, 0x20, 0x6A, 0xA8, 0x50, 0x19]

    /// The format before zip: pickles of a magic number, a version, facts of the machine, the object and the storages'
    /// keys, then each storage's number of elements and its bytes.
    private init(legacy source: ByteSource) throws(CheckpointError) {
        var machine = PickleMachine(BoundedReader(source, 0..<source.count), isLegacy: true)
        guard try machine.run() == .wideInt(Self.magicNumber) else {
            throw machine.reader.failure(
                .format, "the magic number of torch.save", "a pickle that PyTorch did not write", at: 0)
        }
        guard try machine.run() == .int(1001) else {
            throw machine.reader.failure(.format, "version 1001 of the format", "another")
        }
        let facts = try machine.run()
        guard case .object(let index) = facts, case .dictionary(let pairs) = machine.objects[index],
            pairs.contains(where: { $0.key == .string("little_endian") && $0.value == .bool(true) })
        else {
            throw machine.reader.failure(.format, "facts of a little-endian machine", "others")
        }
        root = try machine.run()
        let keys = try machine.run()
        guard case .object(let list) = keys, case .list(let items) = machine.objects[list],
            items.count == machine.storages.count
        else {
            throw machine.reader.failure(
                .storage, "the keys of \(machine.storages.count) storages", machine.noun(keys))
        }
        var reader = machine.reader
        var stretches = [PyTorchFile.Stretch?](repeating: nil, count: items.count)
        for item in items {
            guard case .string(let key) = item, let index = machine.storageOfKey[key], stretches[index] == nil else {
                throw reader.failure(.storage, "each storage's key once", machine.noun(item))
            }
            let storage = machine.storages[index]
            let width = storage.type.bitCount / 8
            let count = try reader.unsigned(8)
            guard count == UInt64(storage.byteCount / width) else {
                throw reader.failure(
                    .storage, "\(storage.byteCount / width) elements in the storage \(key.quoted)", "\(count)")
            }
            stretches[index] = PyTorchFile.Stretch(offset: reader.place, byteCount: storage.byteCount, checksum: nil)
            try reader.skip(storage.byteCount)
        }
        guard reader.remaining == 0 else {
            throw reader.failure(.format, "the end of the file after the storages", "\(reader.remaining) more bytes")
        }
        self.stretches = stretches.compactMap { $0 }
        self.machine = machine
        notes = []
    }
}

extension CRC32 {
    /// The check of a stretch of a file, which is read in pieces.
    static func value(of source: ByteSource, at offset: Int, byteCount: Int) throws(FileError) -> UInt32 {
        var check = CRC32()
        var done = 0
        while done < byteCount {
            let piece = try source.bytes(at: offset + done, count: min(1 << 20, byteCount - done))
            check.update(piece)
            done += piece.count
        }
        return check.value
    }
}
