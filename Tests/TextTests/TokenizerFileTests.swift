import Files
import JSON
import TestSupport
import Testing
import Text

/// Folders whose files are missing, damaged, or contradict each other: an error that names file, place and what is
/// wrong.
@Suite struct TokenizerFileTests {
    /// Loads a folder of the given files.
    static func load(_ files: [String: String], rules: Tokenizer.Rules = .automatic) throws -> Tokenizer {
        let folder = try TemporaryFolder()
        for (name, text) in files { try folder.write(text, as: name) }
        return try Tokenizer(folder: folder.path, rules: rules)
    }

    /// The sentence of the error that loading ends with.
    static func failure(_ files: [String: String], rules: Tokenizer.Rules = .automatic) throws -> String {
        let error = #expect(throws: TokenizerError.self) { try load(files, rules: rules) }
        return error?.description ?? ""
    }

    /// A vocabulary of the byte-level alphabet and more tokens, as `vocab.json`.
    static func vocabulary(_ more: [String] = []) throws -> String {
        let source = try TokenizerFixtures.json(TokenizerFixtures.path("gpt2-files") + "/vocab.json")
        let alphabet = (source.objectValue?.members ?? []).filter { ($0.value.intValue ?? 999) < 256 }.map(\.key)
        var object = JSONObject()
        for (id, token) in (alphabet + more).enumerated() { object.append(key: token, value: JSONValue(id)) }
        return JSONValue.object(object).serialized()
    }

    /// Replacements that together would make one letter fill any memory, and settings whose effect is not supported.
    @Test func whatWouldGrowOrIsNotSupported() throws {
        let double = #"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#
        let steps = Array(repeating: double, count: 30).joined(separator: ", ")
        let chain = #"{"normalizer": {"type": "Sequence", "normalizers": [\#(steps)]}, "model": {"type": "BPE"}}"#
        #expect(try Self.failure(["tokenizer.json": chain, "config.json": "{}"]).contains("64 times longer"))
        for (key, value) in [("truncation_side", "\"left\""), ("split_special_tokens", "true")] {
            let settings = #"{"tokenizer_class": "GPT2Tokenizer", "\#(key)": \#(value)}"#
            let files = ["vocab.json": try Self.vocabulary(), "merges.txt": "", "tokenizer_config.json": settings]
            #expect(try Self.failure(files).contains(key))
        }
    }

