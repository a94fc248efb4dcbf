import Checkpoints
import SentenceEncoder
import TensorCore
import TestSupport
import Testing

/// Every value of every configuration changed.
@Suite struct ConfigMutationTests {
    /// Of every key the references tell.
    static let followed: [FollowedKey] = []

    @Test(arguments: SentenceFixtures.models)
    func everyValue(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: SentenceFixtures.path(model))
        let cases = try SentenceFixtures.cases(model)
        let runtime = Runtime(threads: 1)
        let references = try MutationReferences(file: SentenceFixtures.path("mutations.json"), model: model)
        let report = try configMutations(
            of: SentenceFixtures.config(model), references: references, followed: Self.followed,
            message: { ($0 as? SentenceEncoderError)?.description }
        ) { config in
            let encoder = try SentenceFixtures.build(model, config: config, source: checkpoint, runtime: runtime)
            let results = try cases.map { try $0.run(encoder) }
            return MutationResult(
                all: results.flatMap { $0.lastHiddenState.floats + ($0.sentenceEmbedding?.floats ?? []) },
                main: results.first?.lastHiddenState.floats ?? [])
        }
        #expect(report.failures.isEmpty, "\(report.failures.joined(separator: "\n"))")
        #expect(report.refused > 0 && report.unchanged > 0)
    }
}
