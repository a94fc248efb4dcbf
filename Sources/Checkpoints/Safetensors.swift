public import JSON
public import TensorCore

/// A safetensors file: named tensors behind a JSON header.
///
/// All rules of the reference reader hold (see ``SafetensorsError/Rule``), and beyond it: no name and no key of the
/// metadata occurs twice, no product of dimensions overflows in whatever order it is formed, and the limits on counts
/// are kept. What the reference leaves open stays open: values may be NaN, data need not be aligned, names may hold any
/// character.
public struct Safetensors: TensorSource {
    /// What the header says of a tensor.
    public struct Entry: Sendable, Equatable {
        /// The name.
        public var name: String
        /// The element type, which may be one that cannot be read.
        public var type: StoredType
        /// The dimensions, outermost first.
        public var shape: [Int]
        /// Where the data start in the file.
        public var offset: Int
        /// Bytes of the data.
        public var byteCount: Int
    }

    /// The most bytes of a header, as the reference has it.
    public static let headerLimit = 100_000_000

    /// The tensors, sorted by the bytes of their names.
    public let entries: [Entry]
    /// The header's `__metadata__`: strings by name.
    public let metadata: JSONObject

    private let source: ByteSource
    private let table: NameTable

    /// Opens a file and checks its header against its length; the data are read only when asked for.
    public init(file path: String) throws(CheckpointError) {
        try self.init(opening: path, as: path)
    }

    /// Reads a file that lies in memory.
    ///
    /// - Parameters:
    ///   - bytes: all of the file's.
    ///   - name: what messages call it.
    public init(bytes: [UInt8], file name: String) throws(CheckpointError) {
        try self.init(.memory(bytes, name: name))
    }

    /// - Parameter name: what messages call the file.
    init(opening path: String, as name: String) throws(CheckpointError) {
        let file: RegularFile
        do { file = try RegularFile(path, as: name) } catch { throw .file(error) }
        try self.init(.file(file))
    }

    private init(_ source: ByteSource) throws(CheckpointError) {
        let text = try Self.headerText(of: source)
        do {
            let header = try SafetensorsHeader(file: source.name, text: text, start: 8)
            let layout = SafetensorsLayout(file: source.name, dataStart: 8 + text.count, fileSize: source.count)
            entries = try layout.check(header.entries)
            metadata = header.metadata ?? [:]
        } catch {
            throw .safetensors(error)
        }
        self.source = source
        table = NameTable(sorted: entries.map(\.name))
    }

    /// The header's bytes, their number checked (R1 to R3) before memory is taken for them.
    private static func headerText(of source: ByteSource) throws(CheckpointError) -> [UInt8] {
        func failure(_ rule: SafetensorsError.Rule, _ expected: String, _ found: String) -> CheckpointError {
            .safetensors(
                SafetensorsError(
                    file: source.name, rule: rule, tensor: nil, expected: expected, found: found, offset: 0))
        }
        guard source.count >= 8 else {
            throw failure(.lengthField, "the header's length in 8 bytes", "a file of \(source.count) bytes")
        }
        func read(_ offset: Int, _ count: Int) throws(CheckpointError) -> [UInt8] {
            do throws(FileError) { return try source.bytes(at: offset, count: count) } catch { throw .file(error) }
        }
        let length = try read(0, 8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        guard length <= UInt64(headerLimit) else {
            throw failure(.headerLimit, "a header of at most \(headerLimit) bytes", "\(length)")
        }
        guard Int(length) <= source.count - 8 else {
            throw failure(.headerWithinFile, "a header of \(length) bytes", "\(source.count - 8) bytes in the file")
        }
        return try read(8, Int(length))
    }
}

extension Safetensors {
    /// The file, for messages.
    public var location: String { source.name }

    /// Every tensor's name, sorted by its bytes.
    public var names: [String] { table.names }

    /// What the header says of a tensor, whatever its type.
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
        guard let entry = entry(name) else {
            throw TensorReadError(file: location, tensor: name, reason: "there is no such tensor")
        }
        guard offset >= 0, offset <= entry.byteCount, buffer.count <= entry.byteCount - offset else {
            throw TensorReadError(
                file: location, tensor: name,
                reason: "\(buffer.count) bytes from \(offset) on are wanted, it has \(entry.byteCount)")
        }
        do { try source.read(at: entry.offset + offset, into: buffer) } catch {
            throw TensorReadError(file: location, tensor: name, reason: "cannot \(error.operation): \(error.cause)")
        }
    }
}

extension TensorSource {
    /// All bytes of a tensor's data (row-major, little-endian); empty where it has no elements.
    public func bytes(of name: String) throws(TensorReadError) -> [UInt8] {
        guard let info = info(name), info.byteCount > 0 else {
            // Reading says why there is nothing to know of it. Empty arrays share one storage, into which the standard
            // library would write below from every thread.
            try read(name, at: 0, into: UnsafeMutableRawBufferPointer(start: nil, count: 0))
            return []
        }
        var failure: TensorReadError?
        let bytes = [UInt8](unsafeUninitializedCapacity: info.byteCount) { buffer, initialized in
            do throws(TensorReadError) {
                let raw = UnsafeMutableRawBufferPointer(buffer)
                try read(name, at: 0, into: UnsafeMutableRawBufferPointer(rebasing: raw[..<info.byteCount]))
                initialized = info.byteCount
            } catch {
                failure = error
            }
        }
        if let failure { throw failure }
        return bytes
    }
}
