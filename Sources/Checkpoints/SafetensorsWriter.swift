import JSON
public import TensorCore

/// A tensor to be written.
public struct StoredTensor: Sendable, Equatable {
    /// The name.
    public var name: String
    /// The element type.
    public var dtype: DType
    /// The dimensions, outermost first.
    public var shape: [Int]
    /// The data, row-major and little-endian.
    public var bytes: [UInt8]

    /// A tensor of raw data.
    public init(name: String, dtype: DType, shape: [Int], bytes: [UInt8]) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.bytes = bytes
    }

    /// A tensor of floats, stored as they are.
    public init(name: String, shape: [Int], floats: [Float]) {
        self.init(name: name, dtype: .float32, shape: shape, bytes: floats.withUnsafeBytes { Array($0) })
    }
}

extension Safetensors {
    /// A file's bytes, the same as the reference's writer gives: types from last to first in the order of
    /// ``StoredType``, names in order within a type, the header padded with spaces to a multiple of 8. The reference
    /// leaves the order of metadata to chance; here it is that of the names.
    ///
    /// - Parameters:
    ///   - tensors: what to store, in any order.
    ///   - metadata: texts of the header by name; none leaves the entry out.
    ///   - file: what messages call it.
    /// - Throws: ``CheckpointError`` where a tensor breaks a rule of the format.
    public static func serialized(
        _ tensors: [StoredTensor], metadata: [String: String] = [:], file: String = "safetensors"
    ) throws(CheckpointError) -> [UInt8] {
        let (header, order) = try layOut(tensors.map(TensorPlan.init), metadata, file)
        return order.reduce(into: header) { $0.append(contentsOf: tensors[$1].bytes) }
    }

    /// Writes a file as ``serialized(_:metadata:file:)`` lays it out; the path never shows a part of it, and a reader
    /// of an older file of that name keeps what it has open.
    public static func write(_ tensors: [StoredTensor], metadata: [String: String] = [:], to path: String)
        throws(CheckpointError)
    {
        let (header, order) = try layOut(tensors.map(TensorPlan.init), metadata, path)
        do {
            var file = try AtomicFile(path)
            try file.append(header)
            for index in order { try file.append(tensors[index].bytes) }
            try file.commit()
        } catch {
            throw .file(error)
        }
    }

    /// What the header needs to know of a tensor.
    struct TensorPlan {
        var name: String
        var type: StoredType
        var shape: [Int]
        var byteCount: Int

        init(name: String, type: StoredType, shape: [Int], byteCount: Int) {
            self.name = name
            self.type = type
            self.shape = shape
            self.byteCount = byteCount
        }

        init(_ tensor: StoredTensor) {
            self.init(
                name: tensor.name, type: StoredType(tensor.dtype), shape: tensor.shape, byteCount: tensor.bytes.count)
        }
    }

    /// The length field and the header, and the tensors' positions in the order of their data.
    static func layOut(
        _ tensors: [TensorPlan], _ metadata: [String: String], _ file: String
    ) throws(CheckpointError) -> (header: [UInt8], order: [Int]) {
        let order = tensors.indices.sorted {
            let (left, right) = (tensors[$0], tensors[$1])
            return left.type != right.type ? left.type > right.type : left.name.precedesByBytes(right.name)
        }
        var object = JSONObject()
        if !metadata.isEmpty {
            var strings = JSONObject()
            for (key, value) in metadata.sorted(by: { $0.key.precedesByBytes($1.key) }) {
                strings.append(key: key, value: .string(value))
            }
            object.append(key: "__metadata__", value: .object(strings))
        }
        var end = 0
        for tensor in order.map({ tensors[$0] }) {
            let begin = end
            end += tensor.byteCount
            let value: JSONValue = [
                "dtype": .string(tensor.type.rawValue), "shape": .array(tensor.shape.map { JSONValue($0) }),
                "data_offsets": [JSONValue(begin), JSONValue(end)],
            ]
            guard object.append(key: tensor.name, value: value) else {
                throw .safetensors(
                    SafetensorsError(
                        file: file, rule: .duplicateName, tensor: tensor.name,
                        expected: "each name once, and not __metadata__", found: "it a second time", offset: 0))
            }
        }
        var text = JSONValue.object(object).serializedBytes()
        text.append(contentsOf: repeatElement(UInt8(ascii: " "), count: (8 - text.count % 8) % 8))
        guard text.count <= headerLimit else {
            throw .safetensors(
                SafetensorsError(
                    file: file, rule: .headerLimit, tensor: nil, expected: "a header of at most \(headerLimit) bytes",
                    found: "\(text.count)", offset: 0))
        }
        do {
            // What is written is held to the rules of what is read.
            let header = try SafetensorsHeader(file: file, text: text, start: 8)
            let dataStart = 8 + text.count
            _ = try SafetensorsLayout(file: file, dataStart: dataStart, fileSize: dataStart + end)
                .check(header.entries)
        } catch {
            throw .safetensors(error)
        }
        let length = (0..<8).map { UInt8(truncatingIfNeeded: text.count >> (8 * $0)) }
        return (length + text, order)
    }
}

extension StoredType {
    /// The type of tensors that can be read.
    init(_ dtype: DType) {
        self =
            switch dtype {
            case .bool: .bool
            case .uint8: .uint8
            case .int8: .int8
            case .float8e5m2: .float8e5m2
            case .float8e4m3: .float8e4m3
            case .float8e8m0: .float8e8m0
            case .float8e4m3fnuz: .float8e4m3fnuz
            case .float8e5m2fnuz: .float8e5m2fnuz
            case .uint16: .uint16
            case .int16: .int16
            case .float16: .float16
            case .bfloat16: .bfloat16
            case .uint32: .uint32
            case .int32: .int32
            case .float32: .float32
            case .uint64: .uint64
            case .int64: .int64
            case .float64: .float64
            }
    }
}
