import Checkpoints
import Foundation
import JSON
import ModelZoo
import TestSupport
import Testing

/// `zoo verify`.
@Suite struct VerifyTests {
    private let folder: TemporaryFolder
    private let fixture = ZooBinary.fixture("transformers-resnet-basic")

    init() throws { folder = try TemporaryFolder() }

    /// A copy of the tiny model, to be changed.
    private func copy() throws -> String {
        let path = folder.path("model-\(UUID().uuidString)")
        try FileManager.default.copyItem(atPath: fixture, toPath: path)
        return path
    }

    private func checks(_ run: ZooBinary.Result) throws -> [JSONValue] {
        try run.lines.map { line in try JSONValue.parse(line) }
    }

    @Test func everyCaseAndThePictureAreChecked() throws {
        let run = try ZooBinary.run(["verify", fixture, "--json"])
        #expect(run.code == 0, "\(run.errors)")
        let checks = try checks(run)
        #expect(checks.map { $0["check"]?.stringValue } == ["preprocess"] + Array(repeating: "output", count: 6))
        #expect(checks.allSatisfy { $0["passes"]?.boolValue == true && $0["model"]?.stringValue == fixture })
        #expect(checks[0]["differing"]?.intValue == 0)
        #expect(checks[1...].map { $0["case"]?.stringValue } == ["b1", "b1", "b1", "b2", "b2", "b2"])
        #expect(checks[1...].prefix(3).map { $0["output"]?.stringValue } == ["logits", "features", "feature_map"])
        let errors = checks[1...].compactMap { $0["max_rel_err"]?.doubleValue }
        #expect(errors.count == 6 && errors.allSatisfy { $0 >= 0 && $0 <= 1e-4 })

        let table = try ZooBinary.run(["verify", fixture])
        #expect(table.code == 0)
        #expect(table.lines.last == "\(fixture): all 7 checks passed")
    }

    /// Every model that ships has cases, a picture where it takes pictures, and the hash of its weights, and passes.
    @Test func shippedModelsPass() throws {
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appending(path: "zoo").path
        let models = Registry(roots: [root]).entries()
        #expect(!models.isEmpty)
        for model in models {
            let run = try ZooBinary.run(["verify", model.folder, "--json"])
            #expect(run.code == 0, "\(model.name): \(run.output)\(run.errors)")
            let kinds = Set(try checks(run).compactMap { $0["check"]?.stringValue })
            // What the network is fed for sound is a reference case's input, too; generators are fed numbers.
            let sees = [.imageClassifier, .dualEncoder].contains(AnyModel.Family(folder: model.folder))
            #expect(kinds.isSuperset(of: ["sha256", "output"] + (sees ? ["preprocess"] : [])), "\(model.name)")
        }
    }

    @Test func aSmallerToleranceFails() throws {
        let run = try ZooBinary.run(["verify", fixture, "--tolerance", "0"])
        #expect(run.code == 65)
        #expect(run.lines.last?.contains("checks failed") == true)
        #expect(run.lines.contains { $0.hasPrefix("b1") && $0.hasSuffix("FAILED") })
        #expect(run.lines.contains { $0.hasPrefix("preprocess") && $0.hasSuffix("ok") })
    }

    @Test func changedReferencesFailWhereTheyWereChanged() throws {
        let model = try copy()
        let logits = "\(model)/ref/b1.out.logits.npy"
        var array = try NPY(file: logits, limit: 1 << 20)
        var values = array.floats()
        values[2] += 1
        array = NPY(values, shape: array.shape)
        try array.write(to: logits)
        let pixels = "\(model)/ref/pixel_values.npy"
        array = try NPY(file: pixels, limit: 1 << 20)
        values = array.floats()
        values[5] = values[5].nextUp
        try NPY(values, shape: array.shape).write(to: pixels)

        let run = try ZooBinary.run(["verify", model, "--json"])
        #expect(run.code == 65)
        let failed = try checks(run).filter { $0["passes"]?.boolValue == false }
        #expect(failed.count == 2)
        #expect(failed[0]["check"]?.stringValue == "preprocess")
        #expect(failed[0]["differing"]?.intValue == 1)
        #expect(failed[0]["index"]?.intValue == 5)
        #expect(failed[1]["output"]?.stringValue == "logits" && failed[1]["case"]?.stringValue == "b1")
        #expect(failed[1]["index"]?.intValue == 2)
        let error = try #require(failed[1]["max_abs_err"]?.doubleValue)
        #expect(abs(error - 1) < 1e-3)
    }

