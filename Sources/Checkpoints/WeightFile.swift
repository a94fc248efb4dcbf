import JSON
public import TensorCore

/// A file of weights in one of the formats that are read.
public enum WeightFile: TensorSource {
    /// safetensors.
    case safetensors(Safetensors)
    /// What `torch.save` wrote.
    case pytorch(PyTorchFile)

    /// Opens a file by its name: safetensors by its ending, else PyTorch.
    ///
    /// - Parameters:
    ///   - path: the file.
    ///   - name: what messages call it.
    ///   - usesEMA: whether the running average of the weights is wanted.
    init(opening path: String, as name: String, usesEMA: Bool) throws(CheckpointError) {
        if name.hasSuffix(".safetensors") {
            guard !usesEMA else { throw .noAverage(file: name) }
            self = .safetensors(try Safetensors(opening: path, as: name))
        } else {
            self = .pytorch(try PyTorchFile(opening: path, as: name, usesEMA: usesEMA))
        }
    }

    private var source: any TensorSource {
        switch self {
        case .safetensors(let file): file
        case .pytorch(let file): file
        }
    }

    /// The file, for messages.
    public var location: String { source.location }

    /// Every tensor's name, sorted by its bytes.
    public var names: [String] { source.names }

    /// A tensor's type and shape; `nil` where there is no such tensor or its type cannot be read.
    public func info(_ name: String) -> TensorInfo? { source.info(name) }

    /// Copies bytes of a tensor's data; see `TensorSource`.
    public func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer)
        throws(TensorReadError)
    {
        try source.read(name, at: offset, into: buffer)
    }

    /// The element type of a tensor, which may be one that cannot be read; `nil` where there is no such tensor.
    public func storedType(_ name: String) -> StoredType? {
        switch self {
        case .safetensors(let file): file.entry(name)?.type
        case .pytorch(let file): file.entry(name)?.type
        }
    }

    /// Copies bytes of a tensor's data, whatever its type.
    func readStored(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer)
        throws(TensorReadError)
    {
        switch self {
        case .safetensors(let file): try file.readStored(name, at: offset, into: buffer)
        case .pytorch(let file): try file.readStored(name, at: offset, into: buffer)
        }
    }

    /// A tensor's type, dimensions and size, whatever its type; `nil` where there is no such tensor.
    func plan(_ name: String) -> Safetensors.TensorPlan? {
        switch self {
        case .safetensors(let file):
            file.entry(name).map {
                Safetensors.TensorPlan(name: name, type: $0.type, shape: $0.shape, byteCount: $0.byteCount)
            }
        case .pytorch(let file):
            file.entry(name).map {
                Safetensors.TensorPlan(name: name, type: $0.type, shape: $0.shape, byteCount: $0.byteCount)
            }
        }
    }

    /// Strings by name; PyTorch's files have none.
    var metadata: JSONObject {
        switch self {
        case .safetensors(let file): file.metadata
        case .pytorch: [:]
        }
    }

    /// Bytes of all tensors.
    var byteCount: Int {
        switch self {
        case .safetensors(let file): file.entries.reduce(0) { $0 + $1.byteCount }
        case .pytorch(let file):
            // Many expanded tensors may be more than any file; the sum is for comparison only.
            file.entries.reduce(0) { $0 &+ $1.byteCount }
        }
    }

    /// Oddities that do not hinder, a sentence each.
    var notes: [String] {
        switch self {
        case .safetensors: []
        case .pytorch(let file): file.notes
        }
    }
}

/// Which of a folder's weights are meant.
public struct WeightChoice: Sendable, Equatable {
    /// A file of the folder or elsewhere; the folder's own names decide where it is `nil`.
    public var file: String?
    /// Whether the running average of the weights is wanted (EMA), which must then be there.
    public var usesEMA: Bool

    /// A choice; nothing said is what the folder has, as it was trained.
    ///
    /// - Parameters:
    ///   - file: a file of weights in place of the folder's.
    ///   - usesEMA: whether the running average is wanted.
    public init(file: String? = nil, usesEMA: Bool = false) {
        self.file = file
        self.usesEMA = usesEMA
    }
}
