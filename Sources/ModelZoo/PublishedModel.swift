public import JSON

/// A model that somebody has published: enough of it to fetch it, and to say what it is before that.
public struct PublishedModel: Sendable, Equatable {
    /// The name it goes by here.
    public var name: String
    /// `org/name` on the hub.
    public var repository: String
    /// The branch, tag or commit that is fetched.
    public var revision = "main"
    /// The files that are fetched; what Zoo reads of a model where there are none.
    public var files: [String] = []
    /// SHA-256 of files, by their names, where it is known.
    public var hashes: [String: String] = [:]
    /// What it does, such as `image-classification`.
    public var task: String
    /// The licence of the weights, as the publisher states it; `nil` where it is not known.
    public var license: String?
    /// The share of a test that the publisher measured, 0 to 1.
    public var accuracy: Accuracy?
    /// How pictures are prepared; `nil` where that is not known, or for other models.
    public var preprocessing: Preprocessing?

    /// A published figure.
    public struct Accuracy: Sendable, Equatable {
        /// What was measured, such as `top1`.
        public var name: String
        /// The share, 0 to 1.
        public var value: Double
        /// What it was measured on.
        public var dataset: String
    }

    /// How pictures are prepared.
    public struct Preprocessing: Sendable, Equatable {
        /// Width and height of the network's input.
        public var size: Int
        /// The share of the resized picture's shorter side that is cut out.
        public var crop: Double
        /// How it is resized, such as `bicubic`.
        public var interpolation: String
    }

    /// What the hub and the cache know it by: `org/name@revision`.
    public var reference: String { revision == "main" ? repository : "\(repository)@\(revision)" }
}

extension PublishedModel {
    /// The most models of a file.
    static let mostEntries = 10_000

    /// Reads the entries of a `models.json`: `{"models": {NAME: {"repository": "org/name", ...}}}`. Of an entry
    /// `revision`, `files`, `sha256`, `task`, `license`, `accuracy` (`{"name", "value", "dataset"}`) and
    /// `preprocessing` (`{"size", "crop", "interpolation"}`) may be left out; other keys are refused.
    ///
    /// - Throws: `ConfigError`.
    public static func entries(_ config: Config) throws(ConfigError) -> [PublishedModel] {
        try check(config, keys: ["models"])
        let models = try config.object("models")
        guard models.keys.count <= mostEntries else {
            throw config.failure("models", expected: "at most \(mostEntries) models", found: "\(models.keys.count)")
        }
        var found: [PublishedModel] = []
        for name in models.keys {
            guard !name.isEmpty, name.utf8.count <= 96, !name.contains(where: { "/:@ ".contains($0) }),
                name.utf8.allSatisfy({ $0 > 0x20 && $0 != 0x7F }), !name.hasPrefix("."), !name.hasPrefix("-")
            else {
                throw models.failure(
                    name, expected: "a name without '/', ':', '@' and spaces, not starting with '.' or '-'",
                    found: name)
            }
            found.append(try PublishedModel(name, try models.object(name)))
        }
        return found
    }

    private init(_ name: String, _ config: Config) throws(ConfigError) {
        try Self.check(
            config,
            keys: [
                "repository", "revision", "files", "sha256", "task", "license", "accuracy", "preprocessing",
            ])
        self.name = name
        repository = try config.string("repository")
        revision = try config.string("revision", default: "main")
        files = config.has("files") ? try config.strings("files", count: 1...1000) : []
        task = try config.string("task", default: "unknown")
        license = try config.optionalString("license")
        if let hashes = try config.optionalObject("sha256") {
            for file in hashes.keys {
                let digits = try hashes.string(file).lowercased()
                guard digits.utf8.count == 64, digits.allSatisfy(\.isHexDigit) else {
                    throw hashes.failure(file, expected: "64 hexadecimal digits")
                }
                self.hashes[file] = digits
            }
        }
        if let accuracy = try config.optionalObject("accuracy") {
            try Self.check(accuracy, keys: ["name", "value", "dataset"])
            self.accuracy = Accuracy(
                name: try accuracy.string("name"), value: try accuracy.double("value", in: 0...1),
                dataset: try accuracy.string("dataset"))
        }
        if let preprocessing = try config.optionalObject("preprocessing") {
            try Self.check(preprocessing, keys: ["size", "crop", "interpolation"])
            self.preprocessing = Preprocessing(
                size: try preprocessing.int("size", in: 1...65535),
                crop: try preprocessing.double("crop", in: 0.01...4),
                interpolation: try preprocessing.string("interpolation"))
        }
    }

    private static func check(_ config: Config, keys: [String]) throws(ConfigError) {
        if let key = config.keys.first(where: { !keys.contains($0) }) {
            throw config.failure(key, expected: "one of " + keys.joined(separator: ", "), found: "this key")
        }
    }
}
