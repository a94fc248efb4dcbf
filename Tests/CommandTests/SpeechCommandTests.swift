import Audio
import AudioEncoder
import Checkpoints
import Foundation
import ModelZoo
import TensorCore
import Testing

@testable import ZooCommand

/// The commands that every family has, with audio encoders.
@Suite struct SpeechCommandTests {
    private func tensor(_ file: String) throws -> Tensor { try Tensor(NPY(file: file, limit: 1 << 24), file: file) }

    /// A tone model with a reference case.
    private func verifiable(_ scratch: Scratch, head: ToneModel.Head = .ctc) throws -> String {
        let model = try scratch.tones("model-\(head)", head: head)
        let encoder = try AudioEncoder(folder: model)
        let sound = try scratch.sound("model-\(head)/ref/audio.wav", saying: "abc")
        let inputs = try encoder.inputValues(AudioClip(path: sound).samples)
        try NPY(inputs.floats, shape: inputs.shape.dimensions).write(to: "\(model)/ref/x.npy")
        let name = head == .none ? "last_hidden_state" : "logits"
        let output = try head == .none ? encoder.hiddenStates(inputs) : encoder.logits(inputs)
        try NPY(output.floats, shape: output.shape.dimensions).write(to: "\(model)/ref/y.npy")
        var outputs = "\"\(name)\":\"y.npy\""
        if head == .ctc {
            let frames = output.shape[1]
            let ids = (0..<frames).map { frame in
                let row = output.floats[frame * output.shape[2]..<(frame + 1) * output.shape[2]]
                return Int64((row.indices.max { row[$0] < row[$1] } ?? 0) - row.startIndex)
            }
            try NPY(ids, shape: [1, frames]).write(to: "\(model)/ref/ids.npy")
            outputs += ",\"greedy_ids\":\"ids.npy\""
        }
        let manifest =
            #"{"cases":[{"case":"s1","inputs":{"input_values":"x.npy"},"outputs":{\#(outputs)},"flops":1000}],"#
            + #""preprocess":{"audio":"audio.wav","input_values":"x.npy"}}"#
        try scratch.write(Data(manifest.utf8), "model-\(head)/ref/manifest.json")
        return model
    }

    @Test(arguments: [ToneModel.Head.ctc, .classification, .none])
    func verifyAndRun(head: ToneModel.Head) throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try verifiable(scratch, head: head)
        let verify = try ZooBinary.run(["verify", model, "--json"])
        #expect(verify.code == 0, "\(verify.output)\(verify.errors)")
        let checks = try verify.objects().compactMap { $0["check"] as? String }
        #expect(checks == ["preprocess"] + Array(repeating: "output", count: head == .ctc ? 2 : 1))
        #expect(try verify.objects()[0]["differing"] as? Int == 0)

