import Text

/// `tokenizer.json`, the settings beside it, the model's configuration, and a text.
@Sendable func fuzzTokenizerJSON(_ bytes: [UInt8]) throws {
    try useTokenizer(bytes, ["tokenizer.json", "tokenizer_config.json", "config.json"], in: "json")
}

/// A vocabulary with merges, the settings beside them, and a text.
@Sendable func fuzzTokenizerMerges(_ bytes: [UInt8]) throws {
    try useTokenizer(
        bytes, ["vocab.json", "merges.txt", "tokenizer_config.json", "special_tokens_map.json", "added_tokens.json"],
        in: "merges")
}

/// A vocabulary of lines, the settings beside it, and a text.
@Sendable func fuzzTokenizerLines(_ bytes: [UInt8]) throws {
    try useTokenizer(bytes, ["vocab.txt", "tokenizer_config.json", "special_tokens_map.json"], in: "lines")
}

/// A SentencePiece model, read by the rules of the class that the first byte chooses.
@Sendable func fuzzTokenizerPieces(_ bytes: [UInt8]) throws {
    guard let kind = bytes.first else { return }
    let folder = ScratchFolder.shared.folder("pieces")
    let name = kind % 2 == 0 ? "SiglipTokenizer" : "XLMRobertaTokenizer"
    write(Array("{\"tokenizer_class\": \"\(name)\"}".utf8), to: folder + "/tokenizer_config.json")
    write(bytes.dropFirst(), to: folder + "/spiece.model")
    try useTokenizer(folder, texts)
}

/// Any bytes as OpenAI's packed vocabulary, and any text packed as it is.
@Sendable func fuzzTokenizerPacked(_ bytes: [UInt8]) throws {
    guard let kind = bytes.first else { return }
    let folder = ScratchFolder.shared.folder("packed")
    let rest = Array(bytes.dropFirst())
    write(kind % 2 == 0 ? rest : packed(rest), to: folder + "/bpe_simple_vocab_16e6.txt.gz")
    try useTokenizer(folder, texts)
}

/// A gzip file of stored blocks (RFC 1952, RFC 1951 section 3.2.4).
private func packed(_ bytes: [UInt8]) -> [UInt8] {
    func little(_ value: UInt32, _ count: UInt32) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
    var result: [UInt8] = [0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 3]
    var rest = bytes[...]
    repeat {
        let part = rest.prefix(0xFFFF)
        rest = rest.dropFirst(part.count)
        let count = UInt32(part.count)
        result += [rest.isEmpty ? 1 : 0] + little(count, 2) + little(~count, 2) + part
    } while !rest.isEmpty
    return result + little(checksum(bytes[...]), 4) + little(UInt32(truncatingIfNeeded: bytes.count), 4)
}

private let texts = [
    "A photo of 2 cats &amp; \u{BD} \u{65E5}\u{672C} e\u{301}</s><|endoftext|>[MASK]<unk> \u{2581}x", "",
]

/// Loads a folder of the given files and encodes the text that follows them, and ``texts``.
private func useTokenizer(_ bytes: [UInt8], _ names: [String], in name: String) throws {
    let folder = ScratchFolder.shared.folder(name)
    let parts = sections(bytes, names.count + 1)
    for (name, part) in zip(names, parts) { replace("\(folder)/\(name)", with: part) }
    try useTokenizer(folder, texts + [text(parts[names.count].prefix(1 << 12))])
}

/// What must hold for any tokenizer that is accepted: ids of the vocabulary, places in the text.
private func useTokenizer(_ folder: String, _ texts: [String]) throws {
    for rules in [Tokenizer.Rules.transformers, .openCLIP] {
        guard let tokenizer = try? Tokenizer(folder: folder, rules: rules) else { continue }
        for text in texts {
            let encoding = tokenizer.encode(text)
            let (ids, scalars) = (0..<tokenizer.vocabularyCount, 0...text.unicodeScalars.count)
            require(encoding.ids.allSatisfy(ids.contains), "an id beyond the vocabulary")
            require(
                encoding.tokens.count == encoding.ids.count && encoding.offsets.count == encoding.ids.count, "counts")
            for range in encoding.offsets {
                require(
                    scalars.contains(range.lowerBound) && scalars.contains(range.upperBound), "a place beyond the text")
            }
            for limit in [0, 2, 5] {
                if let cut = try? tokenizer.encode(text, limit: limit, truncates: true) {
                    require(cut.ids.count <= limit, "\(cut.ids.count) tokens of \(limit)")
                }
            }
        }
        for id in [tokenizer.paddingID, tokenizer.startID, tokenizer.endID, tokenizer.unknownID] {
            if let id { require(tokenizer.token(id) != nil, "no token \(id)") }
        }
    }
    _ = try Tokenizer(folder: folder)
}
