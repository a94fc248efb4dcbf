import Checkpoints
import JSON

/// How texts become tokens: `sentence_bert_config.json` and the tokenizer's limit.
struct TextSettings: Sendable {
    /// The longest input in tokens; `nil` where no file says.
    let maximumTokens: Int?
    /// What is wrong where texts are to be lowercased and the tokenizer does not do it; `nil` where they are not to be.
    let lowercasing: ConfigError?

    /// The file's names, first to last: which one older versions wrote depended on the transformer.
    private static let fileNames = [
        "sentence_bert_config.json", "sentence_roberta_config.json", "sentence_xlm-roberta_config.json",
    ]

    /// Options for Python's classes, by their names of several versions.
    private static let optionKeys = [
        "processing_kwargs", "model_args", "tokenizer_args", "config_args", "model_kwargs", "processor_kwargs",
        "config_kwargs",
    ]

    /// Reads the files of a transformer's folder that are there.
    ///
    /// - Parameter isModule: whether the folder is a module of sentence-transformers rather than transformers' own.
    init(folder: String, isModule: Bool) throws(SentenceEncoderError) {
        let paths = Self.fileNames.map { FileSystem.join(folder, $0) }.filter(FileSystem.exists)
        let config: Config?
        if isModule, let path = paths.first { config = try Config.read(path) } else { config = nil }
        let limit: Int?
        do throws(ConfigError) {
            try config.map(Self.expectPlainText)
            let lowercases = try config?.bool("do_lower_case", default: false) ?? false
            lowercasing =
                lowercases
                ? config?.failure("do_lower_case", expected: "false, as the tokenizer keeps upper case", found: "true")
                : nil
            limit = try config?.optionalInt("max_seq_length", in: 1...1_000_000)
        } catch { throw .config(error) }
        if let limit { maximumTokens = limit } else { maximumTokens = try Self.tokenizerLimit(folder) }
    }

    /// The limit that newer versions leave to the tokenizer; where there is none, they write an astronomical number.
    private static func tokenizerLimit(_ folder: String) throws(SentenceEncoderError) -> Int? {
        let path = FileSystem.join(folder, "tokenizer_config.json")
        guard FileSystem.exists(path) else { return nil }
        let config = try Config.read(path)
        do throws(ConfigError) {
            let limit = try config.optionalDouble("model_max_length", in: 1...1e40)
            return limit.flatMap { $0 < 1e9 ? Int($0) : nil }
        } catch { throw .config(error) }
    }

    /// Refuses what turns the module into something other than an encoder of plain texts.
    private static func expectPlainText(_ config: Config) throws(ConfigError) {
        try config.expectOnly(
            Set([
                "max_seq_length", "do_lower_case", "transformer_task", "modality_config", "module_output_name",
                "unpad_inputs", "query_length", "document_length", "query_expansion",
            ]).union(optionKeys))
        _ = try config.choice("transformer_task", ["feature-extraction": ()], default: ())
        _ = try config.choice("module_output_name", ["token_embeddings": ()], default: ())
        for key in ["query_length", "document_length", "query_expansion"] where config.has(key) {
            throw config.failure(key, expected: "no such key: vectors of single tokens are not supported")
        }
        for key in optionKeys {
            if let options = try config.optionalObject(key), let first = options.keys.first {
                throw options.failure(first, expected: "no options", found: "an option not supported")
            }
        }
        guard let modalities = try config.optionalObject("modality_config") else { return }
        let text = try modalities.object("text")
        _ = try text.choice("method", ["forward": ()])
        _ = try text.choice("method_output_name", ["last_hidden_state": ()])
    }
}
