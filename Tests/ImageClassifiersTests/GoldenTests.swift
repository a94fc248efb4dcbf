import Checkpoints
import ImageClassifiers
import Media
import TensorCore
import TestSupport
import Testing

/// Every tiny model against what its library computed.
@Suite struct GoldenTests {
    @Test func thereAreModels() {
        #expect(ClassifierFixtures.models.count == 79)
        #expect(ClassifierFixtures.modelsWithPicture.count == 23)
        #expect(Set(ClassifierFixtures.representatives).isSubset(of: ClassifierFixtures.models))
    }

    @Test(arguments: ClassifierFixtures.models, Tier.supported)
    func parity(model: String, tier: Tier) throws {
        let cases = try ClassifierFixtures.cases(model)
        #expect(!cases.isEmpty)
        var bits: [[Float]] = []
        for threads in 1...3 {
            let classifier = try ImageClassifier(
                folder: ClassifierFixtures.path(model), runtime: Runtime(threads: threads, tier: tier))
            #expect(classifier.runtime.tier == tier && classifier.runtime.threads == threads)
            var values: [Float] = []
            for reference in cases {
                let result = try classifier.outputs(reference.pixels)
                #expect(reference.outputs.count == (classifier.hasClasses ? 3 : 2))
                #expect(result.logits.shape == [reference.pixels.shape[0], classifier.network.classCount])
                for (name, expected) in reference.outputs {
                    let output = try #require(ClassifierFixtures.Case.output(name, of: result), "output \(name)")
                    #expect(mismatch(output, expected, tolerance: .parity) == nil, "\(reference.name) \(name)")
                    values += output.floats
                }
                guard classifier.hasClasses else { continue }
                #expect(bitDifference(try classifier.logits(reference.pixels).floats, result.logits.floats) == nil)
            }
            bits.append(values)
        }
        // The number of threads changes no bit.
        #expect(bitDifference(bits[0], bits[1]) == nil)
        #expect(bitDifference(bits[0], bits[2]) == nil)
    }

    /// NU03
    @Test(
        .enabled(if: Tier.bitEqual.count == 2, "AVX2 and AVX-512 are both needed"), arguments: ClassifierFixtures.models
    )
    func tiersGiveTheSameBits(model: String) throws {
        let results = try Tier.bitEqual.map { tier in
            let classifier = try ImageClassifier(
                folder: ClassifierFixtures.path(model), runtime: Runtime(threads: 2, tier: tier))
            return try ClassifierFixtures.cases(model).flatMap { reference in
                let result = try classifier.outputs(reference.pixels)
                return result.logits.floats + result.features.floats + result.featureMap.floats
            }
        }
        #expect(bitDifference(results[0], results[1]) == nil)
    }

    /// NU01
    @Test(arguments: ClassifierFixtures.models)
    func aBatchIsItsImages(model: String) throws {
        let cases = try ClassifierFixtures.cases(model)
        let pair = try #require(cases.first { $0.pixels.shape[0] == 2 }).pixels
        for tier in Tier.supported {
            let classifier = try ImageClassifier(
                folder: ClassifierFixtures.path(model), runtime: Runtime(threads: 2, tier: tier))
            let together = try classifier.outputs(pair)
            let single = try (0..<2).map { try classifier.outputs(pair.rows($0..<$0 + 1)) }
            for (name, tensor) in [
                ("logits", together.logits), ("features", together.features), ("feature_map", together.featureMap),
            ] {
                let joined = single.flatMap { ClassifierFixtures.Case.output(name, of: $0)?.floats ?? [] }
                #expect(bitDifference(tensor.floats, joined) == nil, "\(name) on \(tier)")
            }
            guard classifier.hasClasses else { continue }
            #expect(bitDifference(try classifier.logits(pair).floats, together.logits.floats) == nil)
        }
    }

    @Test(arguments: ClassifierFixtures.modelsWithPicture)
    func pixelValues(model: String) throws {
        let folder = ClassifierFixtures.path(model)
        let classifier = try ImageClassifier(folder: folder, plansOnly: true)
        let image = try ImageDecoder.decode(path: folder + "/ref/image.png")
        let expected = try ClassifierFixtures.tensor(folder + "/ref/pixel_values.npy")
        let found = try classifier.pixelValues([image])
        #expect(found.shape == expected.shape)
        #expect(bitDifference(found.floats, expected.floats) == nil)
        // Several images lie one after another.
        #expect(
            bitDifference(try classifier.pixelValues([image, image]).floats, expected.floats + expected.floats) == nil)
    }

    @Test(arguments: ClassifierFixtures.models)
    func theThirdPassAllocatesNothing(model: String) throws {
        let classifier = try ImageClassifier(folder: ClassifierFixtures.path(model), runtime: Runtime(threads: 2))
        for reference in try ClassifierFixtures.cases(model) {
            let allocations = (0..<4).map { _ in
                classifier.runtime.withWorkspace { ws in
                    _ = classifier.network(ws.channelsLast(reference.pixels), ws)
                    return ws.account.allocations
                }
            }
            // The second pass may still find that the first one's buffers fit each other's tensors.
            #expect(allocations[2...] == [0, 0], "\(reference.name): \(allocations)")
        }
    }

    @Test(arguments: ClassifierFixtures.models)
    func plansCountWhatPassesDo(model: String) throws {
        let classifier = try ImageClassifier(folder: ClassifierFixtures.path(model), runtime: Runtime(threads: 1))
        let pixels = try ClassifierFixtures.cases(model)[0].pixels
        let plan = try classifier.plan(batch: pixels.shape[0], height: pixels.shape[2], width: pixels.shape[3])
        let account = classifier.runtime.withWorkspace { ws in
            _ = classifier.network.withoutMap(ws.channelsLast(pixels), ws)
            return ws.account
        }
        #expect(plan.flops > 0)
        #expect(plan.flops == account.flops)
        #expect(plan.activationBytes == account.activationBytes)
        // A plan without weights counts the same.
        let weightless = try ImageClassifier(
            folder: ClassifierFixtures.path(model), runtime: Runtime(), plansOnly: true)
        let again = try weightless.plan(batch: pixels.shape[0], height: pixels.shape[2], width: pixels.shape[3])
        #expect(again.flops == plan.flops)
        #expect(weightless.parameterCount == classifier.parameterCount)
        #expect(weightless.weightBytes == classifier.weightBytes)
    }
}
