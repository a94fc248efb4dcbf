import DualEncoder
import TensorCore
import TestSupport
import Testing

/// Every value of every configuration changed.
@Suite struct ConfigMutationTests {
    /// Keys that open_clip follows, too; of transformers' the references tell.
    static let followed = [
        FollowedKey("model_cfg.quick_gelu", because: "it names the activation of both towers"),
        FollowedKey("model_cfg.text_cfg.heads", because: "the projections are of the same shape for any number"),
        FollowedKey("model_cfg.vision_cfg.head_width", because: "the width over it is the number of heads"),
        FollowedKey("model_cfg.text_cfg.norm_kwargs.eps", because: "a constant of the layer norms"),
        FollowedKey(
            "model_cfg.vision_cfg.final_ln_after_pool",
            because: "it is the order of two steps, whose weights are the same"),
        FollowedKey("model_cfg.text_cfg.no_causal_mask", because: "it says which tokens see which"),
    ]

    @Test(arguments: DualEncoderFixtures.models)
    func everyValue(model: String) throws {
        let checkpoint = try DualEncoderFixtures.checkpoint(model)
        let cases = try DualEncoderFixtures.cases(model)
        let runtime = Runtime(threads: 1)
        let references = try MutationReferences(file: DualEncoderFixtures.path("mutations.json"), model: model)
        let report = try configMutations(
            of: DualEncoderFixtures.config(model), references: references, followed: Self.followed,
            message: { ($0 as? DualEncoderError)?.description }
        ) { config in
            let encoder = try DualEncoderFixtures.build(model, config: config, source: checkpoint, runtime: runtime)
            let results = try cases.map { try encoder.outputs($0) }
            let main = results.first?.filter { ["image_embeds", "text_embeds"].contains($0.name) } ?? []
            return MutationResult(
                all: results.flatMap { $0.flatMap(\.tensor.floats) }, main: main.flatMap(\.tensor.floats))
        }
        #expect(report.failures.isEmpty, "\(report.failures.joined(separator: "\n"))")
        #expect(report.refused > 0 && report.unchanged > 0)
    }
}
