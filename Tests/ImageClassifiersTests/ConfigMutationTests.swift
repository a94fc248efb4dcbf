import Checkpoints
import ImageClassifiers
import TensorCore
import TestSupport
import Testing

/// Every value of every configuration changed.
@Suite struct ConfigMutationTests {
    /// Keys that timm and torchvision follow, too; of transformers' the references tell.
    static let followed = [
        FollowedKey("model_args.num_heads", because: "the projections are of the same shape for any number of heads"),
        FollowedKey(
            "model_args.inverted_residual_setting",
            because: "the last number of a row is a stride, on which no weight depends"),
        FollowedKey("model_args.transform_input", because: "it says how pixels are scaled, on which no weight depends"),
        FollowedKey(
            "model_args.global_pool", because: "with fc_norm given, the norm is the same for a token and for a mean"),
    ]

    @Test(arguments: ClassifierFixtures.models)
    func everyValue(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: ClassifierFixtures.path(model))
        let cases = try ClassifierFixtures.cases(model)
        let runtime = Runtime(threads: 1)
        let references = try MutationReferences(file: ClassifierFixtures.path("mutations.json"), model: model)
        let report = try configMutations(
            of: ClassifierFixtures.config(model), references: references, followed: Self.followed,
            message: { ($0 as? ImageClassifierError)?.description }
        ) { config in
            let classifier = try ClassifierFixtures.build(model, config: config, source: checkpoint, runtime: runtime)
            let results = try cases.map { try classifier.outputs($0.pixels) }
            return MutationResult(
                all: results.flatMap { $0.logits.floats + $0.features.floats + $0.featureMap.floats },
                // A model without a classifier gives its tokens.
                main: results.first.map { $0.logits.count > 0 ? $0.logits.floats : $0.featureMap.floats } ?? [])
        }
        #expect(report.failures.isEmpty, "\(report.failures.joined(separator: "\n"))")
        #expect(report.refused > 0 && report.unchanged > 0)
    }
}
