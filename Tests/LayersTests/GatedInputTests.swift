import Layers
import TensorCore
import TestSupport
import Testing

/// A 1x1 convolution of an input times its gates has the bits of one after the other, whichever way it goes.
@Suite struct GatedInputTests {
    @Test(arguments: WeightType.allCases, Tier.allCases.filter(\.isSupported))
    func sameBits(type: WeightType, tier: Tier) throws {
        let runtime = Runtime(threads: 2, tier: tier, weights: type)
        let names = ["weight": [24, 40, 1, 1], "bias": [24]]
        let infos = names.map { TensorInfo(name: $0.key, dtype: .float32, shape: $0.value, file: "memory") }
        var source = EditedSource(ZeroSource(location: "memory", infos))
        for name in names.keys { source.fill(name, with: 0.3) }
        let loader = WeightLoader(source, runtime: runtime)
        let layer = try Convolution(40, 24, kernel: 1, activation: .hardswish, Weights(loader))
        try loader.finish()
        var random = SeededGenerator(seed: 7)
        let values = random.floats(3 * 4 * 5 * 40)
        let gate = Tensor(random.floats(3 * 40), shape: [3, 1, 1, 40])
        let residual = Tensor(random.floats(3 * 4 * 5 * 24), shape: [3, 4, 5, 24])
        runtime.withWorkspace { ws in
            let x = Tensor(values, shape: [3, 4, 5, 40])
            let expected = layer(ws.gated(x, by: gate), residual: residual, ws).copied()
            let found = layer(x, times: gate, residual: residual, ws)
            #expect(bitDifference(found.floats, expected.floats) == nil)
            #expect(Set(found.floats).count > 24)
        }
    }
}
