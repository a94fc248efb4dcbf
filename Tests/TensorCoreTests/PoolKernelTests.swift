import CKernels
import TestSupport
import Testing

private let poolTolerance = 1e-6

@Suite("Pooling kernel")
struct PoolKernelTests {
    private struct Problem {
        var batch = 2
        var height: Int
        var width: Int
        var c: Int
        var kernel: (h: Int, w: Int)
        var stride = 1
        var pad = 0
        var dilation = 1
        var kind = ck_pool_kind.CK_POOL_MAX
        var isInPairs = false
        var input: [Float]

        init(
            _ height: Int, _ width: Int, _ c: Int, kernel: (Int, Int), stride: Int = 1, pad: Int = 0, dilation: Int = 1
        ) {
            (self.height, self.width, self.c, self.kernel) = (height, width, c, kernel)
            (self.stride, self.pad, self.dilation) = (stride, pad, dilation)
            var generator = SeededGenerator(seed: 1)
            input = generator.floats(batch * height * width * c)
        }

        var outHeight: Int { (height + 2 * pad - (kernel.h - 1) * dilation - 1) / stride + 1 }
        var outWidth: Int { (width + 2 * pad - (kernel.w - 1) * dilation - 1) / stride + 1 }
        var outputs: Int { batch * outHeight * outWidth * c }

        func window(_ b: Int, _ y: Int, _ x: Int, _ channel: Int) -> [Double] {
            var values = [Double]()
            for i in 0..<kernel.h {
                for j in 0..<kernel.w {
                    let row = y * stride + i * dilation - pad
                    let column = x * stride + j * dilation - pad
                    guard row >= 0, row < height, column >= 0, column < width else { continue }
                    values.append(Double(input[((b * height + row) * width + column) * c + channel]))
                }
            }
            return values
        }

        var expected: [Double] {
            var out = [Double]()
            for b in 0..<batch {
                for y in 0..<outHeight {
                    for x in 0..<outWidth {
                        for channel in 0..<c {
                            let values = window(b, y, x, channel)
                            switch kind {
                            case .CK_POOL_MAX: out.append(values.max() ?? -.infinity)
                            case .CK_POOL_AVERAGE: out.append(values.reduce(0, +) / Double(max(1, values.count)))
                            case .CK_POOL_AVERAGE_WITH_PAD:
                                out.append(values.reduce(0, +) / Double(kernel.h * kernel.w))
                            }
                        }
                    }
                }
            }
            return out
        }

        func withArguments<Result>(_ body: ((UnsafeMutablePointer<Float>) -> ck_pool2d) -> Result) -> Result {
            let x = GuardedFloats(isInPairs ? input.pairs : input, offset: 1)
            return withExtendedLifetime(x) {
                body { output in
                    var a = ck_pool2d()
                    (a.batch, a.in_h, a.in_w, a.c, a.out_ld) = (batch, height, width, c, c)
                    (a.out_h, a.out_w, a.kernel_h, a.kernel_w) = (outHeight, outWidth, kernel.h, kernel.w)
                    (a.stride_h, a.stride_w, a.pad_h, a.pad_w) = (stride, stride, pad, pad)
                    (a.dilation_h, a.dilation_w) = (dilation, dilation)
                    (a.input, a.output, a.kind) = (UnsafePointer(x.pointer), output, kind)
                    a.pairs = isInPairs ? 1 : 0
                    return a
                }
            }
        }

        func failures() -> [String] {
            withArguments {
                kernelFailures(
                    .CK_OP_pool2d_run, outputs: outputs, expected: expected, tolerance: poolTolerance, arguments: $0)
            }
        }
    }

    @Test(
        "any number of channels",
        arguments: [
            ck_pool_kind.CK_POOL_MAX, .CK_POOL_AVERAGE, .CK_POOL_AVERAGE_WITH_PAD,
        ])
    func channels(_ kind: ck_pool_kind) {
        for c in [1, 3, 15, 16, 17, 31, 33, 64, 80, 97] {
            var problem = Problem(9, 8, c, kernel: (3, 3), stride: 2, pad: 1)
            problem.kind = kind
            #expect(problem.failures() == [], "\(c) channels")
        }
    }

