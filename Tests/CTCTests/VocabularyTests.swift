import CTC
import Files
import JSON
import TestSupport
import Testing

/// Folders as `Wav2Vec2CTCTokenizer.from_pretrained` reads them, and what it makes of tokens.
@Suite struct VocabularyTests {
    private func folder(_ files: JSONValue?) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        for member in files?.objectValue?.members ?? [] { try folder.write(member.value.serialized(), as: member.key) }
        return folder
    }

    @Test func foldersGiveTheReferencesTokens() throws {
        let cases = try CTCFixtures.list("vocabularies.json")
        #expect(cases.count == 18)
        for entry in cases {
            let name = entry["name"]?.stringValue ?? ""
            let folder = try folder(entry["files"])
            let vocabulary = try CTCVocabulary(folder: folder.path, language: entry["language"]?.stringValue)
            #expect(vocabulary.tokens == entry["tokens"]?.strings, "\(name)")
            #expect(vocabulary.blank == entry["blank"]?.intValue, "\(name)")
            #expect(vocabulary.delimiter == entry["delimiter"]?.intValue, "\(name)")
            #expect(vocabulary.unknown == entry["unknown"]?.intValue, "\(name)")
            for decoded in entry["decoded"]?.list ?? [] {
                let ids = decoded["ids"]?.ints ?? []
                let transcript = GreedyDecoder(vocabulary).decode(ids: ids)
                #expect(transcript.text == decoded["text"]?.stringValue, "\(name) \(ids)")
                #expect(transcript.characters.places == decoded["characters"]?.spans, "\(name) \(ids)")
                #expect(transcript.words.places == decoded["words"]?.spans, "\(name) \(ids)")
            }
        }
    }

    @Test func languagesOfANestedVocabulary() throws {
        let nested: JSONValue = ["fra": ["<pad>": 0, "<unk>": 1, "é": 2], "eng": ["<pad>": 0, "<unk>": 1, "a": 2]]
        let folder = try TemporaryFolder()
        try folder.write(nested.serialized(), as: "vocab.json")
        let vocabulary = try CTCVocabulary(folder: folder.path, language: "fra")
        #expect(vocabulary.languages == ["eng", "fra"])
        #expect(vocabulary.language == "fra")
        #expect(vocabulary.tokens[2] == "é")
        for language in [nil, "deu"] {
            #expect(throws: CTCError.self) { try CTCVocabulary(folder: folder.path, language: language) }
        }
        do {
            _ = try CTCVocabulary(folder: folder.path, language: "deu")
        } catch {
            #expect(error.description.contains("one of 2: eng, fra"))
        }
    }

    /// A delimiter that the reference reads and does not use is refused, with what does count.
    @Test(arguments: [#""_""#, #""ab""#])
    func anIdleDelimiterIsRefused(_ spelling: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(#"{"<pad>":0,"<unk>":1,"_":2,"a":3,"|":4,"ab":5}"#, as: "vocab.json")
        try folder.write(#"{"word_delimiter_token":"# + spelling + "}", as: "tokenizer_config.json")
        do {
            _ = try CTCVocabulary(folder: folder.path)
            Issue.record("no error")
        } catch {
            #expect(error.description.contains("tokenizer_config.json"))
            #expect(error.description.contains("word_delimiter_token") && error.description.contains("AddedToken"))
        }
        let object = #"{"__type":"AddedToken","content":"# + spelling + "}"
        try folder.write(#"{"word_delimiter_token":"# + object + "}", as: "tokenizer_config.json")
        let vocabulary = try CTCVocabulary(folder: folder.path)
        #expect(vocabulary.delimiter == (spelling == #""_""# ? 2 : 5))
        #expect(GreedyDecoder(vocabulary).decode(ids: [3, vocabulary.delimiter ?? 0, 3]).text == "a a")
    }

    @Test(arguments: [
        (#"{"<pad>":0,"a":0}"#, "{}", "{}"),
        (#"{"<pad>":0,"a":-1}"#, "{}", "{}"),
        (#"{"<pad>":0,"a":1.0}"#, "{}", "{}"),
        (#"{"<pad>":0,"a":99999999}"#, "{}", "{}"),
        (#"{"<pad>":0,"a":"1"}"#, "{}", "{}"),
        (#"{"<pad>":0,"<pad>":1}"#, "{}", "{}"),
        ("{}", "{}", "{}"), ("[]", "{}", "{}"), ("", "{}", "{}"), ("{\"<pad>\":", "{}", "{}"),
        (#"{"<pad>":0,"eng":{"a":1}}"#, "{}", "{}"),
        (#"{"eng":{"<pad>":0},"fra":1}"#, #"{"target_lang":"fra"}"#, "{}"),
        (#"{"<pad>":0,"a":1}"#, #"{"target_lang":"fra"}"#, "{}"),
        (#"{"<pad>":0,"a":1}"#, #"{"pad_token":null}"#, "{}"),
        (#"{"<pad>":0,"a":1}"#, #"{"pad_token":5}"#, "{}"),
        (#"{"<pad>":0,"a":1}"#, #"{"word_delimiter_token":5}"#, "{}"),
        (#"{"<pad>":0,"a":1}"#, #"{"word_delimiter_token":{"content":"a"}}"#, "{}"),
        (#"{"<pad>":0,"a":1}"#, #"{"tokenizer_class":"BertTokenizer"}"#, "{}"),
        (#"{"<pad>":0,"a":1}"#, #"{"do_lower_case":"yes"}"#, "{}"),
        (#"{"<pad>":0,"a":1,"b":2}"#, "{}", #"{"c":1}"#),
        (#"{"<pad>":0,"a":1,"b":2}"#, "{}", #"{"a":7}"#),
        // <pad> would get the number 5, which is b's.
        (#"{"a":0,"b":5}"#, "{}", "{}"),
        // <s> would get the number 3, which is b's, and numbers beyond would show it.
        (#"{"<pad>":0,"a":1,"b":3}"#, #"{"unk_token":"<s>"}"#, "{}"),
        (#"{"<pad>":0,"b":9}"#, #"{"unk_token":null,"bos_token":null,"eos_token":null}"#, "{}"),
    ])
    func refusesWhatIsContradictory(_ vocabulary: String, _ config: String, _ added: String) throws {
        let folder = try TemporaryFolder()
        try folder.write(vocabulary, as: "vocab.json")
        try folder.write(config, as: "tokenizer_config.json")
        try folder.write(added, as: "added_tokens.json")
        #expect(throws: CTCError.self) { try CTCVocabulary(folder: folder.path) }
    }

    @Test func aMissingFileIsNamed() throws {
        let folder = try TemporaryFolder()
        do {
            _ = try CTCVocabulary(folder: folder.path)
            Issue.record("no error")
        } catch {
            guard case .file(let cause) = error else { throw error }
            #expect(cause.isNotFound && cause.path.hasSuffix("vocab.json"))
        }
    }

    @Test func mutationsGiveTypedErrors() throws {
        let folder = try TemporaryFolder()
        let base = Array(#"{"eng":{"<pad>":0,"<unk>":1,"|":2,"ab":3},"fra":{"é":0,"<pad>":1}}"#.utf8)
        var random = SeededGenerator(seed: 3)
        var accepted = 0
        for _ in 0..<400 {
            var bytes = base
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<3, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: place)
                }
            }
            try folder.write(bytes, as: "vocab.json")
            do {
                _ = try CTCVocabulary(folder: folder.path, language: "eng")
                accepted += 1
            } catch {
                // Only typed errors can come here; crashes are what is looked for.
                #expect(!error.description.isEmpty)
            }
        }
        #expect(accepted > 0 && accepted < 400)
    }
}