        let name = head == .none ? "last_hidden_state" : "logits"
        let run = try ZooBinary.run(["run", model, "-i", "input_values=\(model)/ref/x.npy", "-d", "\(scratch.path)/r"])
        #expect(run.code == 0 && run.lines.count == 1, "\(run.errors)")
        #expect(try tensor("\(scratch.path)/r/\(name).npy").floats == tensor("\(model)/ref/y.npy").floats)
        let other = head == .none ? "logits" : "last_hidden_state"
        let more = try ZooBinary.run(
            ["run", model, "-i", "input_values=\(model)/ref/x.npy", "-d", "\(scratch.path)/r", "-o", other])
        #expect(more.code == (head == .none ? 69 : 0), "\(more.errors)")
        let ids = try ZooBinary.run(
            ["run", model, "-i", "input_values=\(model)/ref/x.npy", "-d", "\(scratch.path)/r", "-o", "greedy_ids"])
        #expect(ids.code == (head == .ctc ? 0 : 69), "\(ids.errors)")
        guard head == .ctc else {
            #expect(ids.errors.contains("the model has no output greedy_ids"))
            return
        }
        #expect(try tensor("\(scratch.path)/r/greedy_ids.npy").integers == tensor("\(model)/ref/ids.npy").integers)
    }

    /// With a mask a clip in a batch has the bits it has alone.
    @Test func masksAreTaken() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try verifiable(scratch)
        let single = try tensor("\(model)/ref/x.npy").floats
        let padded = single + [Float](repeating: 0, count: 640)
        try NPY(padded + padded, shape: [2, padded.count]).write(to: "\(scratch.path)/x.npy")
        let row = single.map { _ in Int64(1) } + [Int64](repeating: 0, count: 640)
        try NPY(row + row, shape: [2, padded.count]).write(to: "\(scratch.path)/m.npy")
        let run = try ZooBinary.run([
            "run", model, "-i", "input_values=\(scratch.path)/x.npy", "-i", "attention_mask=\(scratch.path)/m.npy",
            "-d",
            "\(scratch.path)/r",
        ])
        #expect(run.code == 0, "\(run.errors)")
        let (found, alone) = (try tensor("\(scratch.path)/r/logits.npy"), try tensor("\(model)/ref/y.npy"))
        #expect(found.shape[0] == 2 && Array(found.floats[..<alone.count]) == alone.floats)
    }

    @Test func wrongArrays() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try verifiable(scratch)
        let x = "\(model)/ref/x.npy"
        try NPY([1, 2, 3] as [Float], shape: [1, 3]).write(to: "\(scratch.path)/short.npy")
        for (words, code, part) in [
            ([], 2, "'input_values' is missing"), (["-i", "pixel_values=\(x)"], 2, "no input 'pixel_values'"),
            (["-i", "attention_mask=\(x)"], 2, "'input_values' is missing"),
            (["-i", "input_values=\(x)", "-i", "attention_mask=\(x)"], 65, "int64"),
            (["-i", "input_values=\(scratch.path)/short.npy"], 65, "samples"),
            (["-i", "input_values=\(x)", "--language", "eng"], 2, "no adapter"),
        ] as [([String], Int32, String)] {
            let run = try ZooBinary.run(["run", model, "-d", "\(scratch.path)/r"] + words)
            #expect(run.code == code && run.errors.contains(part), "\(words): \(run.code) \(run.errors)")
        }
        let picture = try ZooBinary.run(
            ["run", Fixtures.resnet, "--language", "eng", "-i", "pixel_values=\(x)", "-d", scratch.path])
        #expect(picture.code == 2 && picture.errors.contains("'--language' is for audio encoders"))
    }

    @Test func preprocess() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try verifiable(scratch)
        let sound = "\(model)/ref/audio.wav"
        let one = try ZooBinary.run(["preprocess", model, sound, "-o", "\(scratch.path)/x.npy"])
        #expect(one.code == 0, "\(one.errors)")
        #expect(try tensor("\(scratch.path)/x.npy").floats == tensor("\(model)/ref/x.npy").floats)
        let two = try ZooBinary.run(["preprocess", model, sound, sound, "-o", "\(scratch.path)/x.npy"])
        #expect(two.code == 0)
        #expect(try tensor("\(scratch.path)/x.npy").shape[0] == 2)
        let other = try scratch.sound("b.wav", saying: "a")
        let uneven = try ZooBinary.run(["preprocess", model, sound, other, "-o", "\(scratch.path)/y.npy"])
        #expect(uneven.code == 65 && uneven.errors.contains("of one length"))
        let none = try ZooBinary.run(["preprocess", model, "\(model)/ref/x.npy", "-o", "\(scratch.path)/y.npy"])
        #expect(none.code == 65 && !FileManager.default.fileExists(atPath: "\(scratch.path)/y.npy"))
    }

    @Test func showAndList() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        try scratch.tones("classes", head: .classification)
        try scratch.tones("bare", head: .none)
        let show = try ZooBinary.run(["show", model])
        #expect(show.code == 0, "\(show.errors)")
        for part in [
            "automatic-speech-recognition", "sound at 16000 Hz, 50.0 frames a second", "a second of sound",
            "Vocabulary", "16 tokens: a b c d e f g h i j k", "Memory",
        ] {
            #expect(show.output.contains(part), "\(part): \(show.output)")
        }
        let facts = try #require(try ZooBinary.run(["show", "--json", model]).objects().first)
        #expect(facts["sampling_rate"] as? Int == 16_000 && facts["samples_per_frame"] as? Int == 320)
        #expect((facts["vocabulary"] as? [String])?.count == 16 && (facts["languages"] as? [String])?.isEmpty == true)
        #expect((facts["flops_per_second"] as? Double ?? 0) > 1e5 && (facts["parameters"] as? Int ?? 0) > 5000)
        let classes = try ZooBinary.run(["show", "\(scratch.path)/classes"])
        #expect(classes.output.contains("audio-classification") && classes.output.contains("Labels"))
        #expect(classes.output.contains("tone-<pad>"))
        #expect(try ZooBinary.run(["show", "\(scratch.path)/bare"]).output.contains("none: hidden states only"))
        let list = try ZooBinary.run(["--registry", scratch.path, "list"], environment: ["COLUMNS": "200"])
        for task in ["automatic-speech-recognition", "audio-classification", "feature-extraction"] {
            #expect(list.output.contains(task), "\(list.output)")
        }
    }

    @Test func bench() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try verifiable(scratch)
        let bench = try ZooBinary.run(["bench", model, "-n", "3", "--duration", "2", "--batch", "2", "--json"])
        let object = try #require(try bench.objects().first, "\(bench.errors)")
        #expect(object["shape"] as? [Int] == [2, 32_000] && object["batch"] as? Int == 2)
        #expect((object["real_time_factor"] as? Double ?? 0) > 0)
        let text = try ZooBinary.run(["bench", model, "-n", "3", "--case", "s1"])
        #expect(text.code == 0 && text.output.contains("times as fast as it plays"), "\(text.errors)")
        for (words, part) in [
            ([model, "--tokens", "5"], "is for texts"), ([model, "--size", "9x9"], "is for images"),
            ([model, "--tower", "text"], "is for dual encoders"),
            ([Fixtures.resnet, "--duration", "2"], "is for sounds"),
        ] {
            let run = try ZooBinary.run(["bench", "-n", "2"] + words)
            #expect(run.code == 2 && run.errors.contains(part), "\(words): \(run.errors)")
        }
        let requests = "{\"op\":\"prep\",\"case\":\"s1\"}\n{\"op\":\"run\",\"case\":\"s1\",\"n\":2}\n"
        let worker = try ZooBinary.run(
            ["bench", "--worker"], input: requests, environment: ["BENCH_CKPT": model, "BENCH_THREADS": "1"])
        let answers = try worker.objects()
        #expect(answers.first?["ok"] as? Bool == true, "\(worker.output)")
        #expect((answers.first?["rel_rms_err"] as? Double ?? 1) < 1e-5)
        #expect((answers.last?["times"] as? [Double])?.count == 2)
    }

    @Test func classify() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones(head: .classification)
        let (a, b) = (try scratch.sound("set/a.wav", saying: "aaa"), try scratch.sound("set/b.wav", saying: "kkk"))
        let outcome = try ZooBinary.run(["classify", "-m", model, "--json", "--top", "2", "\(scratch.path)/set"])
        #expect(outcome.code == 0, "\(outcome.errors)")
        let objects = try outcome.objects()
        #expect(objects.map { $0["input"] as? String } == [a, b])
        let best = objects.map { ($0["predictions"] as? [[String: Any]])?.first }
        #expect(best.map { $0?["label"] as? String } == ["tone-a", "tone-k"])
        #expect(objects.allSatisfy { ($0["predictions"] as? [Any])?.count == 2 })
        let bars = try ZooBinary.run(["classify", "-m", model, a])
        #expect(bars.code == 0 && bars.lines.count == 6 && bars.lines[1].contains("tone-a"))
        let text = try scratch.write(Data("no sound".utf8), "x.wav")
        let short = try scratch.sound("short.wav", [Float](repeating: 0, count: 100))
        let bad = try ZooBinary.run(["classify", "-m", model, "--json", "-"], input: "\(text)\n\(a)\n\(short)\n")
        #expect(bad.code == 65 && bad.lines.count == 3)
        #expect(try bad.objects()[2]["error"] as? String == "100 samples are too few, the network needs 320")
        for (words, part) in [
            (["-m", try scratch.tones("ctc"), a], "zoo transcribe"),
            (["-m", model, "--labels", "x,y", a], "leave labels"),
            (["-m", try scratch.tones("bare", head: .none), a], "no head"),
            (["--registry", Fixtures.shipped, a], "is a sound: name an audio encoder"),
        ] {
            let run = try ZooBinary.run(["classify"] + words)
            #expect(run.code == 2 && run.errors.contains(part), "\(words): \(run.errors)")
        }
    }

    @Test func embed() throws {
        let scratch = try Scratch()
        defer { scratch.remove() }
        let model = try scratch.tones()
        let sounds = try ["ab", "cde"].map { try scratch.sound("set/\($0).wav", saying: $0) }
        let encoder = try AudioEncoder(folder: model)
        for layer in [nil, 0, 1] {
            let words = layer.map { ["--layer", "\($0)"] } ?? []
            let file = "\(scratch.path)/v\(layer ?? 9).npy"
            let outcome = try ZooBinary.run(["embed", "-m", model, "\(scratch.path)/set", "-o", file] + words)
            #expect(outcome.code == 0, "\(outcome.errors)")
            let expected = try sounds.flatMap { try encoder.embed(AudioClip(path: $0).samples, layer: layer) }
            #expect(try NPY(file: file, limit: 1 << 20).floats() == expected)
            let lines = try ZooBinary.run(["embed", "-m", model] + sounds + words)
            #expect(try lines.objects().map { $0["input"] as? String } == sounds)
        }
        let parts = try (1...2).map { part in
            let file = "\(scratch.path)/part\(part).npy"
            let run = try ZooBinary.run([
                "embed", "-m", model, "\(scratch.path)/set", "-o", file, "--shard", "\(part)/2",
            ])
            #expect(run.code == 0, "\(run.errors)")
            return file
        }
        let merged = "\(scratch.path)/all.npy"
        #expect(try ZooBinary.run(["merge", merged] + parts).code == 0)
        let (left, right) = (URL(filePath: merged), URL(filePath: "\(scratch.path)/v9.npy"))
        #expect(try Data(contentsOf: left) == Data(contentsOf: right))
        let text = try scratch.write(Data("no sound".utf8), "x.wav")
        let bad = try ZooBinary.run(["embed", "-m", model, text, sounds[0]])
        #expect(bad.code == 65 && bad.lines.count == 2)
        for (words, part) in [
            (["-m", model, "--text", "a"], "takes sounds only"),
            (["-m", model, "--layer", "2", sounds[0]], "no layer 2"),
            (["-m", model, "--pool", "max", sounds[0]], "--pool is for image classifiers"),
            (["-m", Fixtures.dual("transformers-clip"), "--layer", "1", sounds[0]], "--layer is for audio encoders"),
        ] {
            let run = try ZooBinary.run(["embed"] + words)
            #expect(run.code == 2 && run.errors.contains(part), "\(words): \(run.errors)")
        }
        // Sounds choose the first audio encoder where no model is named.
        let chosen = try ZooBinary.run(["--registry", scratch.path, "embed", sounds[0]])
        #expect(try chosen.objects().first?["model"] as? String == "tones", "\(chosen.errors)")
    }
}
