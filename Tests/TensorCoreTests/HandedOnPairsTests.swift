import CKernels
import TensorCore
import TestSupport
import Testing

/// Brain floats that go from layer to layer: what is computed with them has the bits that it has of the same values in
/// fp32, and what is written is that rounded.
@Suite(.enabled(if: Tier.avx512BF16.isSupported)) struct HandedOnPairsTests {
    typealias Method = ConvolutionProblem.Method
    typealias Pairs = ConvolutionProblem.Pairs

    private static let every: [Pairs] = [false, true].flatMap { input in
        [false, true].flatMap { residual in
            [false, true].map { Pairs(input: input, residual: residual, output: $0) }
        }
    }

    /// Fails where a problem's result is not that of fp32 values, rounded where it is to be, or lies elsewhere, too.
    private func expectSameBits(_ given: ConvolutionProblem, _ method: Method) {
        var problem = given
        problem.input = problem.input.map(\.roundedToBrainFloat)
        problem.residual = problem.residual.map(\.roundedToBrainFloat)
        let count = problem.outputFloats
        let whole = problem.output(.CK_AVX512_BF16, method)
        for pairs in Self.every {
            let expected = pairs.output ? whole.map(\.roundedToBrainFloat) : whole
            let failures = problem.withArguments(method, pairs: pairs) { scratch, arguments in
                [1, 2, 5, 64].compactMap { parts -> String? in
                    let output = GuardedFloats(pairs.output ? (count + 1) / 2 : count, offset: parts)
                    let inScratch = runKernel(
                        method.op, .CK_AVX512_BF16, arguments(output.pointer), parts: parts, scratchBytes: scratch)
                    guard inScratch, output.isIntact else { return "\(parts) parts: wrote outside" }
                    let found = pairs.output ? output.values.unpaired(count) : output.values
                    return bitDifference(found, expected).map { "\(parts) parts: \($0)" }
                }
            }
            #expect(failures == [], "\(pairs), \(problem)")
        }
    }

    @Test(arguments: [
        ck_activation.CK_ACT_NONE, .CK_ACT_RELU, .CK_ACT_RELU6, .CK_ACT_HARDSWISH,
    ])
    func products(_ activation: ck_activation) {
        for (channels, outputs, pixels) in [
            (2, 16, 5), (24, 40, 9), (32, 16, 3), (64, 33, 25), (96, 80, 7), (120, 33, 25), (1024, 50, 13),
            (2048, 64, 40),
        ] {
            for hasResidual in [false, true] {
                var problem = ConvolutionProblem(
                    batch: 2, height: 1, width: pixels, channels: channels, outputs: outputs, kernel: (1, 1)
                ) { $0.epilogue.activation = activation }
                (problem.hasResidual, problem.hasScale) = (hasResidual, !hasResidual)
                expectSameBits(problem, .brainFloatDirect)
            }
        }
    }

    @Test(arguments: [(1, 2, 0), (3, 1, 1), (3, 2, 1), (5, 2, 2)])
    func patches(window: (kernel: Int, stride: Int, padding: Int)) {
        for (channels, outputs, size) in [(32, 31, 9), (64, 96, 14), (160, 34, 5)] {
            var problem = ConvolutionProblem(
                batch: 2, height: size, width: size + 1, channels: channels, outputs: outputs,
                kernel: (window.kernel, window.kernel)
            ) {
                ($0.stride_h, $0.stride_w) = (window.stride, window.stride)
                ($0.pad_h, $0.pad_w) = (window.padding, window.padding)
                $0.epilogue.activation = .CK_ACT_RELU
            }
            (problem.hasResidual, problem.hasScale) = (true, true)
            expectSameBits(problem, .brainFloatDirect)
        }
    }

    @Test func winograd() {
        for (channels, outputs, size) in [(32, 33, 7), (64, 64, 8), (96, 160, 5)] {
            for activation in [ck_activation.CK_ACT_NONE, .CK_ACT_RELU, .CK_ACT_SILU] {
                var problem = ConvolutionProblem(
                    batch: 2, height: size, width: size + 3, channels: channels, outputs: outputs, kernel: (3, 3)
                ) { $0.epilogue.activation = activation }
                problem.hasResidual = true
                expectSameBits(problem, .brainFloatWinograd)
            }
        }
    }

    /// A layer's result handed on, parts of a batch of odd size included, is that of fp32 rounded.
    @Test func tensors() {
        var random = SeededGenerator(seed: 4)
        let memory = WeightMemory()
        let matrix = PackedMatrix(outputs: 33, inputs: 64, form: .bfloat16, in: memory)
        random.floats(33 * 64).withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            matrix.fill(row: 0, count: 33, taps: 1, from: start, dtype: .float32, tier: .avx512BF16)
        }
        let x = Tensor(random.floats(3 * 5 * 3 * 64), shape: [3, 5, 3, 64])
        Runtime(threads: 2, tier: .avx512BF16).withWorkspace { ws in
            let whole = ws.convolution(x, [matrix], window: Window(1)).copied()
            let narrow = ws.convolution(x, [matrix], window: Window(1), as: .bfloat16).copied()
            let parts = ws.inParts(x, of: 1) { ws.convolution($0, [matrix], window: Window(1), as: .bfloat16) }
            #expect(narrow.dtype == .bfloat16 && narrow.shape == whole.shape)
            #expect(values(narrow) == whole.floats.map(\.roundedToBrainFloat))
            #expect(parts.dtype == .bfloat16 && values(parts) == values(narrow))
            let pooled = ws.pooled(narrow, .maximum, window: Window(3, stride: 2, padding: 1))
            let reference = ws.pooled(
                Tensor(values(narrow), shape: whole.shape), .maximum, window: Window(3, stride: 2, padding: 1))
            #expect(pooled.dtype == .bfloat16 && values(pooled) == reference.floats)
        }
    }

    /// An inverted residual by bands, whole pictures and, where rows are no pairs, as products of its own; of a block
    /// that expands nothing, only what is added and what comes out.
    @Test(arguments: [(40, 24, true), (20, 14, true), (40, 31, true), (60, 52, false)])
    func invertedResiduals(_ height: Int, _ width: Int, _ expands: Bool) throws {
        let (channels, inner) = (22, expands ? 88 : 22)
        var random = SeededGenerator(seed: 7)
        let memory = WeightMemory()
        func step(_ outputs: Int, _ inputs: Int, _ activation: Activation) -> ConvolutionStep<PackedMatrix> {
            let matrix = PackedMatrix(outputs: outputs, inputs: inputs, form: .bfloat16, in: memory)
            random.floats(outputs * inputs).withUnsafeBytes { bytes in
                guard let start = bytes.baseAddress else { return }
                matrix.fill(row: 0, count: outputs, taps: 1, from: start, dtype: .float32, tier: .avx512BF16)
            }
            let bias = PackedVector(random.floats(outputs), in: memory)
            return ConvolutionStep(matrix, scale: nil, bias: bias, activation: activation)
        }
        let (expand, project) = (expands ? step(inner, channels, .relu6) : nil, step(channels, inner, .none))
        let depthwise = ConvolutionStep(
            PackedVector(random.floats(9 * inner), in: memory), scale: nil,
            bias: PackedVector(random.floats(inner), in: memory), activation: .relu)
        let shape = Shape(4, height, width, channels)
        let x = Tensor(random.floats(shape.elementCount).map(\.roundedToBrainFloat), shape: shape)
        let narrow = x.converted(to: .bfloat16)
        try Runtime(threads: 2, tier: .avx512BF16).withWorkspace { ws in
            func result(_ input: Tensor, plus residual: Tensor?, as dtype: DType) throws -> Tensor {
                try #require(
                    ws.invertedResidual(
                        input, expand: expand, depthwise: depthwise, window: Window(3, padding: 1), project: project,
                        residual: residual, as: dtype)
                ).copied()
            }
            for residual in [nil, x] {
                let whole = try result(x, plus: residual, as: .float32)
                for input in expands ? [x, narrow] : [x] {
                    for added in residual == nil ? [nil] : [x, narrow] {
                        #expect(try result(input, plus: added, as: .float32).floats == whole.floats)
                        let rounded = try result(input, plus: added, as: .bfloat16)
                        #expect(rounded.dtype == .bfloat16)
                        #expect(values(rounded) == whole.floats.map(\.roundedToBrainFloat))
                    }
                }
            }
        }
    }

    private func values(_ tensor: Tensor) -> [Float] {
        tensor.converted(to: .float32).floats
    }
}
