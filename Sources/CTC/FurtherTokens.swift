import JSON

/// The special tokens of a folder that have no part of their own, in the order in which the reference gives them
/// numbers: those under keys of their own that end in `_token`, and then the listed ones.
struct FurtherTokens {
    private typealias Named = [(key: String, token: String)]

    /// Those given as objects or in `special_tokens_map.json`, and those whose plain spelling `tokenizer_config.json`
    /// has.
    private var objects: Named = []
    private var spellings: Named = []
    /// `extra_special_tokens`, and the older `additional_special_tokens` where it did not count as that.
    private var listed: [String]?
    private var older: [String]?

    /// - Parameter roles: keys that are read elsewhere.
    /// - Throws: `ConfigError` where a value is no token, or no list of tokens.
    init(_ config: Config, roles: [String]) throws(ConfigError) {
        for key in Self.keys(config, roles) {
            guard let token = try config.token(key) else { continue }
            if config.value(key)?.stringValue == nil {
                Self.enter(key, token, &objects)
            } else {
                Self.enter(key, token, &spellings)
            }
        }
        let extra = try takeExtra(config)
        let additional = config.has("additional_special_tokens") ? try config.tokens("additional_special_tokens") : nil
        if extra.isEmpty, additional != nil { listed = additional } else { older = additional }
    }

    /// Takes `special_tokens_map.json`, which counts beside `tokenizer_config.json`.
    mutating func add(_ map: Config, roles: [String]) throws(ConfigError) {
        for key in Self.keys(map, roles) {
            if let token = try map.token(key) { Self.enter(key, token, &objects) }
        }
        _ = try takeExtra(map)
        if map.has("additional_special_tokens") { older = try map.tokens("additional_special_tokens") }
    }

    /// The tokens; one may be there twice.
    var tokens: [String] {
        var named = objects
        for (key, token) in spellings { Self.enter(key, token, &named) }
        return named.map(\.token) + (listed ?? older ?? [])
    }

    /// Takes `extra_special_tokens`: a list, or an object of names and tokens.
    ///
    /// - Returns: the tokens.
    private mutating func takeExtra(_ source: Config) throws(ConfigError) -> [String] {
        let key = "extra_special_tokens"
        guard let value = source.value(key) else { return [] }
        guard value.objectValue == nil else {
            let inner = try source.object(key)
            for name in inner.keys { if let token = try inner.token(name) { Self.enter(name, token, &spellings) } }
            return inner.keys
        }
        let tokens = try source.tokens(key)
        let known = listed ?? []
        listed = known + tokens.filter { !known.contains($0) }
        return tokens
    }

    /// Keys that end in `_token` and have a token.
    private static func keys(_ source: Config, _ roles: [String]) -> [String] {
        source.keys.filter { key in
            let value = source.value(key)
            return key.hasSuffix("_token") && !roles.contains(key)
                && (value?.stringValue != nil || value?.objectValue != nil)
        }
    }

    /// A later value of a key takes the earlier one's place.
    private static func enter(_ key: String, _ token: String, _ named: inout Named) {
        if let place = named.firstIndex(where: { $0.key == key }) {
            named[place].token = token
        } else {
            named.append((key, token))
        }
    }
}

extension Config {
    /// A token named by its spelling, or by an object with its spelling; `nil` where the key is `null`.
    func token(_ key: String) throws(ConfigError) -> String? {
        guard let value = value(key) else { return nil }
        return value.objectValue != nil ? try object(key).string("content") : try string(key)
    }

    /// A list of such tokens; none where the key is absent or `null`.
    func tokens(_ key: String) throws(ConfigError) -> [String] {
        guard let value = value(key) else { return [] }
        guard let elements = value.arrayValue else { throw failure(key, expected: "a list of tokens") }
        var result: [String] = []
        for element in elements {
            guard let token = element.stringValue ?? element["content"]?.stringValue else {
                throw failure(key, expected: "tokens")
            }
            result.append(token)
        }
        return result
    }
}
