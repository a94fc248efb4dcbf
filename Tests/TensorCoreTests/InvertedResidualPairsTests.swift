import CKernels
import TensorCore
import TestSupport
import Testing

/// An inverted residual of brain floats against its definition in double precision.
private struct PairsProblem {
    var batch = 2
    let height: Int  // of what is expanded
    let width: Int
    let channels: Int
    let inner: Int
    let outputs: Int  // 0: nothing is projected
    var kernel = 3
    var stride = 1
    var pad = 1
    var activation = ck_activation.CK_ACT_RELU6
    var hasResidual = false
    /// A 3x3 convolution of stride 2 takes the place of the expansion.
    var hasStem = false
    /// Whether all values are small integers, whose sums are exact: then so is the result.
    var isExact = true

    init(_ height: Int, _ width: Int, _ channels: Int, _ inner: Int, _ outputs: Int) {
        (self.height, self.width, self.channels) = (height, width, channels)
        (self.inner, self.outputs) = (inner, outputs)
    }

    private var outHeight: Int { max(0, (height + 2 * pad - kernel) / stride + 1) }
    private var outWidth: Int { stride == 1 ? width : (width + 1) / 2 }
    private var patch: Int { hasStem ? 9 : 1 }
    private var inHeight: Int { hasStem ? 2 * height - 1 : height }
    private var inWidth: Int { hasStem ? 2 * width : width }

    /// The tensors of a problem.
    private struct Values {
        var x, expand, expandScale, expandBias, taps, scale, bias, project, projectBias, residual: [Float]
    }
    private var values: Values {
        var generator = SeededGenerator(seed: 23)
        func some(_ count: Int, _ most: Float) -> [Float] {
            generator.floats(count, scale: most + 0.5).map { isExact ? $0.rounded() : $0 }
        }
        return Values(
            x: some(batch * inHeight * inWidth * channels, 2), expand: some(inner * patch * channels, 1),
            expandScale: some(inner, 1).map { $0 + 2 }, expandBias: some(inner, 3),
            taps: some(kernel * kernel * inner, 2),
            scale: some(inner, 1), bias: some(inner, 3), project: some(outputs * inner, 1),
            projectBias: some(outputs, 3), residual: some(batch * outHeight * outWidth * outputs, 2))
    }

    private func rounded(_ value: Double) -> Double { Double(Float(value).roundedToBrainFloat) }
    /// What is expanded, rounded: `[batch][height][width][inner]`.
    private func expanded(_ v: Values) -> [Double] {
        var result: [Double] = []
        for image in 0..<batch {
            for y in 0..<height {
                for x in 0..<width {
                    for c in 0..<inner {
                        var sum = 0.0
                        for tap in 0..<patch {
                            let row = hasStem ? 2 * y + tap / 3 - 1 : y, column = hasStem ? 2 * x + tap % 3 - 1 : x
                            guard (0..<inHeight).contains(row), (0..<inWidth).contains(column) else { continue }
                            for i in 0..<channels {
                                let pixel = v.x[((image * inHeight + row) * inWidth + column) * channels + i]
                                // Weights as a checkpoint has them: channels, then taps.
                                let weight = v.expand[(c * channels + i) * patch + tap]
                                sum += rounded(Double(pixel)) * rounded(Double(weight))
                            }
                        }
                        let value = activation(sum * Double(v.expandScale[c]) + Double(v.expandBias[c]))
                        result.append(rounded(value))
                    }
                }
            }
        }
        return result
    }
    /// The result.
    private func expected(_ v: Values) -> [Double] {
        let expanded = expanded(v)
        var result: [Double] = []
        for pixel in 0..<batch * outHeight * outWidth {
            let image = pixel / (outHeight * outWidth), y = pixel / outWidth % outHeight, x = pixel % outWidth
            let convolved = (0..<inner).map { c in
                var sum = 0.0
                for tap in 0..<kernel * kernel {
                    let row = y * stride + tap / kernel - pad, column = x * stride + tap % kernel - pad
                    guard (0..<height).contains(row), (0..<width).contains(column) else { continue }
                    sum +=
                        expanded[((image * height + row) * width + column) * inner + c]
                        * rounded(Double(v.taps[tap * inner + c]))
                }
                return activation(sum * Double(v.scale[c]) + Double(v.bias[c]))
            }
            guard outputs > 0 else {
                result += convolved
                continue
            }
            for o in 0..<outputs {
                var sum = Double(v.projectBias[o])
                for c in 0..<inner { sum += rounded(convolved[c]) * rounded(Double(v.project[o * inner + c])) }
                result.append(sum + (hasResidual ? Double(v.residual[pixel * outputs + o]) : 0))
            }
        }
        return result
    }

    private func packed(_ values: [Float], _ n: Int, channels: Int, taps: Int = 1) -> GuardedFloats {
        let out = GuardedFloats(ck_packed_floats(n, channels * taps, .CK_FORM_BF16), fill: 0)
        values.withUnsafeBytes { source in
            var pack = ck_pack(
                packed: out.pointer, n: n, k: channels * taps, row: 0, rows: n, channels: channels, taps: taps,
                source: source.baseAddress, storage: .CK_STORE_F32, scale: nil, form: .CK_FORM_BF16)
            ck_pack_weights(.CK_PORTABLE, &pack)
        }
        return out
    }

