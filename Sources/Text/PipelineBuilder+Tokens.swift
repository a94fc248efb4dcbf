import Files
import JSON

/// The tokens that play a part, and those that are found in texts.
extension PipelineBuilder {
    /// The id of a token that must be there.
    func id(
        of role: TokenizerSettings.Role, _ vocabulary: Vocabulary, _ added: [AddedTokens.Token] = []
    ) throws(TokenizerError) -> Int {
        let name = settings.names[role]?.content ?? family?.defaultName(role)
        guard let name else {
            throw .config(settings.config.failure(role.rawValue, expected: "a token"))
        }
        if let id = vocabulary.id(of: name) { return id }
        if let token = added.first(where: { $0.content.hasSameBytes(as: name) }) { return token.id }
        throw .config(
            settings.config.failure(role.rawValue, expected: "a token of the vocabulary", found: name.quoted))
    }

    /// The added tokens of `tokenizer.json`, with the flags that `tokenizer_config.json` gives them, and the tokens
    /// only that file lists.
    func addedTokens(of file: TokenizerFile) throws(TokenizerError) -> [AddedTokens.Token] {
        var tokens: [Int: AddedTokens.Token] = [:]
        do throws(ConfigError) {
            if file.root.has("added_tokens") {
                for config in try file.root.objects("added_tokens", count: 0...Vocabulary.countLimit) {
                    let id = try config.int("id", in: 0...Vocabulary.countLimit)
                    guard tokens[id] == nil else { throw config.failure("id", expected: "an id of its own") }
                    tokens[id] = try TokenizerSettings.addedToken(config, id: id)
                }
            }
            for token in settings.addedTokens {
                if let other = tokens[token.id], !other.content.hasSameBytes(as: token.content) {
                    throw settings.config.failure(
                        "added_tokens_decoder",
                        expected: "\(other.content.quoted) for \(token.id), as \(file.file) has",
                        found: token.content.quoted)
                }
                // Where both list a token, the class takes the settings' flags, but only from the newer of the files.
                if tokens[token.id] == nil || settings.listsAddedTokens { tokens[token.id] = token }
            }
        } catch {
            throw .config(error)
        }
        return tokens.values.sorted { $0.id < $1.id }
    }

    /// Adds the tokens that play a part and are not among the added ones yet, but in the vocabulary.
    func merged(_ added: [AddedTokens.Token], _ vocabulary: Vocabulary) throws(TokenizerError) -> [AddedTokens.Token] {
        var result = added
        var seen = Vocabulary()
        for token in added { _ = seen.append(token.content) }
        func add(_ name: String, _ role: TokenizerSettings.Role?, _ named: TokenizerSettings.NamedToken?)
            throws(TokenizerError)
        {
            guard seen.append(name) else { return }
            guard let id = vocabulary.id(of: name) else {
                // A default of the class may be missing; what a file names may not.
                guard let named else { return }
                throw .config(
                    named.source.failure(
                        role?.rawValue ?? "additional_special_tokens", expected: "tokens of the vocabulary",
                        found: name.quoted))
            }
            var token = named?.flags ?? family?.defaultFlags(role) ?? AddedTokens.Token(content: name, id: id)
            token.content = name
            token.id = id
            result.append(token)
        }
        for role in TokenizerSettings.Role.allCases {
            let named = settings.names[role]
            guard let name = named?.content ?? family?.defaultName(role) else { continue }
            try add(name, role, named)
        }
        for named in settings.furtherSpecials { try add(named.content, nil, named) }
        return result
    }

