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
    /// A folder holds no weights that can be read; `pickles` are those of its files that hold weights as pickle.
    case noWeights(folder: String, pickles: [String], other: [String])
    /// A file holds weights as pickle, whose reading would run what the file says.
    case pickle(file: String)
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
        case .pickle(let file): "\(file): \(Self.aboutPickle(file))"
        case .noWeights(let folder, let pickles, let other):
            if let first = pickles.first {
                "\(folder): no safetensors file, only \(pickles.joined(separator: ", ")); \(Self.aboutPickle(first))"
            } else if other.isEmpty {
                "\(folder): no weights: none of \(Checkpoint.fileNames.joined(separator: ", ")) is there"
            } else {
                """
                \(folder): none of \(Checkpoint.fileNames.joined(separator: ", ")) is there; \
                name one of \(other.joined(separator: ", "))
                """
            }
        }
    }

    private static func aboutPickle(_ file: String) -> String {
        let name = FileSystem.lastComponent(file)
        return """
            pickle is not read, because loading it can run code of the file; convert it in Python:
            import torch; from safetensors.torch import save_file; weights = torch.load("\(name)", weights_only=True)
            save_file({k: v.clone().contiguous() for k, v in weights.items()}, "model.safetensors", {"format": "pt"})
            """
    }
}
