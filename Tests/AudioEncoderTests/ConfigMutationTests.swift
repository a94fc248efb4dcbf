import AudioEncoder
import Checkpoints
import TensorCore
import TestSupport
import Testing

/// Every value of every configuration changed.
@Suite struct ConfigMutationTests {
    /// Keys that transformers follows, too, for models that the references do not list.
    static let followed = [
        FollowedKey("hidden_act", because: "it names the activation of the blocks"),
        FollowedKey("feat_extract_activation", because: "it names the activation of the convolutions"),
        FollowedKey("conv_stride", because: "a convolution's weights are the same for any stride"),
        FollowedKey("adapter_stride", because: "a convolution's weights are the same for any stride"),
        FollowedKey("num_attention_heads", because: "the projections are of the same shape for any number of heads"),
        FollowedKey("layer_norm_eps", because: "a constant of the layer norms"),
        FollowedKey("do_stable_layer_norm", because: "it is the order of steps whose weights are the same"),
        FollowedKey("max_bucket_distance", because: "it says which distances share a bucket"),
    ]

    @Test(arguments: AudioFixtures.models)
    func everyValue(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: AudioFixtures.path(model))
        let cases = try AudioFixtures.cases(model)
        let runtime = Runtime(threads: 1)
        let path = AudioFixtures.path("mutations.json")
        let references = FileSystem.exists(path) ? try MutationReferences(file: path, model: model) : nil
        let report = try configMutations(
            of: AudioFixtures.config(model), references: references, followed: Self.followed,
            message: { ($0 as? AudioEncoderError)?.description }
        ) { config in
            let encoder = try AudioFixtures.build(model, config: config, source: checkpoint, runtime: runtime)
            let results = try cases.map { try $0.run(encoder).floats }
            return MutationResult(all: results.flatMap(\.self), main: results.first ?? [])
        }
        #expect(report.failures.isEmpty, "\(report.failures.joined(separator: "\n"))")
        #expect(report.refused > 0 && report.unchanged > 0)
    }
}
