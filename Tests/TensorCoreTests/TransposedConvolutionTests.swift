import TensorCore
import TestSupport
import Testing

/// Transposed convolutions against their definition, whether columns of the result are computed together or apart.
@Suite struct TransposedConvolutionTests {
    struct Problem: Sendable, CustomTestStringConvertible {
        var outputs: Int
        var kernel: Int
        var stride: Int
        var padding: Int
        var outputPadding = 0
        var isTogether: Bool
        var channels = 5
        var height = 4
        var width = 3

        var testDescription: String {
            """
            \(height)x\(width)x\(channels) to \(outputs) outputs, kernel \(kernel), stride \(stride), padding \
            \(padding), \(outputPadding) more
            """
        }
    }

    static let problems = [
        Problem(outputs: 3, kernel: 4, stride: 2, padding: 1, isTogether: true),
        Problem(outputs: 8, kernel: 4, stride: 2, padding: 1, isTogether: true),
        Problem(outputs: 9, kernel: 4, stride: 2, padding: 1, isTogether: false),
        Problem(outputs: 70, kernel: 4, stride: 2, padding: 1, isTogether: false),
        // Phases by Winograd's algorithm.
        Problem(outputs: 70, kernel: 4, stride: 2, padding: 1, isTogether: false, channels: 40, height: 9, width: 8),
        // Rows that end within a run of columns, and with one.
        Problem(outputs: 3, kernel: 3, stride: 2, padding: 1, isTogether: false),
        Problem(outputs: 3, kernel: 3, stride: 2, padding: 1, outputPadding: 1, isTogether: true),
        Problem(outputs: 5, kernel: 5, stride: 3, padding: 1, isTogether: true),
        // Columns that meet no tap.
        Problem(outputs: 4, kernel: 2, stride: 3, padding: 0, outputPadding: 1, isTogether: true),
        Problem(outputs: 6, kernel: 2, stride: 3, padding: 0, outputPadding: 1, isTogether: false),
        Problem(outputs: 2, kernel: 3, stride: 1, padding: 1, isTogether: true),
    ]

    private static let batch = 2

    /// Every input value times every tap, added where the tap puts it (PyTorch's `ConvTranspose2d`).
    private func expected(_ p: Problem, _ x: [Float], _ weight: [Float], _ bias: [Float]) -> (Shape, [Double]) {
        func size(_ input: Int) -> Int { (input - 1) * p.stride - 2 * p.padding + p.kernel + p.outputPadding }
        let (rows, columns, channels) = (size(p.height), size(p.width), p.channels)
        var y = [Double](repeating: 0, count: Self.batch * rows * columns * p.outputs)
        for pixel in 0..<Self.batch * rows * columns {
            for output in 0..<p.outputs { y[pixel * p.outputs + output] = Double(bias[output]) }
        }
        for image in 0..<Self.batch {
            for row in 0..<p.height {
                for column in 0..<p.width {
                    for tap in 0..<p.kernel * p.kernel {
                        let down = row * p.stride - p.padding + tap / p.kernel
                        let right = column * p.stride - p.padding + tap % p.kernel
                        guard (0..<rows).contains(down), (0..<columns).contains(right) else { continue }
                        for channel in 0..<channels {
                            let value = x[((image * p.height + row) * p.width + column) * channels + channel]
                            for output in 0..<p.outputs {
                                y[((image * rows + down) * columns + right) * p.outputs + output] +=
                                    Double(value)
                                    * Double(weight[(channel * p.outputs + output) * p.kernel * p.kernel + tap])
                            }
                        }
                    }
                }
            }
        }
        return ([Self.batch, rows, columns, p.outputs], y)
    }

    @Test(arguments: problems)
    func definition(_ problem: Problem) {
        var random = SeededGenerator(seed: 5)
        let taps = problem.kernel * problem.kernel
        let values = random.floats(Self.batch * problem.height * problem.width * problem.channels)
        let weight = random.floats(problem.channels * problem.outputs * taps)
        let bias = random.floats(problem.outputs)
        let x = Tensor(values, shape: [Self.batch, problem.height, problem.width, problem.channels])
        let (shape, sums) = expected(problem, values, weight, bias)
        let reference = Tensor(sums.map { Float(max($0, 0)) }, shape: shape)
        for tier in Tier.supported {
            let memory = WeightMemory()
            func kernel(_ weight: [Float]?) -> TransposedKernel {
                TransposedKernel(
                    weight, channels: problem.channels, outputs: problem.outputs, kernel: problem.kernel,
                    stride: problem.stride, padding: problem.padding, outputPadding: problem.outputPadding, in: memory,
                    tier: tier)
            }
            let whole = kernel(weight)
            #expect((whole.columnsTogether == problem.stride) == problem.isTogether)
            // The same, filled in parts.
            let parts = kernel(nil)
            for first in stride(from: 0, to: problem.outputs, by: 32) {
                let part = first..<min(first + 32, problem.outputs)
                let some = (0..<problem.channels).flatMap { channel in
                    weight[
                        (channel * problem.outputs + part.lowerBound)
                            * taps..<(channel * problem.outputs + part.upperBound) * taps]
                }
                parts.fill(part, from: some, tier: tier)
            }
            for threads in [1, 3] {
                Runtime(threads: threads, tier: tier).withWorkspace { ws in
                    let bias = PackedVector(whole.repeated(bias), in: memory)
                    let y = ws.transposedConvolution(x, whole, bias: bias, activation: .relu)
                    #expect(mismatch(y, reference, tolerance: 1e-6) == nil, "\(tier)")
                    let z = ws.transposedConvolution(x, parts, bias: bias, activation: .relu)
                    #expect(bitDifference(y.floats, z.floats) == nil)
                }
            }
        }
    }
}