    /// What is wrong: any number of parts has to give the definition's result.
    var failures: [String] {
        let v = values
        let (expand, project) = (
            packed(v.expand, inner, channels: channels, taps: patch), packed(v.project, outputs, channels: inner)
        )
        let floats = [v.x, v.expandScale, v.expandBias, v.taps, v.scale, v.bias, v.projectBias, v.residual]
        let held = floats.enumerated().map { GuardedFloats($1, offset: $0) }
        let at = held.map { UnsafePointer($0.pointer) }
        func arguments(_ output: UnsafeMutablePointer<Float>) -> ck_inverted_residual {
            var a = ck_inverted_residual()
            (a.expand.n, a.expand.k, a.expand.lda) = (inner, patch * channels, channels)
            (a.expand.a, a.expand.b, a.expand.form) = (at[0], UnsafePointer(expand.pointer), .CK_FORM_BF16)
            (a.expand.epilogue.scale, a.expand.epilogue.bias) = (at[1], at[2])
            a.expand.epilogue.activation = activation
            if hasStem {
                (a.stem.batch, a.stem.in_h, a.stem.in_w, a.stem.in_c) = (batch, inHeight, inWidth, channels)
                (a.stem.out_h, a.stem.out_w, a.stem.out_c, a.stem.groups) = (height, width, inner, 1)
                (a.stem.kernel_h, a.stem.kernel_w, a.stem.stride_h, a.stem.stride_w) = (3, 3, 2, 2)
                (a.stem.pad_h, a.stem.pad_w, a.stem.dilation_h, a.stem.dilation_w) = (1, 1, 1, 1)
                (a.stem.input, a.stem.form) = (at[0], .CK_FORM_BF16)
                (a.stem.in_col, a.stem.in_row) = (channels, inWidth * channels)
                a.stem.in_image = inHeight * inWidth * channels
                (a.stem.out_col, a.stem.out_row, a.stem.out_image) = (inner, width * inner, height * width * inner)
            }
            (a.depthwise.batch, a.depthwise.in_h, a.depthwise.in_w) = (batch, height, width)
            (a.depthwise.out_h, a.depthwise.out_w, a.depthwise.channels) = (outHeight, outWidth, inner)
            (a.depthwise.kernel_h, a.depthwise.kernel_w) = (kernel, kernel)
            (a.depthwise.stride_h, a.depthwise.stride_w) = (stride, stride)
            (a.depthwise.pad_h, a.depthwise.pad_w) = (pad, pad)
            (a.depthwise.dilation_h, a.depthwise.dilation_w) = (1, 1)
            (a.depthwise.weights, a.depthwise.scale, a.depthwise.bias) = (at[3], at[4], at[5])
            (a.depthwise.output, a.depthwise.activation) = (output, activation)
            if outputs > 0 {
                (a.project.n, a.project.k, a.project.ldc) = (outputs, inner, outputs)
                (a.project.b, a.project.c) = (UnsafePointer(project.pointer), output)
                (a.project.form, a.project.epilogue.bias) = (.CK_FORM_BF16, at[6])
                if hasResidual { a.project.epilogue.residual = at[7] }
            }
            a.in_pairs = 1
            return a
        }
        return withExtendedLifetime((held, expand, project)) {
            var a = arguments(held[0].pointer)
            guard ck_inverted_residual_fits_pairs(&a) != 0 else { return ["does not fit pairs"] }
            return kernelFailures(
                .CK_OP_inverted_residual_run, outputs: batch * outHeight * outWidth * (outputs > 0 ? outputs : inner),
                expected: expected(v), tolerance: isExact ? 0 : 0.02, scratchBytes: ck_inverted_residual_scratch(&a),
                tiers: [.CK_AVX512_BF16], arguments: arguments)
        }
    }
}

@Suite("Inverted residual of brain floats", .enabled(if: ck_tier_supported(.CK_AVX512_BF16) != 0))
struct InvertedResidualPairsTests {
    @Test("windows, steps, padding", arguments: [(3, 1, 1), (5, 1, 2), (3, 2, 0), (3, 2, 1), (5, 2, 1), (5, 2, 2)])
    func windows(_ kernel: Int, _ stride: Int, _ pad: Int) {
        // Runs of 14 outputs and of what is left; a last panel of one vector, and one of two that is not full.
        for (width, inner) in [(2, 16), (30, 41), (34, 60)] {
            var problem = PairsProblem(9, width, 12, inner, 20)
            (problem.kernel, problem.stride, problem.pad) = (kernel, stride, pad)
            #expect(problem.failures == [])
        }
        // Several bands, in each of which some rows are expanded already; nothing is projected.
        var tall = PairsProblem(40, 56, 3, 33, 0)
        (tall.batch, tall.kernel, tall.stride, tall.pad) = (1, kernel, stride, pad)
        #expect(tall.failures == [])
    }

