/// An array in NumPy's file format (`.npy`, versions 1.0 to 3.0; numpy.lib.format).
public struct NPY: Sendable, Equatable {
    /// The element types that are read and written, by NumPy's names for them.
    public enum Element: String, Sendable, CaseIterable {
        /// One byte, 0 or 1.
        case bool = "|b1"
        /// 8-bit unsigned integer.
        case uint8 = "|u1"
        /// 8-bit integer.
        case int8 = "|i1"
        /// 16-bit unsigned integer.
        case uint16 = "<u2"
        /// 16-bit integer.
        case int16 = "<i2"
        /// 32-bit unsigned integer.
        case uint32 = "<u4"
        /// 32-bit integer.
        case int32 = "<i4"
        /// 64-bit unsigned integer.
        case uint64 = "<u8"
        /// 64-bit integer.
        case int64 = "<i8"
        /// IEEE half precision.
        case float16 = "<f2"
        /// IEEE single precision.
        case float32 = "<f4"
        /// IEEE double precision.
        case float64 = "<f8"

        /// Bytes of one element.
        public var byteCount: Int {
            switch self {
            case .bool, .uint8, .int8: 1
            case .uint16, .int16, .float16: 2
            case .uint32, .int32, .float32: 4
            case .uint64, .int64, .float64: 8
            }
        }
    }

    /// The element type.
    public var element: Element
    /// The dimensions, outermost first; `[]` is a single value.
    public var shape: [Int]
    /// The data, row-major and little-endian.
    public var bytes: [UInt8]

    /// The most dimensions, as NumPy has it.
    public static let rankLimit = 64

    /// An array of raw data.
    ///
    /// - Precondition: `bytes` are what type and shape need, of at most ``rankLimit`` dimensions.
    public init(element: Element, shape: [Int], bytes: [UInt8]) {
        precondition(shape.count <= Self.rankLimit, "\(shape.count) dimensions")
        precondition(
            bytes.count == shape.reduce(element.byteCount, *), "\(bytes.count) bytes for \(element.rawValue) \(shape)")
        self.element = element
        self.shape = shape
        self.bytes = bytes
    }

    /// An array of floats.
    public init(_ values: [Float], shape: [Int]) {
        self.init(element: .float32, shape: shape, bytes: values.withUnsafeBytes { Array($0) })
    }

    /// An array of 64-bit integers.
    public init(_ values: [Int64], shape: [Int]) {
        self.init(element: .int64, shape: shape, bytes: values.withUnsafeBytes { Array($0) })
    }

    /// Reads a file; one in column-major order is brought into row-major order.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - limit: the most bytes it may have.
    public init(file path: String, limit: Int) throws(CheckpointError) {
        let bytes: [UInt8]
        do { bytes = try FileSystem.read(path, limit: limit) } catch { throw .file(error) }
        try self.init(bytes: bytes, file: path)
    }

    /// Reads a file that lies in memory.
    ///
    /// - Parameters:
    ///   - bytes: all of the file's.
    ///   - name: what messages call it.
    public init(bytes: [UInt8], file name: String) throws(CheckpointError) {
        do {
            let header = try NPYHeader(bytes, file: name)
            element = header.element
            shape = header.shape
            let data = Array(bytes[header.dataOffset...])
            self.bytes = header.isColumnMajor ? Self.transposed(data, shape, element.byteCount) : data
        } catch {
            throw .npy(error)
        }
    }

    /// Row-major data of an array whose first dimension varies fastest.
    private static func transposed(_ data: [UInt8], _ shape: [Int], _ width: Int) -> [UInt8] {
        guard shape.count > 1, !data.isEmpty else { return data }
        var result = [UInt8]()
        result.reserveCapacity(data.count)
        var strides = [Int](repeating: width, count: shape.count)
        for axis in 1..<shape.count { strides[axis] = strides[axis - 1] * shape[axis - 1] }
        var index = [Int](repeating: 0, count: shape.count)
        var place = 0
        while result.count < data.count {
            result.append(contentsOf: data[place..<place + width])
            var axis = shape.count - 1
            while axis >= 0 {
                index[axis] += 1
                place += strides[axis]
                if index[axis] < shape[axis] { break }
                place -= strides[axis] * shape[axis]
                index[axis] = 0
                axis -= 1
            }
        }
        return result
    }
}

extension NPY {
    /// The number of elements.
    public var count: Int { shape.reduce(1, *) }

    /// The values as floats: doubles and large integers are rounded to nearest, `false` and `true` are 0 and 1.
    public func floats() -> [Float] {
        switch element {
        case .float32: values(UInt32.self) { Float(bitPattern: $0) }
        case .float64: values(UInt64.self) { Float(Double(bitPattern: $0)) }
        case .float16: values(UInt16.self) { Float(Float16(bitPattern: $0)) }
        case .bool: values(UInt8.self) { $0 == 0 ? 0 : 1 }
        case .uint8: values(UInt8.self) { Float($0) }
        case .int8: values(UInt8.self) { Float(Int8(bitPattern: $0)) }
        case .uint16: values(UInt16.self) { Float($0) }
        case .int16: values(UInt16.self) { Float(Int16(bitPattern: $0)) }
        case .uint32: values(UInt32.self) { Float($0) }
        case .int32: values(UInt32.self) { Float(Int32(bitPattern: $0)) }
        case .uint64: values(UInt64.self) { Float($0) }
        case .int64: values(UInt64.self) { Float(Int64(bitPattern: $0)) }
        }
    }

    /// The values as 64-bit integers; `nil` where the type is not one of integers or a value does not fit.
    public func integers() -> [Int64]? {
        switch element {
        case .bool: values(UInt8.self) { $0 == 0 ? 0 : 1 }
        case .uint8: values(UInt8.self) { Int64($0) }
        case .int8: values(UInt8.self) { Int64(Int8(bitPattern: $0)) }
        case .uint16: values(UInt16.self) { Int64($0) }
        case .int16: values(UInt16.self) { Int64(Int16(bitPattern: $0)) }
        case .uint32: values(UInt32.self) { Int64($0) }
        case .int32: values(UInt32.self) { Int64(Int32(bitPattern: $0)) }
        case .int64: values(UInt64.self) { Int64(bitPattern: $0) }
        case .uint64:
            values(UInt64.self) { $0 }.allSatisfy { $0 <= UInt64(Int64.max) }
                ? values(UInt64.self) { Int64($0) } : nil
        case .float16, .float32, .float64: nil
        }
    }

    private func values<Bits: FixedWidthInteger, Value>(_: Bits.Type, _ convert: (Bits) -> Value) -> [Value] {
        bytes.withUnsafeBytes { raw in
            stride(from: 0, to: raw.count, by: MemoryLayout<Bits>.size).map {
                convert(Bits(littleEndian: raw.loadUnaligned(fromByteOffset: $0, as: Bits.self)))
            }
        }
    }
}
