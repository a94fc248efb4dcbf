import CKernels
import TensorCore
import TestSupport
import Testing

/// Gates that come to a 1x1 convolution's input as it is rounded to brain floats: the bits of an input that was
/// multiplied before.
@Suite(.enabled(if: Tier.avx512BF16.isSupported)) struct GatedConvolutionTests {
    @Test(arguments: [1, 16, 24, 31, 32, 33, 480, 1000])
    func bits(channels: Int) {
        for (batch, height, width, outputs) in [(1, 1, 1, 33), (3, 5, 3, 8), (2, 7, 7, 112), (5, 1, 2, 70)] {
            var problem = ConvolutionProblem(
                batch: batch, height: height, width: width, channels: channels, outputs: outputs, kernel: (1, 1))
            problem.hasResidual = true
            var random = SeededGenerator(seed: UInt64(channels))
            let gates = random.floats(batch * channels)
            var multiplied = problem
            let pixels = height * width
            for index in multiplied.input.indices {
                multiplied.input[index] *= gates[index / (pixels * channels) * channels + index % channels]
            }
            let expected = multiplied.output(.CK_AVX512_BF16, .brainFloatDirect)
            let factors = GuardedFloats(gates, offset: 3)
            let failures = problem.withArguments(.brainFloatDirect) { scratch, arguments in
                [1, 2, 5, 64].compactMap { parts -> String? in
                    let output = GuardedFloats(problem.outputFloats, offset: parts)
                    var a = arguments(output.pointer)
                    a.gate = UnsafePointer(factors.pointer)
                    let inScratch = runKernel(
                        .CK_OP_conv2d_run, .CK_AVX512_BF16, a, parts: parts, scratchBytes: scratch)
                    guard inScratch, output.isIntact else { return "\(parts) parts: wrote outside" }
                    return bitDifference(output.values, expected).map { "\(parts) parts: \($0)" }
                }
            }
            #expect(failures == [], "\(problem)")
        }
    }
}
