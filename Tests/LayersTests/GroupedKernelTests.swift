import Layers
import TensorCore
import TestSupport
import Testing

/// The matrices of a grouped convolution lie side by side wherever they come to lie in the weights' memory.
@Suite struct GroupedKernelTests {
    /// Weights of 0.25, after so many floats of other weights.
    private func output(isNormalized: Bool, after columns: Int) throws -> [Float] {
        let runtime = Runtime(threads: 1)
        let names =
            isNormalized
            ? ["weight_g": [1, 1, 3], "weight_v": [256, 8, 3]] : ["weight": [256, 8, 3]]
        let infos = names.map { TensorInfo(name: $0.key, dtype: .float32, shape: $0.value, file: "memory") }
        var source = EditedSource(ZeroSource(location: "memory", infos))
        for name in names.keys { source.fill(name, with: 0.25) }
        let loader = WeightLoader(source, runtime: runtime)
        _ = PackedMatrix(outputs: 32, inputs: columns, in: loader.memory)
        let layer = try Convolution1D(
            32, 256, kernel: 3, groups: 4, bias: false, isWeightNormalized: isNormalized, Weights(loader))
        try loader.finish()
        let ones = Tensor([Float](repeating: 1, count: 10 * 32), shape: [1, 10, 32])
        return runtime.withWorkspace { ws in layer(ones, ws).floats }
    }

    @Test(arguments: [false, true])
    func groupsStayTogether(isNormalized: Bool) throws {
        // A chunk of 64 MiB with room for two groups and a half; then with room for all.
        let crowded = try output(isNormalized: isNormalized, after: (64 << 20) / 128 - 120)
        let roomy = try output(isNormalized: isNormalized, after: 1)
        #expect(crowded == roomy)
        #expect(roomy.count == 8 * 256)
        // 24 terms; of a direction of length sqrt(256 * 8) / 4 and a length of 1/4 each is 1 / (4 sqrt(2048)).
        let term: Float = isNormalized ? 0.25 / Float(2048).squareRoot() : 0.25
        #expect(roomy.allSatisfy { abs($0 - 24 * term) < 1e-5 })
    }
}
