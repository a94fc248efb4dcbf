import JSON

/// The steps that `tokenizer.json` names; a type that is not known is refused by its name.
extension TokenizerFile {
    /// The most steps in a sequence.
    private static let stepLimit = 64
    /// How many times longer all replacements together may make a text.
    private static let growthLimit = 64

    /// What the steps so far may do together: a file must not nest or chain them until a letter fills any memory.
    private struct Effort {
        /// Steps, wherever they stand.
        var steps = 0
        /// How many times longer they may make a text.
        var growth = 1

        /// Accounts for a step.
        mutating func addStep(_ config: Config) throws(ConfigError) {
            steps += 1
            guard steps <= stepLimit else {
                throw config.failure("type", expected: "at most \(stepLimit) steps, those inside of others counted")
            }
        }

        /// Accounts for a step that may make a text so many times longer.
        mutating func multiply(by factor: Int, _ key: String, _ config: Config) throws(ConfigError) {
            let (product, overflows) = growth.multipliedReportingOverflow(by: max(1, factor))
            guard !overflows, product <= growthLimit else {
                throw config.failure(
                    key, expected: "steps that make a text at most \(growthLimit) times longer together")
            }
            growth = product
        }
    }

    /// `normalizer`.
    func normalizer() throws(ConfigError) -> (any Normalizer)? {
        guard let config = try root.optionalObject("normalizer") else { return nil }
        var effort = Effort()
        return try Self.normalizer(config, &effort)
    }

    /// `pre_tokenizer`.
    func preTokenizer() throws(ConfigError) -> (any PreTokenizer)? {
        guard let config = try root.optionalObject("pre_tokenizer") else { return nil }
        var effort = Effort()
        return try Self.preTokenizer(config, &effort)
    }

    private static func normalizer(
        _ config: Config, _ effort: inout Effort
    ) throws(ConfigError) -> any Normalizer {
        try effort.addStep(config)
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
        case "Replace": return try replacement(config, &effort)
        case "BertNormalizer":
            let lowercases = try config.bool("lowercase")
            return BERTNormalizer(
                cleansText: try config.bool("clean_text"), separatesChinese: try config.bool("handle_chinese_chars"),
                stripsAccents: try config.optionalBool("strip_accents") ?? lowercases, lowercases: lowercases)
        case "Sequence":
            var steps: [any Normalizer] = []
            for step in try config.objects("normalizers", count: 0...stepLimit) {
                steps.append(try normalizer(step, &effort))
            }
            return NormalizerSequence(steps: steps)
        default:
            if let step = try SentencePieceComponents.normalizer(type, config) {
                try effort.multiply(by: step.map.longestReplacement, "precompiled_charsmap", config)
                return step
            }
            throw config.failure("type", expected: "a normalizer that is supported")
        }
    }

    private static func replacement(
        _ config: Config, _ effort: inout Effort
    ) throws(ConfigError) -> any Normalizer {
        let content = Array(try config.string("content").unicodeScalars)
        let pattern = try config.object("pattern")
        // A chain of replacements that double a text would fill any memory.
        let length = try pattern.optionalString("String")?.unicodeScalars.count ?? 1
        guard content.count <= growthLimit * max(length, 1) else {
            throw config.failure("content", expected: "at most \(growthLimit) times the pattern's length")
        }
        try effort.multiply(by: (content.count + length - 1) / max(length, 1), "content", config)
        if let string = try pattern.optionalString("String") {
            guard !string.isEmpty else { throw pattern.failure("String", expected: "a string that is not empty") }
            return ReplaceNormalizer(pattern: .string(Array(string.unicodeScalars)), content: content)
        }
        let regex = try pattern.string("Regex")
        if regex.hasSameBytes(as: #"\s+"#) { return ReplaceNormalizer(pattern: .spaces, content: content) }
        if let step = SentencePieceComponents.replace(regex: regex, with: content) { return step }
        throw pattern.failure("Regex", expected: "a pattern that is supported")
    }

    private static func preTokenizer(
        _ config: Config, _ effort: inout Effort
    ) throws(ConfigError) -> any PreTokenizer {
        try effort.addStep(config)
        let type = try config.string("type")
        switch type {
        case "ByteLevel":
            // A scalar for each of its bytes; a second such step would spell those in bytes again.
            try effort.multiply(by: 4, "type", config)
            return ByteLevelPreTokenizer(
                addsPrefixSpace: try config.bool("add_prefix_space"),
                usesPattern: try config.bool("use_regex", default: true))
        case "BertPreTokenizer": return BERTPreTokenizer()
        case "WhitespaceSplit": return WhitespacePreTokenizer()
        case "Sequence":
            var steps: [any PreTokenizer] = []
            for step in try config.objects("pretokenizers", count: 0...stepLimit) {
                steps.append(try preTokenizer(step, &effort))
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
