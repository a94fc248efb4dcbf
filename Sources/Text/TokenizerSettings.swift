import Files
import JSON

/// What a model's folder says about its tokenizer besides the tables: `tokenizer_config.json`,
/// `special_tokens_map.json`, `added_tokens.json`, and `config.json` for the model's type.
struct TokenizerSettings {
    /// The tokens that play a part, by the key that names them.
    enum Role: String, CaseIterable, Sendable {
        case start = "bos_token"
        case end = "eos_token"
        case unknown = "unk_token"
        case separator = "sep_token"
        case padding = "pad_token"
        case classification = "cls_token"
        case mask = "mask_token"
    }

    /// A token that a file names, with how it is found in texts where the file says that.
    struct NamedToken {
        var content: String
        var flags: AddedTokens.Token?
        /// The object that names it, for messages.
        var source: Config
    }

    /// The largest of these files, in bytes.
    static let byteLimit = 16 << 20

    /// The folder.
    let folder: String
    /// `tokenizer_config.json`; without keys where there is none.
    let config: Config
    /// Its `tokenizer_class` without "Fast" at the end.
    private(set) var tokenizerClass: String?
    /// `model_type` of `config.json`.
    private(set) var modelType: String?
    /// The tokens that play a part.
    private(set) var names: [Role: NamedToken] = [:]
    /// Whether `tokenizer_config.json` lists the added tokens with their ids, and so the older files do not count.
    private(set) var listsAddedTokens = false
    /// Added tokens with their ids.
    private(set) var addedTokens: [AddedTokens.Token] = []
    /// Further special tokens, by their spelling.
    private(set) var furtherSpecials: [NamedToken] = []
    /// `model_max_length` where it is a limit and not the number that means none.
    private(set) var lengthLimit: Int?

    /// Whether short texts are filled up before their first token, where `padding_side` says so or not.
    private(set) var padsLeft: Bool?

    /// Whether the tokenizer's class fills texts up before their first token unless told otherwise.
    var classPadsLeft: Bool {
        ["GemmaTokenizer", "Siglip2Tokenizer"].contains(tokenizerClass ?? "") || modelType == "siglip2"
    }

    /// Reads the files that are there.
    init(folder: String) throws(TokenizerError) {
        self.folder = folder
        config =
            try Self.read(folder, "tokenizer_config.json")
            ?? Config(file: FileSystem.join(folder, "tokenizer_config.json"), object: [:])
        let model = try Self.read(folder, "config.json")
        let map = try Self.read(folder, "special_tokens_map.json")
        let added = try Self.read(folder, "added_tokens.json")
        do throws(ConfigError) {
            try parse(model: model, map: map, added: added)
        } catch {
            throw .config(error)
        }
    }

    private mutating func parse(model: Config?, map: Config?, added: Config?) throws(ConfigError) {
        modelType = try model?.optionalString("model_type")
        tokenizerClass = try config.optionalString("tokenizer_class")?.withoutFast
        if let limit = config.value("model_max_length") {
            // Written as 1e30, or as the integer next to it, where there is none.
            guard let number = limit.doubleValue, number >= 1 else {
                throw config.failure("model_max_length", expected: "a number of tokens")
            }
            if number < 1e9 { lengthLimit = Int(number) }
        }
        _ = try config.optionalChoice("truncation_side", ["right": ()])
        padsLeft = try config.optionalChoice("padding_side", ["left": true, "right": false])
        guard try !config.bool("split_special_tokens", default: false) else {
            throw config.failure("split_special_tokens", expected: "false")
        }
        for role in Role.allCases { names[role] = try Self.namedToken(config, role.rawValue) }
        for key in ["additional_special_tokens", "extra_special_tokens"] {
            furtherSpecials += try Self.namedTokens(config, key)
        }
        if let list = try config.optionalObject("added_tokens_decoder") {
            listsAddedTokens = true
            for member in list.object.members {
                guard let id = Int(member.key), id >= 0, id < Vocabulary.countLimit else {
                    throw list.failure(member.key, expected: "a token's id as the key", found: member.key.quoted)
                }
                addedTokens.append(try Self.addedToken(try list.object(member.key), id: id))
            }
            return
        }
        if let map {
            for role in Role.allCases {
                if let token = try Self.namedToken(map, role.rawValue) { names[role] = token }
            }
            furtherSpecials += try Self.namedTokens(map, "additional_special_tokens")
        }
        if let added {
            var specials = Vocabulary()
            for token in names.values { _ = specials.append(token.content) }
            for token in furtherSpecials { _ = specials.append(token.content) }
            for key in added.keys {
                let id = try added.int(key, in: 0...Vocabulary.countLimit)
                let isSpecial = specials.id(of: key) != nil
                addedTokens.append(AddedTokens.Token(content: key, id: id, isNormalized: !isSpecial))
            }
        }
    }

    /// Reads a file that need not be there.
    static func read(_ folder: String, _ name: String) throws(TokenizerError) -> Config? {
        let path = FileSystem.join(folder, name)
        guard FileSystem.exists(path) else { return nil }
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.read(path, limit: byteLimit) } catch { throw .file(error) }
        do throws(ConfigError) {
            return try Config(file: path, bytes: bytes, limits: JSONLimits(byteCount: byteLimit))
        } catch {
            throw .config(error)
        }
    }

    /// A token named by its spelling, or by an object with its spelling and flags.
    private static func namedToken(_ config: Config, _ key: String) throws(ConfigError) -> NamedToken? {
        guard let value = config.value(key) else { return nil }
        if value.objectValue != nil {
            let token = try addedToken(try config.object(key), id: -1)
            return NamedToken(content: token.content, flags: token, source: config)
        }
        return NamedToken(content: try config.string(key), flags: nil, source: config)
    }

    private static func namedTokens(_ config: Config, _ key: String) throws(ConfigError) -> [NamedToken] {
        guard let value = config.value(key) else { return [] }
        if let object = value.objectValue, object.keys.isEmpty { return [] }
        guard let elements = value.arrayValue else { throw config.failure(key, expected: "a list of tokens") }
        var result: [NamedToken] = []
        for (position, element) in elements.enumerated() {
            if let object = element.objectValue {
                let place = Config(file: config.file, object: object, keyPath: "\(key)[\(position)]")
                let token = try addedToken(place, id: -1)
                result.append(NamedToken(content: token.content, flags: token, source: config))
            } else if let content = element.stringValue {
                result.append(NamedToken(content: content, flags: nil, source: config))
            } else {
                throw config.failure(key, expected: "tokens")
            }
        }
        return result
    }

    /// An added token as Hugging Face's tokenizers write it; what is absent has their default.
    static func addedToken(_ config: Config, id: Int) throws(ConfigError) -> AddedTokens.Token {
        let content = try config.string("content")
        guard content.unicodeScalars.count <= AddedTokens.lengthLimit else {
            throw config.failure("content", expected: "at most \(AddedTokens.lengthLimit) characters")
        }
        let isSpecial = try config.bool("special", default: id < 0)
        return AddedTokens.Token(
            content: content, id: id, isNormalized: try config.bool("normalized", default: !isSpecial),
            isWord: try config.bool("single_word", default: false),
            stripsLeft: try config.bool("lstrip", default: false),
            stripsRight: try config.bool("rstrip", default: false))
    }
}

extension String {
    fileprivate var withoutFast: String { hasSuffix("Fast") ? String(dropLast(4)) : self }
}
