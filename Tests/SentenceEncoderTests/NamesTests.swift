import Checkpoints
import JSON
import Layers
import SentenceEncoder
import TensorCore
import TestSupport
import Testing

/// Full-size published models: every tensor name is taken, none is left.
@Suite struct NamesTests {
    /// Parameters of the encoders without pooler and heads, in millions.
    static let millions: [String: Double] = [
        "all-MiniLM-L6-v2": 22.57, "all-mpnet-base-v2": 108.89,
        "all-distilroberta-v1": 81.53, "multilingual-e5-base": 277.45, "bert-base-uncased": 108.89,
    ]

    static let names = ((try? FileSystem.list(SentenceFixtures.path("names")).names) ?? []).map {
        String($0.dropLast(".json".count))
    }

    @Test func everyListHasItsCount() {
        #expect(Set(Self.names) == Set(Self.millions.keys))
    }

    private func published(_ name: String) throws -> (config: Config, tensors: [TensorInfo]) {
        let file = try Config(path: SentenceFixtures.path("names/\(name).json"))
        let list = try file.object("tensors")
        let tensors = try list.keys.map { key in
            let shape = try #require(list.object[key]?.arrayValue?.last?.arrayValue)
            return TensorInfo(name: key, dtype: .float32, shape: shape.compactMap(\.intValue), file: name)
        }
        return (try file.object("config"), tensors)
    }

    @Test(arguments: names)
    func everyTensorIsTaken(name: String) throws {
        let (config, tensors) = try published(name)
        let encoder = try SentenceEncoder(
            folder: name, config: config, source: ZeroSource(location: name, tensors), runtime: Runtime(threads: 1),
            plansOnly: true)
        let expected = try #require(Self.millions[name])
        #expect(abs(Double(encoder.parameterCount) / 1e6 - expected) < 0.02, "\(encoder.parameterCount)")
        #expect(encoder.contextLength == 512)
        let plan = try encoder.plan(batch: 1, tokens: 128)
        // Two operations for each weight of a linear layer and each token, and attention.
        let tables = encoder.network.configuration.vocabularyCount * encoder.network.configuration.width
        #expect(plan.flops > 2 * 128 * 0.97 * Double(encoder.parameterCount - tables - 1_000_000))
        #expect(plan.flops < 2.2 * 128 * Double(encoder.parameterCount - tables))
    }

    @Test(arguments: names)
    func aTensorMoreIsNamed(name: String) throws {
        let (config, tensors) = try published(name)
        let extra = TensorInfo(name: "classifier.weight", dtype: .float32, shape: [2], file: name)
        let error = #expect(throws: SentenceEncoderError.self) {
            try SentenceEncoder(
                folder: name, config: config, source: ZeroSource(location: name, tensors + [extra]),
                runtime: Runtime(threads: 1), plansOnly: true)
        }
        guard case .weights(.unused(_, let tensors)) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(tensors == ["classifier.weight"])
    }
}
