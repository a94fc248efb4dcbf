import Checkpoints
import Foundation
import ModelZoo
import TensorCore
import TestSupport
import Testing

/// Reference cases beside a model, and how far a result is from them.
@Suite struct ReferenceCasesTests {
    private let folder: TemporaryFolder

    init() throws { folder = try TemporaryFolder() }

    private func cases(_ manifest: String) throws -> ReferenceCases {
        try folder.write(manifest, as: "ref/manifest.json")
        return try ReferenceCases(model: folder.path)
    }

    @Test func aManifestIsRead() throws {
        let found = try cases(
            """
            {"model": "m", "cases": [
              {"case": "b1", "inputs": {"pixel_values": "in.npy"}, "outputs": {"logits": "out.npy"}, "flops": 12,
               "notes": "", "shapes": {}},
              {"case": "b2", "inputs": {}, "outputs": {}, "flops": null}],
             "preprocess": {"image": "image.png", "pixel_values": "x.npy", "processor": "P"}}
            """)
        #expect(found.folder == folder.path("ref"))
        #expect(found.cases.map(\.name) == ["b1", "b2"])
        #expect(found.cases[0].inputs == ["pixel_values": "in.npy"] && found.cases[0].outputs == ["logits": "out.npy"])
        #expect(found.cases[0].flops == 12 && found.cases[1].flops == nil)
        #expect(found.preprocessing == .picture(image: "image.png", pixelValues: "x.npy"))
        #expect(try found.named("b2").inputs.isEmpty)
        let error = #expect(throws: ReferenceError.self) { try found.named("b3") }
        #expect(error?.description == "no case \"b3\"; there are b1, b2")
    }

    @Test func aSoundIsPrepared() throws {
        let found = try cases(
            #"{"cases": [], "preprocess": {"audio": "audio.wav", "input_values": "x.npy", "processor": "P"}}"#)
        #expect(found.preprocessing == .sound(audio: "audio.wav", inputValues: "x.npy"))
        #expect(throws: ReferenceError.self) {
            try cases(#"{"cases": [], "preprocess": {"audio": "../audio.wav", "input_values": "x.npy"}}"#)
        }
        #expect(throws: ReferenceError.self) { try cases(#"{"cases": [], "preprocess": {"audio": "audio.wav"}}"#) }
    }

    @Test func arraysBecomeTensors() throws {
        let found = try cases(#"{"cases": []}"#)
        #expect(found.preprocessing == nil)
        try NPY([1.5, -2] as [Float], shape: [2, 1]).write(to: folder.path("ref/floats.npy"))
        try NPY([7, -8] as [Int64], shape: [2]).write(to: folder.path("ref/integers.npy"))
        let halves = NPY(element: .float16, shape: [1], bytes: [0x00, 0x3E])
        try halves.write(to: folder.path("ref/halves.npy"))
        #expect(try found.tensor("floats.npy").floats == [1.5, -2])
        #expect(try found.tensor("floats.npy").shape == Shape(2, 1))
        #expect(try found.tensor("integers.npy").integers == [7, -8])
        #expect(try found.tensor("halves.npy").floats == [1.5])
        #expect(throws: ReferenceError.self) { try found.tensor("none.npy") }
        let deep = folder.path("ref/deep.npy")
        try NPY([1] as [Float], shape: Array(repeating: 1, count: 7)).write(to: deep)
        let error = #expect(throws: ReferenceError.self) { try found.tensor("deep.npy") }
        #expect(error?.description.contains("at most 6 dimensions") == true)
    }

    @Test func withoutAManifestThereAreNoCases() throws {
        let error = #expect(throws: ReferenceError.self) { try ReferenceCases(model: folder.path) }
        guard case .noCases(let found) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(found == folder.path)
    }

    /// Files outside of the folder cannot be named.
    @Test(arguments: [
        #"{"cases": [{"case": "a", "inputs": {"x": "../x.npy"}, "outputs": {}}]}"#,
        #"{"cases": [{"case": "a", "inputs": {}, "outputs": {"x": "/x.npy"}}]}"#,
        #"{"cases": [{"case": "a", "inputs": {}, "outputs": {"x": ".."}}]}"#,
        #"{"cases": [{"case": "a", "inputs": {}, "outputs": {"x": ""}}]}"#,
        #"{"cases": [], "preprocess": {"image": "a/b.png", "pixel_values": "x.npy"}}"#,
        #"{"cases": [{"case": "a", "inputs": []}]}"#, #"{"cases": {}}"#, "{}", "[", "",
    ])
    func brokenManifestsAreErrors(manifest: String) throws {
        let error = #expect(throws: ReferenceError.self) { try cases(manifest) }
        #expect(error?.description.contains("manifest.json") == true)
        if case .noCases = error { Issue.record("a broken manifest is not a missing one") }
    }

    @Test func aComparisonFindsTheLargestError() {
        let reference = Tensor([1, -4, 2], shape: Shape(1, 3))
        let comparison = Comparison(Tensor([1.5, -4, 1], shape: Shape(1, 3)), reference: reference)
        #expect(comparison.largestError == 1 && comparison.index == 2 && comparison.scale == 4)
        #expect(comparison.relativeError == 0.25)
        #expect(comparison.passes(tolerance: 0.25) && !comparison.passes(tolerance: 0.2))
        #expect(Comparison(reference, reference: reference).passes(tolerance: 0))
    }

    @Test func otherShapesAndNaNNeverPass() {
        let reference = Tensor([1, 2], shape: Shape(1, 2))
        #expect(!Comparison(Tensor([1, 2], shape: Shape(2, 1)), reference: reference).passes(tolerance: 1))
        let broken = Tensor([.nan, 5], shape: Shape(1, 2))
        for (a, b) in [(broken, reference), (reference, broken), (broken, broken)] {
            let comparison = Comparison(a, reference: b)
            #expect(comparison.index == 0 && comparison.largestError.isNaN)
            #expect(!comparison.passes(tolerance: 1))
        }
        let infinite = Tensor([1, .infinity], shape: Shape(1, 2))
        #expect(!Comparison(infinite, reference: reference).passes(tolerance: 1))
    }

    @Test func zeroReferencesAreComparedAbsolutely() {
        let zeros = Tensor(zeros: Shape(1, 2))
        #expect(Comparison(zeros, reference: zeros).passes(tolerance: 0))
        let comparison = Comparison(Tensor([0, 0.5], shape: Shape(1, 2)), reference: zeros)
        #expect(comparison.relativeError == 0.5)
    }
}
