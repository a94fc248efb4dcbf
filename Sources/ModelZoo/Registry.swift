public import Checkpoints
import GAN
public import JSON
public import LatentDiffusion

/// A model cannot be found.
public enum RegistryError: Error, Sendable, CustomStringConvertible {
    /// No model has this name; the known ones are listed.
    case unknown(name: String, known: [String], searched: [String])
    /// A path that is no model folder.
    case notAModel(path: String)
    /// A file of weights outside a model folder that is no whole pipeline either.
    case notAPipeline(path: String, SingleFileError)
    /// The Hugging Face cache does not have it.
    case cache(CheckpointError)

    /// The sentence a person reads.
    public var description: String {
        switch self {
        case .unknown(let name, let known, let searched):
            "no model is called \"\(name)\"; "
                + (known.isEmpty
                    ? "no models were found in \(searched.joined(separator: ", "))"
                    : "known: \(known.joined(separator: ", "))")
                + "; a folder is given by its path (./\(name)), a model in the Hugging Face cache as hf:org/name"
        case .notAModel(let path):
            "\(path): not a model folder or a file of weights in one, none of "
                + "\(Registry.configurationFiles.joined(separator: ", ")) is there"
        case .notAPipeline(_, let error):
            "\(error); nor do the weights belong to a model folder, none of "
                + "\(Registry.configurationFiles.joined(separator: ", ")) is beside them"
        case .cache(let error): error.description
        }
    }
}

/// The models that can be named: those of the registry's folders, any folder by its path, and what lies in the
/// Hugging Face cache.
public struct Registry: Sendable {
    /// A model folder, or a pipeline in one file.
    public struct Entry: Sendable, Equatable {
        /// The name it goes by: a folder's name, a path, or `hf:org/name`.
        public var name: String
        /// Where it lies; of a pipeline in one file the file.
        public var folder: String
        /// Which of its weights are meant; of a pipeline in one file the file.
        public var weights = WeightChoice()
        /// Whether it is a pipeline in one file (`SingleFile`).
        public var isSingleFile: Bool { weights.file == folder }
    }

    /// The folders whose subfolders are models, first come first served.
    public let roots: [String]
    private let environment: [String: String]
    /// Models that can be fetched by a short name; of two with the same name the first counts.
    public let published: [PublishedModel]

    /// A registry of the given folders.
    ///
    /// - Parameters:
    ///   - roots: the folders whose subfolders are models, first come first served.
    ///   - environment: the variables that say where the Hugging Face cache is (`HF_HOME`, `HF_HUB_CACHE`,
    ///     `XDG_CACHE_HOME`, `HOME`).
    ///   - published: models that can be fetched by a short name; of two with the same name the first counts.
    public init(
        roots: [String], environment: [String: String] = [:],
        published: [PublishedModel] = PublishedModel.wellKnown
    ) {
        self.roots = roots
        self.environment = environment
        self.published = published
    }

    /// The published model of a name, where no folder of the registry has it.
    public func published(_ name: String) -> PublishedModel? { published.first { $0.name == name } }

    /// The models of the registry's folders, sorted by name; of two with the same name the first folder's counts.
    public func entries() -> [Entry] {
        var found: [Entry] = []
        for root in roots {
            guard let names = try? FileSystem.list(root).names else { continue }
            for name in names where !found.contains(where: { $0.name == name }) {
                let folder = FileSystem.join(root, name)
                if Self.isModel(folder) { found.append(Entry(name: name, folder: folder)) }
            }
        }
        return found.sorted { $0.name < $1.name }
    }

    /// The folder of a model, or its file where that is all of it.
    ///
    /// - Parameter name: a name of the registry, a path (with a slash in it, or `.`) of a folder, of a file of
    ///   weights in one, or of a pipeline in one file (`SingleFile`), `hf:org/name[@revision]`, or the short name of a
    ///   published model, which must be in the Hugging Face cache as the former must.
    public func find(_ name: String) throws(RegistryError) -> Entry {
        if name.hasPrefix("hf:") { return try cached(name, String(name.dropFirst(3))) }
        if name.contains("/") || name == "." || name == ".." {
            if Self.isModel(name) { return Entry(name: name, folder: name) }
            guard let entry = try Self.entry(ofFile: name) else { throw .notAModel(path: name) }
            return entry
        }
        let all = entries()
        if let entry = all.first(where: { $0.name == name }) { return entry }
        guard !Self.isModel(name) else { return Entry(name: name, folder: name) }
        if let entry = try Self.entry(ofFile: name) { return entry }
        if let published = published(name) { return try cached(name, published.reference) }
        throw .unknown(name: name, known: all.map(\.name), searched: roots)
    }

    private func cached(_ name: String, _ reference: String) throws(RegistryError) -> Entry {
        do throws(CheckpointError) {
            return Entry(name: name, folder: try HFCache(environment: environment).snapshot(reference))
        } catch { throw .cache(error) }
    }

    /// The card in a model's folder, or `nil` where it has none.
    ///
    /// - Throws: `ConfigError` where there is one that cannot be read.
    public func card(_ entry: Entry) throws(ConfigError) -> ModelCard? {
        let path = FileSystem.join(entry.folder, "card.json")
        guard let bytes = try? FileSystem.read(path, limit: Config.byteLimit) else { return nil }
        return try ModelCard(Config(file: path, bytes: bytes))
    }

    /// The files of which one makes a folder a model: Hugging Face's and timm's configuration, open_clip's, the list of
    /// modules of a sentence encoder, and the list of components of a pipeline of diffusers.
    public static let configurationFiles = ["config.json", "open_clip_config.json", "modules.json", "model_index.json"]

    /// The model whose weights are in a file: all of it, or one whose folder is that of a model. `nil` where there is
    /// no file of weights.
    private static func entry(ofFile path: String) throws(RegistryError) -> Entry? {
        guard Checkpoint.isWeightFile(path), FileSystem.isRegularFile(path) else { return nil }
        // First: a whole pipeline may lie beside the configuration of a folder's own, as in published repositories.
        let folder = SingleFile.recognises(path) ? path : FileSystem.folder(of: path)
        if folder != path, !isModel(folder) {
            do throws(SingleFileError) { _ = try SingleFile(file: path) } catch {
                throw .notAPipeline(path: path, error)
            }
        }
        return Entry(name: path, folder: folder, weights: WeightChoice(file: path))
    }

    /// Whether a folder holds a model; generators whose tensors say all need no configuration.
    private static func isModel(_ folder: String) -> Bool {
        configurationFiles.contains { FileSystem.isRegularFile(FileSystem.join(folder, $0)) }
            || FileSystem.isDirectory(folder) && ImageGenerator.recognises(folder: folder)
    }
}
