import Checkpoints
import Foundation

/// A command line for each subcommand that works, so that each can be tried where something around it does not.
struct CommandJobs {
    /// One of them.
    struct Job: Sendable, CustomStringConvertible {
        /// The subcommand.
        var name: String
        var arguments: [String]
        /// The file that it writes, below the folder for outputs; `nil` where it writes to standard output only.
        var file: String?

        var description: String { arguments.prefix(2).joined(separator: " ") }
    }

    let scratch: Scratch
    /// Where outputs go.
    let outputs: String
    let jobs: [Job]

    /// Makes models and inputs.
    ///
    /// - Parameter outputs: the folder for outputs where it is not one of the inputs' own.
    init(outputs: String? = nil) throws {
        let scratch = try Scratch()
        let out = outputs ?? "\(scratch.path)/out"
        if outputs == nil { try FileManager.default.createDirectory(atPath: out, withIntermediateDirectories: true) }
        func path(_ name: String) -> String { "\(scratch.path)/\(name)" }
        for seed in 0..<6 { try scratch.picture("set/LABEL_\(seed)/\(seed).png", seed: UInt64(seed)) }
        let (set, picture, resnet) = (path("set"), path("set/LABEL_0/0.png"), Fixtures.resnet)
        let tones = try scratch.tones()
        let sound = try scratch.sound("a.wav", saying: "ab cad")
        try NPY([Float](repeating: 0.5, count: 3 * 24 * 24), shape: [1, 3, 24, 24]).write(to: path("x.npy"))
        let corpus = String(repeating: "a bad cab\nfed a cage\n", count: 20)
        let text = try scratch.write(Data(corpus.utf8), "text.txt")
        let clip = Fixtures.dual("transformers-clip")
        for part in 1...2 {
            let made = try ZooBinary.run([
                "embed", set, "-m", resnet, "--shard", "\(part)/2", "-o", path("part\(part).npy"),
            ])
            if made.code != 0 { throw ZooBinary.Missing(description: made.errors) }
        }
        let index = try ZooBinary.run(["index", set, "-m", clip, "-o", path("set.index")])
        if index.code != 0 { throw ZooBinary.Missing(description: index.errors) }
        func job(_ arguments: [String], file: String? = nil) -> Job {
            Job(name: arguments[0], arguments: arguments, file: file)
        }
        self.scratch = scratch
        self.outputs = out
        jobs = [
            job(["list"]), job(["show", resnet]), job(["classify", "-m", resnet, set]), job(["eval", resnet, set]),
            job(["run", resnet, "-i", "pixel_values=\(path("x.npy"))", "-d", out, "-o", "feature_map"]),
            job(["preprocess", resnet, picture, "-o", "\(out)/p.npy"], file: "p.npy"),
            job(["tokenize", Fixtures.sentence("minilm"), "some words"]), job(["embed", set, "-m", resnet]),
            job(["embed", set, "-m", resnet, "-o", "\(out)/e.npy"], file: "e.npy"),
            job(["embed", set, "-m", resnet, "-o", "\(out)/e.jsonl"], file: "e.jsonl"),
            job(["merge", "\(out)/m.npy", path("part1.npy"), path("part2.npy")], file: "m.npy"),
            job(["index", set, "-m", clip, "-o", "\(out)/i.index"], file: "i.index"),
            job(["search", "--index", path("set.index"), "--image", picture]),
            job(
                ["search", "--index", path("set.index"), "--image", picture, "--sheet", "\(out)/s.png"],
                file: "s.png"), job(["transcribe", "-m", tones, sound]),
            job(["transcribe", "-m", tones, sound, "-o", "\(out)/t.srt"], file: "t.srt"),
            job(["transcribe", "-m", tones, sound, "--plot", "\(out)/t.png"], file: "t.png"),
            job(["ngram", text, "-o", "\(out)/n.arpa"], file: "n.arpa"), job(["verify", resnet]),
            job(["bench", resnet, "--iterations", "2"]), job(["doctor"]), job(["completions", "bash"]),
            job(
                ["generate", "-m", Fixtures.generator("dcgan-8"), "--grid", "10x10", "-o", "\(out)/g.png"],
                file: "g.png"),
            job(["convert", resnet, "-o", "\(out)/c.safetensors"], file: "c.safetensors"),
            job(["quantize", resnet, "-o", "\(out)/q"], file: "q"),
        ]
    }

    /// What lies in the folder for outputs.
    var written: [String] { ((try? FileManager.default.contentsOfDirectory(atPath: outputs)) ?? []).sorted() }
}
