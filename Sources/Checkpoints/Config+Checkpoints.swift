public import JSON
public import TensorCore

extension Config {
    /// Reads a configuration file of at most ``byteLimit`` bytes.
    ///
    /// - Throws: `CheckpointError`: its case `file` or `config`.
    public init(path: String) throws(CheckpointError) {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.read(path, limit: Config.byteLimit) } catch { throw .file(error) }
        do throws(ConfigError) { try self.init(file: path, bytes: bytes) } catch { throw .config(error) }
    }

    /// transformers' names of activations (transformers/activations.py, `ACT2FN`).
    private static let activations: [String: Activation] = [
        "relu": .relu, "relu6": .relu6, "gelu": .gelu, "gelu_new": .geluTanh, "gelu_pytorch_tanh": .geluTanh,
        "quick_gelu": .quickGELU, "silu": .silu, "swish": .silu, "sigmoid": .sigmoid, "tanh": .tanh,
        "hardswish": .hardswish, "linear": .none,
    ]

    /// The activation that a transformers configuration names.
    ///
    /// - Throws: ``ConfigError`` that lists the known names where it is none of them.
    public func activation(_ key: String) throws(ConfigError) -> Activation { try choice(key, Self.activations) }
}
