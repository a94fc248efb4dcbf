import CKernels
import TestSupport
import Testing

/// Outputs are of size 1 to 4, inputs within 30 standard deviations of 0.
private let normTolerance = 2e-5
private let softmaxTolerance = 1e-6

private let widths = [1, 2, 15, 16, 17, 31, 33, 48, 97, 768, 1021]

@Suite("Layer norm kernel")
struct LayerNormKernelTests {
    private static func expected(
        _ input: [Float], rows: Int, c: Int, ld: Int, gamma: [Float]?, beta: [Float]?, eps: Double, isRMS: Bool
    ) -> [Double] {
        var out = [Double]()
        for r in 0..<rows {
            let row = input[r * ld..<r * ld + c].map(Double.init)
            let mean = isRMS ? 0 : row.reduce(0, +) / Double(c)
            let variance = row.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(c)
            for (i, x) in row.enumerated() {
                out.append((x - mean) / (variance + eps).squareRoot() * Double(gamma?[i] ?? 1) + Double(beta?[i] ?? 0))
            }
        }
        return out
    }

    private static func arguments(
        _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, rows: Int, c: Int, ld: Int,
        gamma: GuardedFloats?, beta: GuardedFloats?, eps: Float, isRMS: Bool
    ) -> ck_layer_norm {
        var a = ck_layer_norm()
        (a.rows, a.c, a.in_ld, a.out_ld) = (rows, c, ld, c)
        (a.input, a.output) = (input, output)
        a.gamma = gamma.map { UnsafePointer($0.pointer) }
        a.beta = beta.map { UnsafePointer($0.pointer) }
        a.eps = eps
        a.rms = isRMS ? 1 : 0
        return a
    }

    @Test("any width; gamma and beta or neither; layer and RMS norm", arguments: widths)
    func width(_ c: Int) {
        var generator = SeededGenerator(seed: UInt64(c))
        for rows in [0, 1, 3, 4, 5, 9] {
            let ld = c + 5
            let values = generator.floats(rows * ld, scale: 3).map { $0 + 2 }
            let input = GuardedFloats(values, offset: 1)
            let (gamma, beta) = (generator.floats(c), generator.floats(c))
            for isRMS in [false, true] {
                for (hasGamma, hasBeta) in [(true, true), (true, false), (false, false)] {
                    let (g, b) = (GuardedFloats(gamma, offset: 3), GuardedFloats(beta, offset: 7))
                    let failures = kernelFailures(
                        .CK_OP_layer_norm_run, outputs: rows * c,
                        expected: Self.expected(
                            values, rows: rows, c: c, ld: ld, gamma: hasGamma ? gamma : nil, beta: hasBeta ? beta : nil,
                            eps: 1e-3, isRMS: isRMS),
                        tolerance: normTolerance
                    ) {
                        Self.arguments(
                            input.pointer, $0, rows: rows, c: c, ld: ld, gamma: hasGamma ? g : nil,
                            beta: hasBeta ? b : nil, eps: 1e-3, isRMS: isRMS)
                    }
                    #expect(failures == [], "\(rows) rows, gamma \(hasGamma), beta \(hasBeta), rms \(isRMS)")
                }
            }
        }
    }

    @Test("in place", arguments: ck_tier.runnable)
    func inPlace(_ tier: ck_tier) {
        var generator = SeededGenerator(seed: 5)
        let values = generator.floats(7 * 37)
        let input = GuardedFloats(values)
        func run(_ output: UnsafeMutablePointer<Float>) -> ck_layer_norm {
            Self.arguments(
                input.pointer, output, rows: 7, c: 37, ld: 37, gamma: nil, beta: nil, eps: 1e-5, isRMS: false)
        }
        let apart = kernelOutput(.CK_OP_layer_norm_run, tier, outputs: 7 * 37, arguments: run)
        runKernel(.CK_OP_layer_norm_run, tier, run(input.pointer))
        #expect(bitDifference(input.values, apart) == nil)
    }

