import Checkpoints
import ImageClassifiers
import JSON
import Layers
import TensorCore
import TestSupport
import Testing

/// Weights that do not fit the configuration: every tensor of every family, changed in every way.
@Suite struct MutationTests {
    private let runtime = Runtime(threads: 1)

    private func failure(_ model: String, _ source: EditedSource) -> WeightError? {
        do {
            _ = try ClassifierFixtures.build(model, source: source, runtime: runtime, plansOnly: true)
            return nil
        } catch ImageClassifierError.weights(let error) {
            return error
        } catch {
            Issue.record("\(model): \(error)")
            return nil
        }
    }

    /// The weights' names; batch norms' counters, tables that follow from a window's size and the token for masked
    /// patches may be missing or have any shape.
    private func names(_ checkpoint: Checkpoint) -> [String] {
        checkpoint.names.filter { name in
            !["num_batches_tracked", "relative_position_index", "mask_token"].contains { name.hasSuffix($0) }
        }
    }

    @Test(arguments: ClassifierFixtures.models)
    func missing(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        for name in names(checkpoint) {
            var source = EditedSource(checkpoint)
            source.drop(name)
            guard case .missing(_, let tensor, let expected) = failure(model, source) else {
                Issue.record("\(model): \(name) is not missed")
                continue
            }
            #expect(tensor == name)
            #expect(expected == checkpoint.info(name)?.shape)
        }
    }

    @Test(arguments: ClassifierFixtures.models)
    func renamed(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        for name in names(checkpoint) {
            var source = EditedSource(checkpoint)
            source.rename(name, to: name + "x")
            guard case .missing(_, let tensor, _) = failure(model, source) else {
                Issue.record("\(model): \(name) is not missed")
                continue
            }
            #expect(tensor == name)
        }
    }

    /// CF05
    @Test(arguments: ClassifierFixtures.models)
    func reshaped(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        for name in names(checkpoint) {
            let shape = try #require(checkpoint.info(name)?.shape)
            var wrong = [shape + [1], [1] + shape, [], [0], [Int.max]]
            if let last = shape.last { wrong += [shape.dropLast() + [last + 1], shape.dropLast() + [0]] }
            if shape != shape.reversed() { wrong.append(shape.reversed()) }
            for other in wrong where other != shape {
                var source = EditedSource(checkpoint)
                source.reshape(name, to: other)
                guard case .shape(_, let tensor, let expected, let found) = failure(model, source) else {
                    Issue.record("\(model): \(name) may have shape \(other)")
                    continue
                }
                #expect(tensor == name)
                #expect(expected == shape)
                #expect(found == other)
            }
        }
    }

    @Test(arguments: ClassifierFixtures.models)
    func retyped(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        for name in names(checkpoint) {
            for dtype in DType.allCases where !dtype.isFloatingWeight {
                var source = EditedSource(checkpoint)
                source.retype(name, to: dtype)
                guard case .type(_, let tensor, let found) = failure(model, source) else {
                    Issue.record("\(model): \(name) may be \(dtype.rawValue)")
                    continue
                }
                #expect(tensor == name)
                #expect(found == dtype.rawValue)
            }
        }
    }

    @Test(arguments: ClassifierFixtures.models)
    func oneMore(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        for name in ["extra", names(checkpoint)[0] + ".weight", "encoder.layer.99.weight", ""] {
            var source = EditedSource(checkpoint)
            source.add(name, shape: [1])
            guard case .unused(_, let tensors) = failure(model, source) else {
                Issue.record("\(model): \(name) is not left over")
                continue
            }
            #expect(tensors == [name])
        }
    }

    @Test(arguments: ClassifierFixtures.models)
    func counters(model: String) throws {
        // A batch norm's counter of training steps is no weight: it may be missing or one more, in families that have
        // such norms.
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        var source = EditedSource(checkpoint)
        source.add("any.num_batches_tracked", shape: [])
        let counters = checkpoint.names.filter { $0.hasSuffix("num_batches_tracked") }
        for name in counters { source.drop(name) }
        let classifier = try ClassifierFixtures.build(model, source: checkpoint, runtime: runtime, plansOnly: true)
        let ignores = type(of: classifier.network).ignores("any.num_batches_tracked")
        #expect(ignores || counters.isEmpty)
        #expect((failure(model, source) == nil) == ignores)
    }

    @Test func messagesNameFileTensorAndShapes() throws {
        let model = "transformers-vit"
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        var source = EditedSource(checkpoint)
        source.reshape("classifier.bias", to: [7])
        let text = try #require(failure(model, source)).description
        for part in ["model.safetensors", "classifier.bias", "[7]", "[6]"] { #expect(text.contains(part), "\(text)") }
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

    @Test(arguments: ["transformers-vit", "timm-resnet-basic", "torchvision-mobilenetv2"])
    func unreadable(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        for name in names(checkpoint) {
            let error = #expect(throws: ImageClassifierError.self) {
                try ClassifierFixtures.build(
                    model, source: Unreadable(base: checkpoint, broken: name), runtime: Runtime(threads: 2))
            }
            guard case .weights(.unreadable(let error)) = error else {
                Issue.record("\(String(describing: error))")
                continue
            }
            #expect(error.tensor == name)
        }
    }
}
