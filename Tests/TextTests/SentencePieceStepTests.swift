import JSON
import Testing

@testable import Text

/// The steps around the model: words, replacements, and what SigLIP does to a text.
@Suite struct SentencePieceStepTests {
    private func words(_ step: any PreTokenizer, _ text: String) -> [String] {
        let result = step.split(NormalizedText(text))
        return result.words.map { result.text[$0].string }
    }

    @Test func metaspace() {
        let always = SentencePieceMetaspace()
        #expect(words(always, "Hey  friend!") == ["▁Hey", "▁", "▁friend!"])
        #expect(words(always, "▁a") == ["▁a"])
        #expect(words(always, "") == [])
        #expect(words(SentencePieceMetaspace(prefix: .never), "a b") == ["a", "▁b"])
        #expect(words(SentencePieceMetaspace(splits: false), "a b") == ["▁a▁b"])
        let first = SentencePieceMetaspace(prefix: .first)
        let whole = NormalizedText("a b")
        #expect(first.split(whole).text.string == "▁a▁b")
        #expect(first.split(whole[2..<3]).text.string == "b")
        #expect(always.split(whole).text.spans == [0..<1, 0..<1, 1..<2, 2..<3])
    }

    @Test func splitByAString() {
        func cut(_ behavior: SentencePieceSplit.Behavior) -> [String] {
            words(SentencePieceSplit(pattern: ["-"], behavior: behavior), "-a--b-")
        }
        #expect(cut(.removed) == ["a", "b"])
        #expect(cut(.isolated) == ["-", "a", "-", "-", "b", "-"])
        #expect(cut(.contiguous) == ["-", "a", "--", "b", "-"])
        #expect(cut(.mergedWithPrevious) == ["-", "a-", "-", "b-"])
        #expect(cut(.mergedWithNext) == ["-a", "-", "-b", "-"])
    }

    @Test(arguments: [
        (##"[!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~]"##, "a\\b-c]d!", "abcd"), ("[+-.]", "a+b,c-d.e", "abcde"),
        (" {2,}", "a  b c   ", "ab c"),
    ])
    func replacements(_ regex: String, _ source: String, _ expected: String) throws {
        let step = try #require(SentencePieceReplace(regex: regex, content: []))
        var text = NormalizedText(source)
        step.normalize(&text)
        #expect(text.string == expected)
    }

    @Test(arguments: ["(a+)+", "[^a]", "[a", "a]", "[\\d]", "[[a]]", "[]", "[a\\]", "[a&&b]", "[z-a]", "[é]", ".*", ""])
    func otherExpressionsAreNotKnown(_ regex: String) {
        #expect(SentencePieceReplace(regex: regex, content: []) == nil)
    }

    @Test(arguments: [
        ("ΟΔΟΣ ΣΑΣ Σ Σ. ΑΣ'Σ", "οδος σας σ σ. ασ'ς"), ("İI", "i\u{307}i"), ("AÄẞǅ", "aäßǆ"),
        ("Α\u{301}Σ\u{301}", "α\u{301}ς\u{301}"),
    ])
    func lowerCaseOfPython(_ source: String, _ expected: String) {
        var text = NormalizedText(source)
        text.lowercaseAsPython()
        #expect(Array(text.string.unicodeScalars) == Array(expected.unicodeScalars))
    }

    @Test(arguments: [
        ("  Hello,\t\u{A0} World!! ", "hello world"), ("a_b-c", "abc"), ("...", ""), ("\u{1C}a\u{85}b", "a b"),
        (" . ", ""),
        ("a . b", "a b"), ("“quoted”", "“quoted”"),
    ])
    func canonicalTexts(_ source: String, _ expected: String) {
        var text = NormalizedText(source)
        SentencePieceSiglip.Canonicalization(lowercases: true).normalize(&text)
        #expect(text.string == expected)
    }

    private func config(_ object: JSONObject) -> Config { Config(file: "tokenizer.json", object: object) }

    @Test func spellingsOfMetaspace() throws {
        func step(_ object: JSONObject) throws -> SentencePieceMetaspace? {
            try SentencePieceComponents.preTokenizer("Metaspace", config(object)) as? SentencePieceMetaspace
        }
        #expect(try step([:])?.prefix == .always)
        #expect(try step(["replacement": "_", "add_prefix_space": true]) == .init(replacement: "_", prefix: .always))
        #expect(try step(["add_prefix_space": false])?.prefix == .never)
        #expect(try step(["prepend_scheme": "first", "split": false]) == .init(prefix: .first, splits: false))
        #expect(throws: ConfigError.self) { try step(["add_prefix_space": false, "prepend_scheme": "always"]) }
        #expect(throws: ConfigError.self) { try step(["replacement": "ab"]) }
        #expect(throws: ConfigError.self) { try step(["prepend_scheme": "last"]) }
    }

    @Test func unknownStepsAreNil() throws {
        #expect(try SentencePieceComponents.normalizer("NFKC", config([:])) == nil)
        #expect(try SentencePieceComponents.preTokenizer("Digits", config([:])) == nil)
        #expect(throws: ConfigError.self) {
            try SentencePieceComponents.normalizer("Precompiled", config(["precompiled_charsmap": "AAAA"]))
        }
        #expect(throws: ConfigError.self) {
            try SentencePieceComponents.preTokenizer(
                "Split", config(["pattern": ["String": ""], "behavior": "Removed", "invert": false]))
        }
    }
}
