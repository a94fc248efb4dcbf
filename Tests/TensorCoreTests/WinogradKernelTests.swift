import CKernels
import TestSupport
import Testing

@Suite("Winograd kernel")
struct WinogradKernelTests {
    /// Sides of the kernels: of F(2x2, 2x2) and of F(4x4, 3x3).
    private static let kernels = [2, 3]

    @Test("images of every parity and size", arguments: [1, 2, 3, 4, 5, 7, 8, 14, 23], kernels)
    func sizes(_ size: Int, _ kernel: Int) {
        for width in [1, 4, 7, 16] {
            let problem = ConvolutionProblem(
                height: size, width: width, channels: 20, outputs: 36, kernel: (kernel, kernel)
            ) { a in (a.pad_h, a.pad_w) = (1, 1) }
            #expect(problem.failures(.winograd) == [], "\(problem)")
        }
    }

    @Test("channels around the lanes and panels", arguments: [1, 3, 15, 16, 17, 31, 32, 33, 64, 130], kernels)
    func channels(_ count: Int, _ kernel: Int) {
        let many = ConvolutionProblem(height: 6, width: 6, channels: count, outputs: 33, kernel: (kernel, kernel))
        #expect(many.failures(.winograd) == [])
        let few = ConvolutionProblem(height: 6, width: 6, channels: 20, outputs: count, kernel: (kernel, kernel))
        #expect(few.failures(.winograd) == [])
    }

    @Test("any padding and strides, with every piece of the epilogue", arguments: ck_activation.all, kernels)
    func geometry(_ activation: ck_activation, _ kernel: Int) {
        for (pad, out) in [(0, 5), (1, 7), (2, 9), (-1, 3), (3, 4)] {
            var problem = ConvolutionProblem(
                batch: 2, height: 7, width: 7, channels: 18, outputs: 21, kernel: (kernel, kernel)
            ) { a in
                (a.pad_h, a.pad_w, a.out_h, a.out_w) = (pad, pad, out, out)
                (a.in_col, a.out_col) = (a.in_c + 3, a.out_c + 2)
                (a.in_row, a.out_row) = (a.in_w * a.in_col + 5, a.out_w * a.out_col + 1)
                (a.in_image, a.out_image) = (a.in_h * a.in_row + 2, a.out_h * a.out_row + 6)
                a.epilogue.activation = activation
            }
            (problem.hasResidual, problem.hasScale) = (pad != 0, pad == 1)
            #expect(problem.failures(.winograd) == [], "\(problem)")
        }
    }

    @Test("every other pixel, as a phase of a transposed convolution writes")
    func phase() {
        let problem = ConvolutionProblem(batch: 2, height: 9, width: 7, channels: 40, outputs: 33, kernel: (2, 2)) {
            a in
            (a.pad_h, a.pad_w, a.out_h, a.out_w) = (1, 0, 9, 7)
            (a.out_col, a.out_row, a.out_image) = (2 * 33, 2 * 14 * 33, 18 * 14 * 33)
        }
        #expect(problem.failures(.winograd) == [])
    }

    @Test("more tiles and more panels than a block", arguments: kernels)
    func blocks(_ kernel: Int) {
        let tiles = ConvolutionProblem(
            batch: 2, height: 17, width: 31, channels: 16, outputs: 40, kernel: (kernel, kernel))
        #expect(tiles.failures(.winograd) == [])
        let panels = ConvolutionProblem(height: 12, width: 14, channels: 40, outputs: 200, kernel: (kernel, kernel))
        #expect(panels.failures(.winograd) == [])
    }

    @Test("the residual may be the output")
    func residualInPlace() {
        var problem = ConvolutionProblem(height: 6, width: 5, channels: 20, outputs: 37, kernel: (3, 3))
        problem.hasResidual = true
        #expect(problem.residualInPlaceFailures(.winograd) == [])
    }

    @Test("an image's result does not depend on the batch", arguments: ck_tier.runnable, kernels)
    func batch(_ tier: ck_tier, _ kernel: Int) {
        let problem = ConvolutionProblem(
            batch: 5, height: 9, width: 7, channels: 40, outputs: 45, kernel: (kernel, kernel))
        let all = problem.output(tier, .winograd)
        let size = problem.args.out_image
        for b in 0..<5 {
            let one = problem.image(b).output(tier, .winograd)
            #expect(bitDifference(one, Array(all[b * size..<(b + 1) * size])) == nil)
        }
    }

