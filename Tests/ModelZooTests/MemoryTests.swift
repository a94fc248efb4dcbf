import Foundation
import ModelZoo
import TensorCore
import Testing

/// What a model takes of memory, known before it is loaded.
@Suite struct MemoryTests {
    private static let tests = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
    private static let models: [(folder: String, work: AnyModel.Work, more: AnyModel.Work)] = [
        (
            "\(tests)/ImageClassifiersTests/Fixtures/transformers-resnet-basic", .pictures(1),
            .pictures(64, inOnePass: true)
        ),
        ("\(tests)/DualEncoderTests/Fixtures/transformers-clip", .texts(1), .texts(50)),
        ("\(tests)/DualEncoderTests/Fixtures/transformers-clip", .pictures(1), .pictures(50)),
        ("\(tests)/SentenceEncoderTests/Fixtures/minilm", .texts(1), .texts(20)),
        ("\(tests)/AudioEncoderTests/Fixtures/wav2vec2-base", .sound(seconds: 1), .sound(seconds: 10)),
    ]

    @Test(arguments: models.indices)
    func whatFitsIsLoaded(index: Int) throws {
        let (folder, work, more) = Self.models[index]
        let runtime = Runtime(threads: 2)
        let plan = try AnyModel(folder: folder, runtime: runtime, plansOnly: true)
        let need = try plan.memory(for: work)
        #expect(need.weights == plan.weightBytes && need.activations > 0)
        #expect(need.total == need.weights + need.activations)
        #expect(try plan.memory(for: more).activations > need.activations)
        let model = try AnyModel(folder: folder, runtime: runtime, for: work, within: need.total)
        // A model that is loaded says the same.
        #expect(try model.memory(for: work) == need)
        for limit in [need.total - 1, need.weights, need.weights - 1, 0] {
            let error = #expect(throws: ModelError.self) {
                try AnyModel(folder: folder, runtime: runtime, for: work, within: limit)
            }
            guard case .memory(folder, let stated, limit) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(stated.weights == need.weights && error?.isAboutInput == false)
            #expect(error?.description.contains("MB of memory (weights") == true)
        }
    }

    @Test func passesTakeWhatIsStated() throws {
        let folder = Self.models[0].folder
        for batch in [1, 3, 40] {
            // A workspace keeps what other shapes have left it.
            let model = try AnyModel(folder: folder, runtime: Runtime(threads: 1))
            let pixels = Tensor(zeros: Shape(batch, 3, 24, 24))
            let account = try model.profile(["pixel_values": pixels])
            let stated = try model.memory(for: .arrays(["pixel_values": pixels.shape])).activations
            #expect(account.activationBytes + account.scratchBytes + 4 * pixels.count <= stated)
        }
    }

    @Test func theSystemTells() throws {
        let available = try #require(SystemMemory.available())
        #expect(available > 1 << 20 && available < 1 << 50)
        #expect(MemoryNeed(weights: .max, activations: 1).total == .max)
        #expect(
            MemoryNeed(weights: 102_250_000, activations: 1_049_999).description
                == "103.3 MB of memory (weights 102.3 MB, activations 1.0 MB)")
    }
}
