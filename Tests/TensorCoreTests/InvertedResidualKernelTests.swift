import CKernels
import TestSupport
import Testing

/// An inverted residual, and its three layers one after the other.
private struct InvertedResidualProblem {
    var batch = 2
    let height: Int
    let width: Int
    let channels: Int
    let inner: Int
    let outputs: Int
    let kernel: Int
    let stride: Int
    var pad: Int
    var dilation = 1
    var form = ck_form.CK_FORM_F32
    var activation = ck_activation.CK_ACT_RELU6
    var expands = true
    var projects = true
    var hasResidual = false

    init(
        _ height: Int, _ width: Int, _ channels: Int, _ inner: Int, _ outputs: Int, kernel: Int = 3, stride: Int = 1,
        pad: Int? = nil
    ) {
        (self.height, self.width, self.channels, self.outputs) = (height, width, channels, outputs)
        (self.inner, self.kernel, self.stride, self.pad) = (inner, kernel, stride, pad ?? kernel / 2)
    }

    private var reach: Int { (kernel - 1) * dilation + 1 }
    private var outHeight: Int { max(0, (height + 2 * pad - reach) / stride + 1) }
    private var outWidth: Int { max(0, (width + 2 * pad - reach) / stride + 1) }
    private var wide: Int { expands ? inner : channels }
    private var count: Int { batch * outHeight * outWidth * (projects ? outputs : wide) }

    private func packed(_ values: [Float], _ n: Int, _ k: Int) -> GuardedFloats {
        let out = GuardedFloats(ck_packed_floats(n, k, form), fill: 0)
        values.withUnsafeBytes { source in
            var pack = ck_pack(
                packed: out.pointer, n: n, k: k, row: 0, rows: n, channels: k, taps: 1, source: source.baseAddress,
                storage: .CK_STORE_F32, scale: nil, form: form)
            ck_pack_weights(.CK_PORTABLE, &pack)
        }
        return out
    }

    /// Runs `body` with the arguments for an output.
    private func withArguments<Result>(
        _ body: ((UnsafeMutablePointer<Float>) -> ck_inverted_residual) -> Result
    ) -> Result {
        var generator = SeededGenerator(seed: 17)
        let x = GuardedFloats(generator.floats(batch * height * width * channels), offset: 3)
        let expand = packed(generator.floats(wide * channels), wide, channels)
        let taps = GuardedFloats(generator.floats(kernel * kernel * wide), offset: 1)
        let project = packed(generator.floats(outputs * wide), outputs, wide)
        let biases = [wide, wide, outputs].map { GuardedFloats(generator.floats($0), offset: 2) }
        let scale = GuardedFloats(generator.floats(wide), offset: 5)
        let residual = GuardedFloats(generator.floats(batch * outHeight * outWidth * outputs), offset: 1)
        return withExtendedLifetime((x, expand, taps, project, biases, scale, residual)) {
            body { output in
                var a = ck_inverted_residual()
                if expands {
                    (a.expand.n, a.expand.k, a.expand.lda) = (inner, channels, channels)
                    (a.expand.a, a.expand.b) = (UnsafePointer(x.pointer), UnsafePointer(expand.pointer))
                    a.expand.form = form
                    a.expand.epilogue.bias = UnsafePointer(biases[0].pointer)
                    a.expand.epilogue.scale = UnsafePointer(scale.pointer)
                    a.expand.epilogue.activation = activation
                }
                (a.depthwise.batch, a.depthwise.in_h, a.depthwise.in_w) = (batch, height, width)
                (a.depthwise.out_h, a.depthwise.out_w, a.depthwise.channels) = (outHeight, outWidth, wide)
                (a.depthwise.kernel_h, a.depthwise.kernel_w) = (kernel, kernel)
                (a.depthwise.stride_h, a.depthwise.stride_w) = (stride, stride)
                (a.depthwise.pad_h, a.depthwise.pad_w) = (pad, pad)
                (a.depthwise.dilation_h, a.depthwise.dilation_w) = (dilation, dilation)
                (a.depthwise.input, a.depthwise.output) = (UnsafePointer(x.pointer), output)
                a.depthwise.weights = UnsafePointer(taps.pointer)
                a.depthwise.bias = UnsafePointer(biases[1].pointer)
                a.depthwise.activation = activation
                if projects {
                    (a.project.n, a.project.k, a.project.ldc) = (outputs, wide, outputs)
                    (a.project.b, a.project.c, a.project.form) = (UnsafePointer(project.pointer), output, form)
                    a.project.epilogue.bias = UnsafePointer(biases[2].pointer)
                    if hasResidual { a.project.epilogue.residual = UnsafePointer(residual.pointer) }
                }
                return a
            }
        }
    }

