import Files
import JSON

extension CTCVocabulary {
    /// The vocabulary of a model's folder: `vocab.json`, and what `tokenizer_config.json`, `special_tokens_map.json`
    /// and `added_tokens.json` say about it where they are there.
    ///
    /// The numbers are those of transformers 5.23.0: tokens of `vocab.json` first, then listed added tokens, then
    /// special tokens that no file gives a number, in the order start, end, unknown, separator, padding, class, mask,
    /// delimiter.
    ///
    /// The token between words is `|`, unless `word_delimiter_token` is `null`, an object with the token's `content`,
    /// or stands in `special_tokens_map.json`. A plain spelling in `tokenizer_config.json` is what the reference's
    /// `from_pretrained` takes for one more special token, going on with `|`. Where words would not part because of
    /// that, the folder is refused.
    ///
    /// - Parameters:
    ///   - folder: the model's folder.
    ///   - language: the language of a nested vocabulary, such as `eng`; `target_lang` of the folder unless given.
    /// - Throws: ``CTCError`` where a file is missing or broken, two files contradict each other, two tokens have one
    ///   number, there is no padding token, the language is not there, or the token between words would not count.
    public init(folder: String, language: String? = nil) throws(CTCError) {
        var reader = VocabularyFolder(folder: folder)
        do throws(ConfigError) { try reader.read(language: language) } catch { throw .config(error) }
        if let failure = reader.failure { throw failure }
        self = try reader.vocabulary()
    }
}

/// Reads a folder's tokens and gives them the reference's numbers.
private struct VocabularyFolder {
    let folder: String
    var failure: CTCError?
    private var file: String
    private var languages: [String] = []
    private var language: String?
    /// Numbers by token and tokens by number, of `vocab.json`.
    private var encoder: [Key: Int] = [:]
    private var decoder: [Int: String] = [:]
    /// The same of added tokens.
    private var added: [Key: Int] = [:]
    private var addedDecoder: [Int: String] = [:]
    private var named: [(role: String, token: String)] = []
    /// The token between words, and what `tokenizer_config.json` calls so without effect.
    private var delimiter: String? = "|"
    private var idleDelimiter: String?
    private var delimiterText = " "
    private var lowercases = false
    private var cleansUp = false

    /// A spelling by its bytes.
    private struct Key: Hashable {
        var bytes: [UInt8]
        init(_ text: String) { bytes = Array(text.utf8) }
    }

