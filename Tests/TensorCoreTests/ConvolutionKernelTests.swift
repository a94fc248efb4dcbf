import CKernels
import TestSupport
import Testing

@Suite("Convolution kernel")
struct ConvolutionKernelTests {
    @Test("channels around the lanes and panels", arguments: [1, 3, 15, 16, 17, 31, 32, 33, 64, 100])
    func channels(_ count: Int) {
        for kernel in [(1, 1), (3, 3)] {
            let many = ConvolutionProblem(height: 7, width: 6, channels: count, outputs: 33, kernel: kernel)
            #expect(many.failures() == [], "\(many)")
            let few = ConvolutionProblem(height: 5, width: 9, channels: 20, outputs: count, kernel: kernel)
            #expect(few.failures() == [], "\(few)")
        }
    }

    @Test("images around the tiles", arguments: [1, 2, 3, 5, 6, 7, 11, 12, 13, 25])
    func sizes(_ size: Int) {
        let problem = ConvolutionProblem(height: size, width: 14 - size / 2, channels: 8, outputs: 40, kernel: (3, 3))
        #expect(problem.failures() == [], "\(problem)")
        let wide = ConvolutionProblem(height: 1, width: size, channels: 40, outputs: 16, kernel: (1, 3))
        #expect(wide.failures() == [], "\(wide)")
    }

