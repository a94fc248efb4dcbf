import CKernels

/// A weight matrix of `outputs` x `inputs` in the form the matrix product reads: panels of 32 outputs, input by input.
///
/// Filled row by row from a checkpoint, once; immutable from then on.
public struct PackedMatrix: Sendable {
    /// Rows: the features that come out.
    public let outputs: Int
    /// Columns: the values that one output is summed over.
    public let inputs: Int
    let memory: WeightMemory
    nonisolated(unsafe) let pointer: UnsafeMutablePointer<Float>

    /// The matrix of some of the outputs, in the same memory.
    ///
    /// - Precondition: a panel of 32 begins with the first of them.
    public func rows(_ range: Range<Int>) -> PackedMatrix {
        precondition(range.lowerBound % 32 == 0 && range.lowerBound >= 0 && range.upperBound <= outputs)
        precondition(!form.isWinograd, "rows of transformed kernels")
        let start = Self.floatCount(outputs: range.lowerBound, inputs: inputs, form: form)
        return PackedMatrix(
            outputs: range.count, inputs: inputs, memory: memory, pointer: pointer + start, form: form)
    }

    /// How a matrix is laid out.
    public enum Form: Sendable {
        /// For plain products and convolutions, direct or by Winograd's F(4x4, 3x3).
        case plain
        /// For a 3x3 convolution by Winograd's F(2x2, 3x3) in brain floats: sixteen matrices of `outputs` x
        /// (`inputs` / 9).
        case winogradBFloat16
        /// For a 1-D convolution of three taps and stride 2 by Winograd's F(2, 2): `outputs` x (5/3 `inputs`).
        case winogradLine
        /// As ``winogradLine``, in brain floats.
        case winogradLineBFloat16
        /// As ``plain``, in brain floats.
        case bfloat16
        /// As ``plain``, in eight bits with a scale for each output.
        case int8

        /// Whether the matrices are those of a transformed kernel.
        public var isWinograd: Bool {
            switch self {
            case .winogradBFloat16, .winogradLine, .winogradLineBFloat16: true
            case .plain, .bfloat16, .int8: false
            }
        }

        var kernelForm: ck_form {
            switch self {
            case .plain, .winogradLine: .CK_FORM_F32
            case .bfloat16, .winogradBFloat16, .winogradLineBFloat16: .CK_FORM_BF16
            case .int8: .CK_FORM_I8
            }
        }
    }
    /// How it is laid out.
    public let form: Form

    /// Reserves an empty matrix in `memory`.
    public init(outputs: Int, inputs: Int, form: Form = .plain, in memory: WeightMemory) {
        self.outputs = outputs
        self.inputs = inputs
        self.form = form
        self.memory = memory
        pointer = memory.floats(Self.floatCount(outputs: outputs, inputs: inputs, form: form))
    }

    private init(
        outputs: Int, inputs: Int, memory: WeightMemory, pointer: UnsafeMutablePointer<Float>, form: Form
    ) {
        self.outputs = outputs
        self.inputs = inputs
        self.memory = memory
        self.pointer = pointer
        self.form = form
    }

    /// Room in floats that a matrix takes in a form.
    public static func floatCount(outputs: Int, inputs: Int, form: Form = .plain) -> Int {
        switch form {
        case .plain, .bfloat16, .int8: Int(ck_packed_floats(outputs, inputs, form.kernelForm))
        case .winogradBFloat16: Int(ck_winograd_packed_floats(outputs, inputs / 9))
        case .winogradLine, .winogradLineBFloat16:
            Int(ck_winograd_line_packed_floats(outputs, inputs / 3, form.kernelForm))
        }
    }

    /// A row of a matrix in fp32, in the order of its columns: taps, then channels.
    ///
    /// - Precondition: ``Form/plain``.
    public func row(_ index: Int) -> [Float] {
        precondition(form == .plain && (0..<outputs).contains(index), "row \(index) of \(outputs), \(form)")
        let panel = pointer + index / 32 * 32 * inputs + index % 32
        return (0..<inputs).map { panel[32 * $0] }
    }

    /// Bytes it takes.
    public var byteCount: Int { Self.floatCount(outputs: outputs, inputs: inputs, form: form) * 4 }

