import Arguments
import Foundation
import JSON
import TestSupport
import Testing

@testable import ZooCommand

/// `--max-memory`: a model that will not fit is refused before it takes anything, with the figure.
@Suite struct MemoryLimitTests {
    /// The folder of a published model in full size whose weights are zeros that take no room on the disk.
    private func published(_ name: String, _ scratch: Scratch) throws -> String {
        let list = try JSONValue.parse(
            String(contentsOfFile: Fixtures.folder("names/\(name).json"), encoding: .utf8))
        let folder = "\(scratch.path)/\(name)"
        var header = JSONObject()
        var end = 0
        for (tensor, entry) in list["tensors"]?.objectValue?.members.map({ ($0.key, $0.value) }) ?? [] {
            let (dtype, shape) = (entry.arrayValue?.first?.stringValue ?? "", entry.arrayValue?.last ?? .null)
            let width = dtype == "I64" ? 8 : 4
            let bytes = (shape.arrayValue ?? []).compactMap(\.intValue).reduce(width, *)
            header[tensor] = [
                "dtype": JSONValue(dtype), "shape": shape,
                "data_offsets": .array([JSONValue(end), JSONValue(end + bytes)]),
            ]
            end += bytes
        }
        let text = Array(JSONValue.object(header).serialized().utf8)
        let length = withUnsafeBytes(of: UInt64(text.count).littleEndian) { Data($0) }
        let file = try scratch.write(length + Data(text), "\(name)/model.safetensors")
        #expect(truncate(file, off_t(8 + text.count + end)) == 0)
        try scratch.write(Data((list["config"] ?? .null).serialized().utf8), "\(name)/config.json")
        try FileManager.default.copyItem(
            atPath: Fixtures.vit + "/preprocessor_config.json", toPath: "\(folder)/preprocessor_config.json")
        return folder
    }

    /// The figure of a refusal, in bytes.
    private func figure(_ errors: String) throws -> Double {
        let words = errors.split(separator: " ").map(String.init)
        let place = try #require(words.firstIndex(of: "needs"), "\(errors)")
        return try #require(Double(words[place + 1])) * 1e6
    }

    @Test(.enabled(if: costsAreMeasurable))
    func refusedBeforeAnythingIsTaken() throws {
        let scratch = try Scratch()
        let model = try published("transformers-vit-base-patch16-224", scratch)
        let picture = try scratch.picture("a.png", seed: 1)
        // The weights alone are 346 MB: with this much address space they could not be had.
        let room = "ulimit -v 330000; exec \"$@\""
        for arguments in [
            ["classify", "-m", model, picture], ["embed", "-m", model, picture], ["bench", model],
            ["index", scratch.path, "-m", model, "-o", "\(scratch.path)/i.index"],
        ] {
            for (options, shell) in [
                (["--max-memory", "300M"], room), ([], room), (["--max-memory", "0.25GiB"], nil),
            ] {
                let outcome = try ZooBinary.run(arguments + options + ["--threads", "1"], shell: shell)
                #expect(outcome.code == 69 && !outcome.wasSignalled, "\(arguments[0]): \(outcome.code)")
                #expect(outcome.output.isEmpty && outcome.errors.contains("may take"), "\(outcome.errors)")
                #expect(try figure(outcome.errors) > 340e6)
            }
        }
        let fits = try ZooBinary.run(["classify", "-m", model, picture, "--json", "--max-memory", "1G"])
        #expect(fits.code == 0, "\(fits.errors)")
    }

