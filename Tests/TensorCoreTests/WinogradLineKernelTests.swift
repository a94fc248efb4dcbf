import CKernels
import TestSupport
import Testing

@Suite("Winograd kernel of strided lines")
struct WinogradLineKernelTests {
    /// A line of `width` pixels by three taps and stride 2.
    private static func line(
        batch: Int = 1, _ width: Int, _ channels: Int, _ outputs: Int, configure: (inout ck_conv2d) -> Void = { _ in }
    ) -> ConvolutionProblem {
        ConvolutionProblem(
            batch: batch, height: 1, width: width, channels: channels, outputs: outputs, kernel: (1, 3)
        ) { a in
            (a.stride_w, a.pad_w) = (2, 0)
            configure(&a)
        }
    }

    @Test("lines of every parity", arguments: [3, 4, 5, 6, 7, 8, 9, 31, 62, 417])
    func sizes(_ width: Int) {
        for batch in [1, 3] {
            let problem = Self.line(batch: batch, width, 32, 36)
            #expect(problem.failures(.line) == [], "\(problem)")
        }
    }

    @Test("channels around the panels", arguments: [1, 15, 16, 17, 31, 32, 33, 64, 130])
    func channels(_ count: Int) {
        for channels in [32, 64, 160] {
            let problem = Self.line(23, channels, count)
            #expect(problem.failures(.line) == [], "\(problem)")
        }
    }

    @Test("more pairs than a block: many channels, and a long line")
    func blocks() {
        let tiers = ck_tier.runnable + [.CK_AVX512_BF16].filter { ck_tier_supported($0) != 0 }
        for problem in [Self.line(batch: 2, 150, 992, 70), Self.line(3901, 32, 5)] {
            #expect(problem.failures(.line) == [])
            for tier in tiers {
                #expect(problem.failures(.brainFloatLine, tolerance: 0.02, tiers: [tier]) == [], "\(tier.rawValue)")
            }
        }
    }

    @Test("pixels apart, with every piece of the epilogue", arguments: ck_activation.all)
    func geometry(_ activation: ck_activation) {
        for width in [10, 11, 13] {
            var problem = Self.line(batch: 2, width, 32, 21) { a in
                (a.in_col, a.out_col) = (a.in_c + 3, a.out_c + 2)
                a.in_image = a.in_w * a.in_col + 2
                a.out_image = 9 * a.out_col + 6
                a.epilogue.activation = activation
            }
            (problem.hasResidual, problem.hasScale) = (width != 10, width == 11)
            #expect(problem.failures(.line) == [], "\(problem)")
        }
    }

    @Test("the residual may be the output")
    func residualInPlace() {
        var problem = Self.line(30, 32, 37)
        problem.hasResidual = true
        #expect(problem.residualInPlaceFailures(.line) == [])
    }

    @Test("a line's result does not depend on the batch", arguments: ck_tier.runnable)
    func batch(_ tier: ck_tier) {
        let problem = Self.line(batch: 5, 61, 64, 45)
        let all = problem.output(tier, .line)
        let size = problem.args.out_image
        for b in 0..<5 {
            let one = problem.image(b).output(tier, .line)
            #expect(bitDifference(one, Array(all[b * size..<(b + 1) * size])) == nil)
        }
    }

    @Test("its rounding error is about as large as the direct form's", arguments: ck_tier.bitEqual)
    func accuracy(_ tier: ck_tier) {
        var problem = Self.line(201, 512, 32)
        problem.hasBias = false
        let expected = problem.expected
        func squaredError(_ values: [Float]) -> Double {
            zip(values, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
        }
        #expect(squaredError(problem.output(tier, .line)) < 2 * squaredError(problem.output(tier)))
    }

    @Test("weights in brain floats: within their rounding, on tiers that widen them and on the one that does not")
    func brainFloats() {
        let tiers = ck_tier.runnable + [.CK_AVX512_BF16].filter { ck_tier_supported($0) != 0 }
        for (channels, outputs) in [(32, 1), (64, 40), (96, 130)] {
            for width in [3, 5, 30, 211] {
                let problem = Self.line(width, channels, outputs)
                for tier in tiers {
                    let failures = problem.failures(.brainFloatLine, tolerance: 0.02, tiers: [tier])
                    #expect(failures == [], "\(channels) to \(outputs) channels, \(width)")
                }
                if ck_tier.bitEqual.count > 1 {
                    let bits = ck_tier.bitEqual.map { problem.output($0, .brainFloatLine) }
                    #expect(bitDifference(bits[0], bits[1]) == nil)
                }
            }
        }
    }

    @Test(
        "weights packed in pieces, with a scale, from half precision: the same on every tier",
        arguments: [ck_form.CK_FORM_F32, .CK_FORM_BF16])
    func packing(_ form: ck_form) {
        let problem = PackingProblem(rows: 70, channels: 32, taps: 3, form: form)
        let size = ck_winograd_line_packed_floats(70, 32, form)
        let first = problem.expectSameInPieces(size) { ck_winograd_line_pack($0, &$1) }
        // The first term is that of the shared product: the outer taps' sum.
        let sum = problem.value(0) + problem.value(2)
        #expect(first == (form == .CK_FORM_F32 ? sum : sum.roundedToBrainFloat))
    }
}
