import CTC
import Foundation
import JSON
import TestSupport
import Testing

/// Models in the ARPA format, read, scored and estimated, against KenLM.
@Suite struct NGramTests {
    private static let small = """
        \\data\\
        ngram 1=4
        ngram 2=2

        \\1-grams:
        -1.0\t<unk>\t0
        0\t<s>\t-0.3
        -0.5\t</s>
        -0.6\ta\t-0.2

        \\2-grams:
        -0.1\t<s> a
        -0.2\ta </s>

        \\end\\

        """

    private func model(_ text: String) throws -> NGramModel {
        let folder = try TemporaryFolder()
        return try NGramModel(path: folder.write(text, as: "lm.arpa"))
    }

    /// A file of lmplz gives KenLM's scores of sentences.
    @Test func sentencesScoreAsInKenLM() throws {
        let fixture = try CTCFixtures.read("language_models.json")
        let model = try NGramModel(path: CTCFixtures.path("corpus.arpa"))
        let entry = fixture["models"]?.list.first { $0["order"]?.intValue == 3 }
        #expect(model.order == 3)
        #expect(model.counts == entry?["counts"]?.ints)
        for score in entry?["scores"]?.list ?? [] {
            let sentence = score.list[0].stringValue ?? ""
            #expect(abs(model.logProbability(sentence) - (score.list[1].doubleValue ?? 0)) < 2e-5, "\(sentence)")
            let open = model.logProbability(sentence, boundaries: false)
            #expect(abs(open - (score.list[2].doubleValue ?? 0)) < 2e-5, "\(sentence)")
        }
    }

    /// The estimator gives lmplz's numbers, and KenLM's scores when its file is read again.
    @Test func estimatesAreThoseOfKenLM() throws {
        let fixture = try CTCFixtures.read("language_models.json")
        let folder = try TemporaryFolder()
        let models = fixture["models"]?.list ?? []
        #expect(models.count == 4)
        for entry in models {
            let order = entry["order"]?.intValue ?? 0
            var estimator = try NGramEstimator(order: order)
            for line in fixture["corpora"]?[entry["name"]?.stringValue ?? ""]?.strings ?? [] { try estimator.add(line) }
            let path = folder.path("lm.arpa")
            #expect(try estimator.write(to: path) == entry["fallbacks"]?.ints)
            let lines = String(decoding: try Data(contentsOf: URL(filePath: path)), as: UTF8.self)
            var values: [String: [Double]] = [:]
            for line in lines.split(separator: "\n") {
                let parts = line.split(separator: "\t")
                guard parts.count >= 2 else { continue }
                values[String(parts[1])] = [Double(parts[0]) ?? .nan, parts.count > 2 ? Double(parts[2]) ?? .nan : 0]
            }
            for level in entry["grams"]?.list ?? [] {
                for gram in level.list {
                    let found = values[gram.list[0].stringValue ?? ""] ?? [.nan, .nan]
                    #expect(abs(found[0] - (gram.list[1].doubleValue ?? 0)) < 2e-5, "\(gram)")
                    #expect(abs(found[1] - (gram.list[2].doubleValue ?? 0)) < 2e-5, "\(gram)")
                }
            }
            let model = try NGramModel(path: path)
            #expect(model.counts == entry["counts"]?.ints)
            for score in entry["scores"]?.list ?? [] {
                let sentence = score.list[0].stringValue ?? ""
                #expect(abs(model.logProbability(sentence) - (score.list[1].doubleValue ?? 0)) < 1e-4, "\(sentence)")
            }
        }
    }

    /// After any words the probabilities of all words add up to one.
    @Test func probabilitiesAddUp() throws {
        var estimator = try NGramEstimator(order: 3)
        for line in ["a b c a", "b c", "c c b a b", "a"] { try estimator.add(line) }
        let folder = try TemporaryFolder()
        try estimator.write(to: folder.path("lm.arpa"))
        let model = try NGramModel(path: folder.path("lm.arpa"))
        for history in ["", "a", "b c", "c c b", "zebra"] {
            let base = model.logProbability(history, boundaries: false)
            let sum = ["a", "b", "c", "zebra", "</s>"].reduce(0) {
                $0 + pow(10, model.logProbability("\(history) \($1)", boundaries: false) - base)
            }
            #expect(abs(sum - 1) < 1e-5, "\(history)")
        }
        #expect(model.perplexity("a b c") > 1)
    }

    @Test func backsOff() throws {
        let model = try model(Self.small)
        #expect(abs(model.logProbability("a") - -0.3) < 1e-6)
        #expect(abs(model.logProbability("a a") - (-0.1 - 0.2 - 0.6 - 0.2)) < 1e-6)
        #expect(abs(model.logProbability("A") - (-0.3 - 1 - 0.5)) < 1e-6)
        #expect(model.contains("a") && !model.contains("A") && !model.contains("<unk>"))
    }

    /// Carriage returns, spaces for tabs, and n-grams in any order are fine; the context of an n-gram may be missing.
    @Test func readsWhatIsWrittenOtherwise() throws {
        let expected = try model(Self.small).logProbability("a a b")
        for other in [
            Self.small.replacing("\n", with: "\r\n"), Self.small.replacing("\t", with: " "),
            "\n\n" + Self.small.replacing("-0.1\t<s> a\n-0.2\ta </s>", with: "-0.2\ta </s>\n-0.1\t<s> a"),
        ] {
            #expect(try model(other).logProbability("a a b") == expected)
        }
        let pruned = """
            \\data\\
            ngram 1=3
            ngram 2=1
            ngram 3=1
            \\1-grams:
            -1 <unk>
            -1 a -0.5
            -1 b
            \\2-grams:
            -0.25 b a -0.125
            \\3-grams:
            -0.5 a b a
            \\end\\
            """
        #expect(abs(try model(pruned).logProbability("a b a", boundaries: false) - (-1 - 1.5 - 0.5)) < 1e-6)
    }