    @Test(
        "any window",
        arguments: [
            ck_pool_kind.CK_POOL_MAX, .CK_POOL_AVERAGE, .CK_POOL_AVERAGE_WITH_PAD,
        ])
    func windows(_ kind: ck_pool_kind) {
        var problems = [
            Problem(6, 7, 18, kernel: (2, 2), stride: 2), Problem(7, 7, 18, kernel: (7, 7)),
            Problem(7, 9, 18, kernel: (5, 5), pad: 2), Problem(9, 9, 18, kernel: (2, 3), stride: 3, dilation: 2),
            Problem(1, 1, 18, kernel: (1, 1)), Problem(3, 3, 18, kernel: (2, 2), pad: 3),  // windows in the padding
        ]
        for i in problems.indices {
            problems[i].kind = kind
            #expect(problems[i].failures() == [], "problem \(i)")
        }
    }

    @Test("the largest of brain floats", arguments: ck_tier.runnable)
    func brainFloats(_ tier: ck_tier) {
        for c in [1, 3, 16, 33, 64, 80, 97] {
            var problem = Problem(9, 8, c, kernel: (3, 3), stride: 2, pad: 1)
            problem.input = problem.input.map(\.roundedToBrainFloat)
            let expected = problem.withArguments {
                kernelOutput(.CK_OP_pool2d_run, tier, outputs: problem.outputs, arguments: $0)
            }
            problem.isInPairs = true
            for parts in [1, 3, 8] {
                let output = GuardedFloats((problem.outputs + 1) / 2, offset: parts)
                problem.withArguments { _ = runKernel(.CK_OP_pool2d_run, tier, $0(output.pointer), parts: parts) }
                #expect(output.isIntact)
                #expect(output.values.unpaired(problem.outputs) == expected, "\(c) channels, \(parts) parts")
            }
        }
    }

    @Test("a NaN reaches exactly the windows that hold it", arguments: ck_tier.runnable)
    func notANumber(_ tier: ck_tier) {
        for kind in [ck_pool_kind.CK_POOL_MAX, .CK_POOL_AVERAGE] {
            for place in [0, 10, 24] {
                var problem = Problem(5, 5, 16, kernel: (3, 3), pad: 1)
                problem.kind = kind
                problem.input[place * 16 + 5] = .nan
                let got = problem.withArguments {
                    kernelOutput(.CK_OP_pool2d_run, tier, outputs: problem.outputs, arguments: $0)
                }
                for i in got.indices {
                    let (y, x) = (i / 16 / 5, i / 16 % 5)
                    let isHit = i < 400 && abs(y - place / 5) <= 1 && abs(x - place % 5) <= 1 && i % 16 == 5
                    #expect(got[i].isNaN == isHit, "element \(i)")
                }
            }
        }
    }
}

@Suite("Mean, resampling and transposition kernels")
struct PixelKernelTests {
    @Test("mean and length over pixels", arguments: [1, 2, 15, 16, 17, 31, 33, 49, 196, 1021])
    func meanAndLength(_ pixels: Int) {
        var generator = SeededGenerator(seed: UInt64(pixels))
        for c in [1, 15, 16, 17, 33, 64] {
            let values = generator.floats(2 * pixels * c)
            let x = GuardedFloats(values, offset: 3)
            var (means, squares) = ([Double](repeating: 0, count: 2 * c), [Double](repeating: 0, count: 2 * c))
            for (i, value) in values.enumerated() {
                means[i / (pixels * c) * c + i % c] += Double(value) / Double(pixels)
                squares[i / (pixels * c) * c + i % c] += Double(value) * Double(value)
            }
            for (op, expected) in [
                (ck_op.CK_OP_mean_pixels_run, means), (.CK_OP_length_pixels_run, squares.map { $0.squareRoot() }),
            ] {
                let failures = kernelFailures(op, outputs: 2 * c, expected: expected, tolerance: poolTolerance) {
                    ck_mean_pixels(batch: 2, pixels: pixels, c: c, input: UnsafePointer(x.pointer), output: $0)
                }
                #expect(failures == [], "\(c) channels")
            }
        }
    }

