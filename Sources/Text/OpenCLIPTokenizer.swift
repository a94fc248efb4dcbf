import Files
import JSON

/// The tokenizers of open_clip (open_clip 3.3, `tokenizer.py`) and of OpenAI's CLIP.
enum OpenCLIPTokenizer {
    static let configName = "open_clip_config.json"

    /// The tokenizer of a folder: `SimpleTokenizer`, or `HFTokenizer` where `text_cfg` names a Hugging Face tokenizer,
    /// whose files must be in the folder.
    static func pipeline(folder: String) throws(TokenizerError) -> Pipeline {
        let config = try TokenizerSettings.read(folder, configName)
        do {
            let text = try config?.object("model_cfg").object("text_cfg")
            let options = try text?.optionalObject("tokenizer_kwargs")
            for key in options?.keys ?? [] where !["clean", "strip_sep_token", "context_length"].contains(key) {
                throw options?.failure(key, expected: "no such option")
                    ?? ConfigError.value(file: folder, keyPath: key, expected: "", found: "")
            }
            let limit = try text?.int("context_length", in: 1...1 << 20, default: 77) ?? 77
            if try text?.optionalString("hf_tokenizer_name") != nil {
                if let options, try options.bool("strip_sep_token", default: false) {
                    throw options.failure("strip_sep_token", expected: "false")
                }
                var pipeline = try Tokenizer.pipeline(settings: try TokenizerSettings(folder: folder))
                pipeline.cleanUp = try options?.choice("clean", cleanUps, default: .whitespace) ?? .whitespace
                pipeline.roles.lengthLimit = limit
                return pipeline
            }
            let cleanUp = try options?.choice("clean", cleanUps, default: .lower) ?? .lower
            let specials = config == nil ? openAISpecials : openCLIPSpecials
            return try simple(try tables(folder, specials), specials, cleanUp, limit: limit)
        } catch let error as ConfigError {
            throw .config(error)
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .format(file: folder, line: nil, expected: "a tokenizer", found: "\(error)")
        }
    }

    private static let cleanUps: [String: TextRepair] = [
        "lower": .lower, "whitespace": .whitespace, "canonicalize": .canonicalize,
    ]
    private static let openAISpecials = ["<|startoftext|>", "<|endoftext|>"]
    private static let openCLIPSpecials = ["<start_of_text>", "<end_of_text>"]

    /// CLIP's tables from whichever files the folder has; the last two tokens are spelled as `specials`.
    private static func tables(_ folder: String, _ specials: [String]) throws(TokenizerError) -> ModelTables {
        func has(_ name: String) -> Bool { FileSystem.exists(FileSystem.join(folder, name)) }
        if has(OpenAIVocabulary.fileName) { return try OpenAIVocabulary.tables(folder: folder, specials: specials) }
        var tables: ModelTables
        if has("vocab.json"), has("merges.txt") {
            tables = try VocabularyFiles.bytePairs(folder: folder)
        } else if has("tokenizer.json") {
            tables = try TokenizerFile(path: FileSystem.join(folder, "tokenizer.json")).tables
        } else {
            throw .noTokenizer(
                folder: folder, expected: [OpenAIVocabulary.fileName, "vocab.json and merges.txt", "tokenizer.json"])
        }
        for (place, special) in openAISpecials.enumerated() {
            let id = tables.entries.count - openAISpecials.count + place
            guard let position = tables.entries.firstIndex(where: { $0.id == id }),
                tables.entries[position].token.hasSameBytes(as: special)
            else {
                throw .format(
                    file: tables.file, line: nil, expected: "\(special) with the id \(id), as CLIP's vocabulary ends",
                    found: tables.entries.first { $0.id == id }?.token.quoted ?? "none")
            }
            tables.entries[position].token = specials[place]
        }
        return tables
    }

    private static func simple(
        _ tables: ModelTables, _ specials: [String], _ cleanUp: TextRepair, limit: Int
    ) throws(TokenizerError) -> Pipeline {
        let vocabulary = try tables.vocabulary()
        let (start, end) = (vocabulary.count - 2, vocabulary.count - 1)
        var options = BytePairModel.Options(suffix: OpenAIVocabulary.suffix)
        options.words = [specials[0]: start, specials[1]: end]
        let pattern = CLIPPattern(specials: specials.map { Array($0.unicodeScalars) }, ignoresCase: true)
        let byteLevel = ByteLevelPreTokenizer(addsPrefixSpace: false, usesPattern: false)
        return Pipeline(
            cleanUp: cleanUp, addedTokens: AddedTokens(),
            preTokenizer: PreTokenizerSequence(steps: [pattern, byteLevel]),
            model: BytePairModel(vocabulary: vocabulary, merges: try tables.mergeTable(vocabulary), options: options),
            template: Template(before: [start], after: [end]),
            // Rows are filled up with zeros, which is the token "!".
            roles: Pipeline.Roles(start: start, end: end, padding: 0, lengthLimit: limit))
    }
}
