import AudioEncoder
import Checkpoints
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
            _ = try AudioFixtures.build(model, source: source, runtime: runtime, plansOnly: true)
            return nil
        } catch AudioEncoderError.weights(let error) {
            return error
        } catch {
            Issue.record("\(model): \(error)")
            return nil
        }
    }

    /// The tensors that results depend on; that of the projection also tells whether names have a prefix.
    private func names(_ model: String, _ checkpoint: Checkpoint) -> [String] {
        checkpoint.names.filter { name in
            !["masked_spec_embed", "quantizer.", "project_q.", "project_hid.", "num_batches_tracked"].contains {
                name.contains($0)
            } && !name.hasSuffix("feature_projection.projection.weight")
                && !(model.hasPrefix("conformer") && name.contains("pos_conv_embed"))
        }
    }

    private func mutations(_ model: String) throws -> (Checkpoint, WeightMutations) {
        let checkpoint = try Checkpoint.open(folder: AudioFixtures.path(model))
        return (checkpoint, WeightMutations(checkpoint) { failure(model, $0) })
    }

    /// CF05
    @Test(arguments: AudioFixtures.models)
    func missingReshapedRetyped(model: String) throws {
        let (checkpoint, mutations) = try mutations(model)
        // Without its table of frequencies the reference makes one; without one spelling the other is missed.
        let failures = mutations.failures(
            of: names(model, checkpoint), isSpare: { $0.hasSuffix("inv_freq") },
            isMissed: { $0 == $1 || $0.contains("weight_") })
        #expect(failures.isEmpty, "\(model): \(failures)")
    }

    @Test(arguments: AudioFixtures.models)
    func oneMore(model: String) throws {
        let names = ["extra", "encoder.layers.99.layer_norm.weight", "", "classifiers.weight", "masked_spec_embeds"]
        let failures = try mutations(model).1.failures(ofAdded: names)
        #expect(failures.isEmpty, "\(model): \(failures)")
    }

    @Test func namesWithoutAPrefix() throws {
        let checkpoint = try Checkpoint.open(folder: AudioFixtures.path("hubert"))
        var source = EditedSource(checkpoint)
        for name in checkpoint.names where name.hasPrefix("hubert.") {
            source.rename(name, to: String(name.dropFirst("hubert.".count)))
        }
        let reference = try AudioFixtures.reference("hubert", "b1")
        let encoder = try AudioFixtures.build("hubert", source: source, runtime: runtime)
        #expect(mismatch(try encoder.logits(reference.values), try #require(reference.logits)) == nil)
    }

    @Test func bothSpellingsOfAWeightNormAreTooMany() throws {
        let checkpoint = try Checkpoint.open(folder: AudioFixtures.path("hubert"))
        let place = "hubert.encoder.pos_conv_embed.conv."
        let new = place + "parametrizations.weight.original"
        var source = EditedSource(checkpoint)
        source.rename(new + "0", to: place + "weight_g")
        source.rename(new + "1", to: place + "weight_v")
        #expect(failure("hubert", source) == nil)
        source.add(new + "0", shape: [1, 1, 16])
        guard case .unused = failure("hubert", source) else {
            Issue.record("both spellings are taken")
            return
        }
    }

    @Test func adaptersThatDoNotFit() throws {
        let folder = AudioFixtures.path("mms")
        let adapter = try Checkpoint.open(file: folder + "/adapter.fra.safetensors")
        let tensors = adapter.names.compactMap { adapter.info($0) }.map { info in
            StoredTensor(name: info.name, shape: info.shape, floats: [Float](repeating: 0.5, count: info.count))
        }
        let first = try #require(tensors.first { $0.name.contains("adapter_layer") })
        func failure(_ tensors: [StoredTensor]) throws -> WeightError? {
            let other = try TemporaryFolder()
            try Safetensors.write(tensors, to: other.path("adapter.fra.safetensors"))
            do {
                _ = try AudioEncoder(
                    folder: other.path, config: AudioFixtures.config("mms"), source: Checkpoint.open(folder: folder),
                    runtime: runtime, language: "fra", plansOnly: true)
                return nil
            } catch AudioEncoderError.weights(let error) { return error }
        }
        #expect(try failure(tensors) == nil)
        guard case .missing(_, first.name, _) = try failure(tensors.filter { $0.name != first.name }) else {
            Issue.record("an adapter may lack \(first.name)")
            return
        }
        let extra = StoredTensor(name: "extra", shape: [1], floats: [0])
        guard case .unused(_, ["extra"]) = try failure(tensors + [extra]) else {
            Issue.record("an adapter may hold more")
            return
        }
        // What the model has, too, would take its place.
        let own = StoredTensor(
            name: "wav2vec2.encoder.layer_norm.bias", shape: [20], floats: .init(repeating: 9, count: 20))
        guard case .unused(_, ["wav2vec2.encoder.layer_norm.bias"]) = try failure(tensors + [own]) else {
            Issue.record("an adapter may replace the model's own tensors")
            return
        }
    }

    @Test func weightsThatAreNoNumbersAreNoticed() throws {
        let checkpoint = try Checkpoint.open(folder: AudioFixtures.path("pretraining"))
        var source = EditedSource(checkpoint)
        source.fill("wav2vec2.encoder.layers.1.feed_forward.output_dense.bias", with: .nan)
        let encoder = try AudioFixtures.build("pretraining", source: source, runtime: runtime)
        let values = try AudioFixtures.reference("pretraining", "b1").values
        let error = #expect(throws: AudioEncoderError.self) { try encoder.hiddenStates(values) }
        guard case .notFinite("last_hidden_state", _) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(throws: Never.self) { try encoder.hiddenStates(values, layer: 1) }
    }

    @Test func bucketsOfDistances() throws {
        let config = try Config(path: AudioFixtures.path("buckets.json"))
        for entry in try config.objects("cases", count: 2...2) {
            let (count, longest) = (
                try entry.int("count", in: 1...1000), try entry.int("longest", in: 1...1000)
            )
            let buckets = try entry.ints("buckets", count: 1...2000, in: 0...1000)
            for (distance, bucket) in buckets.enumerated() {
                #expect(DistanceBuckets.bucket(-distance, count: count, longest: longest) == bucket)
                guard distance > 0 else { continue }
                #expect(DistanceBuckets.bucket(distance, count: count, longest: longest) == bucket + count / 2)
            }
        }
    }
}
