import Checkpoints
import Foundation
import JSON
import Media
import TestSupport
import Testing

@testable import ZooCommand

/// `zoo generate` with a latent diffusion model that is told nothing, the seeded pipeline of the family's own tests.
@Suite struct GenerateUnconditionalTests: GenerationRuns {
    let folder: TemporaryFolder
    private let model = Fixtures.latentDiffusion("ldm")

    init() throws { folder = try TemporaryFolder() }

    /// The pictures that diffusers' pipeline makes of the same seeds.
    @Test func pictures() throws {
        let target = folder.path("out")
        let run = try generate(["-m", model, "--seeds", "2,3", "--steps", "4", "-o", target])
        #expect(run.code == 0, "\(run.errors)")
        // Channels last, from 0 to 1.
        let stored = try NPY(file: "\(model)/ref/loop.ddim4.pictures.npy", limit: 1 << 20).floats()
        for (number, seed) in [2, 3].enumerated() {
            let picture = try ImageDecoder.decode(path: "\(target)/seed-\(seed).png")
            #expect((picture.width, picture.height) == (16, 16))
            let expected = stored[number * 768..<(number + 1) * 768].map { Int(($0 * 255).rounded(.toNearestOrEven)) }
            let off = zip(picture.bytes, expected).filter { Int($0) != $1 }.count
            #expect(off <= 2, "\(off) values differ")
            #expect(zip(picture.bytes, expected).allSatisfy { abs(Int($0) - $1) <= 1 })
        }
    }

    @Test func replaysAndFacts() throws {
        let options = ["-m", model, "--scheduler", "dpm-solver", "--steps", "3", "--seeds", "7"]
        let file = try made(options, "a.png")
        #expect(try made(["--replay", folder.path("a.png"), "--threads", "1"], "b.png") == file)
        #expect(try PNGText.read("scheduler", in: file) == "dpm-solver")
        let lines = try generate(options + ["--count", "2", "--json", "-o", folder.path("many")]).lines
        #expect(lines.count == 2 && lines[0].contains("\"steps\":3"), "\(lines)")
        let single = try ImageDecoder.decode(path: folder.path("many/seed-7.png"))
        #expect(try single == ImageDecoder.decode(file))
        let grid = try ImageDecoder.decode(made(options.dropLast(2) + ["--seeds", "0-3", "--grid", "2x2"], "g.png"))
        #expect(grid.width > 32 && grid.height > 32)
        let eta = try made(options.map { $0 == "dpm-solver" ? "ddim" : $0 } + ["--eta", "1"], "e.png")
        #expect(try ImageDecoder.decode(eta) != single && PNGText.read("eta", in: eta) == "1.0")
    }

    /// Latents that are given stand in for those of a seed, and those that come out can be looked at.
    @Test func latentsAndLookers() throws {
        let (start, result) = (folder.path("z.npy"), folder.path("out.npy"))
        try NPY((0..<192).map { Float($0 % 9) / 4 - 1 }, shape: [1, 3, 8, 8]).write(to: start)
        let (preview, strip) = (folder.path("preview.png"), folder.path("strip.png"))
        let last = try made(
            [
                "-m", model, "--steps", "4", "--latents", start, "--output-latents", result, "--preview", preview,
                "--strip", strip,
            ], "a.png")
        #expect(try NPY(file: result, limit: 1 << 20).shape == [1, 3, 8, 8])
        #expect(try ImageDecoder.decode(path: preview) == ImageDecoder.decode(last))
        #expect(try ImageDecoder.decode(path: strip).width > 16)
    }

    @Test func planShowAndMemory() throws {
        let plan = try generate(["-m", model, "--plan", "--json", "--steps", "3"])
        let line = try JSONValue.parse(plan.output)
        #expect(line["steps"]?.intValue == 3 && (line["peak_bytes"]?.intValue ?? 0) > 0, "\(plan.errors)")
        let stages = (line["stages"]?.arrayValue ?? []).compactMap { $0["name"]?.stringValue }
        #expect(stages == ["step", "decoding"])
        let refused = try generate(["-m", model, "--max-memory", "1K", "-o", folder.path("a.png")])
        #expect(refused.code == 69 && refused.errors.contains("--max-memory"), "\(refused.errors)")
        let show = try JSONValue.parse(ZooBinary.run(["show", model, "--json"]).output)
        #expect(show["task"]?.stringValue == "unconditional-image-generation")
        #expect(show["pipeline"]?.stringValue == "LDMPipeline" && show["output"] == [16, 16])
        let people = try ZooBinary.run(["show", model])
        #expect(people.code == 0 && people.output.contains("16x16 pixels"), "\(people.errors)")
        let verify = try ZooBinary.run(["verify", model])
        #expect(verify.code == 0, "\(verify.output) \(verify.errors)")
    }

    @Test(arguments: [
        (["--prompt", "a fox"], 2, "--prompt"), (["--class", "cat"], 2, "--class"),
        (["--guidance", "2"], 2, "classes"),
        (["--init", Fixtures.latentDiffusion("ldm/model_index.json")], 2, "--init"),
        (["--strength", "0.5"], 2, "--strength"), (["--ema"], 2, "--ema"),
        (["--truncation", "1"], 2, "GANs"), (["--prediction", "epsilon"], 2, "one file"),
        (["--scheduler", "best"], 2, "ddim"), (["--steps", "0"], 65, "1...1000"),
        (["--scheduler", "flow-match-euler"], 69, "stand in"),
    ])
    func refusals(_ options: [String], _ code: Int32, _ part: String) throws {
        let run = try generate(["-m", model, "-o", folder.path("x.png")] + options)
        #expect(run.code == code && run.errors.contains(part), "\(options): \(run.code) \(run.errors)")
        #expect(folder.names.isEmpty)
    }
}
