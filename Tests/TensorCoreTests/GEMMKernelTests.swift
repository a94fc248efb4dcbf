import CKernels
import TestSupport
import Testing

/// Weights are scaled so that a sum is of size 1: the rounding errors of its `k` steps, 2^-24 each, add up as a random
/// walk; three of its standard deviations, and not less than those of the epilogue.
private func productTolerance(_ k: Int) -> Double { max(2e-6, 3 * 0x1p-24 * Double(k).squareRoot()) }

/// C = epilogue(A B^T) with gaps between the rows of A and of C, and its reference.
private struct ProductProblem {
    var m: Int
    var n: Int
    var k: Int
    var aGap = 3
    var cGap = 0
    var activation = ck_activation.CK_ACT_NONE
    var hasBias = true
    var hasResidual = false
    var hasScale = false
    var a: [Float]
    let weights: [Float]  // [n][k]
    let bias: [Float]
    let scale: [Float]
    let residual: [Float]

    init(_ m: Int, _ n: Int, _ k: Int, seed: UInt64 = 1) {
        (self.m, self.n, self.k) = (m, n, k)
        var generator = SeededGenerator(seed: seed)
        a = generator.floats(m * (k + aGap))
        weights = generator.floats(n * k, scale: 3 / Float(max(1, k)).squareRoot())
        bias = generator.floats(n)
        scale = generator.floats(n, scale: 2)
        residual = generator.floats(m * (n + 8))
    }

    var lda: Int { k + aGap }
    var ldc: Int { n + cGap }
    var outputs: Int { m * ldc }

    /// The gaps of C stay as they were: NaN.
    var expected: [Double] {
        var c = [Double](repeating: .nan, count: outputs)
        a.withUnsafeBufferPointer { a in
            weights.withUnsafeBufferPointer { weights in
                for i in 0..<m {
                    for j in 0..<n {
                        var sum = 0.0
                        for l in 0..<k { sum += Double(a[i * lda + l]) * Double(weights[j * k + l]) }
                        if hasScale { sum *= Double(scale[j]) }
                        if hasBias { sum += Double(bias[j]) }
                        if hasResidual { sum += Double(residual[i * ldc + j]) }
                        c[i * ldc + j] = activation(sum)
                    }
                }
            }
        }
        return c
    }

    /// Calls `body` with the scratch size and the maker of the arguments on a tier's packed weights.
    func withArguments<Result>(
        residualIsOutput: Bool = false, _ body: (Int, (UnsafeMutablePointer<Float>) -> ck_gemm) -> Result
    ) -> Result {
        let packed = GuardedFloats(ck_packed_floats(n, k, .CK_FORM_F32))
        packedWeights(weights, n: n, k: k, into: packed.pointer)
        let inputs = [
            GuardedFloats(a, offset: 1), GuardedFloats(bias, offset: 2), GuardedFloats(scale, offset: 3),
            GuardedFloats(residual, offset: 5),
        ]
        var g = ck_gemm()
        (g.m, g.n, g.k, g.lda, g.ldc) = (m, n, k, lda, ldc)
        (g.a, g.b) = (UnsafePointer(inputs[0].pointer), UnsafePointer(packed.pointer))
        g.epilogue.bias = hasBias ? UnsafePointer(inputs[1].pointer) : nil
        g.epilogue.scale = hasScale ? UnsafePointer(inputs[2].pointer) : nil
        g.epilogue.residual = hasResidual ? UnsafePointer(inputs[3].pointer) : nil
        g.epilogue.activation = activation
        let filled = g
        return withExtendedLifetime((packed, inputs)) {
            body(ck_gemm_scratch(&g)) { output in
                var arguments = filled
                arguments.c = output
                if residualIsOutput { arguments.epilogue.residual = UnsafePointer(output) }
                return arguments
            }
        }
    }

    func failures() -> [String] {
        withArguments { scratch, arguments in
            kernelFailures(
                .CK_OP_gemm_run, outputs: outputs, expected: expected, tolerance: productTolerance(k),
                scratchBytes: scratch, arguments: arguments)
        }
    }

    func output(_ tier: ck_tier) -> [Float] {
        withArguments { scratch, arguments in
            kernelOutput(.CK_OP_gemm_run, tier, outputs: outputs, scratchBytes: scratch, arguments: arguments)
        }
    }
}

/// Packs by the format's definition; the packing kernels have a suite of their own.
private func packedWeights(_ weights: [Float], n: Int, k: Int, into packed: UnsafeMutablePointer<Float>) {
    let panel = Int(CK_PANEL)
    for row in 0..<(n + panel - 1) / panel * panel {
        for l in 0..<k {
            packed[row / panel * panel * k + l * panel + row % panel] = row < n ? weights[row * k + l] : 0
        }
    }
}