    /// Refuses added tokens whose ids are another token's, or leave a hole.
    func checkIDs(_ pipeline: Pipeline) throws(TokenizerError) {
        let vocabulary = pipeline.model.vocabulary
        var next = vocabulary.count
        let length = pipeline.addedTokens.tokens.reduce(0) { $0 + $1.content.utf8.count }
        guard length <= AddedTokens.totalLimit else {
            throw .config(
                settings.config.failure(
                    "added_tokens", expected: "spellings of at most \(AddedTokens.totalLimit) bytes together",
                    found: "\(length)"))
        }
        for token in pipeline.addedTokens.tokens {
            if token.id < vocabulary.count {
                guard vocabulary.bytes(of: token.id).elementsEqual(token.content.utf8) else {
                    throw .config(
                        settings.config.failure(
                            "added_tokens",
                            expected: "the vocabulary's token for \(token.id), "
                                + (vocabulary.token(token.id) ?? "").quoted, found: token.content.quoted))
                }
            } else {
                guard token.id == next else {
                    throw .config(
                        settings.config.failure(
                            "added_tokens", expected: "the next id, \(next), for \(token.content.quoted)",
                            found: "\(token.id)"))
                }
                next += 1
            }
        }
    }

    /// Refuses settings that say otherwise than `tokenizer.json`: the reference takes the settings, or the class's
    /// defaults, and the file's author meant the other thing.
    func checkAgainstFamily(
        _ file: TokenizerFile, _ normalizer: (any Normalizer)?, _ preTokenizer: (any PreTokenizer)?
    ) throws(ConfigError) {
        switch family {
        case .bert, .mpnet:
            let expected = try family?.bertNormalizer(settings.config)
            guard let found = normalizer as? BERTNormalizer else {
                throw file.root.failure("normalizer", expected: "a BertNormalizer, as the tokenizer's class has")
            }
            guard let expected, found == expected else {
                throw settings.config.failure(
                    "do_lower_case, strip_accents, tokenize_chinese_chars",
                    expected: "what the normalizer of \(file.file) does: \(found.summary)",
                    found: expected?.summary ?? "")
            }
        case .gpt2, .roberta:
            let expected = try settings.config.bool("add_prefix_space", default: false)
            guard let found = preTokenizer as? ByteLevelPreTokenizer else {
                throw file.root.failure("pre_tokenizer", expected: "ByteLevel, as the tokenizer's class has")
            }
            guard found.addsPrefixSpace == expected else {
                throw settings.config.failure(
                    "add_prefix_space", expected: "\(found.addsPrefixSpace), as \(file.file) has",
                    found: "\(expected)")
            }
        case .clip, nil: break
        }
    }

    /// Fills in the parts that tokens play, and start and end tokens where the settings ask for them by name.
    func finish(_ pipeline: inout Pipeline) throws(TokenizerError) {
        let tokens = pipeline
        func id(_ role: TokenizerSettings.Role) -> Int? {
            guard let name = settings.names[role]?.content ?? family?.defaultName(role) else { return nil }
            return tokens.id(of: name)
        }
        if family == nil || family == .gpt2 { try addStartAndEnd(&pipeline, id) }
        pipeline.roles = Pipeline.Roles(
            start: pipeline.template.before.first ?? id(.start) ?? id(.classification),
            end: pipeline.template.after.last ?? id(.end) ?? id(.separator), padding: id(.padding),
            unknown: id(.unknown), lengthLimit: settings.lengthLimit)
    }

    /// `add_bos_token` and `add_eos_token` take the place of what `tokenizer.json` puts before and after a text;
    /// XLM-RoBERTa's class does not look at them.
    private func addStartAndEnd(
        _ pipeline: inout Pipeline, _ id: (TokenizerSettings.Role) -> Int?
    ) throws(TokenizerError) {
        do throws(ConfigError) {
            let addsStart = try settings.config.optionalBool("add_bos_token")
            let addsEnd = try settings.config.optionalBool("add_eos_token")
            guard addsStart != nil || addsEnd != nil, settings.modelType != "xlm-roberta" else { return }
            let template = pipeline.template
            pipeline.template = Template(
                before: addsStart.map { $0 ? [id(.start)].compactMap { $0 } : [] } ?? template.before,
                after: addsEnd.map { $0 ? [id(.end)].compactMap { $0 } : [] } ?? template.after)
        } catch {
            throw .config(error)
        }
    }
}

extension BERTNormalizer {
    fileprivate var summary: String {
        "lower case \(lowercases), accents stripped \(stripsAccents), Chinese apart \(separatesChinese), "
            + "clean text \(cleansText)"
    }
}
