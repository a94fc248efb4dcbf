import Layers
import TensorCore
import TestSupport
import Testing

/// Every layer and operation against PyTorch, on every tier.
@Suite struct LayerTests {
    /// Fixtures of what TensorCore does not offer yet.
    static let notOffered: Set<String> = [
        "activation-elu", "activation-mish", "activation-softplus", "log-softmax",
        "conv-transpose1d", "conv-transpose2d-dilated", "conv-transpose2d-groups", "conv-transpose2d-output-padding",
        "interpolate-nearest-exact-down", "interpolate-nearest-exact-mixed", "interpolate-nearest-exact-one",
        "interpolate-nearest-exact-up",
    ]

    private static let tiers = Tier.allCases.filter(\.isSupported)

    @Test func everyFixtureIsThere() {
        #expect(LayerFixture.names.count == 127)
        #expect(Self.notOffered.isSubset(of: LayerFixture.names))
    }

    @Test(arguments: LayerFixture.names)
    func golden(name: String) throws {
        let fixture = try LayerFixture(name)
        let expected = try fixture.tensor("output")
        var bits: [Tier: [[Float]]] = [:]
        for tier in Self.tiers {
            let results = try fixture.results(Runtime(threads: 2, tier: tier))
            #expect(results.isEmpty == Self.notOffered.contains(name))
            for result in results {
                #expect(result.tolerance.mismatch(result.output, expected) == nil, "\(result.way) on \(tier)")
            }
            bits[tier] = results.map(\.output.floats)
            let single = try fixture.results(Runtime(threads: 1, tier: tier))
            for (one, two) in zip(single, results) {
                #expect(bitDifference(one.output.floats, two.output.floats) == nil, "\(one.way): threads")
            }
        }
        if let a = bits[.avx2], let b = bits[.avx512] {
            for (first, second) in zip(a, b) { #expect(bitDifference(first, second) == nil, "AVX2 and AVX-512") }
        }
    }

    @Test func layersSayWhichTensorIsWrong() throws {
        let fixture = try LayerFixture("linear")
        let runtime = Runtime(threads: 1)
        let error = #expect(throws: WeightError.self) {
            try fixture.layer(runtime) { w in try Linear(20, 23, w) }
        }
        guard case .shape(_, "weight", let expected, let found) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(expected == [23, 20] && found == [23, 19])
        let missing = #expect(throws: WeightError.self) {
            try fixture.layer(runtime) { w in try Linear(19, 23, w("deeper")) }
        }
        guard case .missing(_, "deeper.weight", let shape) = missing else {
            Issue.record("\(String(describing: missing))")
            return
        }
        #expect(shape == [23, 19])
        let unused = #expect(throws: WeightError.self) {
            try fixture.layer(runtime) { w in try Linear(19, 23, bias: false, w) }
        }
        guard case .unused(_, let tensors) = unused else {
            Issue.record("\(String(describing: unused))")
            return
        }
        #expect(tensors == ["bias"])
    }

    @Test func placesInACheckpoint() throws {
        let loader = WeightLoader(try LayerFixture("linear").source, runtime: Runtime(threads: 1))
        let w = Weights(loader)
        #expect(w.path == "")
        #expect(w("").path == "")
        #expect(w("a")("b.c")(3)("").path == "a.b.c.3")
        #expect(w.has("weight") && !w.has("weights") && !w("a").has("weight"))
        #expect(try w.vector("bias", 23).count == 23)
        #expect(loader.parameterCount == 23)
        // Taking it again counts it once, and a statistic counts nothing.
        _ = try w.vector("bias", 23)
        #expect(loader.parameterCount == 23)
    }

    @Test func plansReadNothing() throws {
        struct Unreadable: TensorSource {
            var location: String { "nowhere" }
            var names: [String] { ["bias", "weight"] }
            func info(_ name: String) -> TensorInfo? {
                TensorInfo(name: name, dtype: .float16, shape: name == "bias" ? [4] : [4, 3], file: "nowhere")
            }
            func read(_ name: String, at offset: Int, into buffer: UnsafeMutableRawBufferPointer)
                throws(TensorReadError)
            {
                throw TensorReadError(file: "nowhere", tensor: name, reason: "there is nothing")
            }
        }
        let runtime = Runtime(threads: 2)
        let loader = WeightLoader(Unreadable(), runtime: runtime, plansOnly: true)
        let layer = try Linear(3, 4, Weights(loader))
        try loader.finish()
        #expect(loader.parameterCount == 16)
        #expect(runtime.plan { ws in _ = layer(Tensor(zeros: [5, 3]), ws) }.flops == 2 * 5 * 3 * 4)
        let reader = WeightLoader(Unreadable(), runtime: runtime)
        #expect(throws: WeightError.self) {
            _ = try Linear(3, 4, Weights(reader))
            try reader.finish()
        }
    }
}
