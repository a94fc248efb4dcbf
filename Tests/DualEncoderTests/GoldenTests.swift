import Checkpoints
import DualEncoder
import Media
import TensorCore
import TestSupport
import Testing

/// Every tiny model against what its library computed.
@Suite struct GoldenTests {
    @Test func thereAreModels() {
        #expect(DualEncoderFixtures.models.count == 15)
        #expect(DualEncoderFixtures.modelsWithPicture.count == 12)
        #expect(DualEncoderFixtures.modelsWithProbabilities.count == 4)
        #expect(DualEncoderFixtures.wholeModels.count == 9)
    }

    @Test(arguments: DualEncoderFixtures.models, Tier.supported)
    func parity(model: String, tier: Tier) throws {
        var bits: [[Float]] = []
        for threads in 1...3 {
            let encoder = try DualEncoder(
                folder: DualEncoderFixtures.path(model), runtime: Runtime(threads: threads, tier: tier))
            var values: [Float] = []
            for reference in try DualEncoderFixtures.cases(model) {
                let outputs = try encoder.outputs(reference)
                for (name, expected) in reference.outputs {
                    let output = try #require(outputs.first { $0.name == name }, "output \(name)").tensor
                    #expect(mismatch(output, expected) == nil, "\(reference.name) \(name)")
                }
                values += outputs.flatMap(\.tensor.floats)
            }
            bits.append(values)
        }
        // The number of threads changes no bit.
        #expect(bitDifference(bits[0], bits[1]) == nil)
        #expect(bitDifference(bits[0], bits[2]) == nil)
    }

    @Test(arguments: DualEncoderFixtures.modelsWithPicture)
    func pixelValues(model: String) throws {
        let folder = DualEncoderFixtures.path(model)
        let encoder = try DualEncoder(folder: folder, plansOnly: true)
        let image = try ImageDecoder.decode(path: folder + "/ref/image.png")
        let expected = try DualEncoderFixtures.tensor(folder + "/ref/pixel_values.npy")
        let found = try encoder.pixelValues([image, image])
        #expect(found.shape.dimensions[1...] == expected.shape.dimensions[1...])
        #expect(bitDifference(found.floats, expected.floats + expected.floats) == nil)
    }
}
