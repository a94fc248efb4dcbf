import CKernels
import TestSupport
import Testing

/// An activation is within this many units in the last place,
private let ulpTolerance = 4.0
/// or within this of the larger of 1 and its argument.
private let absoluteTolerance = 1e-7

@Suite("Activations")
struct VectorMathTests {
    private func activated(_ tier: ck_tier, _ activation: ck_activation, _ values: [Float]) -> [Float] {
        let x = GuardedFloats(values)
        return kernelOutput(.CK_OP_add_run, tier, outputs: values.count) { output in
            var a = ck_add()
            (a.n, a.a, a.output, a.activation) = (values.count, UnsafePointer(x.pointer), output, activation)
            return a
        }
    }

    @Test("accurate from tiny to huge arguments", arguments: ck_activation.all)
    func accuracy(_ activation: ck_activation) {
        var values: [Float] = [0, -0.0, 1, -1]
        for i in 0..<40_000 { values.append((Float(i) - 20_000) / 500) }
        var generator = SeededGenerator(seed: 1)
        // Every exponent: 2^-126 ... 2^30.
        for exponent in -126...30 {
            for _ in 0..<64 {
                let magnitude = Float(sign: .plus, exponent: exponent, significand: 1.5 + generator.float() / 2)
                values.append(generator.float() < 0 ? -magnitude : magnitude)
            }
        }
        for tier in ck_tier.runnable {
            var worst: (x: Float, got: Float, ulps: Double) = (0, 0, 0)
            for (x, y) in zip(values, activated(tier, activation, values)) {
                let expected = activation(Double(x))
                let error = abs(Double(y) - expected)
                let ulps = error / Double(Float(expected).ulp)
                // Written so that a NaN counts as an error.
                if error <= absoluteTolerance * max(1, abs(Double(x))) || ulps <= worst.ulps { continue }
                worst = (x, y, ulps)
            }
            #expect(worst.ulps <= ulpTolerance, "tier \(tier.rawValue): \(worst)")
        }
    }

    @Test("the fused tiers agree on a million bit patterns", arguments: ck_activation.all)
    func sameBits(_ activation: ck_activation) {
        var generator = SeededGenerator(seed: 2)
        for _ in 0..<16 {
            var values: [Float] = []
            for _ in 0..<65_536 { values.append(Float(bitPattern: UInt32(truncatingIfNeeded: generator.next()))) }
            let results = ck_tier.bitEqual.map { activated($0, activation, values) }
            for result in results.dropFirst() { #expect(bitDifference(result, results[0]) == nil) }
        }
    }

    @Test("limits", arguments: ck_tier.runnable)
    func limits(_ tier: ck_tier) {
        let infinities: [Float] = [.infinity, -.infinity, 1e30, -1e30, 100, -100]
        #expect(activated(tier, .CK_ACT_SIGMOID, infinities) == [1, 0, 1, 0, 1, 0])
        #expect(activated(tier, .CK_ACT_TANH, infinities) == [1, -1, 1, -1, 1, -1])
        #expect(activated(tier, .CK_ACT_RELU, infinities) == [.infinity, 0, 1e30, 0, 100, 0])
        #expect(activated(tier, .CK_ACT_RELU6, infinities) == [6, 0, 6, 0, 6, 0])
        #expect(activated(tier, .CK_ACT_HARDSIGMOID, infinities) == [1, 0, 1, 0, 1, 0])
        for activation in [ck_activation.CK_ACT_GELU, .CK_ACT_GELU_TANH, .CK_ACT_QUICK_GELU, .CK_ACT_SILU] {
            let finite = activated(tier, activation, [.infinity, 1e30, -1e30, 100, -100])
            #expect(finite == [.infinity, 1e30, 0, 100, 0], "\(activation)")
        }
    }

    @Test("a NaN of any payload stays one", arguments: ck_tier.runnable)
    func notANumber(_ tier: ck_tier) {
        let payloads: [UInt32] = [0x7FC0_0000, 0x7FC0_0001, 0x7F80_0001, 0xFFC0_0000, 0xFFFF_FFFF, 0x7FC0_01FF]
        let values = payloads.map { Float(bitPattern: $0) }
        for activation in ck_activation.all {
            #expect(activated(tier, activation, values).allSatisfy { $0.isNaN }, "\(activation)")
        }
    }
}
