public import JSON
import TensorCore

/// Which library's names and configuration a checkpoint uses.
public enum CheckpointLayout: String, Sendable {
    /// Hugging Face transformers: `config.json` with `architectures` and `model_type`.
    case transformers
    /// timm: `config.json` with `architecture`, `model_args` and `pretrained_cfg`.
    case timm
    /// torchvision's tensor names: `config.json` with `"library_name": "torchvision"` and `architecture`.
    case torchvision

    /// The layout that a configuration says it has.
    ///
    /// - Throws: `ConfigError` where it says neither.
    public init(_ config: Config) throws(ConfigError) {
        if config.has("architectures") {
            self = .transformers
        } else if config.has("architecture") {
            self = try config.string("library_name", default: "timm") == "torchvision" ? .torchvision : .timm
        } else {
            throw config.failure(
                "architectures", expected: "\"architectures\" (transformers) or \"architecture\" (timm)")
        }
    }

    /// What one of the layouts calls a thing.
    func name(_ transformers: String, _ timm: String, _ torchvision: String) -> String {
        switch self {
        case .transformers: transformers
        case .timm: timm
        case .torchvision: torchvision
        }
    }
}

extension Config {
    /// The number of classes: `num_labels`, or the length of `id2label`, which transformers writes instead; 2 where
    /// both are absent, as transformers writes neither then.
    func classCount() throws(ConfigError) -> Int {
        if let count = try optionalInt("num_labels", in: 1...1_000_000) { return count }
        guard let labels = try optionalObject("id2label") else { return 2 }
        guard !labels.keys.isEmpty else { throw failure("id2label", expected: "at least one label", found: "none") }
        return labels.keys.count
    }

    /// timm's and torchvision's `model_args`, refusing any that is not in `known`.
    ///
    /// timm repeats the number of classes there, and names the input's channels and the pooling; networks that do not
    /// know `global_pool` as an argument take the mean.
    func modelArguments(known: Set<String>) throws(ConfigError) -> Config {
        let takesMean = !known.contains("global_pool")
        if takesMean { _ = try choice("global_pool", ["avg": ()], default: ()) }
        guard let arguments = try optionalObject("model_args") else {
            return Config(file: file, object: JSONObject(), keyPath: "model_args")
        }
        let repeated: Set<String> = ["num_classes", "in_chans", "global_pool"]
        if takesMean { _ = try arguments.choice("global_pool", ["avg": ()], default: ()) }
        for key in arguments.keys where !known.union(repeated).contains(key) {
            throw arguments.failure(
                key, expected: "one of \(known.sorted().joined(separator: ", "))",
                found: "an option that is not supported")
        }
        _ = try arguments.optionalInt("in_chans", in: 3...3)
        if let count = try arguments.optionalInt("num_classes", in: 0...1_000_000) {
            let expected = try int("num_classes", in: 0...1_000_000)
            guard count == expected else {
                throw arguments.failure("num_classes", expected: "\(expected), as outside of model_args")
            }
        }
        return arguments
    }

    /// The height and width that a timm model is made for: `img_size` of `model_args`; else the `input_size` of
    /// `pretrained_cfg` where `fixed_input_size` says that it counts.
    ///
    /// - Parameters:
    ///   - arguments: `model_args`, see ``modelArguments(known:)``.
    ///   - value: the size by the architecture's name.
    func timmImageSize(_ arguments: Config, default value: Int) throws(ConfigError) -> [Int] {
        let sides = 1...65536
        if let size = try arguments.optionalInts("img_size", count: 2...2, in: sides, scalar: .repeated(2)) {
            return size
        }
        if let pretrained = try optionalObject("pretrained_cfg"),
            try pretrained.bool("fixed_input_size", default: false),
            let size = try pretrained.optionalInts("input_size", count: 3...3, in: sides)
        {
            return Array(size[1...])
        }
        return [value, value]
    }
}