    @Test(arguments: [
        ("\\end\\", ""), ("\\data\\", ""), ("ngram 1=4", "ngram 1=5"), ("ngram 1=4", "ngram 1=3"),
        ("ngram 1=4", "ngram 1=99999999999999999999"), ("ngram 1=4", "ngram 1=-1"), ("ngram 1=4", "ngram 1=1000000"),
        ("ngram 1=4", "ngram 2=4"), ("ngram 2=2", ""), ("\\2-grams:", "\\3-grams:"), ("\\1-grams:", ""),
        ("-0.6\ta\t-0.2", "-0.6\t</s>\t-0.2"), ("-0.6\ta", "nan\ta"), ("-0.6\ta", "inf\ta"), ("-0.6\ta", "0.5\ta"),
        ("-0.6\ta\t-0.2", "-0.6\ta\tnan"), ("-0.6\ta\t-0.2", "-0.6\ta\tx"), ("-0.6\ta\t-0.2", "-0.6"),
        ("<s> a", "<s> b"), ("<s> a", "a </s>"), ("-0.1\t<s> a", "-0.1\t<s> a\t-0.5"), ("\\end\\", "\\end\\\nmore"),
        ("\\data\\", "hello\n\\data\\"), ("-0.1\t<s> a", "-0.1\t<s>"),
    ])
    func refusesWhatIsBroken(_ part: String, _ other: String) throws {
        let text = Self.small.replacing(part, with: other)
        #expect(text != Self.small)
        do {
            _ = try model(text)
            Issue.record("no error for \(other)")
        } catch let error as CTCError {
            guard case .format(let file, let line, _, _) = error else { throw error }
            #expect(file.hasSuffix("lm.arpa") && line != nil)
        }
    }

    @Test func otherFormsAreNamed() throws {
        let folder = try TemporaryFolder()
        try folder.write([0x1F, 0x8B, 8, 0], as: "a.gz")
        try folder.write("mmap lm http://kheafield.com/code format version 5\n", as: "b.bin")
        try folder.write(Array(repeating: UInt8(ascii: "x"), count: 1 << 17), as: "c.arpa")
        try folder.write([], as: "d.arpa")
        for (name, word) in [("a.gz", "gzip"), ("b.bin", "KenLM"), ("c.arpa", "longer"), ("d.arpa", "end of the file")]
        {
            do {
                _ = try NGramModel(path: folder.path(name))
                Issue.record("no error for \(name)")
            } catch {
                #expect(error.description.contains(word), "\(error)")
            }
        }
        #expect(throws: CTCError.self) { try NGramModel(path: folder.path) }
        #expect(throws: CTCError.self) { try NGramModel(path: folder.path("none")) }
    }

    @Test func mutationsGiveTypedErrors() throws {
        let folder = try TemporaryFolder()
        let base = Array(Self.small.utf8)
        var random = SeededGenerator(seed: 4)
        var accepted = 0
        for _ in 0..<250 {
            var bytes = base
            for _ in 0...Int.random(in: 0..<3, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.removeSubrange(place..<min(bytes.count, place + Int.random(in: 1...40, using: &random)))
                default: bytes.insert(bytes[Int.random(in: 0..<bytes.count, using: &random)], at: place)
                }
                if bytes.isEmpty { bytes = [0] }
            }
            try folder.write(bytes, as: "lm.arpa")
            do {
                let model = try NGramModel(path: folder.path("lm.arpa"))
                #expect(model.logProbability("a b a").isFinite)
                accepted += 1
            } catch {
                // Only typed errors can come here; crashes are what is looked for.
                #expect(!error.description.isEmpty)
            }
        }
        #expect(accepted > 0 && accepted < 250)
    }

    /// Counts of which nothing would be taken off a count of two: `a` would leave nothing for other words.
    @Test func discountsAreNeverZero() throws {
        var estimator = try NGramEstimator(order: 2)
        for (word, count) in "abcdefghijklm".enumerated().map({ ($1, $0 < 3 ? 2 : $0 < 9 ? 1 : 3) }) {
            for _ in 0..<count { try estimator.add("\(word)") }
        }
        let folder = try TemporaryFolder()
        #expect(try estimator.write(to: folder.path("lm.arpa")) == [1, 2])
        let model = try NGramModel(path: folder.path("lm.arpa"))
        #expect(model.logProbability("a b").isFinite)
    }

    @Test func theEstimatorRefuses() throws {
        for order in [0, 7, -1] { #expect(throws: CTCError.self) { try NGramEstimator(order: order) } }
        var estimator = try NGramEstimator(order: 2)
        let folder = try TemporaryFolder()
        #expect(throws: CTCError.self) { try estimator.write(to: folder.path("a")) }
        for bad in ["a <s>", "<unk>", "</s>", String(repeating: "x", count: 2000)] {
            #expect(throws: CTCError.self) { try estimator.add(bad) }
        }
        #expect(estimator.sentences == 0)
        for sentence in ["a b", "b a"] { try estimator.add(sentence) }
        #expect(estimator.sentences == 2 && estimator.wordCount == 4)
        #expect(throws: CTCError.self) { try estimator.write(to: folder.path("no/such/folder")) }
    }
}