    /// Writes rows `row ..< row + count` from `[count][channels][taps]` values (`channels * taps == inputs`).
    ///
    /// Different rows may be written by different threads, provided that no two share a panel of 32.
    ///
    /// - Parameters:
    ///   - row: the first row to write.
    ///   - count: how many.
    ///   - taps: values of a channel that lie side by side; 1 for a plain matrix.
    ///   - source: the first of `count * channels * taps` values.
    ///   - dtype: their type, one of weights.
    ///   - tier: whose kernel converts them.
    ///   - factors: one for each of the rows, by which its values are multiplied; `nil` counts as ones.
    public func fill(
        row: Int, count: Int, taps: Int, from source: UnsafeRawPointer, dtype: DType, tier: Tier,
        factors: UnsafePointer<Float>? = nil
    ) {
        precondition(row >= 0 && count >= 0 && row + count <= outputs, "rows \(row)..<\(row + count) of \(outputs)")
        precondition(taps > 0 && inputs % taps == 0, "\(inputs) inputs in \(taps) taps")
        guard dtype.hasKernel else {
            return withUnsafeTemporaryAllocation(of: Float.self, capacity: max(count * inputs, 1)) { floats in
                guard let start = floats.baseAddress else { return }
                convertToFloat(source, dtype: dtype, count: count * inputs, into: start, tier: tier)
                fill(
                    row: row, count: count, taps: taps, from: start, dtype: .float32, tier: tier, factors: factors)
            }
        }
        var arguments = ck_pack(
            packed: pointer, n: outputs, k: inputs, row: row, rows: count, channels: inputs / taps, taps: taps,
            source: source, storage: dtype.kernelStorage, scale: factors, form: form.kernelForm)
        switch form {
        case .plain, .bfloat16, .int8: ck_pack_weights(tier.kernelTier, &arguments)
        case .winogradBFloat16: ck_winograd_pack(tier.kernelTier, &arguments)
        case .winogradLine, .winogradLineBFloat16: ck_winograd_line_pack(tier.kernelTier, &arguments)
        }
    }
}

/// A vector of weights in memory that kernels may read a whole panel of.
public struct PackedVector: Sendable {
    /// Number of values.
    public let count: Int
    private nonisolated(unsafe) let owner: AnyObject  // of the memory
    nonisolated(unsafe) let pointer: UnsafeMutablePointer<Float>

    /// Copies values into `memory`, followed by zeros up to a whole panel of 32.
    public init(_ values: [Float], in memory: WeightMemory) {
        count = values.count
        owner = memory
        pointer = memory.vectorFloats((values.count + 31) / 32 * 32)
        // The memory is zeros: writing more of them would only take pages, for weights that are planned and not read.
        for (index, value) in values.enumerated() where value.bitPattern != 0 { pointer[index] = value }
    }

    /// Some of the values, in the same memory.
    ///
    /// - Precondition: a panel of 32 begins with the first of them.
    public func part(_ range: Range<Int>) -> PackedVector {
        precondition(range.lowerBound % 32 == 0 && range.lowerBound >= 0 && range.upperBound <= count)
        return PackedVector(count: range.count, owner: owner, pointer: pointer + range.lowerBound)
    }

    /// Values that a pass has computed, where they are.
    public init(_ values: Tensor) {
        self.init(count: values.count, owner: values.storage, pointer: values.mutableFloatPointer)
    }

    private init(count: Int, owner: AnyObject, pointer: UnsafeMutablePointer<Float>) {
        self.count = count
        self.owner = owner
        self.pointer = pointer
    }

    /// The values.
    public var values: [Float] { Array(UnsafeBufferPointer(start: pointer, count: count)) }
}

extension DType {
    /// Whether weights of this type can be converted to fp32: the floats.
    public var isFloatingWeight: Bool {
        switch self {
        case .float64, .float32, .float16, .bfloat16, .float8e4m3, .float8e5m2, .float8e4m3fnuz, .float8e5m2fnuz,
            .float8e8m0:
            true
        case .bool, .uint8, .int8, .uint16, .int16, .uint32, .int32, .uint64, .int64: false
        }
    }

    /// Whether kernels read values of this type; others are converted to fp32 first.
    var hasKernel: Bool { self == .float32 || self == .float16 || self == .bfloat16 || self == .int8 }

    var kernelStorage: ck_storage {
        switch self {
        case .float32: .CK_STORE_F32
        case .float16: .CK_STORE_F16
        case .bfloat16: .CK_STORE_BF16
        case .int8: .CK_STORE_I8
        default: preconditionFailure("kernels do not read \(rawValue)")
        }
    }
}

/// Converts `count` stored values of any alignment to fp32: exactly, except that fp64 is rounded to the nearest, ties
/// to even.
///
/// - Parameters:
///   - source: the first value.
///   - dtype: the values' type.
///   - count: how many there are.
///   - target: where the fp32 values go.
///   - tier: whose kernel converts them, where there is one.
/// - Precondition: `dtype` is one of weights.
public func convertToFloat(
    _ source: UnsafeRawPointer, dtype: DType, count: Int, into target: UnsafeMutablePointer<Float>, tier: Tier
) {
    if dtype.hasKernel {
        ck_to_float(tier.kernelTier, target, source, dtype.kernelStorage, count)
    } else if dtype == .float64 {
        for index in 0..<count {
            target[index] = Float(source.loadUnaligned(fromByteOffset: 8 * index, as: Double.self))
        }
    } else {
        guard let table = SmallFloats.table(dtype) else {
            preconditionFailure("\(dtype.rawValue) is not a type of weights")
        }
        let codes = source.assumingMemoryBound(to: UInt8.self)
        for index in 0..<count { target[index] = table[Int(codes[index])] }
    }
}
