import Checkpoints
import Foundation
import JSON
import Media
import TestSupport
import Testing

@testable import ZooCommand

/// `zoo generate` with diffusion models, on the seeded pipelines of the family's own tests.
@Suite struct GenerateDiffusionTests: GenerationRuns {
    let folder: TemporaryFolder
    private let plain = Fixtures.diffusion("ddpm")
    private let guided = Fixtures.diffusion("guided")

    init() throws { folder = try TemporaryFolder() }

    /// From the seed to the bytes, as the reference's pipelines.
    @Test(arguments: [
        ("ddpm", "ddim10", [3, 14], ["--scheduler", "ddim", "--steps", "10"]),
        ("ddpm", "ddpm6", [3, 14], ["--scheduler", "ddpm", "--steps", "6"]),
        ("guided", "guided", [7], ["--steps", "5", "--class", "truck", "--guidance", "2.5"]),
    ])
    func picturesAreTheReferences(model: String, loop: String, seeds: [Int], options: [String]) throws {
        let path = Fixtures.diffusion(model)
        let pixels = try NPY(file: "\(path)/ref/loop.\(loop).pixels.npy", limit: 1 << 20).floats()
        for (number, seed) in seeds.enumerated() {
            let file = try made(["-m", path, "--seeds", "\(seed)"] + options, "\(seed).png")
            let picture = try ImageDecoder.decode(file).bytes
            let stored = pixels[number * picture.count..<(number + 1) * picture.count]
            let apart = zip(picture, stored).map { abs(Int($0) - Int($1)) }
            #expect(apart.allSatisfy { $0 <= 1 } && apart.count { $0 > 0 } * 50 <= apart.count)
        }
    }

    /// NU05
    @Test func sameSeedSamePicture() throws {
        let options = [
            "-m", guided, "--class", "dog", "--guidance", "2", "--scheduler", "euler-ancestral", "--steps", "4",
        ]
        let alone = try made(options + ["--seeds", "5", "--threads", "1"], "5.png")
        let run = try generate(options + ["--seeds", "3", "--count", "4", "--threads", "2", "-o", folder.path("many")])
        #expect(run.code == 0, "\(run.errors)")
        #expect(try Array(Data(contentsOf: URL(filePath: folder.path("many/seed-5.png")))) == alone)
        #expect(try made(["--replay", folder.path("many/seed-5.png")], "again.png") == alone)
    }

    @Test func latentsThroughTheWholeLoop() throws {
        let (start, end) = (folder.path("start.npy"), folder.path("end.npy"))
        try NPY((0..<2 * 3 * 64).map { Float($0 % 17) / 8 - 1 }, shape: [2, 3, 8, 8]).write(to: start)
        let options = ["-m", guided, "--class", "0", "--steps", "5", "--latents", start]
        let grid = try ImageDecoder.decode(made(options + ["--grid", "1x2", "--output-latents", end], "g.png"))
        let sample = try NPY(file: end, limit: 1 << 20)
        #expect(sample.shape == [2, 3, 8, 8])
        let value = sample.floats()[64]
        let byte = UInt8((min(max(value / 2 + 0.5, 0), 1) * 255).rounded(.toNearestOrEven))
        #expect(grid.bytes[(2 * grid.width + 2) * 3 + 1] == byte)
        let file = folder.path("g.png")
        #expect(try made(["--replay", file], "again.png") == Array(Data(contentsOf: URL(filePath: file))))
        try NPY([Float](repeating: 0, count: 2 * 3 * 64), shape: [2, 3, 8, 8]).write(to: start)
        let changed = try generate(["--replay", file, "-o", folder.path("h.png")])
        #expect(changed.code == 65 && changed.errors.contains("another content"), "\(changed.errors)")
    }

    @Test func changesAPicture() throws {
        let bytes = (0..<12 * 9 * 3).map { UInt8($0 * 7 % 256) }
        let picture = try folder.write(Image(width: 12, height: 9, mode: .rgb, bytes: bytes).pngFile(), as: "in.png")
        let options = ["-m", guided, "--class", "cat", "--steps", "10", "--init", picture]
        let kept = try ImageDecoder.decode(made(options + ["--strength", "0"], "kept.png"))
        let sized = try ImageDecoder.decode(path: picture).resized(width: 8, height: 8, filter: .lanczos)
        #expect(kept == sized)
        let changed = try made(options + ["--strength", "0.5", "--seeds", "3"], "changed.png")
        #expect(try ImageDecoder.decode(changed) != sized)
        #expect(try PNGText.read("strength", in: changed) == "0.5")
        #expect(try made(["--replay", folder.path("changed.png")], "again.png") == changed)
        let alone = try generate(["-m", guided, "--class", "cat", "--strength", "0.5", "-o", folder.path("x.png")])
        #expect(alone.code == 2 && alone.errors.contains("--init"), "\(alone.errors)")
        let missing = try generate(options.dropLast() + [folder.path("none.png"), "-o", folder.path("x.png")])
        #expect(missing.code == 66, "\(missing.errors)")
    }