@Suite("Matrix product kernel")
struct GEMMKernelTests {
    @Test("any number of rows", arguments: [0, 1, 2, 3, 4, 5, 6, 7, 11, 12, 13, 23, 24, 25, 31, 61])
    func rows(_ m: Int) {
        for n in [1, 16, 33, 64, 100] {
            for k in [1, 17, 64] { #expect(ProductProblem(m, n, k).failures() == [], "\(n) columns, \(k) terms") }
        }
    }

    @Test("any number of columns", arguments: [0, 1, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 96, 129])
    func columns(_ n: Int) {
        for m in [1, 2, 3, 5, 13] { #expect(ProductProblem(m, n, 33).failures() == [], "\(m) rows") }
    }

    @Test(
        "any number of terms, across the passes over k",
        arguments: [0, 1, 2, 15, 16, 17, 31, 32, 33, 147, 1023, 1024, 1025, 1535, 1536, 1537, 2048, 2500, 3072])
    func terms(_ k: Int) {
        for m in [1, 13, 26] { #expect(ProductProblem(m, 40, k).failures() == [], "\(m) rows") }
    }

    @Test("more panels than keep their sums between passes, more rows than a block")
    func blocks() {
        #expect(ProductProblem(14, 25 * 32 + 7, 1600).failures() == [])
        #expect(ProductProblem(170, 35, 2100).failures() == [])
    }

    @Test("bias, scale, residual and activation in every combination", arguments: ck_activation.all)
    func epilogue(_ activation: ck_activation) {
        for (m, n, k) in [(2, 50, 20), (14, 50, 20), (9, 33, 1600)] {
            var problem = ProductProblem(m, n, k)
            problem.activation = activation
            for (hasBias, hasScale) in [(false, false), (true, false), (true, true)] {
                for hasResidual in [false, true] {
                    (problem.hasBias, problem.hasScale, problem.hasResidual) = (hasBias, hasScale, hasResidual)
                    #expect(problem.failures() == [], "bias \(hasBias) scale \(hasScale) residual \(hasResidual)")
                }
            }
        }
    }

    @Test("gaps between the rows of C stay as they were", arguments: [1, 14])
    func gaps(_ m: Int) {
        var problem = ProductProblem(m, 43, 19)
        (problem.cGap, problem.hasResidual) = (6, true)
        #expect(problem.failures() == [])
    }

    @Test("the residual may be the output, with k in several passes too", arguments: [1, 64, 1600])
    func residualInPlace(_ k: Int) {
        for m in [2, 27] {
            var problem = ProductProblem(m, 77, k)
            problem.hasResidual = true
            for tier in ck_tier.runnable {
                let apart = problem.output(tier)
                problem.withArguments(residualIsOutput: true) { scratch, arguments in
                    for parts in [1, 3, 5] {
                        let output = GuardedFloats(Array(problem.residual[0..<problem.outputs]), offset: 3)
                        runKernel(
                            .CK_OP_gemm_run, tier, arguments(output.pointer), parts: parts, scratchBytes: scratch)
                        #expect(output.isIntact)
                        #expect(bitDifference(output.values, apart) == nil, "\(m) rows, \(parts) parts")
                    }
                }
            }
        }
    }

    @Test("a row's result does not depend on the other rows", arguments: ck_tier.runnable)
    func rowAlone(_ tier: ck_tier) {
        for k in [64, 1600] {
            let all = ProductProblem(29, 70, k)
            let expected = all.output(tier)
            for row in [0, 11, 12, 28] {
                var one = all
                one.m = 1
                one.a = Array(all.a[row * all.lda..<(row + 1) * all.lda])
                #expect(bitDifference(one.output(tier), Array(expected[row * 70..<(row + 1) * 70])) == nil)
            }
        }
    }

    @Test("NaN and infinity reach their row and no other", arguments: ck_tier.runnable)
    func specials(_ tier: ck_tier) {
        for activation in ck_activation.all {
            var problem = ProductProblem(15, 40, 30)
            problem.activation = activation
            let clean = problem.output(tier)
            problem.a[4 * problem.lda + 7] = .nan
            problem.a[9 * problem.lda] = .infinity
            let got = problem.output(tier)
            #expect(got[4 * 40..<5 * 40].allSatisfy { $0.isNaN }, "\(activation)")
            if activation == .CK_ACT_NONE { #expect(got[9 * 40..<10 * 40].allSatisfy { $0.isInfinite }) }
            for row in 0..<15 where row != 4 && row != 9 {
                let range = row * 40..<(row + 1) * 40
                #expect(bitDifference(Array(got[range]), Array(clean[range])) == nil)
            }
        }
    }
}
