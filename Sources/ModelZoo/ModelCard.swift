public import JSON

/// What a model's `card.json` says of it: the part of its card that programs read.
public struct ModelCard: Sendable, Equatable {
    /// A measured share.
    public struct Figure: Sendable, Equatable {
        /// What was measured, such as `top1` or `retrieval_recall_at_1`.
        public var name: String
        /// The share of the test that the model gets right, or wrong by its name (`word_error_rate`), 0 to 1.
        public var value: Double

        /// The name as people read it: `retrieval recall at 1`.
        public var title: String { name == "top1" ? "top-1" : String(name.map { $0 == "_" ? " " : $0 }) }
    }

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
    /// What was measured, at least one figure, in the order of the card.
    public var figures: [Figure]
    /// What the figures were measured on; needed where there is a plain `top1`.
    public var measuredOn: String?
    /// SHA-256 of each weight file, by file name.
    public var hashes: [String: String]

    /// The share of test inputs that a classifier gets right, 0 to 1.
    public var top1: Double? { figures.first { $0.name == "top1" }?.value }

    /// The figure that stands for the model in a list: `top1`, or the first of the card.
    public var headline: Figure { figures.first { $0.name == "top1" } ?? figures[0] }

    /// Reads a card. `accuracy` holds one share or several under their names, and remarks (strings) on how they were
    /// measured, of which `dataset` is one.
    ///
    /// - Throws: `ConfigError`.
    public init(_ config: Config) throws(ConfigError) {
        name = try config.string("name")
        task = try config.string("task")
        license = try config.string("license")
        dataset = try config.string("dataset")
        papers = try config.strings("paper", count: 1...16)
        let accuracy = try config.object("accuracy")
        var figures: [Figure] = []
        for key in accuracy.keys where accuracy.object[key]?.stringValue == nil {
            figures.append(Figure(name: key, value: try accuracy.double(key, in: 0...1)))
        }
        guard !figures.isEmpty else {
            throw config.failure("accuracy", expected: "at least one share, such as \"top1\": 0.9")
        }
        self.figures = figures
        measuredOn =
            figures.contains { $0.name == "top1" }
            ? try accuracy.string("dataset") : try accuracy.optionalString("dataset")
        let hashes = try config.object("sha256")
        var found: [String: String] = [:]
        for file in hashes.keys { found[file] = try hashes.string(file) }
        self.hashes = found
    }
}
