import Checkpoints
import DualEncoder
import JSON
import Layers
import TensorCore
import TestSupport
import Testing

/// Weights that do not fit the configuration: every tensor of every model, changed in every way, whatever the towers
/// that are wanted.
@Suite struct MutationTests {
    private let runtime = Runtime(threads: 1)
    private static let towers: [Set<DualEncoder.Tower>] = [[.image, .text], [.image], [.text]]

    private func failure(_ model: String, _ source: EditedSource, _ towers: Set<DualEncoder.Tower>) -> WeightError? {
        do {
            _ = try DualEncoderFixtures.build(model, source: source, runtime: runtime, towers: towers, plansOnly: true)
            return nil
        } catch DualEncoderError.weights(let error) {
            return error
        } catch {
            Issue.record("\(model): \(error)")
            return nil
        }
    }

    /// The weights' names; batch norms' counters may be missing or have any shape.
    private func names(_ checkpoint: Checkpoint) -> [String] {
        checkpoint.names.filter { !$0.hasSuffix("num_batches_tracked") }
    }

    @Test(arguments: DualEncoderFixtures.models, towers)
    func missing(model: String, towers: Set<DualEncoder.Tower>) throws {
        let checkpoint = try DualEncoderFixtures.checkpoint(model)
        for name in names(checkpoint) {
            var source = EditedSource(checkpoint)
            source.drop(name)
            guard case .missing(_, let tensor, let expected) = failure(model, source, towers) else {
                Issue.record("\(model): \(name) is not missed")
                continue
            }
            // Without its first tensor, a tower is looked for under the name it has in a whole model.
            if !["embeddings.token_embedding.weight", "embeddings.patch_embedding.weight"].contains(name) {
                #expect(tensor == name)
            }
            #expect(expected == checkpoint.info(name)?.shape)
        }
    }

    /// CF05
    @Test(arguments: DualEncoderFixtures.models)
    func reshaped(model: String) throws {
        let checkpoint = try DualEncoderFixtures.checkpoint(model)
        for name in names(checkpoint) {
            let shape = try #require(checkpoint.info(name)?.shape)
            var wrong = [shape + [1], [1] + shape, [0], [Int.max]]
            if let last = shape.last { wrong += [[], shape.dropLast() + [last + 1], shape.dropLast() + [0]] }
            if shape != shape.reversed() { wrong.append(shape.reversed()) }
            for (index, other) in wrong.enumerated() where other != shape {
                var source = EditedSource(checkpoint)
                source.reshape(name, to: other)
                let towers = Self.towers[index % Self.towers.count]
                guard case .shape(_, let tensor, let expected, let found) = failure(model, source, towers) else {
                    Issue.record("\(model): \(name) may have shape \(other)")
                    continue
                }
                #expect(tensor == name)
                #expect(expected == shape)
                #expect(found == other)
            }
        }
    }

    @Test(arguments: DualEncoderFixtures.models)
    func retyped(model: String) throws {
        let checkpoint = try DualEncoderFixtures.checkpoint(model)
        for name in names(checkpoint) {
            for dtype in [DType.int64, .int8, .bool] {
                var source = EditedSource(checkpoint)
                source.retype(name, to: dtype)
                guard case .type(_, let tensor, let found) = failure(model, source, [.image, .text]) else {
                    Issue.record("\(model): \(name) may be \(dtype.rawValue)")
                    continue
                }
                #expect(tensor == name)
                #expect(found == dtype.rawValue)
            }
        }
    }

    @Test(arguments: DualEncoderFixtures.models, towers)
    func oneMore(model: String, towers: Set<DualEncoder.Tower>) throws {
        let checkpoint = try DualEncoderFixtures.checkpoint(model)
        for name in ["extra", names(checkpoint)[0] + ".weight", "vision_model.encoder.layers.99.mlp.fc1.weight", ""] {
            var source = EditedSource(checkpoint)
            source.add(name, shape: [1])
            guard case .unused(_, let tensors) = failure(model, source, towers) else {
                Issue.record("\(model): \(name) is not left over")
                continue
            }
            #expect(tensors == [name])
        }
    }

    @Test(arguments: DualEncoderFixtures.models)
    func buffersOfOlderFiles(model: String) throws {
        // Numbers of positions were stored once; they may be there, with any type.
        var source = EditedSource(try DualEncoderFixtures.checkpoint(model))
        for name in ["text_model.embeddings.position_ids", "vision_model.embeddings.position_ids"] {
            source.add(name, shape: [1, 12])
            source.retype(name, to: .int64)
        }
        #expect(failure(model, source, [.image, .text]) == nil)
    }

    /// A source whose data cannot be read.
    private struct Unreadable: TensorSource {
        let base: Checkpoint
        let broken: String

        var location: String { base.location }
        var names: [String] { base.names }
        func info(_ name: String) -> TensorInfo? { base.info(name) }

        func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError) {
            guard name != broken else { throw TensorReadError(file: "file", tensor: name, reason: "the disk is gone") }
            try base.read(name, at: offset, into: buffer)
        }
    }

    @Test(arguments: DualEncoderFixtures.models)
    func unreadable(model: String) throws {
        let checkpoint = try DualEncoderFixtures.checkpoint(model)
        let runtime = Runtime(threads: 2)
        for name in names(checkpoint) {
            let source = Unreadable(base: checkpoint, broken: name)
            let error = #expect(throws: DualEncoderError.self) {
                try DualEncoderFixtures.build(model, source: source, runtime: runtime)
            }
            guard case .weights(.unreadable(let error)) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(error.tensor == name)
        }
    }

    @Test(arguments: DualEncoderFixtures.wholeModels)
    func onlyTheWantedTowerIsRead(model: String) throws {
        let checkpoint = try DualEncoderFixtures.checkpoint(model)
        for name in names(checkpoint) where !name.hasPrefix("logit_") {
            let isImage = name.hasPrefix("vis")
            let source = Unreadable(base: checkpoint, broken: name)
            let other: DualEncoder.Tower = isImage ? .text : .image
            _ = try DualEncoderFixtures.build(model, source: source, runtime: runtime, towers: [other])
            #expect(throws: DualEncoderError.self, "\(name)") {
                try DualEncoderFixtures.build(
                    model, source: source, runtime: runtime, towers: [isImage ? .image : .text])
            }
        }
    }
}
