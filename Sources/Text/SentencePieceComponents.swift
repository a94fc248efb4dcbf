import JSON

/// The steps of tokenizers that come from SentencePiece.
enum SentencePieceComponents {
    /// The longest string that `Split` cuts at, in bytes.
    private static let patternLimit = 1024

    /// A normalizer of `tokenizer.json`; `nil` for a type that is not one of these.
    static func normalizer(_ type: String, _ config: Config) throws(ConfigError) -> CharacterMapNormalizer? {
        guard type.hasSameBytes(as: "Precompiled") else { return nil }
        guard let bytes = Base64.decode(try config.string("precompiled_charsmap")) else {
            throw config.failure("precompiled_charsmap", expected: "base64", found: "another string")
        }
        do {
            return CharacterMapNormalizer(map: try CharacterMap(bytes))
        } catch {
            throw config.failure("precompiled_charsmap", expected: error.expected, found: error.found)
        }
    }

    /// A replacement of what a pattern finds; `nil` for a pattern that is not known.
    static func replace(regex: String, with content: [Unicode.Scalar]) -> (any Normalizer)? {
        SentencePieceReplace(regex: regex, content: content)
    }

    /// A pre-tokenizer of `tokenizer.json`; `nil` for a type that is not one of these.
    static func preTokenizer(_ type: String, _ config: Config) throws(ConfigError) -> (any PreTokenizer)? {
        if type.hasSameBytes(as: "Metaspace") { return try metaspace(config) }
        guard type.hasSameBytes(as: "Split") else { return nil }
        let pattern = try config.object("pattern")
        let string = try pattern.string("String")
        guard !string.isEmpty, string.utf8.count <= patternLimit else {
            throw pattern.failure("String", expected: "a string of 1 to \(patternLimit) bytes")
        }
        guard try !config.bool("invert", default: false) else {
            throw config.failure("invert", expected: "false for a string")
        }
        let behavior: SentencePieceSplit.Behavior = try config.choice(
            "behavior",
            [
                "Removed": .removed, "Isolated": .isolated, "MergedWithPrevious": .mergedWithPrevious,
                "MergedWithNext": .mergedWithNext, "Contiguous": .contiguous,
            ])
        return SentencePieceSplit(pattern: Array(string.unicodeScalars), behavior: behavior)
    }

    /// `prepend_scheme` says where a replacement is put before texts; older files say it by `add_prefix_space`.
    private static func metaspace(_ config: Config) throws(ConfigError) -> SentencePieceMetaspace {
        let replacement = try config.string("replacement", default: "\u{2581}").unicodeScalars
        guard let first = replacement.first, replacement.count == 1 else {
            throw config.failure("replacement", expected: "a single character")
        }
        let prefixes: [String: SentencePieceMetaspace.Prefix] = ["always": .always, "first": .first, "never": .never]
        var prefix = try config.choice("prepend_scheme", prefixes, default: .always)
        if try config.optionalBool("add_prefix_space") == false {
            guard try config.choice("prepend_scheme", prefixes, default: .never) == .never else {
                throw config.failure("prepend_scheme", expected: "\"never\", as add_prefix_space is false")
            }
            prefix = .never
        }
        return SentencePieceMetaspace(
            replacement: first, prefix: prefix, splits: try config.bool("split", default: true))
    }

    /// A model of `tokenizer.json`; `nil` for a type that is not one of these.
    static func model(_ type: String, _ file: TokenizerFile, _ settings: TokenizerSettings) throws(TokenizerError)
        -> (any TokenModel)?
    {
        guard type.hasSameBytes(as: "Unigram") else { return nil }
        // This class reads the file by itself, and its scores are the nearest doubles.
        let isExact = SentencePieceFolder.Class(settings) == .xlmRoberta
        do throws(ConfigError) {
            let unknown = try file.model.int("unk_id", in: 0...Vocabulary.countLimit)
            let hasByteFallback = try file.model.bool("byte_fallback", default: false)
            do {
                return try UnigramModel(
                    pieces: file.pieces.map {
                        ($0.piece, isExact ? $0.score : UnigramScores.asTokenizersRead($0.score))
                    }, unknownID: unknown,
                    hasByteFallback: hasByteFallback)
            } catch {
                throw file.model.failure("vocab", expected: error.expected, found: error.found)
            }
        } catch {
            throw .config(error)
        }
    }

    /// The steps of `tokenizer.json` before its model, as transformers' class for the folder has them: two classes
    /// bring their own whatever the file says.
    static func steps(of file: TokenizerFile, _ settings: TokenizerSettings) throws(ConfigError)
        -> (normalizer: (any Normalizer)?, preTokenizer: (any PreTokenizer)?)
    {
        switch SentencePieceFolder.Class(settings) {
        case .xlmRoberta:
            let prefix = try settings.config.bool("add_prefix_space", default: true)
            return (try precompiled(file), SentencePieceFolder.wordPreTokenizer(addsPrefixSpace: prefix))
        case .siglip2:
            // The class's lower case comes first.
            let steps = [LowercaseNormalizer(), try file.normalizer()].compactMap { $0 }
            return (NormalizerSequence(steps: steps), try file.preTokenizer())
        case .siglip, nil: return (try file.normalizer(), try file.preTokenizer())
        }
    }

    /// The file's character map, the only step of its normalizer that the class keeps.
    private static func precompiled(_ file: TokenizerFile) throws(ConfigError) -> (any Normalizer)? {
        guard let config = try file.root.optionalObject("normalizer") else { return nil }
        var steps = [config]
        if try config.string("type").hasSameBytes(as: "Sequence") {
            steps = try config.objects("normalizers", count: 0...64)
        }
        for step in steps {
            if let normalizer = try normalizer(try step.string("type"), step) { return normalizer }
        }
        return nil
    }

    /// The steps of a folder with a SentencePiece model; `nil` where there is none.
    static func pipeline(folder: String, settings: TokenizerSettings) throws(TokenizerError) -> Pipeline? {
        try SentencePieceFolder.pipeline(folder: folder, settings: settings)
    }
}
