public import TensorCore

/// Tensors of a checkpoint with some of them missing, renamed or changed, and others added.
public struct EditedSource: TensorSource {
    private let base: any TensorSource
    /// What is shown under each name, and the tensor of the base it is read from.
    private var shown: [String: (info: TensorInfo, original: String?)] = [:]
    /// Values that take the place of what is read.
    private var fills: [String: Float] = [:]

    /// Shows all of `base` as it is.
    public init(_ base: any TensorSource) {
        self.base = base
        for name in base.names { if let info = base.info(name) { shown[name] = (info, name) } }
    }

    /// Takes a tensor away.
    public mutating func drop(_ name: String) { shown[name] = nil }

    /// Gives a tensor another name.
    public mutating func rename(_ name: String, to other: String) {
        shown[other] = shown.removeValue(forKey: name)
        shown[other]?.info.name = other
    }

    /// Gives a tensor another shape.
    public mutating func reshape(_ name: String, to shape: [Int]) { shown[name]?.info.shape = shape }

    /// Gives a tensor another type.
    public mutating func retype(_ name: String, to dtype: DType) { shown[name]?.info.dtype = dtype }

    /// Adds a tensor of zeros.
    public mutating func add(_ name: String, shape: [Int]) {
        shown[name] = (TensorInfo(name: name, dtype: .float32, shape: shape, file: base.location), nil)
    }

    /// Sets all values of an fp32 tensor.
    public mutating func fill(_ name: String, with value: Float) { fills[name] = value }

    /// Where the base lies.
    public var location: String { base.location }
    /// The names that are shown.
    public var names: [String] { shown.keys.sorted() }
    /// What is shown under a name.
    public func info(_ name: String) -> TensorInfo? { shown[name]?.info }

    /// Reads what is shown.
    public func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError)
    {
        if let value = fills[name] {
            for place in stride(from: 0, to: buffer.count, by: 4) {
                buffer.storeBytes(of: value.bitPattern, toByteOffset: place, as: UInt32.self)
            }
        } else if let original = shown[name]?.original {
            try base.read(original, at: offset, into: buffer)
        } else {
            buffer.initializeMemory(as: UInt8.self, repeating: 0)
        }
    }
}

/// Tensors of zeros under given names.
public struct ZeroSource: TensorSource {
    /// What messages call it.
    public let location: String
    private let infos: [String: TensorInfo]

    /// Tensors of the given names, types and shapes.
    public init(location: String, _ infos: [TensorInfo]) {
        self.location = location
        self.infos = Dictionary(infos.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// The names that are shown.
    public var names: [String] { infos.keys.sorted() }
    /// What is shown under a name.
    public func info(_ name: String) -> TensorInfo? { infos[name] }

    /// Reads what is shown.
    public func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError)
    {
        buffer.initializeMemory(as: UInt8.self, repeating: 0)
    }
}
