/// The element type of stored values, under safetensors' names.
public enum DType: String, Sendable, CaseIterable {
    /// Truth values of one byte.
    case bool = "BOOL"
    /// Unsigned integers of 8 bits.
    case uint8 = "U8"
    /// Signed integers of 8 bits.
    case int8 = "I8"
    /// Floats of 8 bits: sign, 5 bits of exponent, 2 of fraction.
    case float8e5m2 = "F8_E5M2"
    /// Floats of 8 bits: sign, 4 bits of exponent, 3 of fraction.
    case float8e4m3 = "F8_E4M3"
    /// Powers of two, 8 bits of exponent.
    case float8e8m0 = "F8_E8M0"
    /// As F8_E4M3 without negative zero, the exponent's bias one larger.
    case float8e4m3fnuz = "F8_E4M3FNUZ"
    /// As F8_E5M2 without negative zero and infinities, the exponent's bias one larger.
    case float8e5m2fnuz = "F8_E5M2FNUZ"
    /// Unsigned integers of 16 bits.
    case uint16 = "U16"
    /// Signed integers of 16 bits.
    case int16 = "I16"
    /// Half precision, fp16.
    case float16 = "F16"
    /// The upper half of single precision, bf16.
    case bfloat16 = "BF16"
    /// Unsigned integers of 32 bits.
    case uint32 = "U32"
    /// Signed integers of 32 bits.
    case int32 = "I32"
    /// Single precision, fp32.
    case float32 = "F32"
    /// Unsigned integers of 64 bits.
    case uint64 = "U64"
    /// Signed integers of 64 bits, such as token ids.
    case int64 = "I64"
    /// Double precision, fp64.
    case float64 = "F64"

    /// Bytes of one element.
    public var byteCount: Int {
        switch self {
        case .bool, .uint8, .int8, .float8e5m2, .float8e4m3, .float8e8m0, .float8e4m3fnuz, .float8e5m2fnuz: 1
        case .uint16, .int16, .float16, .bfloat16: 2
        case .uint32, .int32, .float32: 4
        case .uint64, .int64, .float64: 8
        }
    }
}

/// What a checkpoint says of one tensor.
public struct TensorInfo: Sendable, Equatable {
    /// The name in the checkpoint.
    public var name: String
    /// The element type as stored.
    public var dtype: DType
    /// The dimensions, outermost first; `[]` is a single value.
    public var shape: [Int]
    /// The file the tensor lies in, for messages.
    public var file: String

    /// Describes a tensor of a checkpoint.
    public init(name: String, dtype: DType, shape: [Int], file: String) {
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.file = file
    }

    /// Elements in all; the source has checked that the product does not overflow.
    public var count: Int { shape.reduce(1, *) }
    /// Bytes in all.
    public var byteCount: Int { count * dtype.byteCount }
}

/// Reading a tensor's bytes failed.
public struct TensorReadError: Error, Sendable, CustomStringConvertible {
    /// The file that was read.
    public var file: String
    /// The tensor that was wanted.
    public var tensor: String
    /// What went wrong, as the reader says it.
    public var reason: String

    /// A failed read of `tensor` in `file`.
    public init(file: String, tensor: String, reason: String) {
        self.file = file
        self.tensor = tensor
        self.reason = reason
    }

    /// The sentence a person reads.
    public var description: String { "\(file): tensor \(tensor): \(reason)" }
}

/// Named tensors on disk or in memory: what a model's layers are read from.
public protocol TensorSource: Sendable {
    /// The folder or file, for messages.
    var location: String { get }
    /// Every tensor's name, sorted.
    var names: [String] { get }
    /// A tensor's type and shape, or `nil` where there is no such tensor.
    func info(_ name: String) -> TensorInfo?
    /// Copies bytes `offset ..< offset + buffer.count` of a tensor's data (row-major, little-endian).
    ///
    /// May be called from several threads at once.
    func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError)
}
