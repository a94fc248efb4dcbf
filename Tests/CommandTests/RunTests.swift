import Checkpoints
import Foundation
import JSON
import ModelZoo
import TensorCore
import TestSupport
import Testing

/// `zoo run` and `zoo preprocess`, on tiny models with the reference's arrays beside them.
@Suite struct RunTests {
    private let folder: TemporaryFolder
    private let model = ZooBinary.fixture("transformers-resnet-basic")
    private let limit = 1 << 20
    /// The largest error of an output, as a fraction of the reference's largest value.
    private let tolerance: Float = 1e-4

    init() throws { folder = try TemporaryFolder() }

    private func reference(_ name: String) -> String { "\(model)/ref/\(name).npy" }

    private func tensor(_ file: String) throws -> Tensor { try Tensor(NPY(file: file, limit: limit), file: file) }

    @Test func everyOutputIsWrittenAndIsTheReferences() throws {
        let results = folder.path("a/b")
        let input = "pixel_values=\(reference("b2.in.pixel_values"))"
        let run = try ZooBinary.run(["run", model, "--input", input, "--output-dir", results])
        #expect(run.code == 0)
        #expect(run.errors == "")
        #expect(
            run.lines.map { $0.split(separator: "/").last?.prefix { $0 != "." } } == [
                "logits", "features", "feature_map",
            ])
        for name in ["logits", "features", "feature_map"] {
            let comparison = Comparison(
                try tensor("\(results)/\(name).npy"), reference: try tensor(reference("b2.out.\(name)")))
            #expect(comparison.passes(tolerance: tolerance), "\(name): \(comparison)")
        }
        #expect(try FileManager.default.contentsOfDirectory(atPath: results).count == 3)
    }

    @Test func chosenOutputsReplaceThoseOfARunBefore() throws {
        let input = "pixel_values=\(reference("b1.in.pixel_values"))"
        try folder.write("old", as: "logits.npy")
        let run = try ZooBinary.run([
            "run", model, "-i", input, "-d", folder.path, "--output", "logits", "--threads", "1", "--json",
        ])
        #expect(run.code == 0)
        let object = try JSONValue.parse(run.output)
        #expect(object["model"]?.stringValue == model)
        #expect(object["outputs"]?.objectValue?.keys == ["logits"])
        #expect(object["outputs"]?["logits"]?["shape"]?.arrayValue?.first?.intValue == 1)
        #expect(folder.names == ["logits.npy"])
        let comparison = Comparison(
            try tensor(folder.path("logits.npy")), reference: try tensor(reference("b1.out.logits")))
        #expect(comparison.passes(tolerance: tolerance))
    }

    /// fp32 results are the same bits for any number of threads and whatever else is computed.
    @Test func bitsDoNotDependOnThreadsOrOutputs() throws {
        let input = "pixel_values=\(reference("b2.in.pixel_values"))"
        var files: [Data] = []
        for options in [["--threads", "1"], ["--threads", "3"], ["--output", "logits"]] {
            let run = try ZooBinary.run(["run", model, "-i", input, "-d", folder.path] + options)
            #expect(run.code == 0)
            files.append(try Data(contentsOf: URL(filePath: folder.path("logits.npy"))))
        }
        #expect(files[0] == files[1])
        #expect(files[0] == files[2])
    }

    @Test func wrongInputsAreNamed() throws {
        let input = reference("b1.in.pixel_values")
        let text = try folder.write("not an array", as: "text.npy")
        let integers = folder.path("integers.npy")
        try NPY([1, 2, 3] as [Int64], shape: [3]).write(to: integers)
        let flat = folder.path("flat.npy")
        try NPY([1, 2, 3] as [Float], shape: [3]).write(to: flat)
        let results = folder.path("results")
        let cases: [(words: [String], code: Int32, parts: [String])] = [
            ([], 2, ["'pixel_values' is missing"]),
            (["--input", input], 2, ["is not NAME=FILE"]),
            (["--input", "x="], 2, ["'x=' is not NAME=FILE"]),
            (["--input", "image=\(input)"], 2, ["no input 'image'", "it takes pixel_values"]),
            (["--input", "pixel_values=a", "--input", "pixel_values=b"], 2, ["'pixel_values' is given twice"]),
            (
                ["--input", "pixel_values=\(input)", "--output", "scores"], 2,
                [
                    "no output 'scores'", "logits, features, feature_map",
                ]
            ),
            (["--input", "pixel_values=\(folder.path("none.npy"))"], 66, ["none.npy", "No such file"]),
            (["--input", "pixel_values=\(folder.path)"], 74, ["not a regular file"]),
            (["--input", "pixel_values=\(text)"], 65, ["text.npy", "NUMPY"]),
            (["--input", "pixel_values=\(integers)"], 65, ["I64", "expected fp32 [batch, 3, height, width]"]),
            (["--input", "pixel_values=\(flat)"], 65, ["[3]", "expected fp32 [batch, 3, height, width]"]),
        ]
        for (words, code, parts) in cases {
            let run = try ZooBinary.run(["run", model, "--output-dir", results] + words)
            #expect(run.code == code, "\(words): \(run.errors)")
            #expect(run.output == "")
            #expect(run.errors.hasPrefix("zoo: ") && run.errors.split(separator: "\n").count == 1)
            for part in parts { #expect(run.errors.contains(part), "\(words): \(run.errors)") }
        }
        #expect(!FileManager.default.fileExists(atPath: results), "nothing is made before the model has run")
    }

    @Test func aFolderThatCannotBeMadeIsAnErrorOfWriting() throws {
        let file = try folder.write("x", as: "file")
        let run = try ZooBinary.run([
            "run", model, "--input", "pixel_values=\(reference("b1.in.pixel_values"))", "--output-dir",
            "\(file)/results",
        ])
        #expect(run.code == 74)
        #expect(run.errors.contains("file/results: cannot make the folder"))
    }

    @Test func preprocessWritesTheReferencesValues() throws {
        let output = folder.path("x.npy")
        let picture = "\(model)/ref/image.png"
        let run = try ZooBinary.run(["preprocess", model, picture, picture, "--output", output])
        #expect(run.code == 0)
        #expect(run.output == "" && run.errors == "")
        let (found, expected) = (try tensor(output), try tensor(reference("pixel_values")))
        #expect(found.shape.dimensions == [2] + expected.shape.dimensions.dropFirst())
        #expect(found.rows(0..<1).floats == expected.floats)
        #expect(found.rows(1..<2).floats == expected.floats)
    }

    @Test func preprocessWritesNothingWhereAPictureIsBad() throws {
        let bad = try folder.write("no picture", as: "pictures/bad.png")
        let empty = try folder.makeFolder("empty")
        let good = "\(model)/ref/image.png"
        let output = folder.path("x.npy")
        for (inputs, code) in [([good, bad], 65), ([good, folder.path("none.png")], 66), ([empty], 66)] {
            let run = try ZooBinary.run(["preprocess", model] + inputs + ["--output", output])
            #expect(run.code == Int32(code), "\(inputs): \(run.errors)")
            #expect(run.errors.hasPrefix("zoo: "))
        }
        #expect(!FileManager.default.fileExists(atPath: output))
    }
}
