import Checkpoints
import Foundation
import JSON
import ModelZoo
import TensorCore
import TestSupport
import Testing

/// `zoo run`, `verify`, `preprocess`, `show`, `list` and `bench` with dual and sentence encoders.
@Suite struct EncoderRunTests {
    private let folder: TemporaryFolder
    private let clip = Fixtures.dual("transformers-clip")
    private let siglip = Fixtures.dual("transformers-siglip")
    private let minilm = Fixtures.sentence("minilm")

    init() throws { folder = try TemporaryFolder() }

    private func tensor(_ file: String) throws -> Tensor { try Tensor(NPY(file: file, limit: 1 << 20), file: file) }

    private func inputs(_ model: String, _ reference: String, _ names: [String]) -> [String] {
        names.flatMap { ["--input", "\($0)=\(model)/ref/\(reference).in.\($0).npy"] }
    }

    @Test(arguments: [
        (["pixel_values"], ["image_embeds"]), (["input_ids"], ["text_embeds"]),
        (["input_ids", "pixel_values"], ["image_embeds", "text_embeds", "logits_per_image"]),
    ])
    func aDualEncodersOutputsFollowFromItsInputs(given: [String], outputs: [String]) throws {
        for model in [clip, siglip] {
            let results = folder.path("results-\(UUID().uuidString)")
            let run = try ZooBinary.run(
                ["run", model, "--output-dir", results, "--json"] + inputs(model, "both", given))
            #expect(run.code == 0, "\(run.errors)")
            #expect(try JSONValue.parse(run.output)["outputs"]?.objectValue?.keys == outputs)
            #expect(try FileManager.default.contentsOfDirectory(atPath: results).count == outputs.count)
            for name in outputs {
                let comparison = Comparison(
                    try tensor("\(results)/\(name).npy"), reference: try tensor("\(model)/ref/both.out.\(name).npy"))
                #expect(comparison.passes(tolerance: 1e-4), "\(name): \(comparison)")
            }
        }
    }

    /// Bits depend neither on what else is computed nor on threads.
    @Test func outputsAlone() throws {
        var files: [Data] = []
        for words in [
            inputs(clip, "both", ["input_ids"]), inputs(clip, "both", ["input_ids", "pixel_values"]),
            inputs(clip, "both", ["input_ids"]) + ["--threads", "3", "--output", "text_embeds"],
        ] {
            let run = try ZooBinary.run(["run", clip, "-d", folder.path] + words)
            #expect(run.code == 0, "\(run.errors)")
            files.append(try Data(contentsOf: URL(filePath: folder.path("text_embeds.npy"))))
        }
        #expect(files[0] == files[1] && files[0] == files[2])
        let states = try ZooBinary.run(
            ["run", clip, "-d", folder.path("states"), "-o", "last_hidden_state"] + inputs(clip, "both", ["input_ids"]))
        #expect(states.code == 0 && states.lines.count == 1)
        #expect(try tensor(folder.path("states/last_hidden_state.npy")).shape.dimensions.prefix(2) == [3, 12])
    }

    @Test func aSentenceEncodersMaskAndTypesMayBeLeftOut() throws {
        for names in [
            ["input_ids"], ["input_ids", "attention_mask"], ["input_ids", "attention_mask", "token_type_ids"],
        ] {
            let results = folder.path("results-\(names.count)")
            let run = try ZooBinary.run(["run", minilm, "-d", results] + inputs(minilm, "b4", names))
            #expect(run.code == 0 && run.lines.count == 2, "\(run.errors)")
            guard names.count == 3 else { continue }
            for name in ["last_hidden_state", "sentence_embedding"] {
                let comparison = Comparison(
                    try tensor("\(results)/\(name).npy"), reference: try tensor("\(minilm)/ref/b4.out.\(name).npy"))
                #expect(comparison.passes(tolerance: 1e-4), "\(name): \(comparison)")
            }
        }
        let bert = Fixtures.sentence("bert-pretraining")
        let run = try ZooBinary.run(["run", bert, "-d", folder.path("bert")] + inputs(bert, "b4", ["input_ids"]))
        #expect(run.code == 0 && run.lines.count == 1 && run.output.contains("last_hidden_state.npy"))
    }