    /// The side that texts are filled up on: the settings' before that of `tokenizer.json`, and that before
    /// the class's.
    @Test(arguments: [
        ("{}", "null", false),
        ("{}", #"{"direction": "Left"}"#, true),
        (#"{"padding_side": "right"}"#, #"{"direction": "Left"}"#, false),
        (#"{"padding_side": "left"}"#, "null", true),
        (#"{"tokenizer_class": "GemmaTokenizer"}"#, "null", true),
        (#"{"tokenizer_class": "GemmaTokenizer"}"#, #"{"direction": "Right"}"#, false),
        (#"{"tokenizer_class": "GemmaTokenizer", "padding_side": "right"}"#, "null", false),
    ])
    func paddingSide(settings: String, padding: String, isLeft: Bool) throws {
        let file = #"{"padding": \#(padding), "model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}}"#
        let tokenizer = try Self.load(["tokenizer.json": file, "tokenizer_config.json": settings])
        #expect(tokenizer.padsLeft == isLeft)
    }

    @Test func sidesThatAreNone() throws {
        let model = #""model": {"type": "BPE", "vocab": {"a": 0}, "merges": []}"#
        let up = ["tokenizer.json": "{\(model)}", "tokenizer_config.json": #"{"padding_side": "up"}"#]
        #expect(try Self.failure(up).contains("padding_side"))
        let cut = #"{"truncation": {"direction": "Left"}, \#(model)}"#
        #expect(try Self.failure(["tokenizer.json": cut]).contains("truncation.direction"))
    }

    static let gpt2 = #"{"tokenizer_class": "GPT2Tokenizer"}"#

    @Test func noFiles() throws {
        #expect(try Self.failure([:]).contains("there is no tokenizer"))
        #expect(try Self.failure(["config.json": "{}"]).contains("tokenizer.json"))
        #expect(throws: TokenizerError.self) { try Tokenizer(folder: "/no/such/folder") }
        #expect(throws: TokenizerError.self) { try Tokenizer(folder: "") }
    }

    /// TK01
    @Test(arguments: [
        (#"{}"#, "found no token"),
        (#"{"a": 0, "b": 2}"#, "1"),
        (#"{"a": 1}"#, "1 for \"a\""),
        (#"{"a": 0, "b": 0}"#, "0, which is \"a\""),
        (#"{"a": -1}"#, "-1"),
        (#"{"a": 0.0}"#, "integer"),
        (#"{"a": "0"}"#, "number"),
        (#"{"a": 9223372036854775807}"#, "9223372036854775807"),
        (#"{"a": 1e400}"#, "number"),
        ("{\"a\": 0,\n\n\"a\": 1}", ":3: expected each token once"),
        ("[]", "object"),
        ("", "end"),
        (#"{"a": 0"#, "end"),
    ])
    func brokenVocabulary(_ text: String, _ expected: String) throws {
        let error = try Self.failure([
            "vocab.json": text, "merges.txt": "#version: 0.2\n", "tokenizer_config.json": Self.gpt2,
        ])
        #expect(error.contains("vocab.json") && error.contains(expected), "\(error)")
    }

    /// TK02
    @Test(arguments: [
        ("#version: 0.2\na b\n", "merges.txt:2", "\"ab\""),
        ("#version: 0.2\nn o\nno x\n", "merges.txt:3", "\"nox\""),
        ("#version: 0.2\n日 b\n", "merges.txt:2", "日"),
        ("#version: 0.2\nn\n", "merges.txt:2", "found 1"),
        ("#version: 0.2\nn o p\n", "merges.txt:2", "found 3"),
        ("#version: 0.2\n\nn o\n", "merges.txt:2", "an empty line"),
        ("#version: 0.2\nn  o\n", "merges.txt:2", "found 3"),
    ])
    func brokenMerges(_ text: String, _ place: String, _ expected: String) throws {
        let error = try Self.failure([
            "vocab.json": try Self.vocabulary(["no", "<|endoftext|>"]), "merges.txt": text,
            "tokenizer_config.json": Self.gpt2,
        ])
        #expect(error.contains(place) && error.contains(expected), "\(error)")
    }

    /// CLIP's ends of words tell its class, whose special tokens need no file.
    @Test func bareVocabulariesOfCLIP() throws {
        let tokens = ["b</w>", "ab</w>", "<|startoftext|>", "<|endoftext|>"]
        let files = ["vocab.json": try Self.vocabulary(tokens), "merges.txt": "#version: 0.2\na b</w>\n"]
        let tokenizer = try Self.load(files)
        #expect(tokenizer.encode("AB ab").ids == [258, 257, 257, 259])
        #expect(tokenizer.startID == 258 && tokenizer.endID == 259 && tokenizer.paddingID == 259)
        #expect(tokenizer.padding(with: 0).paddingID == 0)
    }

    @Test func bareVocabulariesNeedAClass() throws {
        let files = ["vocab.json": try Self.vocabulary(["<|endoftext|>"]), "merges.txt": "#version: 0.2\n"]
        #expect(try Self.failure(files).contains("tokenizer_class"))
        let bert = ["vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n"]
        #expect(try Self.failure(bert).contains("tokenizer_class"))
        var named = bert
        named["tokenizer_config.json"] = #"{"tokenizer_class": "T5Tokenizer"}"#
        #expect(try Self.failure(named).contains("T5Tokenizer"))
        named["tokenizer_config.json"] = #"{"tokenizer_class": "BertTokenizer"}"#
        #expect(try Self.load(named).encode("a z").ids == [2, 4, 1, 3])
        named["tokenizer_config.json"] = nil
        named["config.json"] = #"{"model_type": "bert"}"#
        #expect(try Self.load(named).encode("a").ids == [2, 4, 3])
    }

    @Test(arguments: [
        ("[PAD]\n[UNK]\n[CLS]\na\n", "sep_token"),
        ("[PAD]\n[CLS]\n[SEP]\na\n", "unk_token"),
        ("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\na\n", "vocab.txt:6"),
        ("", "found no token"),
    ])
    func brokenLines(_ text: String, _ expected: String) throws {
        let error = try Self.failure([
            "vocab.txt": text, "tokenizer_config.json": #"{"tokenizer_class": "BertTokenizer"}"#,
        ])
        #expect(error.contains(expected), "\(error)")
    }

    @Test func linesThatAreNotUTF8() throws {
        let folder = try TemporaryFolder()
        try folder.write(Array("[PAD]\n".utf8) + [0xFF, 0x0A], as: "vocab.txt")
        try folder.write(#"{"tokenizer_class": "BertTokenizer"}"#, as: "tokenizer_config.json")
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        #expect(error?.description.contains("vocab.txt:2: expected UTF-8") == true)
    }

    /// TK04: a change to `tokenizer.json` of a fixture, and what the error has to say of it.
    @Test(arguments: [
        ("clip-json", #""type":"NFC""#, #""type":"NFX""#, "normalizer.normalizers[0].type"),
        ("clip-json", #"\\s+"#, #"(a+)+"#, "normalizer.normalizers[1].pattern.Regex"),
        ("clip-json", #"[\\p{N}]|"#, #"[\\p{N}]+|"#, "pre_tokenizer.pretokenizers[0].pattern.Regex"),
        ("clip-json", #""behavior":"Removed""#, #""behavior":"Isolated""#, "behavior"),
        ("clip-json", #""invert":true"#, #""invert":false"#, "invert"),
        ("clip-json", #""type":"BPE""#, #""type":"WordLevel""#, "model.type"),
        ("clip-json", #""dropout":null"#, #""dropout":0.1"#, "model.dropout"),
        ("clip-json", #""byte_fallback":false"#, #""byte_fallback":true"#, "<0x00>"),
        ("clip-json", #""continuing_subword_prefix":"""#, #""continuing_subword_prefix":"@@""#, "prefix"),
        ("clip-json", #""unk_token":"<|endoftext|>""#, #""unk_token":"<none>""#, "model.unk_token"),
        ("clip-json", #""sep":["<|endoftext|>","#, #""sep":["<|startoftext|>","#, "post_processor"),
        ("clip-json", #""type":"RobertaProcessing""#, #""type":"PairProcessing""#, "post_processor.type"),
        ("bert-json", #""unk_token":"[UNK]""#, #""unk_token":null"#, "model.unk_token"),
        ("bert-json", #""lowercase":true"#, #""lowercase":false"#, "do_lower_case"),
        ("bert-json", #""handle_chinese_chars":true"#, #""handle_chinese_chars":1"#, "handle_chinese_chars"),
        ("bert-json", #""type":"BertPreTokenizer""#, #""type":"Punctuation""#, "pre_tokenizer.type"),
        ("bert-json", #"{"Sequence":{"id":"A","type_id":0}},"#, "", "post_processor.single"),
        ("bert-json", #""ids":[2]"#, #""ids":[3]"#, "post_processor.special_tokens.[CLS]"),
        ("bert-json", #""max_input_chars_per_word":100"#, #""max_input_chars_per_word":-1"#, "max_input_chars"),
        ("bert-json", #"{"id":0,"content":"[PAD]""#, #"{"id":7,"content":"[PAD]""#, "added_tokens"),
        ("bert-json", #"{"id":0,"content":"[PAD]""#, #"{"id":99999,"content":"[PAD]""#, "added_tokens"),
        ("bert-json", #"{"id":0,"content":"[PAD]""#, #"{"id":1,"content":"[PAD]""#, "added_tokens[1].id"),
        ("roberta-json", #""add_prefix_space":true"#, #""add_prefix_space":false"#, "add_prefix_space"),
    ])
    func changedFile(_ name: String, _ from: String, _ to: String, _ expected: String) throws {
        let folder = try TemporaryFolder()
        for file in try FileSystem.list(TokenizerFixtures.path(name)).names where file != "golden.json" {
            var text = String(decoding: try TokenizerFixtures.bytes(name, file), as: UTF8.self)
            if file == "tokenizer.json" {
                #expect(text.contains(from))
                text.replace(from, with: to)
            }
            try folder.write(text, as: file)
        }
        let error = #expect(throws: TokenizerError.self) { try Tokenizer(folder: folder.path) }
        #expect(error?.description.contains(expected) == true, "\(error?.description ?? "")")
    }

    @Test(arguments: [
        (#"{"tokenizer_class": 1}"#, "tokenizer_class"),
        (#"{"model_max_length": "many"}"#, "model_max_length"),
        (#"{"model_max_length": -5}"#, "model_max_length"),
        (#"{"pad_token": 3}"#, "pad_token"),
        (#"{"pad_token": "<nothing>"}"#, "<nothing>"),
        (#"{"additional_special_tokens": ["<nothing>"]}"#, "<nothing>"),
        (#"{"additional_special_tokens": [1]}"#, "additional_special_tokens"),
        (#"{"added_tokens_decoder": {"x": {"content": "a"}}}"#, "added_tokens_decoder"),
        (#"{"added_tokens_decoder": {"0": {"content": "a"}}}"#, "added_tokens"),
        (#"{"added_tokens_decoder": {"0": "a"}}"#, "added_tokens_decoder"),
        (#"{"do_lower_case": "yes"}"#, "do_lower_case"),
        ("{", "tokenizer_config.json"),
    ])
    func brokenSettings(_ settings: String, _ expected: String) throws {
        let error = try Self.failure([
            "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n", "config.json": #"{"model_type": "bert"}"#,
            "tokenizer_config.json": settings,
        ])
        #expect(error.contains(expected), "\(error)")
    }

    @Test func addedTokensOfTheOlderFiles() throws {
        let tokenizer = try Self.load([
            "vocab.txt": "[PAD]\n[UNK]\n[CLS]\n[SEP]\na\n##b\n", "config.json": #"{"model_type": "bert"}"#,
            "special_tokens_map.json": #"{"mask_token": {"content": "[NEW]", "lstrip": true}}"#,
            "added_tokens.json": #"{"[NEW]": 6, "Word": 7}"#,
        ])
        #expect(tokenizer.vocabularyCount == 8)
        #expect(tokenizer.encode("ab [NEW]a word WORDa").ids == [2, 4, 5, 6, 4, 7, 7, 4, 3])
        #expect(tokenizer.encode("x[NEW]").offsets == [0..<0, 0..<1, 1..<6, 0..<0])
    }
}
