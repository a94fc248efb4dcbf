/// The weight of a transposed convolution, cut into the ordinary convolutions it consists of.
///
/// With stride s, output pixel (y, x) only meets the taps i with (y + padding - i) divisible by s: the outputs of one
/// residue are an ordinary convolution of stride 1 with every s-th tap in reverse order.
public struct TransposedKernel: Sendable {
    struct Phase: Sendable {
        let row: Int
        let column: Int
        let kernelHeight: Int
        let kernelWidth: Int
        let paddingHeight: Int
        let paddingWidth: Int
        let matrix: PackedMatrix
    }

    let channels: Int
    let outputs: Int
    let kernel: Int
    let stride: Int
    let padding: Int
    let outputPadding: Int
    let phases: [Phase]

    /// Cuts and packs a weight.
    ///
    /// - Parameters:
    ///   - weight: `[channels, outputs, kernel, kernel]` in PyTorch's order; `nil` where sizes are only counted.
    ///   - channels: of the input.
    ///   - outputs: channels of the result.
    ///   - kernel: height and width of the kernel.
    ///   - stride: rows and columns of the result that an input pixel moves on by.
    ///   - padding: rows and columns cut off each side of the result.
    ///   - outputPadding: rows and columns added at its end.
    ///   - form: how the matrices are laid out.
    ///   - memory: where the packed form goes.
    ///   - tier: whose kernel packs it.
    /// - Precondition: as many values as the sizes say; stride and kernel at least 1.
    public init(
        _ weight: [Float]?, channels: Int, outputs: Int, kernel: Int, stride: Int, padding: Int, outputPadding: Int = 0,
        form: PackedMatrix.Form = .plain, in memory: WeightMemory, tier: Tier
    ) {
        precondition(
            (weight.map { $0.count == channels * outputs * kernel * kernel } ?? true) && stride > 0 && kernel > 0,
            "transposed kernel")
        self.channels = channels
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.outputPadding = outputPadding
        var phases: [Phase] = []
        for row in 0..<stride {
            for column in 0..<stride {
                let rowTaps = Self.taps(of: row, kernel: kernel, stride: stride, padding: padding)
                let columnTaps = Self.taps(of: column, kernel: kernel, stride: stride, padding: padding)
                let taps = rowTaps.taps.count * columnTaps.taps.count
                // A phase that meets no tap still has a bias to write: one tap of zeros.
                let matrix = PackedMatrix(outputs: outputs, inputs: channels * max(taps, 1), form: form, in: memory)
                if let weight {
                    var values = [Float](repeating: 0, count: outputs * channels * max(taps, 1))
                    for output in 0..<outputs {
                        for channel in 0..<channels {
                            for (i, tapRow) in rowTaps.taps.enumerated() {
                                for (j, tapColumn) in columnTaps.taps.enumerated() {
                                    values[(output * channels + channel) * taps + i * columnTaps.taps.count + j] =
                                        weight[((channel * outputs + output) * kernel + tapRow) * kernel + tapColumn]
                                }
                            }
                        }
                    }
                    values.withUnsafeBytes { bytes in
                        guard let base = bytes.baseAddress else { return }
                        matrix.fill(row: 0, count: outputs, taps: max(taps, 1), from: base, dtype: .float32, tier: tier)
                    }
                }
                phases.append(
                    Phase(
                        row: row, column: column, kernelHeight: taps == 0 ? 1 : rowTaps.taps.count,
                        kernelWidth: taps == 0 ? 1 : columnTaps.taps.count,
                        paddingHeight: taps == 0 ? 0 : rowTaps.padding,
                        paddingWidth: taps == 0 ? 0 : columnTaps.padding, matrix: matrix))
            }
        }
        self.phases = phases
    }

    /// Room in floats that the phases' matrices take.
    public static func floatCount(
        channels: Int, outputs: Int, kernel: Int, stride: Int, padding: Int, form: PackedMatrix.Form = .plain
    ) -> Int {
        let taps = (0..<stride).map { Self.taps(of: $0, kernel: kernel, stride: stride, padding: padding).taps.count }
        return taps.reduce(0) { sum, rows in
            taps.reduce(sum) {
                $0 + PackedMatrix.floatCount(outputs: outputs, inputs: channels * max(rows * $1, 1), form: form)
            }
        }
    }

    /// The taps that outputs of residue `phase` meet, in the order of the input pixels they read, and the padding that
    /// puts the first of them where it belongs: output phase + stride * n reads input n + (phase + padding -
    /// tap)/stride.
    private static func taps(of phase: Int, kernel: Int, stride: Int, padding: Int) -> (taps: [Int], padding: Int) {
        let taps = (0..<kernel).filter { (phase + padding - $0) % stride == 0 }.reversed()
        guard let first = taps.first else { return ([], 0) }
        return (Array(taps), -((phase + padding - first) / stride))
    }

    func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
        (
            max(0, (height - 1) * stride - 2 * padding + kernel + outputPadding),
            max(0, (width - 1) * stride - 2 * padding + kernel + outputPadding)
        )
    }
}
