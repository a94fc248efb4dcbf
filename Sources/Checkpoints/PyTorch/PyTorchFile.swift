import JSON
import Synchronization
public import TensorCore

/// The weights of a file that PyTorch's `torch.save` wrote, in its zip format or the one before it.
///
/// The pickle within is carried out as data (see ``PyTorchError/Rule``): no code of the file is run, and a name that is
/// not on the list of those that weights and plain data need is refused. A record's bytes are compared with their
/// checksum when one of its tensors is read for the first time.
public final class PyTorchFile: TensorSource {
    /// What is known of a tensor.
    public struct Entry: Sendable, Equatable {
        /// The name.
        public var name: String
        /// The element type, which may be one that cannot be read.
        public var type: StoredType
        /// The dimensions, outermost first.
        public var shape: [Int]
        /// Bytes of its elements side by side.
        public var byteCount: Int
        /// The storage's number: tensors with the same one share memory.
        public var storage: Int
        /// Elements of the storage from one index to the next, for each dimension.
        public var strides: [Int]
        /// The first byte in the storage.
        public var offset: Int
        /// Bytes of the storage.
        public var storageByteCount: Int
    }

    /// The tensors, sorted by the bytes of their names.
    public let entries: [Entry]
    /// The keys that led to the weights in the file's object, such as `state_dict`.
    public let path: [String]
    /// The texts beside the weights in the file's object, by their keys.
    public let texts: [String: String]
    /// Oddities that do not hinder, a sentence each.
    public let notes: [String]

    private let source: ByteSource
    private let table: NameTable
    private let views: [TorchView]
    private let storages: [Stretch]
    /// The storages whose checksums have been compared.
    private let verified = Mutex<Set<Int>>([])
    /// The tensor that was put in order last, since readers ask for it piece by piece.
    private let ordered = Mutex<(index: Int, bytes: [UInt8])?>(nil)

    /// Where a storage lies in the file.
    struct Stretch: Sendable {
        var offset: Int
        var byteCount: Int
        /// `nil` where the file has none.
        var checksum: UInt32?
    }

    /// Opens a file and reads its pickle; the data are read only when asked for.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - usesEMA: whether the running average of the weights is wanted, which must then be there.
    /// - Throws: ``CheckpointError``: its case `pytorch` or `file`.
    public convenience init(file path: String, usesEMA: Bool = false) throws(CheckpointError) {
        try self.init(opening: path, as: path, usesEMA: usesEMA)
    }

    /// Reads a file that lies in memory.
    ///
    /// - Parameters:
    ///   - bytes: all of the file's.
    ///   - name: what messages call it.
    ///   - usesEMA: whether the running average of the weights is wanted, which must then be there.
    /// - Throws: ``CheckpointError``: its case `pytorch`.
    public convenience init(bytes: [UInt8], file name: String, usesEMA: Bool = false) throws(CheckpointError) {
        try self.init(.memory(bytes, name: name), usesEMA: usesEMA)
    }

    /// - Parameter name: what messages call the file.
    convenience init(opening path: String, as name: String, usesEMA: Bool) throws(CheckpointError) {
        let file: RegularFile
        do { file = try RegularFile(path, as: name) } catch { throw .file(error) }
        try self.init(.file(file), usesEMA: usesEMA)
    }

    private init(_ source: ByteSource, usesEMA: Bool) throws(CheckpointError) {
        self.source = source
        let content = try TorchContent(source)
        let weights = try StateDict(content.root, content.machine, usesEMA: usesEMA)
        guard weights.tensors.count <= SafetensorsHeader.tensorLimit else {
            throw .pytorch(
                PyTorchError(
                    file: source.name, rule: .limit, expected: "at most \(SafetensorsHeader.tensorLimit) tensors",
                    found: "\(weights.tensors.count)", offset: nil))
        }
        storages = content.stretches
        views = weights.tensors.map(\.view)
        path = weights.path
        texts = weights.texts
        notes = content.notes + (weights.note(file: source.name).map { [$0] } ?? [])
        table = NameTable(sorted: weights.tensors.map(\.name))
        let stretches = content.stretches
        entries = weights.tensors.map { name, view in
            Entry(
                name: name, type: view.type, shape: view.shape, byteCount: view.byteCount, storage: view.storage,
                strides: view.strides, offset: view.offset * view.type.bitCount / 8,
                storageByteCount: stretches[view.storage].byteCount)
        }
    }
}