    /// NU07
    @Test("a constant row gives beta; a NaN stays in its row", arguments: ck_tier.runnable)
    func specialRows(_ tier: ck_tier) {
        var values = [Float](repeating: 3, count: 6 * 21)
        for i in 0..<21 { values[2 * 21 + i] = Float(i) }
        values[2 * 21 + 20] = .nan
        let input = GuardedFloats(values)
        let got = kernelOutput(.CK_OP_layer_norm_run, tier, outputs: 6 * 21) {
            Self.arguments(input.pointer, $0, rows: 6, c: 21, ld: 21, gamma: nil, beta: nil, eps: 1e-5, isRMS: false)
        }
        for i in got.indices { #expect(i / 21 == 2 ? got[i].isNaN : got[i] == 0) }
    }

    /// NU07
    @Test("a mean far larger than the deviations costs no accuracy beyond the input's own")
    func largeMean() {
        var generator = SeededGenerator(seed: 6)
        let values = generator.floats(4 * 768).map { $0 + 1000 }
        let input = GuardedFloats(values)
        let failures = kernelFailures(
            .CK_OP_layer_norm_run, outputs: 4 * 768,
            expected: Self.expected(values, rows: 4, c: 768, ld: 768, gamma: nil, beta: nil, eps: 1e-6, isRMS: false),
            tolerance: 2e-4
        ) {
            Self.arguments(input.pointer, $0, rows: 4, c: 768, ld: 768, gamma: nil, beta: nil, eps: 1e-6, isRMS: false)
        }
        #expect(failures == [])
    }
}

@Suite("Group norm kernel")
struct GroupNormKernelTests {
    private struct Problem {
        var batch = 2
        var pixels: Int
        var c: Int
        var groups: Int
        var activation = ck_activation.CK_ACT_NONE
        var isAffine = true
        var input: [Float] = []
        var gamma: [Float] = []
        var beta: [Float] = []
        /// For each image: what is added to its channels before, their scales and shifts afterwards.
        var addend: [Float]?
        var modulation: [Float]?

        init(pixels: Int, c: Int, groups: Int) {
            (self.pixels, self.c, self.groups) = (pixels, c, groups)
            var generator = SeededGenerator(seed: UInt64(pixels * 1000 + c))
            input = generator.floats(batch * pixels * c, scale: 2).map { $0 + 1 }
            gamma = generator.floats(c)
            beta = generator.floats(c)
        }

        var expected: [Double] {
            var out = [Double](repeating: 0, count: input.count)
            let width = c / groups
            for b in 0..<batch {
                for g in 0..<groups {
                    let at = (0..<pixels).flatMap { p in (0..<width).map { (b * pixels + p) * c + g * width + $0 } }
                    let values = at.map { Double(input[$0]) + Double(addend?[b * c + $0 % c] ?? 0) }
                    let mean = values.reduce(0, +) / Double(at.count)
                    let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(at.count)
                    for (i, value) in zip(at, values) {
                        let x = (value - mean) / (variance + 1e-5).squareRoot()
                        let y = isAffine ? x * Double(gamma[i % c]) + Double(beta[i % c]) : x
                        let scale = 1 + Double(modulation?[2 * b * c + i % c] ?? 0)
                        out[i] = activation(y * scale + Double(modulation?[(2 * b + 1) * c + i % c] ?? 0))
                    }
                }
            }
            return out
        }

        func withArguments<Result>(_ body: ((UnsafeMutablePointer<Float>) -> ck_group_norm) -> Result) -> Result {
            let (x, g, s) = (GuardedFloats(input, offset: 1), GuardedFloats(gamma, offset: 5), GuardedFloats(beta))
            let (before, after) = (GuardedFloats(addend ?? [], offset: 3), GuardedFloats(modulation ?? [], offset: 1))
            return withExtendedLifetime((x, g, s, before, after)) {
                body { output in
                    var a = ck_group_norm()
                    (a.batch, a.pixels, a.c, a.groups) = (batch, pixels, c, groups)
                    (a.input, a.output) = (UnsafePointer(x.pointer), output)
                    a.gamma = isAffine ? UnsafePointer(g.pointer) : nil
                    a.beta = isAffine ? UnsafePointer(s.pointer) : nil
                    a.eps = 1e-5
                    a.activation = activation
                    a.addend = addend == nil ? nil : UnsafePointer(before.pointer)
                    a.modulation = modulation == nil ? nil : UnsafePointer(after.pointer)
                    return a
                }
            }
        }

        func failures() -> [String] {
            withArguments {
                kernelFailures(
                    .CK_OP_group_norm_run, outputs: input.count, expected: expected, tolerance: normTolerance,
                    arguments: $0)
            }
        }
    }

    @Test(
        "groups narrower and wider than a vector and than a chunk",
        arguments: [
            (32, 32), (32, 1), (48, 3), (64, 4), (66, 6), (70, 7), (96, 32), (160, 2), (200, 1), (320, 32), (5, 5),
            (6, 2),
            (130, 1), (130, 2),
        ])
    func groups(_ c: Int, _ groups: Int) {
        for pixels in [1, 7, 49, 300] {
            // One pixel of a group of one channel has no variance: every output is beta.
            #expect(Problem(pixels: pixels, c: c, groups: groups).failures() == [], "\(pixels) pixels")
        }
    }

