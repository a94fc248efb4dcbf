import Checkpoints
import Layers
import SentenceEncoder
import TensorCore
import TestSupport
import Testing

/// Weights that do not fit the configuration: every tensor of every architecture, changed in every way.
@Suite struct MutationTests {
    private let runtime = Runtime(threads: 1)

    private func failure(_ model: String, _ source: EditedSource) -> WeightError? {
        do {
            _ = try SentenceFixtures.build(model, source: source, runtime: runtime, plansOnly: true)
            return nil
        } catch SentenceEncoderError.weights(let error) {
            return error
        } catch {
            Issue.record("\(model): \(error)")
            return nil
        }
    }

    /// The tensors that give tokens their vectors.
    private func names(_ checkpoint: Checkpoint) -> [String] {
        checkpoint.names.filter { name in
            !["pooler.dense", "lm_head.", "cls.", "position_ids"].contains { name.contains($0) }
        }
    }

    /// What an error calls a tensor: by the new names of a layer norm's parameters.
    private func shown(_ name: String) -> String {
        name.hasSuffix("LayerNorm.gamma")
            ? name.dropLast(5) + "weight" : name.hasSuffix("LayerNorm.beta") ? name.dropLast(4) + "bias" : name
    }

    @Test(arguments: SentenceFixtures.models)
    func missingAndRenamed(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: SentenceFixtures.path(model))
        // Without the table of tokens a checkpoint with a prefix looks like one without.
        for name in names(checkpoint) where !name.hasSuffix("word_embeddings.weight") {
            for change in ["drop", "rename"] {
                var source = EditedSource(checkpoint)
                if change == "drop" { source.drop(name) } else { source.rename(name, to: name + "x") }
                guard case .missing(_, let tensor, let expected) = failure(model, source) else {
                    Issue.record("\(model): \(name) is not missed")
                    continue
                }
                #expect(tensor == shown(name))
                #expect(expected == checkpoint.info(name)?.shape)
            }
        }
        var source = EditedSource(checkpoint)
        for name in checkpoint.names where name.hasSuffix("word_embeddings.weight") { source.drop(name) }
        guard case .missing(_, "embeddings.word_embeddings.weight", _) = failure(model, source) else {
            Issue.record("\(model): the table of tokens is not missed")
            return
        }
    }

    /// CF05
    @Test(arguments: SentenceFixtures.models)
    func reshapedAndRetyped(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: SentenceFixtures.path(model))
        for name in names(checkpoint) {
            let shape = try #require(checkpoint.info(name)?.shape)
            var wrong = [shape + [1], [1] + shape, [], [0], [Int.max]]
            if let last = shape.last { wrong += [shape.dropLast() + [last + 1], shape.dropLast() + [0]] }
            for other in wrong where other != shape {
                var source = EditedSource(checkpoint)
                source.reshape(name, to: other)
                guard case .shape(_, let tensor, let expected, let found) = failure(model, source) else {
                    Issue.record("\(model): \(name) may have shape \(other)")
                    continue
                }
                #expect(tensor == shown(name) && expected == shape && found == other)
            }
            for dtype in DType.allCases where !dtype.isFloatingWeight {
                var source = EditedSource(checkpoint)
                source.retype(name, to: dtype)
                guard case .type(_, let tensor, let found) = failure(model, source) else {
                    Issue.record("\(model): \(name) may be \(dtype.rawValue)")
                    continue
                }
                #expect(tensor == shown(name) && found == dtype.rawValue)
            }
        }
    }

    @Test(arguments: SentenceFixtures.models)
    func oneMore(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: SentenceFixtures.path(model))
        let names = ["extra", "encoder.layer.99.output.dense.weight", "", "classifier.weight", "pooler.weight"]
        for name in names + [self.names(checkpoint)[0] + ".weight"] {
            var source = EditedSource(checkpoint)
            source.add(name, shape: [1])
            guard case .unused(_, let tensors) = failure(model, source) else {
                Issue.record("\(model): \(name) is not left over")
                continue
            }
            #expect(tensors == [name])
        }
    }

    @Test func headsAndBuffersMayBeLeftOver() throws {
        let checkpoint = try Checkpoint.open(folder: SentenceFixtures.path("minilm"))
        var source = EditedSource(checkpoint)
        for name in checkpoint.names where name.hasPrefix("pooler.") { source.drop(name) }
        for name in ["cls.predictions.bias", "lm_head.dense.weight", "embeddings.position_ids"] {
            source.add(name, shape: [3])
        }
        #expect(failure("minilm", source) == nil)
    }

    @Test func bothNamesOfALayerNormAreTooMany() throws {
        let checkpoint = try Checkpoint.open(folder: SentenceFixtures.path("minilm"))
        var source = EditedSource(checkpoint)
        source.add("embeddings.LayerNorm.gamma", shape: [24])
        guard case .unused(_, ["embeddings.LayerNorm.gamma"]) = failure("minilm", source) else {
            Issue.record("both names are taken")
            return
        }
    }

    @Test func weightsThatAreNoNumbersAreNoticed() throws {
        let checkpoint = try Checkpoint.open(folder: SentenceFixtures.path("minilm"))
        var source = EditedSource(checkpoint)
        source.fill("encoder.layer.1.output.dense.bias", with: .nan)
        let encoder = try SentenceFixtures.build("minilm", source: source, runtime: runtime)
        #expect(throws: SentenceEncoderError.self) { try encoder.embed(ids: [[2, 5, 3]]) }
        let ids = Tensor(integers: [2, 5, 3], shape: [1, 3])
        let error = #expect(throws: SentenceEncoderError.self) { try encoder.outputs(inputIDs: ids) }
        guard case .notFinite("last_hidden_state", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }
}