    @Test func previewAndStrip() throws {
        let (preview, strip) = (folder.path("preview.png"), folder.path("strip.png"))
        let last = try ImageDecoder.decode(
            made(
                [
                    "-m", guided, "--class", "cat", "--steps", "12", "--seeds", "2", "--preview", preview, "--strip",
                    strip,
                ],
                "a.png"))
        #expect(try ImageDecoder.decode(path: preview) == last)
        let again = try generate(["-m", plain, "--steps", "2", "--preview", preview, "-o", folder.path("b.png")])
        #expect(again.code == 74 && again.errors.contains("--force"), "\(again.errors)")
        let film = try ImageDecoder.decode(path: strip)
        #expect((film.width, film.height) == (10 * 10 + 2, 2 * 10 + 2))
        // The last picture of both rows is the result.
        for row in 0..<2 {
            for y in 0..<8 {
                let start = ((2 + row * 10 + y) * film.width + 2 + 9 * 10) * 3
                #expect(Array(film.bytes[start..<start + 24]) == Array(last.bytes[y * 24..<y * 24 + 24]))
            }
        }
    }

    @Test(arguments: [
        (["--scheduler", "best"], 2, "ddim"), (["--steps", "0"], 65, "1...1000"),
        (["--steps", "1001"], 65, "1...1000"),
        (["--truncation", "0.5"], 2, "GANs"), (["--guidance", "-1"], 2, "--guidance"), (["--eta", "2"], 2, "--eta"),
        (["--scheduler", "flow-match-euler"], 69, "stand in"), (["--class", "boat"], 2, "truck"),
    ])
    func wrongCommandLines(_ options: [String], _ code: Int32, _ part: String) throws {
        let label = options.contains("--class") ? [] : ["--class", "cat"]
        let run = try generate(["-m", guided, "-o", folder.path("a.png")] + label + options)
        #expect(run.code == code && run.errors.contains(part), "\(options): \(run.code) \(run.errors)")
        #expect(folder.names.isEmpty)
    }

    @Test func guidanceNeedsAClassForNone() throws {
        let run = try generate(["-m", plain, "--guidance", "2", "--steps", "2", "-o", folder.path("a.png")])
        #expect(run.code == 65 && run.errors.contains("null_class_id"), "\(run.errors)")
        let network = try generate(["-m", "\(plain)/unet", "-o", folder.path("a.png")])
        #expect(network.code == 69 && network.errors.contains("model_index.json"), "\(network.errors)")
        #expect(folder.names.isEmpty)
    }

    /// Ctrl-C in the middle: the exit code of the signal, and no file, whole or not.
    @Test func stopsWhole() throws {
        let process = try ZooBinary.make([
            "generate", "-m", guided, "--class", "cat", "--steps", "1000", "--scheduler", "ddpm", "--seeds", "0-999",
            "-o",
            folder.path("many"),
        ])
        process.standardError = FileHandle.nullDevice
        process.standardOutput = FileHandle.nullDevice
        try process.run()
        usleep(700_000)
        kill(process.processIdentifier, SIGINT)
        ZooBinary.wait(for: process)
        #expect(process.terminationReason == .exit && process.terminationStatus == 130)
        #expect(!folder.names.contains { $0.hasSuffix(".incomplete") })
    }

    @Test func showsAndRuns() throws {
        let show = try ZooBinary.run(["show", guided, "--json"])
        let facts = try JSONValue.parse(show.output)
        let schedulers = (facts["schedulers"]?.arrayValue ?? []).compactMap(\.stringValue)
        #expect(schedulers.first == "ddim" && schedulers.contains("heun") && !schedulers.contains("flow-match-euler"))
        #expect(facts["guidance"]?.boolValue == true && facts["task"]?.stringValue == "unconditional-image-generation")
        for model in [plain, guided, Fixtures.diffusion("skip")] {
            let verify = try ZooBinary.run(["verify", model])
            #expect(verify.code == 0, "\(verify.errors)\(verify.output)")
            let bench = try ZooBinary.run(["bench", model, "--iterations", "2", "--json"])
            #expect(bench.code == 0, "\(bench.errors)")
        }
        let classify = try ZooBinary.run(["classify", "-m", guided, folder.path])
        #expect(classify.code == 2 && classify.errors.contains("generate"), "\(classify.errors)")
    }
}
