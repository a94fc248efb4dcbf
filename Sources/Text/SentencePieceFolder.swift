import Files
import JSON

/// A folder whose vocabulary is a SentencePiece model, read as transformers' classes read it (transformers 5.23,
/// `models/siglip/tokenization_siglip.py`, `models/xlm_roberta/tokenization_xlm_roberta.py`).
enum SentencePieceFolder {
    /// transformers' classes whose rules are more than what their files say.
    enum Class: Sendable {
        case siglip, siglip2, xlmRoberta

        /// The class of a folder: by `tokenizer_class`, else by `model_type` of `config.json`. SigLIP 2's model type
        /// goes before the class that its published folders name.
        init?(_ settings: TokenizerSettings) {
            let types: [String: Class] = ["siglip": .siglip, "siglip2": .siglip2, "xlm-roberta": .xlmRoberta]
            let classes: [String: Class] = [
                "SiglipTokenizer": .siglip, "Siglip2Tokenizer": .siglip2, "XLMRobertaTokenizer": .xlmRoberta,
            ]
            let byType = settings.modelType.flatMap { types[$0] }
            let found = byType == .siglip2 ? byType : settings.tokenizerClass.map { classes[$0] } ?? byType
            guard let found else { return nil }
            self = found
        }
    }

    /// The file's names, in the order they are looked for.
    static let fileNames = ["spiece.model", "sentencepiece.bpe.model", "tokenizer.model"]

    /// The steps of a folder; `nil` where no such file is there.
    static func pipeline(folder: String, settings: TokenizerSettings) throws(TokenizerError) -> Pipeline? {
        let paths = fileNames.map { FileSystem.join(folder, $0) }
        guard let path = paths.first(where: { FileSystem.exists($0) }) else { return nil }
        let bytes: [UInt8]
        do throws(FileError) {
            bytes = try FileSystem.read(path, limit: SentencePieceModel.byteLimit)
        } catch {
            throw .file(error)
        }
        let model = try SentencePieceModel(file: path, bytes: bytes)
        guard model.algorithm == .unigram else {
            throw .format(
                file: path, line: nil, expected: "a model of type UNIGRAM", found: model.algorithm.name)
        }
        do {
            switch Class(settings) {
            case .siglip: return try siglip(model, settings)
            case .xlmRoberta: return try xlmRoberta(model, settings)
            case .siglip2, nil:
                throw TokenizerError.config(
                    settings.config.failure(
                        "tokenizer_class",
                        expected: "SiglipTokenizer or XLMRobertaTokenizer for \(FileSystem.lastComponent(path))"))
            }
        } catch let error as TokenizerError {
            throw error
        } catch let error as ConfigError {
            throw .config(error)
        } catch let error as SentencePieceWire.Failure {
            throw .format(file: path, line: nil, expected: error.expected, found: error.found)
        } catch {
            throw .format(file: path, line: nil, expected: "a tokenizer", found: "\(error)")
        }
    }

    /// XLM-RoBERTa's words: cut at white space, each with U+2581 before it unless the settings say otherwise.
    static func wordPreTokenizer(addsPrefixSpace: Bool) -> any PreTokenizer {
        PreTokenizerSequence(steps: [
            WhitespacePreTokenizer(), SentencePieceMetaspace(prefix: addsPrefixSpace ? .always : .never),
        ])
    }

    private static func siglip(_ file: SentencePieceModel, _ settings: TokenizerSettings) throws -> Pipeline {
        let unigram = try UnigramModel(file)
        let lowercases = try settings.config.bool("do_lower_case", default: true)
        let inner = try SentencePieceNormalizer(file)
        let defaults: [TokenizerSettings.Role: String] = [.end: "</s>", .padding: "</s>", .unknown: "<unk>"]
        let unknown = name(.unknown, settings, defaults) ?? "<unk>"
        let normalizer = NormalizerSequence(steps: [
            SentencePieceSiglip.Canonicalization(lowercases: lowercases),
            SentencePieceSiglip.UnknownPrefix(unknown: Array(unknown.unicodeScalars)), inner,
        ])
        let added = try addedTokens(settings, defaults, unigram.vocabulary)
        // The reference drops the token of the U+2581 before any of these.
        let specials = added.map { Array($0.content.unicodeScalars) }
        var pipeline = Pipeline(
            cleanUp: SentencePieceSiglip.Prefix(specials: specials),
            addedTokens: AddedTokens(added), normalizer: normalizer, preTokenizer: nil,
            model: SentencePieceSiglip.Model(base: unigram, normalizer: inner, unknown: unknown),
            template: Template())
        try PipelineBuilder(settings).checkIDs(pipeline)
        let end = try id(.end, pipeline, settings, defaults)
        pipeline.template = Template(after: [end], endsOnce: true)
        pipeline.roles = Pipeline.Roles(
            end: end, padding: try id(.padding, pipeline, settings, defaults),
            unknown: try id(.unknown, pipeline, settings, defaults), lengthLimit: settings.lengthLimit ?? 64)
        return pipeline
    }