    @Test(
        "a value added to each channel before, a scale and a shift of each afterwards",
        arguments: [(32, 32), (48, 3), (70, 7), (96, 32), (130, 1), (320, 32), (5, 5)])
    func additions(_ c: Int, _ groups: Int) {
        for pixels in [2, 49, 300] {
            var problem = Problem(pixels: pixels, c: c, groups: groups)
            var generator = SeededGenerator(seed: UInt64(c))
            problem.addend = generator.floats(problem.batch * c, scale: 3)
            #expect(problem.failures() == [], "\(pixels) pixels, an addend")
            problem.modulation = generator.floats(2 * problem.batch * c)
            problem.activation = .CK_ACT_SILU
            #expect(problem.failures() == [], "\(pixels) pixels, both")
            problem.addend = nil
            problem.isAffine = false
            #expect(problem.failures() == [], "\(pixels) pixels, modulation alone")
        }
    }

    @Test("activations, and no gamma and beta", arguments: ck_activation.all)
    func activations(_ activation: ck_activation) {
        var problem = Problem(pixels: 30, c: 40, groups: 4)
        problem.activation = activation
        #expect(problem.failures() == [])
        problem.isAffine = false
        #expect(problem.failures() == [])
    }

    @Test("in place, in any number of parts", arguments: ck_tier.runnable)
    func inPlace(_ tier: ck_tier) {
        for (c, groups) in [(96, 32), (33, 3), (64, 64)] {
            var problem = Problem(pixels: 300, c: c, groups: groups)
            problem.activation = .CK_ACT_SILU
            problem.withArguments { arguments in
                let apart = kernelOutput(
                    .CK_OP_group_norm_run, tier, outputs: problem.input.count, arguments: arguments)
                for parts in [1, 2, 8, 64] {
                    let values = GuardedFloats(problem.input)
                    var a = arguments(values.pointer)
                    a.input = UnsafePointer(values.pointer)
                    runKernel(.CK_OP_group_norm_run, tier, a, parts: parts)
                    #expect(bitDifference(values.values, apart) == nil, "\(c) channels, \(parts) parts")
                }
            }
        }
    }

    /// NU01
    @Test("in two operations, in any number of parts: the bits of one", arguments: ck_tier.runnable)
    func apart(_ tier: ck_tier) {
        let shapes = [(300, 96, 32), (256, 33, 3), (129, 64, 64), (130, 130, 1), (200, 320, 32), (400, 5, 5)]
        for (pixels, c, groups) in shapes {
            var problem = Problem(pixels: pixels, c: c, groups: groups)
            var generator = SeededGenerator(seed: UInt64(c))
            problem.addend = generator.floats(problem.batch * c, scale: 3)
            problem.modulation = generator.floats(2 * problem.batch * c)
            problem.activation = .CK_ACT_SILU
            problem.withArguments { arguments in
                let name = "\(pixels) pixels, \(c) channels"
                let whole = kernelOutput(
                    .CK_OP_group_norm_run, tier, outputs: problem.input.count, arguments: arguments)
                var statistics = [Double](repeating: .nan, count: 2 * problem.batch * groups)
                var found = statistics
                for parts in [1, 2, 3, 7, 64] {
                    let values = GuardedFloats(problem.input, offset: 1)
                    let sums = GuardedFloats(problem.batch * ((pixels + 127) / 128) * 2 * c, offset: parts)
                    var a = arguments(values.pointer)
                    a.input = UnsafePointer(values.pointer)
                    func measured(_ values: inout [Double]) {
                        values.withUnsafeMutableBufferPointer {
                            a.measured = $0.baseAddress
                            runKernel(.CK_OP_group_norm_run, tier, a, parts: parts)
                        }
                        a.measured = nil
                    }
                    measured(&statistics)
                    a.summed = sums.pointer
                    runKernel(.CK_OP_group_norm_run, tier, a, parts: parts)
                    (a.summed, a.sums) = (nil, UnsafePointer(sums.pointer))
                    #expect(sums.isIntact && sums.values.allSatisfy(\.isFinite), "\(name), \(parts) parts")
                    measured(&found)
                    #expect(found == statistics, "\(name), \(parts) parts")
                    runKernel(.CK_OP_group_norm_run, tier, a, parts: parts)
                    #expect(values.isIntact && bitDifference(values.values, whole) == nil, "\(name), \(parts) parts")
                }
            }
        }
    }

    /// NU07
    @Test("means far from zero, and from run to run, cost no accuracy beyond the input's own")
    func largeMeans() {
        for (step, tolerance) in [(Float(0), 2e-4), (100, normTolerance)] {
            var problem = Problem(pixels: 300, c: 24, groups: 3)
            for i in problem.input.indices { problem.input[i] += 1000 + Float(i / 24 % 300 / 128) * step }
            let failures = problem.withArguments {
                kernelFailures(
                    .CK_OP_group_norm_run, outputs: problem.input.count, expected: problem.expected,
                    tolerance: tolerance, arguments: $0)
            }
            #expect(failures == [], "\(step) more a run")
        }
    }

