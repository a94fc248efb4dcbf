public import JSON

/// A checkpoint, array file or cache cannot be used.
public enum CheckpointError: Error, Sendable, Equatable, CustomStringConvertible {
    /// A file or folder cannot be read or written.
    case file(FileError)
    /// A safetensors file breaks a rule of the format or a limit.
    case safetensors(SafetensorsError)
    /// An index of shards cannot be used.
    case index(ConfigError)
    /// A configuration file is broken.
    case config(ConfigError)
    /// An array file (`.npy`) cannot be used.
    case npy(NPYError)
    /// A file of PyTorch breaks a rule of its format, asks for what is not allowed, or exceeds a limit.
    case pytorch(PyTorchError)
    /// A tensor cannot be read.
    case tensor(file: String, tensor: String, reason: String)
    /// A folder holds no weights under a name that is known; `other` are those of its files that may hold some.
    case noWeights(folder: String, other: [String])
    /// The running average of the weights is wanted from a file whose format keeps one set of weights only.
    case noAverage(file: String)
    /// A model is not in the Hugging Face cache, or the cache is damaged.
    case cache(HFCacheError)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .file(let error): error.description
        case .safetensors(let error): error.description
        case .index(let error): error.description
        case .config(let error): error.description
        case .npy(let error): error.description
        case .cache(let error): error.description
        case .pytorch(let error): error.description
        case .tensor(let file, let tensor, let reason): "\(file): tensor \(tensor): \(reason)"
        case .noAverage(let file): "\(file): a safetensors file holds one set of weights; there is no EMA to take"
        case .noWeights(let folder, let other):
            if other.isEmpty {
                "\(folder): no weights: none of \(Checkpoint.fileNames.joined(separator: ", ")) is there"
            } else {
                """
                \(folder): none of \(Checkpoint.fileNames.joined(separator: ", ")) is there; \
                name one of \(other.joined(separator: ", "))
                """
            }
        }
    }
}
