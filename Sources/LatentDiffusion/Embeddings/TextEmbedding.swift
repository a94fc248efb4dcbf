import Checkpoints
import TensorCore

/// A learnt embedding: a word that prompts may hold, and the vectors that stand for it.
///
/// Gal et al. 2022 (arXiv:2208.01618). What files hold:
///
/// - one tensor under the word's own name, as diffusers writes them;
/// - one tensor `emb_params`, as trainers that write safetensors call it: the word is the file's name;
/// - `string_to_param` with one tensor `*`, in PyTorch's format: the word is the file's entry `name`, else its name.
public struct TextEmbedding: Sendable, Equatable {
    /// The file.
    public let file: String
    /// The word.
    public let token: String
    /// The width of a vector.
    public let width: Int
    /// The vectors, one after another; one at least.
    public let vectors: [Float]

    /// Number of vectors.
    public var count: Int { vectors.count / width }

    /// The most vectors of a word.
    public static let countLimit = 1024

    /// Reads a file of safetensors or PyTorch.
    ///
    /// - Parameters:
    ///   - file: its path.
    ///   - token: the word, in place of what the file says.
    /// - Throws: ``AdapterError`` where the file cannot be read, or does not hold one tensor `[width]` or
    ///   `[vectors, width]` of finite floats.
    public init(file: String, token: String? = nil) throws(AdapterError) {
        let checkpoint: Checkpoint
        do throws(CheckpointError) { checkpoint = try Checkpoint.open(file: file) } catch { throw .checkpoint(error) }
        guard checkpoint.names.count == 1 else {
            throw .contents(
                file: file, expected: "one tensor, the vectors of one word",
                found: checkpoint.names.isEmpty
                    ? "none"
                    : "\(checkpoint.names.count), "
                        + checkpoint.names.prefix(5).map(\.quoted).joined(separator: ", "))
        }
        let name = checkpoint.names[0]
        guard let info = checkpoint.info(name) else {
            throw .key(
                file: file, key: name, expected: "floats", found: checkpoint.storedType(name)?.rawValue ?? "none")
        }
        guard (1...2).contains(info.shape.count), info.count > 0,
            info.shape.count == 1 || info.shape[0] <= Self.countLimit
        else {
            throw .key(
                file: file, key: name, expected: "shape [width] or [1 to \(Self.countLimit), width]",
                found: "\(info.shape)")
        }
        self.file = file
        self.token = token ?? Self.word(checkpoint, name)
        width = info.shape[info.shape.count - 1]
        vectors = try checkpoint.finiteFloats(info)
    }

    private static func word(_ checkpoint: Checkpoint, _ name: String) -> String {
        let path = checkpoint.location
        var stem = path.split(separator: "/").last ?? Substring(path)
        if let dot = stem.lastIndex(of: "."), dot != stem.startIndex { stem = stem[..<dot] }
        if case .pytorch(let file)? = checkpoint.shards.first, file.path.last == "string_to_param" {
            return file.texts["name"] ?? String(stem)
        }
        return name == "emb_params" ? String(stem) : name
    }
}
