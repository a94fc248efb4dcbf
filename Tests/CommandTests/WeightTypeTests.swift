import Checkpoints
import Foundation
import JSON
import TensorCore
import TestSupport
import Testing

@testable import ZooCommand

/// `--dtype`: matrices held in fewer bits.
@Suite struct WeightTypeTests: GenerationRuns {
    let folder: TemporaryFolder
    private static let zoo = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "zoo").path

    init() throws { folder = try TemporaryFolder() }

    /// The errors of a shipped model's outputs, in parts of their largest values; of a transcript's letters, which are
    /// the same or not, with `letters`.
    private func errors(_ model: String, _ options: [String], letters: Bool = true) throws -> [Double] {
        let run = try ZooBinary.run(["verify", "\(Self.zoo)/\(model)", "--json"] + options)
        #expect(run.code == 0 || !letters, "\(run.output) \(run.errors)")
        return try run.lines.compactMap {
            let check = try JSONValue.parse($0)
            return letters || check["output"]?.stringValue != "greedy_ids" ? check["max_rel_err"]?.doubleValue : nil
        }
    }

    @Test(arguments: ["resnet-cifar10", "vit-cifar10", "clip-tiny", "wav2vec2-tiny"])
    func theShippedModels(model: String) throws {
        let full = try #require(try errors(model, []).max())
        let half = try #require(try errors(model, ["--dtype", "bf16"]).max())
        let quarter = try #require(try errors(model, ["--dtype", "int8"], letters: false).max())
        #expect(full < 1e-4 && half > full && half < 0.02 && quarter < 0.1, "\(full), \(half), \(quarter)")
        let strict = try ZooBinary.run(["verify", "\(Self.zoo)/\(model)", "--dtype", "bf16", "--tolerance", "1e-5"])
        #expect(strict.code == 65)
    }

    /// The reference's weights are of half the width already; what a matrix takes is told by the memory that is needed.
    @Test func memoryIsLess() throws {
        let refusals = try ["fp32", "bf16", "int8"].map { type in
            let run = try ZooBinary.run(
                [
                    "--quiet", "classify", "-m", "\(Self.zoo)/vit-cifar10", "--dtype", type, "--max-memory", "1M",
                    "\(Self.zoo)/vit-cifar10/ref/image.png",
                ])
            #expect(run.code != 0)
            return run.errors
        }
        #expect(Set(refusals).count == 3, "\(refusals)")
    }

    @Test func picturesSayIt() throws {
        let model = Fixtures.generator("dcgan-labels")
        let full = try made(["-m", model, "-c", "0"], "full.png")
        let narrow = try made(["-m", model, "-c", "0", "--dtype", "int8"], "narrow.png")
        #expect(full != narrow)
        #expect(try made(["--replay", folder.path("narrow.png")], "again.png") == narrow)
        let other = try generate(["-m", model, "-c", "0", "--dtype", "int4", "-o", folder.path("no.png")])
        #expect(other.code == 2 && other.errors.contains("fp32, bf16, int8"), "\(other.errors)")
    }

    @Test func keysOfCachesDiffer() throws {
        let keys = WeightType.allCases.map {
            ClassMatrixCache.key(model: "\(Self.zoo)/clip-tiny", labels: ["a"], templates: [], tier: .portable, as: $0)
        }
        #expect(Set(keys).count == 3 && !keys.contains(nil))
        let identities = try WeightType.allCases.map {
            try ModelIdentity.ofContent("\(Self.zoo)/clip-tiny", .init(), as: $0)
        }
        #expect(Set(identities).count == 3)
        #expect(Runtime(threads: 1).arithmetic != Runtime(threads: 1, weights: .int8).arithmetic)
    }
}