    @Test("kernels transformed before, by any number of parts: the same bits", arguments: ck_tier.runnable, kernels)
    func kernelsBefore(_ tier: ck_tier, _ kernel: Int) {
        let problem = ConvolutionProblem(
            batch: 2, height: 33, width: 30, channels: 40, outputs: 70, kernel: (kernel, kernel))
        let positions = kernel == 2 ? 9 : 36
        let late = problem.output(tier, .winograd)
        problem.withArguments(.winograd) { _, arguments in
            for parts in [1, 3, 7] {
                let output = GuardedFloats(problem.outputFloats)
                var a = arguments(output.pointer)
                let kernels = GuardedFloats(ck_winograd_kernels_floats(&a, 64))
                #expect(kernels.values.count >= positions * 70 * 40)
                a.transformed = kernels.pointer
                runKernel(.CK_OP_winograd_kernels_run, tier, a, parts: parts, scratchBytes: 0)
                runKernel(.CK_OP_winograd_run, tier, a, parts: parts, scratchBytes: ck_winograd_scratch(&a))
                #expect(kernels.isIntact && output.isIntact)
                #expect(bitDifference(output.values, late) == nil, "\(parts) parts")
            }
        }
    }

    @Test("kernels are transformed before where blocks and parts would do it more than twice")
    func whenKernelsAreTransformed() {
        func floats(_ side: Int, batch: Int, parts: Int32, _ form: ck_form = .CK_FORM_F32) -> Int {
            var problem = ConvolutionProblem(
                batch: batch, height: side, width: side, channels: 32, outputs: 64, kernel: (3, 3))
            problem.args.form = form
            return ck_winograd_kernels_floats(&problem.args, parts)
        }
        #expect(floats(8, batch: 1, parts: 2) == 0)
        #expect(floats(8, batch: 1, parts: 64) > 0)
        #expect(floats(8, batch: 100, parts: 1) > 0)
        #expect(floats(8, batch: 100, parts: 1, .CK_FORM_BF16) == 0)
        #expect(floats(8, batch: 0, parts: 64) == 0)
    }

    @Test("its rounding error is at most three times the direct form's", arguments: ck_tier.bitEqual, kernels)
    func accuracy(_ tier: ck_tier, _ kernel: Int) {
        var problem = ConvolutionProblem(
            height: 14, width: 14, channels: 128, outputs: 32, kernel: (kernel, kernel))
        problem.hasBias = false
        let expected = problem.expected
        func squaredError(_ values: [Float]) -> Double {
            zip(values, expected).reduce(0) { $0 + (Double($1.0) - $1.1) * (Double($1.0) - $1.1) }
        }
        #expect(squaredError(problem.output(tier, .winograd)) < 3 * 3 * squaredError(problem.output(tier)))
    }

    @Test("matrices in brain floats: within their rounding, on tiers that widen them and on the one that does not")
    func brainFloats() {
        let tiers = ck_tier.runnable + [.CK_AVX512_BF16].filter { ck_tier_supported($0) != 0 }
        for (channels, outputs) in [(1, 1), (33, 40), (64, 64), (100, 130)] {
            for (height, width) in [(1, 1), (5, 8), (14, 13)] {
                let problem = ConvolutionProblem(
                    height: height, width: width, channels: channels, outputs: outputs, kernel: (3, 3))
                for tier in tiers {
                    let failures = problem.failures(.brainFloatWinograd, tolerance: 0.02, tiers: [tier])
                    #expect(failures == [], "\(channels) to \(outputs) channels, \(height) x \(width)")
                }
                if ck_tier.bitEqual.count > 1 {
                    let bits = ck_tier.bitEqual.map { problem.output($0, .brainFloatWinograd) }
                    #expect(bitDifference(bits[0], bits[1]) == nil)
                }
            }
        }
    }

    @Test("weights packed in pieces, with a scale, from half precision: the same on every tier")
    func packing() {
        let problem = PackingProblem(rows: 70, channels: 21, taps: 9, form: .CK_FORM_BF16)
        let size = ck_winograd_packed_floats(70, 21)
        let first = problem.expectSameInPieces(size) { ck_winograd_pack($0, &$1) }
        // Position (0, 0) of G g G^T is the kernel's first tap.
        #expect(first == problem.value(0).roundedToBrainFloat)
    }
}
