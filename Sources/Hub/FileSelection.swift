import Glibc

/// Which files of a repository are wanted.
public struct FileSelection: Sendable, Equatable {
    /// Patterns of which a file must fit one; where there are none, what Zoo can read of a model is wanted.
    public var included: [String]
    /// Patterns of which a file must fit none.
    public var excluded: [String]

    /// A selection by patterns as Python's `fnmatch` reads them: `*` goes across slashes; a pattern that ends in a
    /// slash means all of a folder.
    public init(included: [String] = [], excluded: [String] = []) {
        self.included = included
        self.excluded = excluded
    }

    /// What is wanted of these.
    func apply(to files: [RepositoryFile]) -> [RepositoryFile] {
        let names = Set(files.map(\.name))
        let wanted = included.isEmpty ? Self.readable(names) : names.filter { Self.fits($0, included) }
        return files.filter { wanted.contains($0.name) && !Self.fits($0.name, excluded) }
    }

    /// Whether a name fits one of the patterns.
    static func fits(_ name: String, _ patterns: [String]) -> Bool {
        patterns.contains { pattern in
            fnmatch(pattern.hasSuffix("/") ? pattern + "*" : pattern, name, FNM_NOESCAPE) == 0
        }
    }

    /// Small files that models are described by.
    private static let descriptions: Set<String> = [
        "config.json", "open_clip_config.json", "modules.json", "preprocessor_config.json", "processor_config.json",
        "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json", "vocab.json",
        "vocab.txt", "merges.txt", "spiece.model", "sentencepiece.bpe.model", "tokenizer.model",
        "config_sentence_transformers.json", "sentence_bert_config.json", "sentence_roberta_config.json",
        "sentence_xlm-roberta_config.json", "bpe_simple_vocab_16e6.txt.gz", "card.json",
    ]

    /// Weights in the order of preference: the first that is there is fetched. An index brings the files it is of.
    private static let weights = [
        "model.safetensors", "model.safetensors.index.json", "open_clip_model.safetensors", "pytorch_model.bin",
        "pytorch_model.bin.index.json",
    ]

    /// The same of a component of a pipeline of diffusers.
    private static let componentWeights = [
        "diffusion_pytorch_model.safetensors", "diffusion_pytorch_model.safetensors.index.json", "model.safetensors",
        "model.safetensors.index.json", "diffusion_pytorch_model.bin", "diffusion_pytorch_model.bin.index.json",
        "pytorch_model.bin", "pytorch_model.bin.index.json",
    ]

    /// What Zoo reads of a model: its description, tokenizer, and weights, those of a sentence encoder's modules
    /// (`1_Pooling/config.json`) and of a pipeline's components (`unet/config.json`) included.
    private static func readable(_ names: Set<String>) -> Set<String> {
        guard !names.contains("model_index.json") else { return readablePipeline(names) }
        // open_clip's repositories hold the same weights once more for transformers.
        let isOpenCLIP = names.contains("open_clip_config.json") && names.contains("open_clip_model.safetensors")
        let order = isOpenCLIP && !names.contains("config.json") ? ["open_clip_model.safetensors"] : weights
        var wanted = names.intersection(descriptions).union(preferred(order, names))
        for name in names where fits(name, ["[0-9]_*/*", "0_*/*"]) && name.split(separator: "/").count == 2 {
            let file = name.split(separator: "/")[1]
            let folder = name.prefix { $0 != "/" }
            let hasSafe = names.contains("\(folder)/model.safetensors")
            if descriptions.contains(String(file)) || file == "model.safetensors"
                || (file == "pytorch_model.bin" && !hasSafe)
            {
                wanted.insert(name)
            }
        }
        return wanted
    }

    /// What Zoo reads of a pipeline: every component's description and weights, in folders or, of old pipelines of a
    /// single network, beside `model_index.json`. A safety checker is not run, and as large as the rest.
    private static func readablePipeline(_ names: Set<String>) -> Set<String> {
        var wanted: Set = ["model_index.json"]
        let folders = Set(names.filter { $0.split(separator: "/").count == 2 }.map { $0.prefix { $0 != "/" } })
        for prefix in [""] + folders.filter({ $0 != "safety_checker" }).map({ "\($0)/" }) {
            let files = Set(names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) })
            let described = files.intersection(descriptions.union(["scheduler_config.json"]))
            wanted.formUnion(described.union(preferred(componentWeights, files)).map { prefix + $0 })
        }
        return wanted
    }

    /// The first file of an order that is there, and those that it is an index of.
    private static func preferred(_ order: [String], _ names: Set<String>) -> Set<String> {
        guard let first = order.first(where: names.contains) else { return [] }
        let parts = first.split(separator: ".")
        guard first.hasSuffix(".index.json") else { return [first] }
        let shards = "\(parts[0])-*-of-*.\(parts[1])"
        return names.filter { !$0.contains("/") && fits($0, [shards]) }.union([first])
    }

    /// What is expected where nothing is found.
    var expectation: String {
        included.isEmpty ? "config.json and weights" : "files like " + included.joined(separator: ", ")
    }
}
