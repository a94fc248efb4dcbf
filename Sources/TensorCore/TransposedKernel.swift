/// The weight of a transposed convolution, cut into the ordinary convolutions it consists of.
///
/// With stride s, output pixel (y, x) only meets the taps i with (y + padding - i) divisible by s: the outputs of one
/// residue are an ordinary convolution of stride 1 with every s-th tap in reverse order.
public struct TransposedKernel: Sendable {
    /// An ordinary convolution for every s-th row, and for every s-th column or for all.
    struct Phase: Sendable {
        let cut: Cut
        let matrix: PackedMatrix
    }
    /// Where a phase's results go, from `row` and `column` on, and what it reads.
    struct Cut: Sendable {
        var row: Int
        var column: Int
        var kernelHeight: Int
        var kernelWidth: Int
        var paddingHeight: Int
        var paddingWidth: Int
        /// The taps of the transposed kernel that it meets, and where they lie in its own.
        var taps: [Tap]
    }
    /// Row `row` and column `column` of the transposed kernel, for the outputs of a column of those computed together.
    struct Tap: Sendable {
        let row: Int
        let column: Int
        let place: Int
        let outputColumn: Int
    }

    let channels: Int
    let outputs: Int
    let kernel: Int
    let stride: Int
    let padding: Int
    let outputPadding: Int
    let phases: [Phase]
    /// How many neighbouring columns of the result are computed together, as outputs of one convolution: all phases of
    /// a row where their outputs fill no more than a vector, which then are as much work as those of one.
    public let columnsTogether: Int

    /// Cuts and packs a weight.
    ///
    /// - Parameters:
    ///   - weight: `[channels, outputs, kernel, kernel]` in PyTorch's order; `nil` where sizes are only counted, or the
    ///     outputs are filled in later.
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
        precondition(stride > 0 && kernel > 0, "transposed kernel")
        self.channels = channels
        self.outputs = outputs
        self.kernel = kernel
        self.stride = stride
        self.padding = padding
        self.outputPadding = outputPadding
        let together = Self.columnsTogether(outputs, kernel, stride, padding, outputPadding)
        columnsTogether = together
        phases = Self.cuts(kernel: kernel, stride: stride, padding: padding, columnsTogether: together).map { cut in
            let inputs = channels * cut.kernelHeight * cut.kernelWidth
            return Phase(
                cut: cut, matrix: PackedMatrix(outputs: outputs * together, inputs: inputs, form: form, in: memory))
        }
        if let weight { fill(0..<outputs, from: weight, tier: tier) }
    }

    /// Packs the weights of some of the outputs.
    ///
    /// - Parameters:
    ///   - range: which; runs of 32, from a multiple of 32 on, or the last ones.
    ///   - weight: `[channels, range, kernel, kernel]`.
    ///   - tier: whose kernel packs them.
    /// - Precondition: as many values as the sizes say; all outputs where columns are computed together.
    public func fill(_ range: Range<Int>, from weight: [Float], tier: Tier) {
        precondition(weight.count == channels * range.count * kernel * kernel, "transposed kernel")
        precondition(columnsTogether == 1 || range == 0..<outputs, "outputs \(range) of \(outputs)")
        for phase in phases {
            let size = phase.cut.kernelHeight * phase.cut.kernelWidth
            let rows = range.count * columnsTogether
            // Taps that a phase does not meet are zeros: one that meets none has a bias to write.
            var values = [Float](repeating: 0, count: rows * channels * size)
            for tap in phase.cut.taps {
                for output in 0..<range.count {
                    let row = tap.outputColumn * outputs + output
                    for channel in 0..<channels {
                        values[(row * channels + channel) * size + tap.place] =
                            weight[((channel * range.count + output) * kernel + tap.row) * kernel + tap.column]
                    }
                }
            }
            values.withUnsafeBytes { bytes in
                guard let base = bytes.baseAddress else { return }
                phase.matrix.fill(
                    row: range.lowerBound, count: rows, taps: size, from: base, dtype: .float32, tier: tier)
            }
        }
    }

    /// A value for each output, such as a bias, as often as columns are computed together: what
    /// ``Workspace/transposedConvolution(_:_:scale:bias:activation:)`` is given.
    public func repeated(_ values: [Float]) -> [Float] {
        precondition(values.count == outputs, "\(values.count) values for \(outputs) outputs")
        return (0..<columnsTogether).flatMap { _ in values }
    }

    /// Room in floats that the phases' matrices take.
    public static func floatCount(
        channels: Int, outputs: Int, kernel: Int, stride: Int, padding: Int, outputPadding: Int = 0,
        form: PackedMatrix.Form = .plain
    ) -> Int {
        let together = columnsTogether(outputs, kernel, stride, padding, outputPadding)
        return cuts(kernel: kernel, stride: stride, padding: padding, columnsTogether: together).reduce(0) {
            $0
                + PackedMatrix.floatCount(
                    outputs: outputs * together, inputs: channels * $1.kernelHeight * $1.kernelWidth, form: form)
        }
    }

    private static func columnsTogether(
        _ outputs: Int, _ kernel: Int, _ stride: Int, _ padding: Int, _ outputPadding: Int
    ) -> Int {
        // Rows must end with a whole run of them.
        let isWhole = (kernel - 2 * padding + outputPadding) % stride == 0
        return isWhole && outputs * stride <= 16 ? stride : 1
    }

    private static func cuts(kernel: Int, stride: Int, padding: Int, columnsTogether: Int) -> [Cut] {
        (0..<stride).flatMap { row in
            Swift.stride(from: 0, to: stride, by: columnsTogether).map { column in
                let rows = reads(row..<row + 1, kernel, stride, padding)
                let columns = reads(column..<column + columnsTogether, kernel, stride, padding)
                let taps = rows.reads.flatMap { vertical in
                    columns.reads.map { horizontal in
                        Tap(
                            row: vertical.tap, column: horizontal.tap,
                            place: vertical.place * columns.size + horizontal.place,
                            outputColumn: horizontal.output)
                    }
                }
                return Cut(
                    row: row, column: column, kernelHeight: rows.size, kernelWidth: columns.size,
                    paddingHeight: rows.padding, paddingWidth: columns.padding, taps: taps)
            }
        }
    }

    /// The taps that outputs of the given residues meet, each with its place among the input pixels that the outputs
    /// read, how many these are, and the padding that puts the first of them where it belongs: output phase + stride *
    /// n reads input n + (phase + padding - tap) / stride. Where no tap is met, one pixel is read.
    private static func reads(
        _ phases: Range<Int>, _ kernel: Int, _ stride: Int, _ padding: Int
    ) -> (reads: [(output: Int, tap: Int, place: Int)], size: Int, padding: Int) {
        let met = phases.flatMap { phase in
            (0..<kernel).filter { (phase + padding - $0) % stride == 0 }.map { tap in
                (output: phase - phases.lowerBound, tap: tap, place: (phase + padding - tap) / stride)
            }
        }
        let places = met.map(\.place)
        guard let first = places.min(), let last = places.max() else { return ([], 1, 0) }
        return (met.map { ($0.output, $0.tap, $0.place - first) }, last - first + 1, -first)
    }

    func outputSize(height: Int, width: Int) -> (height: Int, width: Int) {
        (
            max(0, (height - 1) * stride - 2 * padding + kernel + outputPadding),
            max(0, (width - 1) * stride - 2 * padding + kernel + outputPadding)
        )
    }
}
