import Checkpoints
import Foundation
import JSON
import TensorCore
import TestSupport
import Testing

/// `zoo classify --labels`, on seeded dual encoders with the reference's probabilities beside them.
@Suite struct ZeroShotTests {
    private let folder: TemporaryFolder
    private let clip = Fixtures.dual("transformers-clip")
    private let siglip = Fixtures.dual("transformers-siglip")
    private let labels = "cat,red car,small plane,green circle"

    init() throws { folder = try TemporaryFolder() }

    /// A run whose cache lies in this test's folder.
    private func classify(_ model: String, _ words: [String], cache: String? = nil) throws -> ZooBinary.Result {
        try ZooBinary.run(
            ["classify", "--model", model] + words + ["\(model)/ref/image.png"],
            environment: ["XDG_CACHE_HOME": cache ?? folder.path("cache")])
    }

    /// Scores and logits by label of the only input.
    private func predictions(_ run: ZooBinary.Result) throws -> [String: (score: Double, logit: Double)] {
        #expect(run.code == 0, "\(run.errors)")
        let list = try #require(JSONValue.parse(run.output)["predictions"]?.arrayValue)
        var found: [String: (score: Double, logit: Double)] = [:]
        for entry in list {
            let label = try #require(entry["label"]?.stringValue)
            found[label] = (
                try #require(entry["score"]?.doubleValue), try #require(entry["logit"]?.doubleValue)
            )
        }
        return found
    }