extension PyTorchFile {
    /// The file, for messages.
    public var location: String { source.name }

    /// Every tensor's name, sorted by its bytes.
    public var names: [String] { table.names }

    /// What is known of a tensor, whatever its type.
    public func entry(_ name: String) -> Entry? { table.position(of: name).map { entries[$0] } }

    /// A tensor's type and shape; `nil` where there is no such tensor or its type cannot be read (see ``entry(_:)``).
    public func info(_ name: String) -> TensorInfo? {
        guard let entry = entry(name), let dtype = entry.type.dtype else { return nil }
        return TensorInfo(name: entry.name, dtype: dtype, shape: entry.shape, file: location)
    }

    /// Copies bytes of a tensor's data; see `TensorSource`.
    public func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer)
        throws(TensorReadError)
    {
        if let type = entry(name)?.type, type.dtype == nil {
            throw TensorReadError(
                file: location, tensor: name, reason: "values of type \(type.rawValue) cannot be read")
        }
        try readStored(name, at: offset, into: buffer)
    }

    /// Copies bytes of a tensor's data, whatever its type.
    func readStored(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer)
        throws(TensorReadError)
    {
        func failure(_ reason: String) -> TensorReadError {
            TensorReadError(file: location, tensor: name, reason: reason)
        }
        guard let index = table.position(of: name) else { throw failure("there is no such tensor") }
        let view = views[index]
        guard offset >= 0, offset <= view.byteCount, buffer.count <= view.byteCount - offset else {
            throw failure("\(buffer.count) bytes from \(offset) on are wanted, it has \(view.byteCount)")
        }
        guard buffer.count > 0 else { return }
        do {
            try verify(view.storage)
            let start = storages[view.storage].offset
            if view.isContiguous {
                try source.read(at: start + view.offset * view.type.bitCount / 8 + offset, into: buffer)
            } else {
                try ordered.withLock { held throws(FileError) in
                    if held?.index != index { held = (index, try bytesInOrder(view, from: start)) }
                    held?.bytes.withUnsafeBytes {
                        buffer.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + buffer.count]))
                    }
                }
            }
        } catch let error as FileError {
            throw failure("cannot \(error.operation): \(error.cause)")
        } catch {
            throw failure("\(error)")
        }
    }

    /// A mismatch between a storage and its checksum.
    private struct Damage: Error, CustomStringConvertible {
        let description: String
    }

    /// Compares a storage's bytes with its checksum, once.
    private func verify(_ storage: Int) throws {
        guard let expected = storages[storage].checksum else { return }
        try verified.withLock { done in
            guard !done.contains(storage) else { return }
            let stretch = storages[storage]
            let found = try CRC32.value(of: source, at: stretch.offset, byteCount: stretch.byteCount)
            guard found == expected else {
                throw Damage(
                    description: "the file is damaged: the storage at byte \(stretch.offset) has the CRC-32 \(found), "
                        + "expected \(expected)")
            }
            done.insert(storage)
        }
    }

    /// The elements of a view side by side.
    private func bytesInOrder(_ view: TorchView, from start: Int) throws(FileError) -> [UInt8] {
        let width = view.type.bitCount / 8
        let reach = zip(view.shape, view.strides).reduce(0) { $0 + ($1.0 - 1) * $1.1 }
        // No more than the storage, which lies in the file.
        let held = try source.bytes(at: start + view.offset * width, count: (reach + 1) * width)
        let (inner, step) = (view.shape.last ?? 1, view.strides.last ?? 1)
        return [UInt8](unsafeUninitializedCapacity: view.byteCount) { target, initialized in
            var index = [Int](repeating: 0, count: max(view.shape.count - 1, 0))
            var row = 0
            var place = 0
            while place < view.byteCount {
                for element in 0..<inner {
                    let from = (row + element * step) * width
                    for byte in 0..<width { target[place + byte] = held[from + byte] }
                    place += width
                }
                // The next row, as an odometer counts.
                var axis = index.count - 1
                while axis >= 0 {
                    index[axis] += 1
                    row += view.strides[axis]
                    if index[axis] < view.shape[axis] { break }
                    row -= view.strides[axis] * view.shape[axis]
                    index[axis] = 0
                    axis -= 1
                }
            }
            initialized = place
        }
    }
}
