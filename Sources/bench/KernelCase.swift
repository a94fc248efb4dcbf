import TensorCore

/// One kernel at one size, ready to be timed on a runtime.
struct KernelCase: Sendable {
    /// What a run amounts to, by which its speed is given.
    enum Measure: Sendable {
        /// Floating-point operations, a multiply-add counted as two; of a Winograd convolution those of the direct one.
        case operations(Double)
        /// Bytes read and written once.
        case bytes(Double)
        /// Nothing but being run.
        case calls
    }

    /// One run; what it needs was made before.
    enum Run {
        /// In a workspace, whose memory it uses again.
        case workspace((Workspace) -> Void)
        /// Outside of any.
        case runtime((Runtime) -> Void)
    }

    /// The operation, such as `gemm`.
    let operation: String
    /// The sizes, such as `197x768x768`.
    let shape: String
    /// What a run amounts to.
    let measure: Measure
    /// Makes inputs and weights.
    let prepare: @Sendable (Runtime) -> Run

    /// The text that `--filter` is looked for in.
    var title: String { "\(operation) \(shape)" }
}

/// Memory of weights and a fixed sequence of values for a benchmark's arrays.
struct Values {
    let memory = WeightMemory()
    private var state: UInt32 = 1

    /// `count` values between -1 and 1, always the same.
    mutating func floats(_ count: Int) -> [Float] {
        var values: [Float] = []
        values.reserveCapacity(count)
        for _ in 0..<count {
            state = state &* 1_664_525 &+ 1_013_904_223
            values.append(Float(Int32(bitPattern: state)) * 0x1p-31)
        }
        return values
    }

    /// A tensor.
    mutating func tensor(_ shape: Shape) -> Tensor { Tensor(floats(shape.elementCount), shape: shape) }

    /// A vector of weights.
    mutating func vector(_ count: Int) -> PackedVector { PackedVector(floats(count), in: memory) }

    /// A packed weight matrix.
    mutating func matrix(
        outputs: Int, channels: Int, taps: Int = 1, form: PackedMatrix.Form = .plain, tier: Tier
    ) -> PackedMatrix {
        let matrix = PackedMatrix(outputs: outputs, inputs: channels * taps, form: form, in: memory)
        floats(outputs * channels * taps).withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            matrix.fill(row: 0, count: outputs, taps: taps, from: base, dtype: .float32, tier: tier)
        }
        return matrix
    }
}
