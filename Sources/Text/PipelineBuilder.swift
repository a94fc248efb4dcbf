import Files
import JSON

/// Puts the steps of a tokenizer together from a model's folder, and checks its files against each other.
struct PipelineBuilder {
    let settings: TokenizerSettings
    let family: TokenizerFamily?

    /// - Parameters:
    ///   - settings: what the folder says.
    ///   - family: the family that its tables tell where the settings name none.
    init(_ settings: TokenizerSettings, family: TokenizerFamily? = nil) {
        self.settings = settings
        self.family = family ?? TokenizerFamily(settings)
    }

    /// The steps of `tokenizer.json`.
    func pipeline(_ file: TokenizerFile) throws(TokenizerError) -> Pipeline {
        do {
            var added = try addedTokens(of: file)
            let (normalizer, preTokenizer) = try SentencePieceComponents.steps(of: file, settings)
            let model = try model(file, added)
            added = try merged(added, model.vocabulary)
            var pipeline = Pipeline(
                addedTokens: AddedTokens(added, normalizer: normalizer), normalizer: normalizer,
                preTokenizer: preTokenizer, model: model, template: Template())
            try checkIDs(pipeline)
            pipeline.template = try file.template { (content, id, config) throws(ConfigError) in
                guard let found = pipeline.token(id), found.hasSameBytes(as: content) else {
                    throw config.failure(
                        "type", expected: "the id of \(content.quoted)",
                        found: "\(id), which is \(pipeline.token(id).map(\.quoted) ?? "no token")")
                }
            }
            try checkAgainstFamily(file, normalizer, preTokenizer)
            try finish(&pipeline)
            pipeline.roles.padsLeft = try file.padsLeft(settings)
            return pipeline
        } catch let error as ConfigError {
            throw .config(error)
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .format(file: file.file, line: nil, expected: "a tokenizer", found: "\(error)")
        }
    }

    /// The steps of a family around a bare vocabulary.
    func pipeline(_ family: TokenizerFamily, _ tables: ModelTables) throws(TokenizerError) -> Pipeline {
        do {
            let vocabulary = try tables.vocabulary(added: settings.addedTokens)
            let (normalizer, preTokenizer) = try family.steps(settings)
            let model: any TokenModel
            if family.hasMerges {
                var options = BytePairModel.Options()
                if family == .clip {
                    options.suffix = OpenAIVocabulary.suffix
                    options.unknown = try id(of: .unknown, vocabulary)
                }
                model = BytePairModel(
                    vocabulary: vocabulary, merges: try tables.mergeTable(vocabulary), options: options)
            } else {
                model = WordPieceModel(
                    vocabulary: vocabulary, unknown: try id(of: .unknown, vocabulary), prefix: Array("##".utf8),
                    wordLimit: 100)
            }
            let added = try merged(settings.addedTokens, vocabulary)
            var pipeline = Pipeline(
                addedTokens: AddedTokens(added, normalizer: normalizer), normalizer: normalizer,
                preTokenizer: preTokenizer, model: model, template: Template())
            try checkIDs(pipeline)
            pipeline.template = try family.template(settings) { (role) throws(TokenizerError) in
                try id(of: role, vocabulary, added)
            }
            try finish(&pipeline)
            return pipeline
        } catch let error as ConfigError {
            throw .config(error)
        } catch let error as TokenizerError {
            throw error
        } catch {
            throw .format(file: tables.file, line: nil, expected: "a tokenizer", found: "\(error)")
        }
    }

    private func model(_ file: TokenizerFile, _ added: [AddedTokens.Token]) throws -> any TokenModel {
        let type = try file.model.string("type")
        switch type {
        case "BPE": return try bytePairModel(file, added)
        case "WordPiece":
            let vocabulary = try file.tables.vocabulary(added: added)
            return WordPieceModel(
                vocabulary: vocabulary, unknown: try unknown(file, vocabulary) ?? -1,
                prefix: Array(try file.model.string("continuing_subword_prefix").utf8),
                wordLimit: try file.model.int("max_input_chars_per_word", in: 1...1_000))
        default:
            if let model = try SentencePieceComponents.model(type, file, settings) { return model }
            throw file.model.failure("type", expected: "a model that is supported")
        }
    }

    private func bytePairModel(_ file: TokenizerFile, _ added: [AddedTokens.Token]) throws -> BytePairModel {
        let config = file.model
        if config.has("dropout") {
            // Merges left out by chance are for training; ids would differ from run to run.
            guard try config.double("dropout", in: 0...1) == 0 else {
                throw config.failure("dropout", expected: "no dropout")
            }
        }
        guard try config.string("continuing_subword_prefix", default: "").isEmpty else {
            throw config.failure("continuing_subword_prefix", expected: "no prefix")
        }
        let vocabulary = try file.tables.vocabulary(added: added)
        var options = BytePairModel.Options(
            suffix: try config.string("end_of_word_suffix", default: ""), unknown: try unknown(file, vocabulary),
            fusesUnknown: try config.bool("fuse_unk", default: false),
            ignoresMerges: try config.bool("ignore_merges", default: false))
        if try config.bool("byte_fallback", default: false) {
            var tokens: [Int] = []
            for byte in UInt8.min...UInt8.max {
                let digits = String(byte, radix: 16, uppercase: true)
                let token = "<0x\(digits.utf8.count == 1 ? "0" : "")\(digits)>"
                guard let id = vocabulary.id(of: token) else {
                    throw config.failure("byte_fallback", expected: "the token \(token.quoted)", found: "none")
                }
                tokens.append(id)
            }
            options.byteTokens = tokens
        }
        return BytePairModel(
            vocabulary: vocabulary, merges: try file.tables.mergeTable(vocabulary), options: options)
    }

    private func unknown(_ file: TokenizerFile, _ vocabulary: Vocabulary) throws -> Int? {
        let isNeeded = try file.model.string("type").hasSameBytes(as: "WordPiece")
        let name = try isNeeded ? file.model.string("unk_token") : file.model.optionalString("unk_token")
        guard let name else { return nil }
        guard let id = vocabulary.id(of: name) else {
            throw file.model.failure("unk_token", expected: "a token of the vocabulary")
        }
        return id
    }
}
