import Checkpoints
import JSON

/// What `modules.json` of a sentence-transformers folder lists: a transformer, a pooling, and what follows.
struct SentenceModules: Sendable {
    /// What follows the pooling.
    enum Step: Sendable {
        /// A linear layer whose configuration and weights lie in a folder.
        case dense(folder: String)
        /// Unit length.
        case normalize
    }

    /// The folder with the transformer's `config.json`, weights and tokenizer.
    let transformerFolder: String
    /// How tokens become a vector.
    let pooling: PoolingModule
    /// What follows, in order.
    let steps: [Step]

    /// Modules in a list: the longest that is read.
    private static let longest = 64

    /// Whether a folder has a list of modules.
    static func exist(in folder: String) -> Bool { FileSystem.exists(path(folder)) }

    private static func path(_ folder: String) -> String { FileSystem.join(folder, "modules.json") }

    /// Reads a folder's list and the configurations it points to.
    init(folder: String) throws(SentenceEncoderError) {
        var entries = try Self.entries(Self.path(folder))[...]
        func next(_ kind: String) throws(SentenceEncoderError) -> Entry {
            guard let entry = entries.popFirst(), entry.kind == kind else {
                throw .config(
                    .value(
                        file: Self.path(folder), keyPath: "", expected: "the modules Transformer, Pooling, ...",
                        found: "no \(kind) in its place"))
            }
            return entry
        }
        let transformer = try next("Transformer").path
        transformerFolder = transformer.isEmpty ? folder : FileSystem.join(folder, transformer)
        pooling = try PoolingModule(folder: FileSystem.join(folder, try next("Pooling").path))
        var steps: [Step] = []
        for entry in entries {
            let place = FileSystem.join(folder, entry.path)
            switch entry.kind {
            case "Dense": steps.append(.dense(folder: place))
            case "Normalize":
                try Self.checkNormalize(place)
                steps.append(.normalize)
            default:
                throw .config(entry.config.failure("type", expected: "Dense or Normalize after the Pooling"))
            }
        }
        self.steps = steps
    }

    /// One module of the list.
    private struct Entry {
        var config: Config
        var kind: String
        var path: String
    }

    private static func entries(_ path: String) throws(SentenceEncoderError) -> [Entry] {
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.read(path, limit: Config.byteLimit) } catch {
            throw .checkpoint(.file(error))
        }
        do throws(ConfigError) {
            // A list is the outermost value: as a member it is read, and its errors name their place, like any other.
            let value: JSONValue
            do { value = try JSONValue.parse(bytes, limits: JSONLimits(byteCount: Config.byteLimit)) } catch {
                throw ConfigError.syntax(file: path, error)
            }
            let list = Config(file: path, object: ["modules": value])
            var entries: [Entry] = []
            for config in try list.objects("modules", count: 1...longest) { entries.append(try entry(config)) }
            return entries
        } catch { throw .config(error) }
    }

    /// A module of the library itself, whose class was `sentence_transformers.models.Pooling` before it moved.
    private static func entry(_ config: Config) throws(ConfigError) -> Entry {
        let type = try config.string("type")
        let names = type.split(separator: ".", omittingEmptySubsequences: false)
        let known = ["Transformer", "Pooling", "Dense", "Normalize"]
        guard names.count > 1, names.first == "sentence_transformers", let kind = names.last.map(String.init),
            known.contains(kind)
        else {
            let classes = known.map { "sentence_transformers...." + $0 }.joined(separator: ", ")
            throw config.failure("type", expected: "one of \(classes)")
        }
        if let arguments = config.value("kwargs"), arguments.arrayValue?.isEmpty != true {
            throw config.failure("kwargs", expected: "no arguments")
        }
        let path = try config.string("path")
        let parts = path.split(separator: "/", omittingEmptySubsequences: false)
        guard path.isEmpty || parts.allSatisfy({ !["", ".", ".."].contains($0) }), !path.utf8.contains(0) else {
            throw config.failure("path", expected: "a folder below this one")
        }
        return Entry(config: config, kind: kind, path: path)
    }

    /// The newest versions write a configuration, which may point to other features than the sentence's vector.
    private static func checkNormalize(_ folder: String) throws(SentenceEncoderError) {
        let path = FileSystem.join(folder, "config.json")
        guard FileSystem.exists(path) else { return }
        let config = try Config.read(path)
        do throws(ConfigError) { try config.expectSentenceVector() } catch { throw .config(error) }
    }
}

extension Config {
    /// Reads a configuration file.
    static func read(_ path: String) throws(SentenceEncoderError) -> Config {
        do throws(CheckpointError) { return try Config(path: path) } catch {
            if case .config(let error) = error { throw .config(error) }
            throw .checkpoint(error)
        }
    }

    /// Refuses a module that reads or writes anything but the vector that the pooling makes.
    func expectSentenceVector() throws(ConfigError) {
        for key in ["module_input_name", "module_output_name"] {
            _ = try choice(key, ["sentence_embedding": ()], default: ())
        }
    }

    /// Refuses keys that nobody here knows: they may ask for something.
    func expectOnly(_ known: Set<String>) throws(ConfigError) {
        for key in keys where !known.contains(key) {
            throw failure(
                key, expected: "one of \(known.sorted().joined(separator: ", "))", found: "an option not supported")
        }
    }
}