    private static func xlmRoberta(_ file: SentencePieceModel, _ settings: TokenizerSettings) throws -> Pipeline {
        let defaults: [TokenizerSettings.Role: String] = [
            .start: "<s>", .padding: "<pad>", .end: "</s>", .unknown: "<unk>", .mask: "<mask>", .separator: "</s>",
            .classification: "<s>",
        ]
        // The class's own order of special tokens takes the place of the file's first three.
        var pieces: [(piece: String, score: Double)] = []
        for role in [TokenizerSettings.Role.start, .padding, .end, .unknown] {
            pieces.append((name(role, settings, defaults) ?? "", 0))
        }
        pieces += file.pieces.dropFirst(3).map { ($0.text, Double($0.score)) }
        pieces.append((name(.mask, settings, defaults) ?? "", 0))
        let unigram = try UnigramModel(pieces: pieces, unknownID: 3, hasByteFallback: false)
        let map = file.normalization.characterMap
        let normalizer = map.isEmpty ? nil : CharacterMapNormalizer(map: try CharacterMap(map))
        let addsPrefixSpace = try settings.config.bool("add_prefix_space", default: true)
        let added = try addedTokens(settings, defaults, unigram.vocabulary)
        var pipeline = Pipeline(
            addedTokens: AddedTokens(added, normalizer: normalizer), normalizer: normalizer,
            preTokenizer: wordPreTokenizer(addsPrefixSpace: addsPrefixSpace), model: unigram, template: Template())
        try PipelineBuilder(settings).checkIDs(pipeline)
        let start = try id(.start, pipeline, settings, defaults)
        let end = try id(.end, pipeline, settings, defaults)
        pipeline.template = Template(before: [start], after: [end])
        pipeline.roles = Pipeline.Roles(
            start: start, end: end, padding: try id(.padding, pipeline, settings, defaults),
            unknown: try id(.unknown, pipeline, settings, defaults), lengthLimit: settings.lengthLimit)
        return pipeline
    }

    private static func name(
        _ role: TokenizerSettings.Role, _ settings: TokenizerSettings, _ defaults: [TokenizerSettings.Role: String]
    ) -> String? {
        settings.names[role]?.content ?? defaults[role]
    }

    private static func id(
        _ role: TokenizerSettings.Role, _ pipeline: Pipeline, _ settings: TokenizerSettings,
        _ defaults: [TokenizerSettings.Role: String]
    ) throws(TokenizerError) -> Int {
        let name = name(role, settings, defaults) ?? ""
        if let id = pipeline.id(of: name) { return id }
        throw .config(
            settings.config.failure(
                role.rawValue, expected: "a token of the vocabulary", found: name.quoted))
    }

    /// The tokens that the settings list, and those that play a part.
    private static func addedTokens(
        _ settings: TokenizerSettings, _ defaults: [TokenizerSettings.Role: String], _ vocabulary: Vocabulary
    ) throws(TokenizerError) -> [AddedTokens.Token] {
        var result = try PipelineBuilder(settings).merged(settings.addedTokens, vocabulary)
        for name in Set(defaults.values).sorted(by: { $0.precedesByBytes($1) }) {
            guard !result.contains(where: { $0.content.hasSameBytes(as: name) }), let id = vocabulary.id(of: name),
                defaults.contains(where: { $0.value == name && settings.names[$0.key] == nil })
            else { continue }
            result.append(AddedTokens.Token(content: name, id: id))
        }
        return result
    }
}
