public import JSON

/// What a model's `card.json` says of it: the part of its card that programs read.
public struct ModelCard: Sendable, Equatable {
    /// The model's name in the registry.
    public var name: String
    /// What it does, such as `image-classification`.
    public var task: String
    /// The licence of the weights.
    public var license: String
    /// The data it was trained on.
    public var dataset: String
    /// The papers it follows.
    public var papers: [String]
    /// The share of test inputs it gets right, 0 to 1.
    public var top1: Double
    /// What that was measured on.
    public var measuredOn: String
    /// SHA-256 of each weight file, by file name.
    public var hashes: [String: String]

    /// Reads a card.
    ///
    /// - Throws: ``ConfigError``.
    public init(_ config: Config) throws(ConfigError) {
        name = try config.string("name")
        task = try config.string("task")
        license = try config.string("license")
        dataset = try config.string("dataset")
        papers = try config.strings("paper", count: 1...16)
        let accuracy = try config.object("accuracy")
        top1 = try accuracy.double("top1", in: 0...1)
        measuredOn = try accuracy.string("dataset")
        let hashes = try config.object("sha256")
        var found: [String: String] = [:]
        for file in hashes.keys { found[file] = try hashes.string(file) }
        self.hashes = found
    }
}