    @Test func anotherShapeFails() throws {
        let model = try copy()
        try NPY([0, 0] as [Float], shape: [1, 2]).write(to: "\(model)/ref/b1.out.logits.npy")
        let run = try ZooBinary.run(["verify", model])
        #expect(run.code == 65)
        #expect(run.lines.contains { $0.contains("other shape") && $0.hasSuffix("FAILED") })
    }

    @Test func theCardsHashIsCompared() throws {
        let model = try copy()
        let hash = try SHA256.hexadecimal(ofFile: "\(model)/model.safetensors")
        for (stated, code) in [(hash, 0), (String(hash.reversed()), 65)] {
            let card: JSONValue = [
                "name": "tiny", "task": "image-classification", "license": "Apache-2.0", "dataset": "none",
                "paper": ["none"], "accuracy": ["top1": 0.1, "dataset": "none"],
                "sha256": ["model.safetensors": JSONValue(stated)],
            ]
            try Data(card.serializedBytes()).write(to: URL(filePath: "\(model)/card.json"))
            let run = try ZooBinary.run(["verify", model, "--json"])
            #expect(run.code == Int32(code), "\(run.errors)")
            let first = try #require(try checks(run).first)
            #expect(first["check"]?.stringValue == "sha256")
            #expect(first["file"]?.stringValue == "model.safetensors")
            #expect(first["passes"]?.boolValue == (code == 0))
        }
    }

    @Test func withoutCasesThereIsNothingToCheck() throws {
        let model = try copy()
        for manifest in [nil, #"{"cases":[]}"#] {
            try FileManager.default.removeItem(atPath: "\(model)/ref")
            if let manifest {
                try FileManager.default.createDirectory(atPath: "\(model)/ref", withIntermediateDirectories: true)
                try Data(manifest.utf8).write(to: URL(filePath: "\(model)/ref/manifest.json"))
            } else {
                try FileManager.default.createDirectory(atPath: "\(model)/ref", withIntermediateDirectories: true)
            }
            let run = try ZooBinary.run(["verify", model])
            #expect(run.code == 69)
            #expect(run.errors.contains("no reference cases"))
        }
    }

    @Test func brokenManifestsAreErrors() throws {
        let model = try copy()
        let integers = "\(model)/ref/integers.npy"
        try NPY([1, 2] as [Int64], shape: [1, 2]).write(to: integers)
        let inputs = #""inputs":{"pixel_values":"b1.in.pixel_values.npy"}"#
        let manifests: [(text: String, part: String)] = [
            ("{", "manifest.json"),
            (
                #"{"cases":[{"case":"a",\#(inputs),"outputs":{"logits":"../x.npy"}}]}"#,
                "the name of a file in the same folder"
            ),
            (#"{"cases":[{"case":"a",\#(inputs),"outputs":{"logits":"none.npy"}}]}"#, "none.npy"),
            (#"{"cases":[{"case":"a",\#(inputs),"outputs":{"mask":"integers.npy"}}]}"#, "an output 'mask'"),
            (
                #"{"cases":[{"case":"a",\#(inputs),"outputs":{"logits":"integers.npy"}}]}"#,
                "expected floats, found integers"
            ),
        ]
        for (text, part) in manifests {
            try Data(text.utf8).write(to: URL(filePath: "\(model)/ref/manifest.json"))
            let run = try ZooBinary.run(["verify", model])
            #expect(run.code == 69, "\(text): \(run.errors)")
            #expect(run.errors.contains(part), "\(text): \(run.errors)")
        }
    }
}