    @Test("the usual layers: stems, patches, strided 1x1, long sums")
    func usual() {
        let problems = [
            ConvolutionProblem(height: 32, width: 32, channels: 3, outputs: 64, kernel: (7, 7)) {
                ($0.stride_h, $0.stride_w) = (2, 2)
            },
            ConvolutionProblem(height: 32, width: 48, channels: 3, outputs: 70, kernel: (16, 16)) {
                ($0.stride_h, $0.stride_w, $0.pad_h, $0.pad_w) = (16, 16, 0, 0)
            },
            ConvolutionProblem(height: 9, width: 8, channels: 64, outputs: 96, kernel: (1, 1)) {
                ($0.stride_h, $0.stride_w) = (2, 2)
            },
            ConvolutionProblem(height: 5, width: 5, channels: 300, outputs: 40, kernel: (3, 3)),
            ConvolutionProblem(height: 4, width: 3, channels: 1700, outputs: 40, kernel: (2, 2)),
            ConvolutionProblem(height: 1, width: 90, channels: 48, outputs: 48, kernel: (1, 128), groups: 2) {
                $0.pad_w = 64
            },
            // More pixels than a block of pointers.
            ConvolutionProblem(height: 31, width: 33, channels: 5, outputs: 8, kernel: (3, 3)),
        ]
        for problem in problems { #expect(problem.failures() == [], "\(problem)") }
    }

    @Test("padding: more than the kernel, negative, on one side by the output's size")
    func padding() {
        for (pad, out) in [(5, 12), (-1, 4), (0, 9), (2, 3)] {
            for channels in [4, 70] {
                let problem = ConvolutionProblem(
                    batch: 2, height: 6, width: 6, channels: channels, outputs: 20, kernel: (3, 3)
                ) { ($0.pad_h, $0.pad_w, $0.out_h, $0.out_w) = (pad, pad, out, out) }
                #expect(problem.failures() == [], "\(problem)")
            }
        }
    }

    @Test("any geometry, 200 of them at random", arguments: 0..<8)
    func geometry(_ seed: Int) {
        var generator = SeededGenerator(seed: UInt64(seed))
        for index in 0..<25 {
            let problem = randomProblem(&generator)
            #expect(problem.failures() == [], "\(index): \(problem)")
        }
    }

    private func randomProblem(_ generator: inout SeededGenerator) -> ConvolutionProblem {
        func pick(_ values: [Int]) -> Int { values[Int.random(in: 0..<values.count, using: &generator)] }
        let groups = pick([1, 1, 1, 2, 3])
        let kernel = pick([0, 1, 1, 1]) == 0 ? (1, 1) : (pick([1, 2, 3, 4]), pick([1, 2, 3, 4]))
        var problem = ConvolutionProblem(
            batch: pick([1, 2, 3]), height: pick(Array(1...12)), width: pick(Array(1...12)),
            channels: groups * pick([1, 3, 8, 15, 16, 17, 32, 64]),
            outputs: groups * pick([1, 3, 16, 17, 31, 32, 33, 70]),
            kernel: kernel, groups: groups, seed: generator.next()
        ) { a in
            (a.stride_h, a.stride_w) = (pick([1, 1, 2, 3]), pick([1, 1, 2, 3]))
            (a.dilation_h, a.dilation_w) = (pick([1, 2]), pick([1, 1, 2]))
            (a.pad_h, a.pad_w) = (pick([-1, 0, 1, 2]), pick([-1, 0, 1, 2, 5]))
            (a.out_h, a.out_w) = (pick(Array(1...10)), pick(Array(1...10)))
            a.in_col = a.in_c + pick([0, 0, 5])
            a.in_row = a.in_w * a.in_col + pick([0, 0, 7])
            a.in_image = a.in_h * a.in_row + pick([0, 0, 3])
            a.out_col = a.out_c * pick([1, 1, 2]) + pick([0, 0, 1])
            a.out_row = a.out_w * a.out_col + pick([0, 0, 9])
            a.out_image = a.out_h * a.out_row + pick([0, 0, 11])
            a.epilogue.activation = [.CK_ACT_NONE, .CK_ACT_RELU, .CK_ACT_SILU][pick([0, 1, 2])]
        }
        problem.hasScale = pick([0, 1]) == 1
        problem.hasBias = problem.hasScale || pick([0, 1]) == 1
        problem.hasResidual = pick([0, 1]) == 1
        return problem
    }

    @Test("every other pixel, as a phase of a transposed convolution writes")
    func phases() {
        for channels in [6, 64] {
            let problem = ConvolutionProblem(height: 5, width: 6, channels: channels, outputs: 24, kernel: (2, 2)) {
                ($0.out_h, $0.out_w, $0.pad_h, $0.pad_w) = (5, 6, 1, 0)
                ($0.out_col, $0.out_row, $0.out_image) = (2 * 24, 2 * 12 * 24, 10 * 12 * 24)
            }
            #expect(problem.failures() == [], "\(problem)")
        }
    }

    @Test("lines by brain floats, pixels apart, with every piece of the epilogue", arguments: [1, 3])
    func brainFloatLines(_ groups: Int) {
        let tiers = ck_tier.runnable + [.CK_AVX512_BF16].filter { ck_tier_supported($0) != 0 }
        for (pad, stride) in [(0, 1), (3, 1), (2, 2), (-1, 1)] {
            var problem = ConvolutionProblem(
                batch: 2, height: 1, width: 40, channels: 24, outputs: 66, kernel: (1, 5), groups: groups
            ) { a in
                (a.pad_h, a.pad_w, a.stride_w) = (0, pad, stride)
                (a.in_col, a.out_col) = (a.in_c + 3, a.out_c + 2)
                (a.in_image, a.out_image) = (a.in_w * a.in_col + 2, 60 * a.out_col + 6)
                a.epilogue.activation = pad == 3 ? .CK_ACT_GELU : .CK_ACT_NONE
            }
            (problem.hasResidual, problem.hasScale) = (pad != 0, stride == 2)
            for tier in tiers {
                let failures = problem.failures(.brainFloatDirect, tolerance: 0.02, tiers: [tier])
                #expect(failures == [], "\(problem) on \(tier.rawValue)")
            }
        }
    }

    @Test("nothing to do")
    func empty() {
        for (batch, outputs) in [(0, 5), (1, 0)] {
            let problem = ConvolutionProblem(
                batch: batch, height: 4, width: 4, channels: 3, outputs: outputs, kernel: (3, 3))
            #expect(problem.failures() == [])
            #expect(problem.failures(.winograd) == [])
            #expect(problem.failures(.brainFloatWinograd) == [])
        }
    }

    @Test("the residual may be the output", arguments: [8, 300])
    func residualInPlace(_ channels: Int) {
        for kernel in [(1, 1), (3, 3)] {
            var problem = ConvolutionProblem(height: 6, width: 5, channels: channels, outputs: 37, kernel: kernel)
            problem.hasResidual = true
            #expect(problem.residualInPlaceFailures(.direct) == [])
        }
    }

    @Test("an image's result does not depend on the batch", arguments: ck_tier.runnable)
    func batch(_ tier: ck_tier) {
        for channels in [5, 130] {
            let problem = ConvolutionProblem(
                batch: 3, height: 9, width: 7, channels: channels, outputs: 45, kernel: (3, 3))
            let all = problem.output(tier)
            let size = problem.args.out_image
            for b in 0..<3 {
                #expect(bitDifference(problem.image(b).output(tier), Array(all[b * size..<(b + 1) * size])) == nil)
            }
        }
    }

    @Test("a NaN reaches the pixels whose patch holds it and no other", arguments: ck_tier.runnable)
    func notANumber(_ tier: ck_tier) {
        for channels in [4, 70] {
            var problem = ConvolutionProblem(height: 8, width: 8, channels: channels, outputs: 34, kernel: (3, 3))
            problem.input[(4 * 8 + 7) * channels + 2] = .nan
            let got = problem.output(tier)
            for pixel in 0..<64 {
                let isNear = abs(pixel / 8 - 4) <= 1 && pixel % 8 >= 6
                #expect(got[pixel * 34..<(pixel + 1) * 34].allSatisfy { $0.isNaN == isNear })
            }
        }
    }
}
