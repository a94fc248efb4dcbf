import JSON

/// What `tokenizer.json` puts around a text.
extension TokenizerFile {
    private static let stepLimit = 16
    private static let tokenLimit = 64

    /// `post_processor`; `check` refuses an id that is not the spelling's.
    func template(check: (String, Int, Config) throws(ConfigError) -> Void) throws(ConfigError) -> Template {
        var template = Template()
        if let config = try root.optionalObject("post_processor") {
            try Self.add(config, to: &template, check)
        }
        return template
    }

    private static func add(
        _ config: Config, to template: inout Template, _ check: (String, Int, Config) throws(ConfigError) -> Void
    ) throws(ConfigError) {
        switch try config.string("type") {
        case "ByteLevel":
            if try config.bool("trim_offsets") { template.trims.append(try config.bool("add_prefix_space")) }
        case "RobertaProcessing":
            if try config.bool("trim_offsets") { template.trims.append(try config.bool("add_prefix_space")) }
            try addPair(config, to: &template, check)
        case "BertProcessing":
            try addPair(config, to: &template, check)
        case "TemplateProcessing":
            try addTemplate(config, to: &template, check)
        case "Sequence":
            for step in try config.objects("processors", count: 0...stepLimit) {
                // Sequences within one another are bounded by the JSON parser.
                try add(step, to: &template, check)
            }
        default:
            throw config.failure("type", expected: "a post-processor that is supported")
        }
    }

    private static func addPair(
        _ config: Config, to template: inout Template, _ check: (String, Int, Config) throws(ConfigError) -> Void
    ) throws(ConfigError) {
        template.before.insert(try token(config, "cls", check), at: 0)
        template.after.append(try token(config, "sep", check))
    }

    /// A list of a spelling and its id.
    private static func token(
        _ config: Config, _ key: String, _ check: (String, Int, Config) throws(ConfigError) -> Void
    ) throws(ConfigError) -> Int {
        guard let parts = config.value(key)?.arrayValue, parts.count == 2, let content = parts[0].stringValue,
            let id = parts[1].intValue
        else { throw config.failure(key, expected: "a list of a token and its id") }
        try check(content, id, config)
        return id
    }

    private static func addTemplate(
        _ config: Config, to template: inout Template, _ check: (String, Int, Config) throws(ConfigError) -> Void
    ) throws(ConfigError) {
        let specials = try config.object("special_tokens")
        var before: [Int] = []
        var after: [Int] = []
        var hasText = false
        for part in try config.objects("single", count: 1...tokenLimit) {
            if let sequence = try part.optionalObject("Sequence") {
                guard try sequence.string("id").hasSameBytes(as: "A"), !hasText else {
                    throw sequence.failure("id", expected: "the text \"A\" once")
                }
                hasText = true
                continue
            }
            let special = try specials.object(try part.object("SpecialToken").string("id"))
            let ids = try special.ints("ids", count: 1...tokenLimit, in: 0...Vocabulary.countLimit)
            let tokens = try special.strings("tokens", count: ids.count...ids.count)
            for (id, token) in zip(ids, tokens) { try check(token, id, special) }
            if hasText { after += ids } else { before += ids }
        }
        guard hasText else { throw config.failure("single", expected: "the text \"A\" in it") }
        template.before = before + template.before
        template.after += after
    }
}