    @Test func wrongInputsAreNamed() throws {
        let pixels = "\(clip)/ref/both.in.pixel_values.npy"
        let ids = "\(clip)/ref/both.in.input_ids.npy"
        let cases: [(words: [String], code: Int32, parts: [String])] = [
            ([clip], 2, ["'pixel_values' is missing", "pixel_values, input_ids [, attention_mask], or both"]),
            ([clip, "-i", "attention_mask=\(ids)"], 2, ["'input_ids' is missing"]),
            ([clip, "-i", "logits=\(ids)"], 2, ["no input 'logits'"]),
            ([clip, "-i", "input_ids=\(ids)", "-o", "logits"], 2, ["no output 'logits'", "logits_per_image"]),
            ([clip, "-i", "input_ids=\(ids)", "-o", "image_embeds"], 2, ["not enough for 'image_embeds'"]),
            ([clip, "-i", "input_ids=\(pixels)"], 65, ["expected I64"]),
            ([clip, "-i", "pixel_values=\(ids)"], 65, ["expected fp32 [batch, 3, height, width]"]),
            ([minilm, "-i", "pixel_values=\(pixels)"], 2, ["no input 'pixel_values'"]),
            ([minilm, "-i", "input_ids=\(pixels)"], 65, ["input_ids of type int64"]),
            (
                [Fixtures.dual("transformers-clip-text"), "-i", "pixel_values=\(pixels)"], 69,
                ["the checkpoint has no image tower"]
            ),
        ]
        for (words, code, parts) in cases {
            let run = try ZooBinary.run(["run", "--output-dir", folder.path("results")] + words)
            #expect(run.code == code && run.output.isEmpty, "\(words): \(run.errors)")
            for part in parts { #expect(run.errors.contains(part), "\(words): \(run.errors)") }
        }
        #expect(!FileManager.default.fileExists(atPath: folder.path("results")))
    }

    @Test(arguments: [
        Fixtures.dual("transformers-clip"), Fixtures.dual("transformers-siglip"), Fixtures.dual("open_clip-resnet"),
        Fixtures.dual("transformers-clip-text"), Fixtures.dual("transformers-clip-vision"),
        Fixtures.sentence("minilm"), Fixtures.sentence("bert-pretraining"),
    ])
    func everyCaseIsVerified(model: String) throws {
        let run = try ZooBinary.run(["verify", model, "--json"])
        #expect(run.code == 0, "\(run.output)\(run.errors)")
        #expect(run.lines.count > 1)
    }

    /// Texts beside a model, in the form {"text", "ids"}.
    @Test func textsAreVerified() throws {
        let model = folder.path("model")
        try FileManager.default.copyItem(atPath: clip, toPath: model)
        let cases = { (ids: String) in
            Data(#"[{"text":"a cat","ids":[565,320,559,566],"decoded":"a cat"},{"text":"","ids":[\#(ids)]}]"#.utf8)
        }
        let file = URL(filePath: "\(model)/ref/tokenizer_cases.json")
        try cases("565,566").write(to: file)
        let good = try ZooBinary.run(["verify", model])
        #expect(good.code == 0 && good.lines.contains { $0.hasPrefix("tokenizer") && $0.contains("equal") })
        try cases("566").write(to: file)
        let bad = try ZooBinary.run(["verify", model, "--json"])
        let check = try bad.lines.map { try JSONValue.parse($0) }.first { $0["check"]?.stringValue == "tokenizer" }
        #expect(bad.code == 65 && check?["differing"]?.intValue == 1 && check?["index"]?.intValue == 1)
        try Data("{}".utf8).write(to: file)
        let broken = try ZooBinary.run(["verify", model])
        #expect(broken.code == 69 && broken.errors.contains("tokenizer_cases.json"))
    }

    @Test func picturesArePreparedAndSentencesAreNot() throws {
        let output = folder.path("x.npy")
        let run = try ZooBinary.run(["preprocess", clip, "\(clip)/ref/image.png", "--output", output])
        #expect(run.code == 0, "\(run.errors)")
        #expect(try tensor(output).floats == tensor("\(clip)/ref/pixel_values.npy").floats)
        let refused = try ZooBinary.run(["preprocess", minilm, "\(clip)/ref/image.png", "--output", output])
        #expect(refused.code == 69 && refused.errors.contains("is a sentence encoder and reads no pictures"))
    }

    @Test func shownFacts() throws {
        let dual = try ZooBinary.run(["show", clip])
        for part in [
            "Architecture   CLIP", "Image tower    3 x 24 x 24, ", "Text tower     12 tokens of 567, ",
            "Embedding      20 numbers", "Scores         softmax over the labels of ",
        ] {
            #expect(dual.output.contains("\n\(part)"), "\(part)")
        }
        let object = try JSONValue.parse(try ZooBinary.run(["show", siglip, "--json"]).output)
        #expect(object["scores"]?.stringValue == "sigmoid" && (object["logit_bias"]?.doubleValue ?? 0) < 0)
        for tower in ["image", "text"] {
            for key in ["flops", "weight_bytes", "activation_bytes"] {
                #expect((object[tower]?[key]?.doubleValue ?? 0) > 1000, "\(tower).\(key)")
            }
        }
        #expect(object["text"]?["context"]?.intValue == 64 && object["embedding"]?.intValue == 24)
        let sentence = try JSONValue.parse(try ZooBinary.run(["show", minilm, "--json"]).output)
        #expect(sentence["task"]?.stringValue == "sentence-similarity" && sentence["context"]?.intValue == 32)
        #expect(sentence["embedding"]?.intValue == 24 && sentence["layout"]?.isNull == true)
        let vision = try ZooBinary.run(["show", Fixtures.dual("transformers-clip-vision")])
        #expect(vision.code == 0 && !vision.output.contains("Text tower") && !vision.output.contains("Scores"))
    }

    @Test func listed() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        try scratch.model("a-clip", from: clip)
        try scratch.model("an-open-clip", from: Fixtures.dual("open_clip-vit-gelu"))
        try scratch.model("a-minilm", from: minilm)
        let run = try ZooBinary.run(["--registry", scratch.path, "list"])
        let rows = run.lines.filter { $0.hasPrefix("a-") || $0.hasPrefix("an-") }
        #expect(run.code == 0 && rows.count == 3)
        #expect(rows.filter { $0.contains("zero-shot-image-classification  CLIP") }.count == 2)
        #expect(rows.contains { $0.contains("sentence-similarity") })
        let names = try ZooBinary.run(["--registry", scratch.path, "list", "--names"]).lines
        #expect(Set(names).isSuperset(of: ["a-clip", "an-open-clip", "a-minilm"]))
    }

    @Test func timed() throws {
        for (words, shape) in [
            ([clip, "--case", "both"], [2, 3, 24, 24]), ([clip], [1, 3, 24, 24]),
            ([clip, "--tower", "text", "--batch", "3"], [3, 12]), ([clip, "--tower", "both"], [1, 3, 24, 24]),
            ([clip, "--tower", "text", "--tokens", "5"], [1, 5]), ([minilm, "--case", "b4"], [4, 17]),
            ([minilm, "--batch", "2", "--tokens", "9"], [2, 9]), ([minilm], [1, 32]),
        ] {
            let run = try ZooBinary.run(["bench", "-n", "2", "--json", "--profile"] + words)
            #expect(run.code == 0, "\(words): \(run.errors)")
            let report = try JSONValue.parse(run.output)
            #expect(report["shape"]?.arrayValue?.compactMap(\.intValue) == shape, "\(words)")
            #expect((report["gflop"]?.doubleValue ?? 0) > 0 && report["allocations"]?.intValue == 0, "\(words)")
        }
        for (words, part) in [
            ([minilm, "--tower", "text"], "'--tower' is for dual encoders"),
            ([minilm, "--size", "8x8"], "is for images"),
            ([clip, "--tokens", "5"], "is for texts"), ([Fixtures.resnet, "--tokens", "5"], "is for texts"),
        ] {
            let run = try ZooBinary.run(["bench", "-n", "2"] + words)
            #expect(run.code == 2 && run.errors.contains(part), "\(words): \(run.errors)")
        }
        let long = try ZooBinary.run(["bench", "-n", "2", clip, "--tower", "text", "--tokens", "13"])
        #expect(long.code == 65 && long.errors.contains("the model takes 12 at most"), "\(long.errors)")
    }

    @Test func theWorkerPreparesEveryFamily() throws {
        for (model, reference) in [(clip, "both"), (clip, "text-7"), (minilm, "b4"), (minilm, "long")] {
            let requests =
                #"{"op":"prep","case":"\#(reference)"}"# + "\n" + #"{"op":"run","case":"\#(reference)","n":2}"#
            let run = try ZooBinary.run(
                ["bench", "--worker"], input: requests, environment: ["BENCH_CKPT": model, "BENCH_THREADS": "2"])
            let answers = try run.lines.map { try JSONValue.parse($0) }
            #expect(answers.first?["ok"]?.boolValue == true, "\(run.output)")
            #expect((answers.first?["rel_rms_err"]?.doubleValue ?? 1) < 1e-4)
            #expect(answers.last?["times"]?.arrayValue?.count == 2)
        }
    }
}