    private var cached: [String] {
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path("cache/zoo/class-matrices"))) ?? []).sorted()
    }

    @Test(arguments: [
        "transformers-clip", "transformers-siglip", "transformers-siglip-mask", "open_clip-vit-quickgelu",
    ])
    func probabilitiesAreTheReferences(name: String) throws {
        let model = Fixtures.dual(name)
        let manifest = try JSONValue.parse(
            Array(Data(contentsOf: URL(filePath: "\(model)/ref/manifest.json"))))
        let zeroShot = try #require(manifest["zero_shot"])
        func strings(_ key: String) throws -> [String] {
            try #require(zeroShot[key]?.arrayValue).compactMap(\.stringValue)
        }
        let labels = try strings("labels")
        let file = try folder.write(labels.joined(separator: "\n"), as: "labels.txt")
        let templates = try strings("templates").flatMap { ["--template", $0] }
        let expected = try NPY(file: "\(model)/ref/probabilities.npy", limit: 1 << 20).floats()
        #expect(expected.count == labels.count && expected.count > 2)
        // The second run finds the labels encoded.
        for _ in 0..<2 {
            let run = try classify(model, ["--json", "--top", "100", "--labels-from", file] + templates)
            let found = try predictions(run)
            #expect(found.count == labels.count)
            for (label, probability) in zip(labels, expected) {
                let score = try #require(found[label]?.score)
                #expect(abs(score - Double(probability)) <= 1e-4, "\(label)")
            }
        }
        #expect(cached.count == 1)
    }

    @Test func aBarALabel() throws {
        let run = try classify(clip, ["--labels", labels])
        #expect(run.code == 0 && run.errors.isEmpty)
        #expect(run.lines.count == 5 && run.lines[0].hasSuffix("ref/image.png"))
        #expect(run.lines[1].contains(" %") && run.lines[1].contains("█"))
        let one = try classify(clip, ["--labels", labels, "--top", "1"])
        #expect(one.lines.count == 2)
    }

    @Test func jsonHasScoreAndLogit() throws {
        let run = try classify(clip, ["--labels", labels, "--json"])
        let object = try #require(try run.objects().first)
        #expect(Set(object.keys) == ["input", "model", "predictions"])
        let entries = try #require(object["predictions"] as? [[String: Any]])
        #expect(entries.count == 4 && entries.allSatisfy { Set($0.keys) == ["label", "index", "score", "logit"] })
        let scores = entries.compactMap { $0["score"] as? Double }
        #expect(scores == scores.sorted(by: >) && abs(scores.reduce(0, +) - 1) < 1e-5)
        let names = labels.split(separator: ",").map(String.init)
        for entry in entries { #expect(names[try #require(entry["index"] as? Int)] == entry["label"] as? String) }
    }

    /// Sigmoid scores do not depend on the other labels, and are said to be so.
    @Test func aSigmoidScoresEachLabelByItself() throws {
        let all = try classify(siglip, ["--labels", labels, "--json"])
        #expect(all.errors.contains("a probability of its own"))
        let found = try predictions(all)
        for label in ["cat", "small plane"] {
            let alone = try predictions(try classify(siglip, ["--labels", label, "--json"]))
            #expect(alone[label]?.score == found[label]?.score)
        }
        let flagged = try classify(siglip, ["--labels", labels, "--json", "--multi-label"])
        #expect(flagged.output == all.output)
        let quiet = try ZooBinary.run(
            ["--quiet", "classify", "--no-cache", "-m", siglip, "-l", labels, "\(siglip)/ref/image.png"])
        #expect(quiet.code == 0 && quiet.errors.isEmpty)
    }

    /// A softmax model's labels by themselves: each against the neutral word alone.
    @Test func multiLabelSetsEachLabelAgainstTheNeutralWord() throws {
        let run = try classify(clip, ["--labels", labels, "--json", "--multi-label"])
        #expect(run.errors.contains("'thing'"))
        let found = try predictions(run)
        #expect(found.count == 4)
        let withNeutral = try predictions(try classify(clip, ["--labels", labels + ",thing", "--json"]))
        let neutral = try #require(withNeutral["thing"]?.logit)
        for (label, value) in found {
            #expect(value.logit == withNeutral[label]?.logit)
            #expect(abs(value.score - 1 / (1 + exp(neutral - value.logit))) < 1e-6)
            let alone = try predictions(try classify(clip, ["--labels", label, "--json", "--multi-label"]))
            #expect(alone[label]?.score == value.score, "other labels have no say")
        }
    }

    @Test func oneLabelIsCertain() throws {
        let run = try classify(clip, ["--labels", "cat", "--json"])
        #expect(try predictions(run)["cat"]?.score == 1)
        #expect(run.errors.contains("a single label always scores 100 %"))
    }

    @Test func tenThousandLabels() throws {
        let names = (0..<10_000).map { "cat \($0)" }
        let file = try folder.write(names.joined(separator: "\n") + "\n", as: "labels.txt")
        let run = try classify(clip, ["--labels-from", file, "--json", "--top", "1000", "--template", "{}"])
        #expect(run.code == 0, "\(run.errors)")
        let entries = try #require(JSONValue.parse(run.output)["predictions"]?.arrayValue)
        #expect(entries.count == 1000)
        for entry in entries.prefix(10) {
            #expect(entry["label"]?.stringValue == names[try #require(entry["index"]?.intValue)])
        }
    }

    @Test func resultsDependOnNeitherBatchNorThreads() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for seed in 1...7 { try scratch.picture("set/\(seed).png", seed: UInt64(seed), width: 20 + seed * 9) }
        for model in [clip, siglip] {
            let words = ["classify", "--no-cache", "-m", model, "-l", labels, "--json", scratch.path + "/set"]
            let reference = try ZooBinary.run(words + ["--batch", "1", "--threads", "1"])
            #expect(reference.code == 0 && reference.lines.count == 7)
            for (batch, threads) in [(2, 2), (3, 1), (16, 3)] {
                let other = try ZooBinary.run(words + ["--batch", "\(batch)", "--threads", "\(threads)"])
                #expect(other.output == reference.output, "batch \(batch), threads \(threads)")
            }
        }
    }

    @Test func badPicturesAmongGoodOnes() throws {
        let bad = try folder.write("no picture", as: "b.png")
        let picture = "\(clip)/ref/image.png"
        let run = try ZooBinary.run([
            "classify", "--no-cache", "-m", clip, "-l", labels, "--json", picture, bad, folder.path("none.png"),
            picture,
        ])
        let objects = try run.objects()
        #expect(run.code == 66 && objects.map { $0["error"] != nil } == [false, true, true, false])
    }

    /// What does not go with the model is refused with what would.
    @Test func refusalsSayWhatToDo() throws {
        let picture = "\(clip)/ref/image.png"
        let minilm = Fixtures.sentence("minilm")
        let cases: [(words: [String], parts: [String])] = [
            (["-m", clip], ["is a dual encoder", "--labels 'a cat,a dog'", "--labels-from"]),
            (["-m", Fixtures.resnet, "-l", "a,b"], ["is an image classifier", "leave the labels out"]),
            (["-m", Fixtures.resnet, "--template", "a {}"], ["are about labels", "--labels"]),
            (["-m", Fixtures.resnet, "--multi-label"], ["are about labels"]),
            (["-m", minilm], ["is a sentence encoder"]), (["-m", minilm, "-l", "a,b"], ["is a sentence encoder"]),
        ]
        for (words, parts) in cases {
            let run = try ZooBinary.run(["classify"] + words + [picture])
            #expect(run.code == 2 && run.output.isEmpty, "\(words): \(run.errors)")
            for part in parts { #expect(run.errors.contains(part), "\(words): \(run.errors)") }
        }
    }

    /// The text tower's end: a prompt that is too long names itself, and is cut only where that is asked for.
    @Test func aPromptThatIsTooLong() throws {
        let labels = ["--labels", "cat,\(String(repeating: "dog ", count: 40))"]
        let run = try classify(clip, labels)
        #expect(run.code == 65 && run.errors.contains("the model takes 12"), "\(run.errors)")
        #expect(run.errors.contains("shorten the label") && run.errors.contains("--truncate"), "\(run.errors)")
        let cut = try classify(clip, labels + ["--truncate"])
        #expect(cut.code == 0 && cut.output.contains("dog"), "\(cut.errors)")
    }

    @Test func evalChoosesAmongTheFolders() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        for (index, name) in ["cat", "red_car", "small plane"].enumerated() {
            for seed in 0..<3 {
                try scratch.picture("set/\(name)/\(seed).png", seed: UInt64(index * 10 + seed))
            }
        }
        let words = ["--template", "a {} at night", "--template", "the {}"]
        let single = try ZooBinary.run(
            ["classify", "--no-cache", "-m", clip, "-l", "cat,red car,small plane", "--json", scratch.path + "/set"]
                + words)
        var right = 0
        for object in try single.objects() {
            let path = try #require(object["input"] as? String)
            let truth = URL(filePath: path).deletingLastPathComponent().lastPathComponent
            let best = try #require(object["predictions"] as? [[String: Any]]).first?["label"] as? String
            if best == truth.replacing("_", with: " ") { right += 1 }
        }
        let run = try ZooBinary.run(
            ["eval", clip, scratch.path + "/set", "--json"] + words, environment: ["XDG_CACHE_HOME": scratch.path])
        #expect(run.code == 0, "\(run.errors)")
        let report = try #require(try run.objects().first)
        #expect(report["images"] as? Int == 9)
        #expect(abs((report["top1"] as? Double ?? -1) - Double(right) / 9) < 1e-9)
        let refused = try ZooBinary.run(["eval", Fixtures.resnet, scratch.path + "/set"] + words)
        #expect(refused.code == 2 && refused.errors.contains("templates are for dual encoders"))
        let sentences = try ZooBinary.run(["eval", Fixtures.sentence("minilm"), scratch.path + "/set"])
        #expect(sentences.code == 2 && sentences.errors.contains("reads no pictures"))
    }
}
