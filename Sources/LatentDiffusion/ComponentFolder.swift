import Checkpoints
import JSON

/// Reads what folders of components hold.
enum ComponentFolder {
    /// A component's configuration.
    static func config(_ folder: String) throws(LatentDiffusionError) -> Config {
        try read(FileSystem.join(folder, "config.json"))
    }

    /// A configuration file.
    static func read(_ path: String) throws(LatentDiffusionError) -> Config {
        do throws(CheckpointError) { return try Config(path: path) } catch {
            if case .config(let error) = error { throw .config(error) }
            throw .checkpoint(error)
        }
    }

    /// A component's weights.
    static func checkpoint(_ folder: String, _ weights: WeightChoice) throws(LatentDiffusionError) -> Checkpoint {
        do throws(CheckpointError) { return try Checkpoint.open(folder: folder, choice: weights) } catch {
            throw .checkpoint(error)
        }
    }
}