    @Test("resampling", arguments: [1, 3, 16, 17, 32, 33, 50])
    func resample(_ c: Int) {
        for (rowTaps, colTaps) in [(1, 1), (2, 2), (4, 4), (3, 1), (5, 7)] {
            var generator = SeededGenerator(seed: UInt64(c))
            let (inH, inW, outH, outW) = (9, 8, 7, 13)
            let values = generator.floats(2 * inH * inW * c)
            let rowFirst = (0..<outH).map { _ in Int32(generator.next() % UInt64(inH - rowTaps + 1)) }
            let colFirst = (0..<outW).map { _ in Int32(generator.next() % UInt64(inW - colTaps + 1)) }
            let (rowWeight, colWeight) = (generator.floats(outH * rowTaps), generator.floats(outW * colTaps))
            var expected = [Double]()
            for b in 0..<2 {
                for y in 0..<outH {
                    for x in 0..<outW {
                        for channel in 0..<c {
                            var sum = 0.0
                            for i in 0..<rowTaps {
                                for j in 0..<colTaps {
                                    let pixel = (b * inH + Int(rowFirst[y]) + i) * inW + Int(colFirst[x]) + j
                                    sum +=
                                        Double(rowWeight[y * rowTaps + i]) * Double(colWeight[x * colTaps + j])
                                        * Double(values[pixel * c + channel])
                                }
                            }
                            expected.append(sum)
                        }
                    }
                }
            }
            let input = GuardedFloats(values, offset: 1)
            let failures = rowFirst.withUnsafeBufferPointer { rows in
                colFirst.withUnsafeBufferPointer { columns in
                    rowWeight.withUnsafeBufferPointer { rowWeights in
                        colWeight.withUnsafeBufferPointer { colWeights in
                            kernelFailures(
                                .CK_OP_resample2d_run, outputs: expected.count, expected: expected, tolerance: 4e-6
                            ) { output in
                                var a = ck_resample2d()
                                (a.batch, a.in_h, a.in_w, a.out_h, a.out_w, a.c) = (2, inH, inW, outH, outW, c)
                                (a.row_taps, a.col_taps) = (rowTaps, colTaps)
                                (a.row_first, a.col_first) = (rows.baseAddress, columns.baseAddress)
                                (a.row_weight, a.col_weight) = (rowWeights.baseAddress, colWeights.baseAddress)
                                (a.input, a.output) = (UnsafePointer(input.pointer), output)
                                return a
                            }
                        }
                    }
                }
            }
            #expect(failures == [], "\(rowTaps) x \(colTaps) taps")
        }
    }

    @Test("transposition", arguments: [0, 1, 2, 3, 4, 15, 16, 17, 31, 32, 33, 50, 97])
    func transpose(_ rows: Int) {
        for columns in [0, 1, 3, 7, 15, 16, 17, 33, 48, 61] {
            let values = (0..<2 * rows * columns).map { Float($0) }
            var expected = [Double](repeating: 0, count: values.count)
            for b in 0..<2 {
                for r in 0..<rows {
                    for c in 0..<columns {
                        expected[(b * columns + c) * rows + r] = Double((b * rows + r) * columns + c)
                    }
                }
            }
            let x = GuardedFloats(values, offset: 3)
            let failures = kernelFailures(
                .CK_OP_transpose_run, outputs: values.count, expected: expected, tolerance: 0
            ) { output in
                var a = ck_transpose()
                (a.batch, a.rows, a.cols, a.input, a.output) = (2, rows, columns, UnsafePointer(x.pointer), output)
                return a
            }
            #expect(failures == [], "\(columns) columns")
        }
    }
}