    @Test("an image's result does not depend on the batch", arguments: ck_tier.runnable)
    func batch(_ tier: ck_tier) {
        let problem = Problem(pixels: 260, c: 24, groups: 3)
        func output(_ problem: Problem) -> [Float] {
            problem.withArguments {
                kernelOutput(.CK_OP_group_norm_run, tier, outputs: problem.input.count, arguments: $0)
            }
        }
        let all = output(problem)
        let size = 260 * 24
        for b in 0..<2 {
            var one = problem
            one.batch = 1
            one.input = Array(problem.input[b * size..<(b + 1) * size])
            #expect(bitDifference(output(one), Array(all[b * size..<(b + 1) * size])) == nil)
        }
    }

    @Test("a NaN stays in its group", arguments: ck_tier.runnable)
    func notANumber(_ tier: ck_tier) {
        var problem = Problem(pixels: 5, c: 12, groups: 3)
        problem.input[2 * 12 + 6] = .nan
        let got = problem.withArguments {
            kernelOutput(.CK_OP_group_norm_run, tier, outputs: problem.input.count, arguments: $0)
        }
        #expect(got.indices.allSatisfy { got[$0].isNaN == ($0 < 60 && $0 % 12 / 4 == 1) })
    }
}

@Suite("Softmax kernel")
struct SoftmaxKernelTests {
    private static func failures(_ values: [Float], c: Int) -> [String] {
        let rows = c == 0 ? 0 : values.count / c
        var expected = [Double]()
        for r in 0..<rows {
            let row = values[r * c..<(r + 1) * c].map(Double.init)
            let most = row.max() ?? 0
            let weights = row.map { exponential($0 - most) }
            let total = weights.reduce(0, +)
            expected += most == -.infinity ? row.map { _ in 0 } : weights.map { $0 / total }
        }
        let input = GuardedFloats(values, offset: 3)
        return kernelFailures(
            .CK_OP_softmax_run, outputs: values.count, expected: expected, tolerance: softmaxTolerance
        ) { arguments(input.pointer, $0, rows: rows, c: c) }
    }

    private static func arguments(
        _ input: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>, rows: Int, c: Int
    ) -> ck_softmax {
        var a = ck_softmax()
        (a.rows, a.c, a.input, a.output) = (rows, c, input, output)
        return a
    }

    @Test("any width", arguments: widths)
    func width(_ c: Int) {
        var generator = SeededGenerator(seed: UInt64(c))
        for rows in [0, 1, 2, 5] { #expect(Self.failures(generator.floats(rows * c, scale: 12), c: c) == []) }
    }

    /// NU07
    @Test("minus infinity has no weight; a row of it gives zeros; large values do not overflow")
    func infinities() {
        var generator = SeededGenerator(seed: 2)
        var values = generator.floats(6 * 35, scale: 5)
        for i in stride(from: 0, to: 70, by: 3) { values[i] = -.infinity }
        for i in 70..<105 { values[i] = -.infinity }
        for i in 105..<140 { values[i] += 3e4 }
        for i in 140..<175 { values[i] *= -1e37 }
        #expect(Self.failures(values, c: 35) == [])
    }

    @Test("a NaN, or plus infinity, makes its row NaN and no other", arguments: ck_tier.runnable)
    func notANumber(_ tier: ck_tier) {
        for (special, place) in [(Float.nan, 0), (.nan, 4), (.nan, 18), (.infinity, 3)] {
            var values = [Float](repeating: 1, count: 3 * 19)
            values[19 + place] = special
            let input = GuardedFloats(values)
            let got = kernelOutput(.CK_OP_softmax_run, tier, outputs: 57) {
                Self.arguments(input.pointer, $0, rows: 3, c: 19)
            }
            for i in got.indices { #expect(got[i].isNaN == (i / 19 == 1), "element \(i), \(special) at \(place)") }
        }
    }

    @Test("in place", arguments: ck_tier.runnable)
    func inPlace(_ tier: ck_tier) {
        var generator = SeededGenerator(seed: 8)
        let values = GuardedFloats(generator.floats(4 * 53))
        let apart = kernelOutput(.CK_OP_softmax_run, tier, outputs: 4 * 53) {
            Self.arguments(values.pointer, $0, rows: 4, c: 53)
        }
        runKernel(.CK_OP_softmax_run, tier, Self.arguments(values.pointer, values.pointer, rows: 4, c: 53))
        #expect(bitDifference(values.values, apart) == nil)
    }
}
