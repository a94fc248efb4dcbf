import Foundation
import ModelZoo
import TensorCore
import Testing

/// What is computed again comes out again.
@Suite struct RepetitionTests {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path

    /// NU02: a hundred passes over a reference case have the bits of the first, whatever ran in between.
    @Test(arguments: [
        "ImageClassifiersTests/Fixtures/transformers-resnet-basic", "DualEncoderTests/Fixtures/transformers-clip",
        "SentenceEncoderTests/Fixtures/minilm", "AudioEncoderTests/Fixtures/wav2vec2-base",
    ])
    func aHundredTimes(folder: String) throws {
        let folder = "\(Self.tests)/\(folder)"
        let references = try ReferenceCases(model: folder)
        let model = try AnyModel(folder: folder, runtime: Runtime(threads: 3))
        let cases = try references.cases.map { reference in
            var inputs: [String: Tensor] = [:]
            for (name, file) in reference.inputs { inputs[name] = try references.tensor(file) }
            return (inputs: inputs, outputs: reference.outputs.keys.sorted())
        }
        func bits() throws -> [[UInt32]] {
            try cases.flatMap { reference in
                let results = try model.run(reference.inputs, outputs: reference.outputs)
                return reference.outputs.map { results[$0]?.floats.map(\.bitPattern) ?? [] }
            }
        }
        let first = try bits()
        #expect(!first.isEmpty && first.allSatisfy { !$0.isEmpty })
        for round in 1..<100 { #expect(try bits() == first, "round \(round)") }
    }
}
