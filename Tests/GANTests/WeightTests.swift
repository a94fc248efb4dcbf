import Checkpoints
import GAN
import JSON
import Layers
import TensorCore
import TestSupport
import Testing

/// Weights that do not fit the configuration: every tensor of every model, changed in every way.
@Suite struct WeightTests {
    private let runtime = Runtime(threads: 1)

    private func failure(_ model: String, _ source: any TensorSource) -> WeightError? {
        do {
            _ = try GeneratorFixtures.build(model, source: source, runtime: runtime, plansOnly: true)
            return nil
        } catch GANError.weights(let error) {
            return error
        } catch {
            Issue.record("\(model): \(error)")
            return nil
        }
    }

    /// CF05
    @Test(arguments: GeneratorFixtures.configured)
    func missingReshapedRetyped(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: GeneratorFixtures.path(model))
        let failures = WeightMutations(checkpoint) { failure(model, $0) }
            .failures(of: checkpoint.names.filter { !$0.hasSuffix("num_batches_tracked") })
        #expect(failures.isEmpty, "\(model): \(failures)")
    }

    /// Where sizes are inferred from the tensors, one that does not fit may tell another size; something is wrong then
    /// with that tensor or another.
    @Test(arguments: ["stylegan2", "stylegan2-classes", "stylegan2-rosinality"])
    func withoutAConfiguration(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: GeneratorFixtures.path(model))
        func failure(_ edit: (inout EditedSource) -> Void) -> String? {
            var source = EditedSource(checkpoint)
            edit(&source)
            do throws(GANError) {
                _ = try ImageGenerator(
                    folder: "model", config: nil, source: source, runtime: runtime, plansOnly: true)
                return nil
            } catch { return error.description }
        }
        #expect(failure { _ in } == nil)
        for name in checkpoint.names {
            let dropped = failure { $0.drop(name) }
            #expect(name == "latent_avg" ? dropped == nil : dropped?.contains("tensor") == true, "\(name)")
            let shape = try #require(checkpoint.info(name)?.shape)
            for other in [shape + [1], [0], [Int.max], shape.dropLast() + [(shape.last ?? 0) + 1]] {
                // Latents of another length or more classes would be another model that is whole, too.
                if other.count == 2, other[0] > 0,
                    ["mapping.fc0", "mapping.embed", "style.1"].contains(where: { name == "\($0).weight" })
                {
                    continue
                }
                #expect(failure { $0.reshape(name, to: other) }?.contains("tensor") == true, "\(name): \(other)")
            }
            #expect(failure { $0.retype(name, to: .int32) }?.contains("tensor \(name) has type I32") == true, "\(name)")
        }
    }

    @Test(arguments: GeneratorFixtures.models)
    func oneMore(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: GeneratorFixtures.path(model))
        let names = ["extra", "main.99.weight", "", "generator.layers.99.gamma", "synthesis.b4.conv0.weight"]
        let failures = WeightMutations(checkpoint) { failure(model, $0) }.failures(ofAdded: names)
        #expect(failures.isEmpty, "\(model): \(failures)")
    }

    /// Every tensor in turn holds a value that is not a number; whatever layer it reaches is named.
    @Test(arguments: GeneratorFixtures.models)
    func notANumber(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: GeneratorFixtures.path(model))
        let reference = try #require(try GeneratorFixtures.cases(model).first)
        for name in checkpoint.names where checkpoint.info(name)?.dtype == .float16 {
            var source = HalfNaN(base: checkpoint, name: name)
            source.isOn = true
            let generator = try GeneratorFixtures.build(model, source: source, runtime: runtime)
            guard let (layer, image) = firstLayer(generator, reference) else {
                // Rows of tables that the case does not look up, tensors that only other options read.
                let isUnread =
                    name.hasSuffix("label_emb.weight") || name == "embeddings.weight" || name.contains("running_")
                    || name.hasSuffix("w_avg") || name == "latent_avg" || name.hasSuffix("resample_filter")
                    || name == "mapping.embed.weight"
                #expect(isUnread, "\(model): \(name) leaves no trace")
                continue
            }
            #expect(layer != "output" && image == 0, "\(model): \(name)")
            if let number = name.split(separator: ".").dropFirst().first, layer.hasPrefix("main.") {
                // A norm is part of the layer before it.
                #expect(layer == "main.\((Int(number) ?? 0) / 3 * 3)", "\(name)")
            }
        }
    }

    /// The layer that is named for giving a value that is not a number.
    private func firstLayer(
        _ generator: ImageGenerator, _ reference: GeneratorFixtures.Case
    ) -> (layer: String, image: Int)? {
        do throws(GANError) {
            _ = try generator.generate(reference.latents, reference.options)
            return nil
        } catch {
            if case .notFinite(let layer, let image) = error { return (layer, image) }
            Issue.record("\(error)")
            return nil
        }
    }
}

/// A checkpoint whose tensor of a name begins with a half-precision NaN.
private struct HalfNaN: TensorSource {
    let base: Checkpoint
    let name: String
    var isOn = false

    var location: String { base.location }
    var names: [String] { base.names }
    func info(_ name: String) -> TensorInfo? { base.info(name) }

    func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer) throws(TensorReadError) {
        try base.read(name, at: offset, into: buffer)
        guard isOn, name == self.name, offset == 0, buffer.count >= 2 else { return }
        buffer.storeBytes(of: 0x7e00, as: UInt16.self)
    }
}