    /// One layer after the other on a tier.
    private func layers(_ a: ck_inverted_residual, _ tier: ck_tier) -> [Float] {
        var (expand, depthwise, project) = (a.expand, a.depthwise, a.project)
        let expanded = GuardedFloats(batch * height * width * wide)
        let convolved = GuardedFloats(batch * outHeight * outWidth * wide)
        let result = GuardedFloats(batch * outHeight * outWidth * outputs)
        if expands {
            (expand.m, expand.c, expand.ldc) = (batch * height * width, expanded.pointer, wide)
            runKernel(.CK_OP_gemm_run, tier, expand, scratchBytes: ck_gemm_scratch(&expand))
            depthwise.input = UnsafePointer(expanded.pointer)
        }
        depthwise.output = convolved.pointer
        runKernel(.CK_OP_depthwise2d_run, tier, depthwise)
        guard projects else { return convolved.values }
        (project.m, project.a, project.lda) = (batch * outHeight * outWidth, UnsafePointer(convolved.pointer), wide)
        project.c = result.pointer
        runKernel(.CK_OP_gemm_run, tier, project, scratchBytes: ck_gemm_scratch(&project))
        return result.values
    }

    /// What is wrong on the tiers: the bits of one layer after the other are asked for, in any number of parts.
    var failures: [String] {
        withArguments { arguments in
            var failures: [String] = []
            for tier in [ck_tier.CK_PORTABLE, .CK_NEON, .CK_AVX2, .CK_AVX512, .CK_AVX512_BF16]
            where ck_tier_supported(tier) != 0 {
                let expected = layers(arguments(GuardedFloats(count).pointer), tier)
                for parts in [1, 2, 3, 8, 64] {
                    let output = GuardedFloats(count, offset: parts)
                    var a = arguments(output.pointer)
                    let isInScratch = runKernel(
                        .CK_OP_inverted_residual_run, tier, a, parts: parts,
                        scratchBytes: ck_inverted_residual_scratch(&a))
                    let name = "tier \(tier.rawValue), \(parts) parts"
                    if !isInScratch { failures.append("\(name): wrote outside its scratch") }
                    if !output.isIntact { failures.append("\(name): wrote outside its output") }
                    if output.values.contains(where: \.isNaN) { failures.append("\(name): not all of the output") }
                    if let difference = bitDifference(output.values, expected) {
                        failures.append("\(name): \(difference)")
                    }
                }
            }
            return failures
        }
    }
}

@Suite("Inverted residual kernel")
struct InvertedResidualKernelTests {
    @Test("several bands of rows have the bits of three layers", arguments: [(3, 1), (3, 2), (5, 1), (5, 2), (7, 1)])
    func bands(_ kernel: Int, _ stride: Int) {
        // 60 rows of 40 pixels of 70 channels are more than a band holds.
        #expect(InvertedResidualProblem(60, 40, 12, 70, 24, kernel: kernel, stride: stride).failures == [])
        // A row is more than a band holds.
        var wide = InvertedResidualProblem(9, 300, 5, 400, 33, kernel: kernel, stride: stride)
        wide.batch = 1
        #expect(wide.failures == [])
    }

    @Test("without an expansion, without a projection", arguments: [1, 2])
    func missing(_ stride: Int) {
        var first = InvertedResidualProblem(50, 50, 64, 64, 20, stride: stride)
        first.expands = false
        #expect(first.failures == [])
        var gated = InvertedResidualProblem(50, 50, 20, 100, 0, kernel: 5, stride: stride)
        gated.projects = false
        #expect(gated.failures == [])
    }

    @Test("narrower weights, activations, a residual", arguments: [ck_form.CK_FORM_F32, .CK_FORM_BF16, .CK_FORM_I8])
    func forms(_ form: ck_form) {
        for activation in [ck_activation.CK_ACT_NONE, .CK_ACT_RELU, .CK_ACT_HARDSWISH, .CK_ACT_SILU] {
            var problem = InvertedResidualProblem(30, 31, 24, 144, 40)
            (problem.form, problem.activation, problem.hasResidual) = (form, activation, true)
            #expect(problem.failures == [])
        }
    }

    @Test("rows whole pages apart", arguments: [1024, 2048])
    func pages(_ channels: Int) {
        #expect(InvertedResidualProblem(6, 7, 1024, channels, 40).failures == [])
    }

    @Test("windows in the padding, dilation, single pixels, no images")
    func shapes() {
        var dilated = InvertedResidualProblem(40, 33, 17, 90, 20, kernel: 3, pad: 4)
        dilated.dilation = 4
        #expect(dilated.failures == [])
        #expect(InvertedResidualProblem(3, 3, 16, 48, 8, kernel: 3, pad: 5).failures == [])
        #expect(InvertedResidualProblem(40, 40, 16, 96, 8, kernel: 3, stride: 3, pad: 0).failures == [])
        #expect(InvertedResidualProblem(40, 40, 16, 96, 8, kernel: 1, stride: 2).failures == [])
        #expect(InvertedResidualProblem(1, 1, 3, 5, 2).failures == [])
        var none = InvertedResidualProblem(5, 5, 16, 32, 8)
        none.batch = 0
        #expect(none.failures == [])
    }
}