    private static let byteLimit = 64 << 20
    private static let roles = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]
    private static let classes: Set<String> = ["Wav2Vec2CTCTokenizer", "Wav2Vec2Tokenizer"]

    init(folder: String) {
        self.folder = folder
        file = FileSystem.join(folder, "vocab.json")
    }

    mutating func read(language given: String?) throws(ConfigError) {
        guard let vocabulary = try load("vocab.json", isNeeded: true),
            let config = try load("tokenizer_config.json", isNeeded: false)
        else { return }
        let name = try config.optionalString("tokenizer_class")
        if let name, !Self.classes.contains(name) {
            throw config.failure("tokenizer_class", expected: "\"Wav2Vec2CTCTokenizer\"", found: "\"\(name)\"")
        }
        let target = try config.optionalString("target_lang")
        try readTokens(vocabulary, language: given ?? target, config: config)
        if let spelling = config.value("word_delimiter_token")?.stringValue {
            idleDelimiter = spelling
        } else {
            if let object = config.value("word_delimiter_token")?.objectValue {
                guard object["__type"]?.stringValue == "AddedToken" else {
                    throw config.failure("word_delimiter_token", expected: "an object of the \"__type\" \"AddedToken\"")
                }
            }
            try takeDelimiter(config)
        }
        delimiterText = try config.string("replace_word_delimiter_char", default: " ")
        lowercases = try config.bool("do_lower_case", default: false)
        cleansUp = try config.bool("clean_up_tokenization_spaces", default: false)
        try readSpecials(config)
    }

    private mutating func readTokens(_ vocabulary: Config, language wanted: String?, config: Config)
        throws(ConfigError)
    {
        var table = vocabulary
        let isNested = vocabulary.object.members.first?.value.objectValue != nil
        if isNested {
            languages = vocabulary.keys.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
            let some = languages.prefix(12).joined(separator: ", ") + (languages.count > 12 ? ", ..." : "")
            guard let wanted else {
                throw config.failure("target_lang", expected: "a language, one of \(languages.count): \(some)")
            }
            guard vocabulary.has(wanted) else {
                throw vocabulary.failure(
                    "", expected: "a vocabulary for a language that is there, one of \(languages.count): \(some)",
                    found: CTCError.excerpt(wanted))
            }
            language = wanted
            table = try vocabulary.object(wanted)
        } else if let wanted {
            throw vocabulary.failure(
                "", expected: "vocabularies by language, for \(CTCError.excerpt(wanted))", found: "a single vocabulary")
        }
        for member in table.object.members {
            let id = try table.int(member.key, in: 0...CTCVocabulary.countLimit - 1)
            if let other = decoder[id] {
                throw table.failure(
                    member.key, expected: "a number of its own", found: "\(id), as \(CTCError.excerpt(other)) has")
            }
            decoder[id] = member.key
            encoder[Key(member.key)] = id
        }
        guard !decoder.isEmpty else { throw table.failure("", expected: "tokens", found: "none") }
    }

    /// Takes the token between words from a place where it counts.
    private mutating func takeDelimiter(_ source: Config) throws(ConfigError) {
        guard source.object["word_delimiter_token"] != nil else { return }
        delimiter = try source.token("word_delimiter_token")
    }

    private mutating func readSpecials(_ config: Config) throws(ConfigError) {
        var names: [String: String] = [
            "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "pad_token": "<pad>",
        ]
        func take(_ source: Config) throws(ConfigError) {
            for role in Self.roles where source.object[role] != nil { names[role] = try source.token(role) }
        }
        try take(config)
        let read = Self.roles + ["word_delimiter_token"]
        var further = try FurtherTokens(config, roles: read)
        if let list = try config.optionalObject("added_tokens_decoder") {
            for key in list.keys {
                guard let id = Int(key), id >= 0, id < CTCVocabulary.countLimit else {
                    throw list.failure(key, expected: "a token's number as the key", found: CTCError.excerpt(key))
                }
                try add(try list.object(key).string("content"), id, list, key)
            }
        } else {
            guard let map = try load("special_tokens_map.json", isNeeded: false),
                let older = try load("added_tokens.json", isNeeded: false)
            else { return }
            try take(map)
            try takeDelimiter(map)
            try further.add(map, roles: read)
            for key in older.keys {
                try add(key, try older.int(key, in: 0...CTCVocabulary.countLimit - 1), older, key)
            }
        }
        for role in Self.roles { if let token = names[role] { named.append((role, token)) } }
        if let token = idleDelimiter ?? delimiter { named.append(("word_delimiter_token", token)) }
        for token in further.tokens { named.append(("further special tokens", token)) }
        guard names["pad_token"] != nil else {
            throw config.failure("pad_token", expected: "the token that is CTC's blank")
        }
    }

    /// Takes an added token. In a nested vocabulary the language's own tokens win, as they do in the reference.
    private mutating func add(_ token: String, _ id: Int, _ source: Config, _ key: String) throws(ConfigError) {
        if let other = decoder[id], !other.utf8.elementsEqual(token.utf8) {
            guard languages.isEmpty else { return }
            throw source.failure(
                key, expected: "\(CTCError.excerpt(other)), which vocab.json gives the number \(id)",
                found: CTCError.excerpt(token))
        }
        if let other = encoder[Key(token)] ?? added[Key(token)], other != id {
            guard languages.isEmpty else { return }
            throw source.failure(
                key, expected: "the number \(other), which \(CTCError.excerpt(token)) has already", found: "\(id)")
        }
        added[Key(token)] = id
        addedDecoder[id] = token
    }

    /// Numbers for the special tokens that have none, and the table.
    func vocabulary() throws(CTCError) -> CTCVocabulary {
        var known = encoder.merging(added) { first, _ in first }
        var byNumber = decoder.merging(addedDecoder) { first, _ in first }
        try checkDelimiter(known)
        for (_, token) in named where known[Key(token)] == nil && !token.isEmpty {
            let id = known.count
            known[Key(token)] = id
            // As in the reference the number shows the vocabulary's own token, but no longer an added one.
            if decoder[id] == nil { byNumber[id] = token }
        }
        let unknown = named.first { $0.role == "unk_token" }?.token
        let count = (byNumber.keys.max() ?? -1) + 1
        var tokens: [String] = []
        tokens.reserveCapacity(count)
        for id in 0..<count {
            guard let token = byNumber[id] ?? unknown else {
                throw .config(
                    .value(
                        file: file, keyPath: "", expected: "a token of number \(id), as there is no unk_token",
                        found: "none"))
            }
            tokens.append(token)
        }
        func id(_ role: String) -> Int? { named.first { $0.role == role }.flatMap { id(of: $0.token) } }
        func id(of token: String) -> Int? {
            known[Key(token)].flatMap { tokens[$0].utf8.elementsEqual(token.utf8) ? $0 : nil }
        }
        for (role, token) in named where ["pad_token", "unk_token"].contains(role) && !token.isEmpty {
            // Others than these are never looked for.
            guard id(of: token) == nil else { continue }
            throw .config(
                .value(
                    file: file, keyPath: "", expected: "the \(role) \(CTCError.excerpt(token))",
                    found: "no number that shows it"))
        }
        guard let blank = id("pad_token") else {
            throw .config(.value(file: file, keyPath: "pad_token", expected: "a token", found: "an empty one"))
        }
        return try CTCVocabulary(
            tokens: tokens, blank: blank, delimiter: delimiter.flatMap(id(of:)), unknown: id("unk_token"),
            specials: Set(named.compactMap { id(of: $0.token) }), delimiterText: delimiterText,
            lowercases: lowercases, cleansUp: cleansUp, languages: languages, language: language)
    }

    /// Refuses a folder whose words the reference would not part, though its author names the token between them.
    private func checkDelimiter(_ known: [Key: Int]) throws(CTCError) {
        guard let idle = idleDelimiter, known[Key(idle)] != nil, Key(idle) != Key(delimiterText),
            delimiter.map(Key.init) != Key(idle)
        else { return }
        let named = CTCError.excerpt(idle)
        throw .config(
            .value(
                file: FileSystem.join(folder, "tokenizer_config.json"), keyPath: "word_delimiter_token",
                expected: "\"|\", or {\"__type\": \"AddedToken\", \"content\": \(named)}, "
                    + "as transformers gives a plain spelling no effect",
                found: named))
    }

    /// A file's object; without keys where it may be missing and is. `nil` where it cannot be read: see `failure`.
    private mutating func load(_ name: String, isNeeded: Bool) throws(ConfigError) -> Config? {
        let path = FileSystem.join(folder, name)
        guard isNeeded || FileSystem.exists(path) else { return Config(file: path, object: [:]) }
        let bytes: [UInt8]
        do throws(FileError) { bytes = try FileSystem.read(path, limit: Self.byteLimit) } catch {
            failure = .file(error)
            return nil
        }
        return try Config(file: path, bytes: bytes, limits: JSONLimits(byteCount: Self.byteLimit))
    }
}
