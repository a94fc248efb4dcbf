import CKernels
import TestSupport
import Testing

/// Sums of up to 49 products of size 1.
private let depthwiseTolerance = 5e-6

private struct DepthwiseProblem {
    var batch = 2
    var height: Int
    var width: Int
    var channels: Int
    var kernel: (h: Int, w: Int)
    var stride: (h: Int, w: Int)
    var pad: (h: Int, w: Int)
    var dilation: (h: Int, w: Int)
    var activation: ck_activation
    var input: [Float]
    var weights: [Float]
    var bias: [Float]?
    var scale: [Float]?

    init(
        _ height: Int, _ width: Int, _ channels: Int, kernel: (Int, Int), stride: Int = 1, pad: (Int, Int)? = nil,
        dilation: Int = 1, activation: ck_activation = .CK_ACT_NONE, hasBias: Bool = true, batch: Int = 2
    ) {
        self.batch = batch
        (self.height, self.width, self.channels) = (height, width, channels)
        self.kernel = kernel
        self.stride = (stride, stride)
        self.pad = pad ?? ((kernel.0 - 1) * dilation / 2, (kernel.1 - 1) * dilation / 2)
        self.dilation = (dilation, dilation)
        self.activation = activation
        var generator = SeededGenerator(seed: 3)
        input = generator.floats(batch * height * width * channels)
        weights = generator.floats(kernel.0 * kernel.1 * channels)
        bias = hasBias ? generator.floats(channels) : nil
    }

    var outHeight: Int { max(0, (height + 2 * pad.h - (kernel.h - 1) * dilation.h - 1) / stride.h + 1) }
    var outWidth: Int { max(0, (width + 2 * pad.w - (kernel.w - 1) * dilation.w - 1) / stride.w + 1) }
    var outputs: Int { batch * outHeight * outWidth * channels }

    var expected: [Double] {
        var out = [Double]()
        out.reserveCapacity(outputs)
        for b in 0..<batch {
            for y in 0..<outHeight {
                for x in 0..<outWidth {
                    for c in 0..<channels {
                        var sum = 0.0
                        for i in 0..<kernel.h {
                            for j in 0..<kernel.w {
                                let row = y * stride.h + i * dilation.h - pad.h
                                let column = x * stride.w + j * dilation.w - pad.w
                                guard row >= 0, row < height, column >= 0, column < width else { continue }
                                sum +=
                                    Double(input[((b * height + row) * width + column) * channels + c])
                                    * Double(weights[(i * kernel.w + j) * channels + c])
                            }
                        }
                        out.append(activation(sum * Double(scale?[c] ?? 1) + Double(bias?[c] ?? 0)))
                    }
                }
            }
        }
        return out
    }

    func withArguments<Result>(_ body: ((UnsafeMutablePointer<Float>) -> ck_depthwise2d) -> Result) -> Result {
        let (x, w) = (GuardedFloats(input, offset: 3), GuardedFloats(weights, offset: 1))
        let (b, s) = (GuardedFloats(bias ?? [], offset: 2), GuardedFloats(scale ?? [], offset: 5))
        return withExtendedLifetime((x, w, b, s)) {
            body { output in
                var a = ck_depthwise2d()
                (a.batch, a.in_h, a.in_w, a.channels) = (batch, height, width, channels)
                (a.out_h, a.out_w) = (outHeight, outWidth)
                (a.kernel_h, a.kernel_w, a.stride_h, a.stride_w) = (kernel.h, kernel.w, stride.h, stride.w)
                (a.pad_h, a.pad_w, a.dilation_h, a.dilation_w) = (pad.h, pad.w, dilation.h, dilation.w)
                (a.input, a.weights) = (UnsafePointer(x.pointer), UnsafePointer(w.pointer))
                a.bias = bias == nil ? nil : UnsafePointer(b.pointer)
                a.scale = scale == nil ? nil : UnsafePointer(s.pointer)
                a.output = output
                a.activation = activation
                return a
            }
        }
    }

    func failures() -> [String] {
        withArguments {
            kernelFailures(
                .CK_OP_depthwise2d_run, outputs: outputs, expected: expected, tolerance: depthwiseTolerance,
                arguments: $0)
        }
    }

    func output(_ tier: ck_tier) -> [Float] {
        withArguments { kernelOutput(.CK_OP_depthwise2d_run, tier, outputs: outputs, arguments: $0) }
    }
}

@Suite("Depthwise convolution kernel")
struct DepthwiseKernelTests {
    @Test("the common kernels on every width", arguments: [(3, 1), (3, 2), (5, 1), (5, 2), (7, 1), (7, 2)])
    func widths(_ kernel: Int, _ stride: Int) {
        for width in [1, 2, 3, 4, 5, 6, 7, 8, 11, 13, 14, 15, 16, 17, 19, 23, 29] {
            let problem = DepthwiseProblem(6, width, 17, kernel: (kernel, kernel), stride: stride)
            #expect(problem.failures() == [], "width \(width)")
        }
    }

