import AudioEncoder
import Checkpoints
import TensorCore
import TestSupport
import Testing

/// Every value of every configuration changed.
@Suite struct ConfigMutationTests {
    /// Of every key the references tell.
    static let followed: [FollowedKey] = []

    @Test(arguments: AudioFixtures.models)
    func everyValue(model: String) throws {
        let checkpoint = try Checkpoint.open(folder: AudioFixtures.path(model))
        let cases = try AudioFixtures.cases(model)
        let runtime = Runtime(threads: 1)
        let references = try MutationReferences(file: AudioFixtures.path("mutations.json"), model: model)
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