    @Test(
        .enabled(if: costsAreMeasurable),
        arguments: ["timm-resnet50", "transformers-vit-base-patch16-224", "timm-mobilenetv3_large_100"], [1, 4])
    func theFigureBoundsThePeak(name: String, batch: Int) throws {
        let scratch = try Scratch()
        let model = try published(name, scratch)
        func bench(_ model: String, _ options: [String]) throws -> ZooBinary.Result {
            try ZooBinary.run(
                ["bench", model, "--iterations", "1", "--json", "--threads", "1", "--batch", "\(batch)"] + options)
        }
        func peak(_ result: ZooBinary.Result) throws -> Double {
            #expect(result.code == 0, "\(result.errors)")
            return try #require(try JSONValue.parse(result.output)["peak_rss_mb"]?.doubleValue) * 1e6
        }
        let size = ["--size", "224x224"]
        let need = try figure(try bench(model, size + ["--max-memory", "1k"]).errors)
        let program = try peak(try bench(Fixtures.resnet, ["--size", "24x24"]))
        let taken = try peak(try bench(model, size)) - program
        // Begun pages, a megabyte a thread while weights are read, and what the header of the file comes to.
        #expect(taken < need + 12e6, "\(taken / 1e6) MB taken, \(need / 1e6) MB stated")
        #expect(taken > 0.5 * need, "\(taken / 1e6) MB taken, \(need / 1e6) MB stated")
        // What is stated is enough, and a megabyte less is not.
        #expect(try bench(model, size + ["--max-memory", "\(Int(need + 1e6))"]).code == 0)
        #expect(try bench(model, size + ["--max-memory", "\(Int(need - 1e6))"]).code == 69)
    }

    @Test func everyCommandThatLoadsAModelHasIt() throws {
        let jobs = try CommandJobs()
        let commands = ZooCommand.command.subcommands.filter { command in
            command.options.contains { $0.specification.name == "--max-memory" }
        }.map(\.name)
        #expect(
            Set(commands)
                == ["classify", "generate", "eval", "run", "embed", "index", "search", "transcribe", "verify", "bench"])
        for job in jobs.jobs where commands.contains(job.name) {
            let refused = try ZooBinary.run(job.arguments + ["--max-memory", "100"])
            #expect(refused.code == 69 && refused.output.isEmpty, "\(job): \(refused.code) \(refused.errors)")
            #expect(try figure(refused.errors) >= 0)
            let wrong = try ZooBinary.run(job.arguments + ["--max-memory", "much"])
            #expect(wrong.code == 2 && wrong.errors.contains("no size such as"), "\(job): \(wrong.errors)")
        }
        #expect(!jobs.written.contains { $0.hasSuffix(".incomplete") || $0 == "e.npy" || $0 == "i.index" })
    }

    @Test func soundsAreCheckedOneByOne() throws {
        let scratch = try Scratch()
        let tones = try scratch.tones(head: .classification)
        try scratch.sound("s/a.wav", saying: "ab")
        try scratch.sound("s/b.wav", ToneModel.silence(frames: 3000))
        let outcome = try ZooBinary.run(["classify", "-m", tones, "--json", "\(scratch.path)/s", "--max-memory", "1M"])
        #expect(outcome.code == 65 && outcome.lines.count == 2, "\(outcome.errors)")
        #expect(outcome.lines.last?.contains("may take 1.0 MB") == true, "\(outcome.output)")
    }

    @Test(arguments: [
        ("1", 1), ("500M", 500_000_000), ("500MB", 500_000_000), ("1.5 GB", 1_500_000_000), ("2GiB", 2 << 30),
        ("512ki", 512 << 10), ("0.5k", 500), ("1T", 1_000_000_000_000), ("100B", 100),
    ])
    func sizes(_ text: String, _ bytes: Int) {
        #expect(ByteSize(text)?.bytes == bytes)
    }

    @Test(arguments: ["", "0", "0.4", "-1", "x", "1X", "1e3", "M", "1MM", "nan", "inf", "1.2.3G", "9999999999T", "１M"])
    func noSizes(_ text: String) { #expect(ByteSize(text) == nil) }

    @Test(
        .enabled(if: costsAreMeasurable), arguments: ["resnet-cifar10", "vit-cifar10", "clip-tiny", "wav2vec2-tiny"])
    func passesAddNothing(model: String) throws {
        let run = try ZooBinary.run(
            [
                "bench", "\(Fixtures.shipped)/\(model)", "--iterations", "400", "--json", "--threads", "2",
            ] + (model.hasPrefix("wav2vec2") ? ["--duration", "1"] : []))
        #expect(run.code == 0, "\(run.errors)")
        let growth = try #require(try JSONValue.parse(run.output)["growth_bytes_per_pass"]?.doubleValue)
        // A page that the system counts late is 4096 bytes, and on a busy machine a thread may touch its scratch late;
        // a leaked tensor of any of these is far more each pass.
        #expect(growth < 600, "\(growth) bytes a pass")
    }
}