    @Test("channels around whole vectors", arguments: [1, 3, 8, 15, 16, 17, 31, 32, 33, 47, 64, 65, 80, 96])
    func channels(_ channels: Int) {
        for (kernel, stride) in [(3, 1), (3, 2), (5, 1), (7, 1), (4, 1)] {
            #expect(
                DepthwiseProblem(9, 10, channels, kernel: (kernel, kernel), stride: stride).failures() == [],
                "kernel \(kernel), stride \(stride)")
        }
    }

    @Test("heights below and above the kernel", arguments: [1, 2, 3, 6, 7, 8, 14])
    func heights(_ height: Int) {
        for kernel in [3, 5, 7] {
            #expect(DepthwiseProblem(height, 9, 16, kernel: (kernel, kernel)).failures() == [])
        }
    }

    @Test("every activation; with and without a bias", arguments: ck_activation.all)
    func activations(_ activation: ck_activation) {
        for hasBias in [true, false] {
            let common = DepthwiseProblem(8, 9, 19, kernel: (3, 3), activation: activation, hasBias: hasBias)
            #expect(common.failures() == [])
            let small = DepthwiseProblem(8, 9, 5, kernel: (3, 3), activation: activation, hasBias: hasBias)
            #expect(small.failures() == [])
        }
    }

    @Test("a scale by channel", arguments: [5, 16, 40, 128, 144, 256])
    func scale(_ channels: Int) {
        var generator = SeededGenerator(seed: 6)
        for kernel in [3, 4, 7] {
            var problem = DepthwiseProblem(9, 10, channels, kernel: (kernel, kernel), activation: .CK_ACT_RELU6)
            problem.scale = generator.floats(channels, scale: 2)
            #expect(problem.failures() == [], "kernel \(kernel)")
        }
    }

    @Test("any kernel, padding, stride and dilation")
    func shapes() {
        #expect(DepthwiseProblem(9, 12, 20, kernel: (1, 3), pad: (0, 1)).failures() == [])
        #expect(DepthwiseProblem(1, 40, 20, kernel: (1, 31), pad: (0, 15)).failures() == [])
        #expect(DepthwiseProblem(12, 5, 33, kernel: (5, 2), stride: 3, pad: (2, 0)).failures() == [])
        #expect(DepthwiseProblem(11, 13, 18, kernel: (3, 3), dilation: 2).failures() == [])
        #expect(DepthwiseProblem(11, 13, 18, kernel: (3, 3), stride: 2, dilation: 3).failures() == [])
        #expect(DepthwiseProblem(11, 13, 18, kernel: (3, 3), pad: (0, 0)).failures() == [])
        #expect(DepthwiseProblem(11, 13, 18, kernel: (3, 3), stride: 2, pad: (0, 0)).failures() == [])
        // Windows that lie wholly in the padding.
        #expect(DepthwiseProblem(3, 3, 18, kernel: (3, 3), pad: (5, 5)).failures() == [])
        #expect(DepthwiseProblem(3, 3, 18, kernel: (2, 2), pad: (5, 5), dilation: 4).failures() == [])
        #expect(DepthwiseProblem(9, 9, 18, kernel: (13, 13)).failures() == [])
        var vertical = DepthwiseProblem(20, 17, 18, kernel: (3, 3))
        vertical.dilation.h = 3
        vertical.pad.h = 3
        vertical.stride.h = 2
        #expect(vertical.failures() == [])
    }

    @Test("no images, no rows")
    func empty() {
        #expect(DepthwiseProblem(5, 5, 16, kernel: (3, 3), batch: 0).failures() == [])
        #expect(DepthwiseProblem(1, 1, 16, kernel: (3, 3), pad: (0, 0)).failures() == [])
    }

    @Test("an image's result does not depend on the batch", arguments: ck_tier.runnable)
    func batch(_ tier: ck_tier) {
        let problem = DepthwiseProblem(7, 9, 40, kernel: (5, 5), activation: .CK_ACT_SILU, batch: 3)
        let all = problem.output(tier)
        for b in 0..<3 {
            var one = problem
            one.batch = 1
            one.input = Array(problem.input[b * 7 * 9 * 40..<(b + 1) * 7 * 9 * 40])
            #expect(bitDifference(one.output(tier), Array(all[b * one.outputs..<(b + 1) * one.outputs])) == nil)
        }
    }

    @Test("a NaN reaches exactly the outputs whose window holds it", arguments: ck_tier.runnable)
    func notANumber(_ tier: ck_tier) {
        for activation in [ck_activation.CK_ACT_RELU, .CK_ACT_RELU6, .CK_ACT_SILU, .CK_ACT_HARDSWISH] {
            var problem = DepthwiseProblem(9, 9, 16, kernel: (3, 3), activation: activation, batch: 1)
            problem.input[(4 * 9 + 5) * 16 + 2] = .nan
            let got = problem.output(tier)
            for i in got.indices {
                let (y, x, c) = (i / 16 / 9, i / 16 % 9, i % 16)
                #expect(got[i].isNaN == (abs(y - 4) <= 1 && abs(x - 5) <= 1 && c == 2), "\(y), \(x), \(c)")
            }
        }
    }
}
