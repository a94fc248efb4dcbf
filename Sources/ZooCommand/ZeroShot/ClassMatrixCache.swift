import Checkpoints
import JSON
import TensorCore

/// Class matrices kept on disk, so that texts are encoded once for a model, a list of labels and a list of templates.
///
/// A file is `KEY.safetensors` with one tensor, `class_matrix`, and in its metadata the key and the SHA-256 of the
/// values. The key is a SHA-256 over the model's ``ModelIdentity``, the labels, the templates, the instruction set,
/// whether long prompts are cut, and ``version``. A file that is anything else than that is passed over and written
/// anew; what cannot be read or written costs time and nothing more.
struct ClassMatrixCache {
    /// Where the files lie.
    let folder: String
    /// The files kept; beyond it the oldest go.
    var fileLimit = 256

    /// Changes whenever the same inputs may give other bits.
    private static let version = "class-matrix-1"
    private static let tensorName = "class_matrix"

    /// The cache of the user: `zoo` in `XDG_CACHE_HOME`, or in `~/.cache`; `nil` where neither is known.
    init?(environment: [String: String]) {
        let base: String
        if let cache = environment["XDG_CACHE_HOME"], cache.hasPrefix("/") {
            base = cache
        } else if let home = environment["HOME"], home.hasPrefix("/") {
            base = FileSystem.join(home, ".cache")
        } else {
            return nil
        }
        folder = FileSystem.join(base, "zoo/class-matrices")
    }

    /// The key of a matrix, `nil` where the model's files cannot be read (its loading will say why).
    static func key(
        model folder: String, weights: WeightChoice = WeightChoice(), labels: [String], templates: [String],
        tier: Tier, as type: WeightType = .float32, truncates: Bool = false
    ) -> String? {
        var hash = SHA256()
        hash.add(version)
        hash.add(tier.rawValue)
        if type != .float32 { hash.add("--dtype \(type.rawValue)") }
        hash.add(truncates ? "cut" : "whole")
        hash.add(labels)
        hash.add(templates)
        guard (try? ModelIdentity.add(folder, weights, to: &hash)) != nil else { return nil }
        return hash.hexadecimal()
    }

    /// The matrix of a key.
    ///
    /// - Parameter rows: the rows it must have.
    /// - Returns: `[rows, width]`, `nil` where there is none that is sound.
    func matrix(_ key: String, rows: Int) -> Tensor? {
        guard let file = try? Safetensors(file: path(key)), file.metadata["key"]?.stringValue == key,
            let info = file.info(Self.tensorName), info.dtype == .float32, info.shape.count == 2,
            info.shape[0] == rows, info.shape[1] > 0, let bytes = try? file.bytes(of: Self.tensorName),
            file.metadata["sha256"]?.stringValue == SHA256.hexadecimal(of: bytes)
        else { return nil }
        return Tensor(bytes: bytes, dtype: .float32, shape: Shape(info.shape))
    }

    /// Keeps a matrix.
    ///
    /// - Throws: ``Failure`` where it cannot be written.
    func store(_ matrix: Tensor, _ key: String) throws(Failure) {
        try makeFolder(folder, mode: 0o700)
        let bytes = matrix.bytes
        let tensor = StoredTensor(
            name: Self.tensorName, dtype: .float32, shape: matrix.shape.dimensions, bytes: bytes)
        do throws(CheckpointError) {
            try Safetensors.write(
                [tensor], metadata: ["key": key, "sha256": SHA256.hexadecimal(of: bytes)], to: path(key))
        } catch { throw Failure(error.description, .inputOutput) }
        removeOldest()
    }

    private func path(_ key: String) -> String { FileSystem.join(folder, "\(key).safetensors") }

    /// Keeps the cache within ``fileLimit``. Who reads a file that goes keeps it.
    private func removeOldest() {
        let names = ((try? FileSystem.list(folder).names) ?? []).filter { $0.hasSuffix(".safetensors") }
        guard names.count > fileLimit else { return }
        let dated = names.map { (time: ModelIdentity.changeTime(FileSystem.join(folder, $0)), name: $0) }
        for (_, name) in dated.sorted(by: { $0 < $1 }).prefix(names.count - fileLimit) {
            removeFile(FileSystem.join(folder, name))
        }
    }
}