    @Test("a first convolution for the expansion", arguments: [1, 2])
    func stem(_ stride: Int) {
        for (channels, width) in [(3, 20), (1, 6), (4, 34)] {
            var problem = PairsProblem(12, width, channels, 32, 16)
            (problem.stride, problem.hasStem) = (stride, true)
            #expect(problem.failures == [])
        }
    }

    @Test("activations, a residual", arguments: [ck_activation.CK_ACT_NONE, .CK_ACT_RELU, .CK_ACT_RELU6])
    func activations(_ activation: ck_activation) {
        var problem = PairsProblem(8, 14, 40, 96, 40)
        (problem.activation, problem.hasResidual) = (activation, true)
        #expect(problem.failures == [])
    }

    @Test("activations that are not exact", arguments: [ck_activation.CK_ACT_HARDSWISH, .CK_ACT_SILU])
    func smooth(_ activation: ck_activation) {
        for outputs in [0, 24] {
            var problem = PairsProblem(8, 18, 16, 72, outputs)
            (problem.activation, problem.isExact) = (activation, false)
            #expect(problem.failures == [])
        }
    }

    @Test("what does not fit pairs") func others() {
        func fits(_ change: (inout ck_inverted_residual) -> Void) -> Bool {
            var a = ck_inverted_residual()
            (a.expand.n, a.expand.k, a.expand.form) = (32, 8, .CK_FORM_BF16)
            (a.depthwise.batch, a.depthwise.in_h, a.depthwise.in_w, a.depthwise.channels) = (1, 8, 8, 32)
            (a.depthwise.out_h, a.depthwise.out_w, a.depthwise.kernel_h, a.depthwise.kernel_w) = (8, 8, 3, 3)
            (a.depthwise.stride_h, a.depthwise.stride_w, a.depthwise.pad_h, a.depthwise.pad_w) = (1, 1, 1, 1)
            (a.depthwise.dilation_h, a.depthwise.dilation_w) = (1, 1)
            change(&a)
            return ck_inverted_residual_fits_pairs(&a) != 0
        }
        #expect(fits { _ in })
        #expect(!fits { $0.expand.form = .CK_FORM_F32 })
        #expect(!fits { ($0.depthwise.in_w, $0.depthwise.out_w) = (7, 7) })
        #expect(!fits { ($0.depthwise.kernel_h, $0.depthwise.kernel_w) = (7, 7) })
        #expect(!fits { $0.depthwise.dilation_w = 2 })
        #expect(!fits { ($0.depthwise.pad_w, $0.depthwise.out_w) = (0, 6) })
        #expect(!fits { ($0.depthwise.stride_h, $0.depthwise.stride_w) = (3, 3) })
    }

    @Test("the same bits for any number of threads and any batch", arguments: [(20, 24), (9, 14)], [3, 5])
    func threads(_ size: (height: Int, width: Int), _ kernel: Int) {
        let (channels, inner, outputs) = (20, 88, 24)
        var generator = SeededGenerator(seed: 31)
        let memory = WeightMemory()
        func step(_ outputs: Int, _ inputs: Int) -> ConvolutionStep<PackedMatrix> {
            let matrix = PackedMatrix(outputs: outputs, inputs: inputs, form: .bfloat16, in: memory)
            generator.floats(outputs * inputs).withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                matrix.fill(row: 0, count: outputs, taps: 1, from: start, dtype: .float32, tier: .avx512BF16)
            }
            let bias = PackedVector(generator.floats(outputs), in: memory)
            return ConvolutionStep(matrix, scale: nil, bias: bias, activation: .hardswish)
        }
        let (expand, project) = (step(inner, channels), step(outputs, inner))
        let depthwise = ConvolutionStep(
            PackedVector(generator.floats(kernel * kernel * inner), in: memory), scale: nil,
            bias: PackedVector(generator.floats(inner), in: memory), activation: .relu)
        let window = Window(kernel, stride: 1, padding: kernel / 2)
        let shape = Shape(2, size.height, size.width, channels)
        let x = Tensor(generator.floats(shape.elementCount), shape: shape)

        func result(_ x: Tensor, threads: Int) -> [Float] {
            Runtime(threads: threads, tier: .avx512BF16).withWorkspace { ws in
                if let y = ws.invertedResidual(
                    x, expand: expand, depthwise: depthwise, window: window, project: project)
                {
                    return y.floats
                }
                // Too few rows for so many threads: those share channels, and the projection comes on its own.
                guard
                    let y = ws.invertedResidual(
                        x, expand: expand, depthwise: depthwise, window: window, project: nil)
                else { return [] }
                return ws.convolution(
                    y, [project.kernel], window: Window(1), bias: project.bias, activation: project.activation
                ).floats
            }
        }
        let expected = result(x, threads: 1)
        #expect(expected.count == 2 * size.height * size.width * outputs)
        for threads in [2, 5, 40] { #expect(bitDifference(result(x, threads: threads), expected) == nil) }
        let single = (0..<2).flatMap { result(x.rows($0..<$0 + 1), threads: 2) }
        #expect(bitDifference(single, expected) == nil)
    }
}
