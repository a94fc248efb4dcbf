import JSON

/// The steps that `tokenizer.json` names; a type that is not known is refused by its name.
extension TokenizerFile {
    /// The most steps in a sequence.
    private static let stepLimit = 64
    /// How many times longer all replacements together may make a text.
    private static let growthLimit = 64

    /// `normalizer`.
    func normalizer() throws(ConfigError) -> (any Normalizer)? {
        guard let config = try root.optionalObject("normalizer") else { return nil }
        var growth = 1
        return try Self.normalizer(config, &growth)
    }

    /// `pre_tokenizer`.
    func preTokenizer() throws(ConfigError) -> (any PreTokenizer)? {
        guard let config = try root.optionalObject("pre_tokenizer") else { return nil }
        return try Self.preTokenizer(config)
    }

    private static func normalizer(
        _ config: Config, _ growth: inout Int
    ) throws(ConfigError) -> any Normalizer {
        let type = try config.string("type")
        switch type {
        case "NFC": return NFCNormalizer()
        case "NFD": return NFDNormalizer()
        case "Lowercase": return LowercaseNormalizer()
        case "Strip":
            return StripNormalizer(left: try config.bool("strip_left"), right: try config.bool("strip_right"))
        case "Prepend":
            let content = Array(try config.string("prepend").unicodeScalars)
            guard content.count <= growthLimit else {
                throw config.failure("prepend", expected: "at most \(growthLimit) characters")
            }
            return PrependNormalizer(content: content)
        case "Replace": return try replacement(config, &growth)
        case "BertNormalizer":
            let lowercases = try config.bool("lowercase")
            return BERTNormalizer(
                cleansText: try config.bool("clean_text"), separatesChinese: try config.bool("handle_chinese_chars"),
                stripsAccents: try config.optionalBool("strip_accents") ?? lowercases, lowercases: lowercases)
        case "Sequence":
            // The JSON parser bounds how deep sequences nest.
            var steps: [any Normalizer] = []
            for step in try config.objects("normalizers", count: 0...stepLimit) {
                steps.append(try normalizer(step, &growth))
            }
            return NormalizerSequence(steps: steps)
        default:
            if let step = try SentencePieceComponents.normalizer(type, config) { return step }
            throw config.failure("type", expected: "a normalizer that is supported")
        }
    }

    private static func replacement(
        _ config: Config, _ growth: inout Int
    ) throws(ConfigError) -> any Normalizer {
        let content = Array(try config.string("content").unicodeScalars)
        let pattern = try config.object("pattern")
        // A chain of replacements that double a text would fill any memory.
        let length = try pattern.optionalString("String")?.unicodeScalars.count ?? 1
        guard content.count <= growthLimit * max(length, 1) else {
            throw config.failure("content", expected: "at most \(growthLimit) times the pattern's length")
        }
        growth *= max(1, (content.count + length - 1) / max(length, 1))
        guard growth <= growthLimit else {
            throw config.failure(
                "content", expected: "replacements that make a text at most \(growthLimit) times longer together")
        }
        if let string = try pattern.optionalString("String") {
            guard !string.isEmpty else { throw pattern.failure("String", expected: "a string that is not empty") }
            return ReplaceNormalizer(pattern: .string(Array(string.unicodeScalars)), content: content)
        }
        let regex = try pattern.string("Regex")
        if regex.hasSameBytes(as: #"\s+"#) { return ReplaceNormalizer(pattern: .spaces, content: content) }
        if let step = SentencePieceComponents.replace(regex: regex, with: content) { return step }
        throw pattern.failure("Regex", expected: "a pattern that is supported")
    }

    private static func preTokenizer(_ config: Config) throws(ConfigError) -> any PreTokenizer {
        let type = try config.string("type")
        switch type {
        case "ByteLevel":
            return ByteLevelPreTokenizer(
                addsPrefixSpace: try config.bool("add_prefix_space"),
                usesPattern: try config.bool("use_regex", default: true))
        case "BertPreTokenizer": return BERTPreTokenizer()
        case "WhitespaceSplit": return WhitespacePreTokenizer()
        case "Sequence":
            var steps: [any PreTokenizer] = []
            for step in try config.objects("pretokenizers", count: 0...stepLimit) {
                steps.append(try preTokenizer(step))
            }
            return PreTokenizerSequence(steps: steps)
        default:
            if type.hasSameBytes(as: "Split"), let step = try clipPattern(config) { return step }
            if let step = try SentencePieceComponents.preTokenizer(type, config) { return step }
            throw config.failure("type", expected: "a pre-tokenizer that is supported")
        }
    }

    /// CLIP's pattern, where the step is a split by one. Patterns of a file are never run: those that are known are
    /// code.
    private static func clipPattern(_ config: Config) throws(ConfigError) -> CLIPPattern? {
        let pattern = try config.object("pattern")
        guard let regex = try pattern.optionalString("Regex") else { return nil }
        let found: CLIPPattern
        if regex.hasSameBytes(as: CLIPPattern.spelling) {
            found = CLIPPattern()
        } else if regex.hasSameBytes(as: CLIPPattern.spellingWithSpecials) {
            found = .withSpecials
        } else {
            throw pattern.failure("Regex", expected: "a pattern that is supported")
        }
        guard try config.string("behavior").hasSameBytes(as: "Removed") else {
            throw config.failure("behavior", expected: "\"Removed\" for this pattern")
        }
        guard try config.bool("invert") else { throw config.failure("invert", expected: "true for this pattern") }
        return found
    }
}
