public import TensorCore

/// A place in a checkpoint from which layers take their tensors, such as `encoder.layer.3`.
///
/// `w("encoder")("layer")(3)` walks down the names as through folders. A layer's initialiser names its tensors and
/// their shapes, and nothing else does: what is missing, misshapen or left over is an error.
public struct Weights {
    /// The loader that keeps account of what was taken.
    public let loader: WeightLoader
    /// The path so far, without a trailing dot; empty at the root.
    public let path: String

    /// The root of a checkpoint.
    public init(_ loader: WeightLoader) {
        self.init(loader: loader, path: "")
    }

    private init(loader: WeightLoader, path: String) {
        self.loader = loader
        self.path = path
    }

    /// The place `name` below this one; several names may be joined by dots, and an empty one changes nothing.
    public func callAsFunction(_ name: String) -> Weights {
        name.isEmpty ? self : Weights(loader: loader, path: fullName(name))
    }

    /// The element `index` of a list of layers.
    public func callAsFunction(_ index: Int) -> Weights { self(String(index)) }

    func fullName(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

    /// A vector of `count` values, converted to fp32.
    ///
    /// - Parameters:
    ///   - name: the tensor's, below this place.
    ///   - count: the values it must have.
    ///   - isBuffer: whether it is a statistic rather than a parameter.
    public func vector(_ name: String, _ count: Int, isBuffer: Bool = false) throws(WeightError) -> [Float] {
        try loader.values(fullName(name), shape: [count], isBuffer: isBuffer)
    }

    /// A tensor of the given shape, converted to fp32 or rounded to bf16 and held once, such as a table of embeddings.
    public func tensor(_ name: String, shape: [Int], as dtype: DType = .float32) throws(WeightError) -> Tensor {
        try loader.tensor(fullName(name), shape: shape, as: dtype)
    }

    /// The weight of a linear layer, `[outputs, inputs]`.
    public func matrix(_ name: String = "weight", outputs: Int, inputs: Int) throws(WeightError) -> PackedMatrix {
        try Weights.stacked([(self, name, outputs)], inputs: inputs)
    }

    /// Several linear layers' weights, `[outputs, inputs]` each, one below the other as a single matrix.
    public static func stacked(
        _ parts: [(weights: Weights, name: String, outputs: Int)], inputs: Int
    ) throws(WeightError) -> PackedMatrix {
        guard let loader = parts.first?.weights.loader else { preconditionFailure("a stack of no matrices") }
        // Shapes are checked before memory is taken: a configuration may ask for any size, a file holds what it holds.
        var tensors: [TensorInfo] = []
        for part in parts {
            let name = part.weights.fullName(part.name)
            tensors.append(try loader.take(name, shape: [part.outputs, inputs], isMatrix: true))
        }
        let outputs = parts.reduce(0) { $0 + $1.outputs }
        try loader.reserve(
            PackedMatrix.floatCount(outputs: outputs, inputs: inputs, form: loader.form), for: tensors[0])
        let matrix = PackedMatrix(outputs: outputs, inputs: inputs, form: loader.form, in: loader.memory)
        var row = 0
        for (tensor, part) in zip(tensors, parts) {
            loader.pack(tensor, rows: 0..<part.outputs, into: matrix, row: row, taps: 1)
            row += part.outputs
        }
        return matrix
    }

    /// A matrix that a checkpoint holds transposed, `[inputs, outputs]`: y = x M. Meant for projections, whose values
    /// are held twice while they are turned.
    public func matrix(transposed name: String, inputs: Int, outputs: Int) throws(WeightError) -> PackedMatrix {
        let tensor = try loader.take(fullName(name), shape: [inputs, outputs])
        try loader.reserve(PackedMatrix.floatCount(outputs: outputs, inputs: inputs, form: loader.form), for: tensor)
        let matrix = PackedMatrix(outputs: outputs, inputs: inputs, form: loader.form, in: loader.memory)
        guard !loader.plansOnly else { return matrix }
        let values = try loader.values(tensor.name, shape: tensor.shape, isBuffer: false)
        var turned = [Float](repeating: 0, count: values.count)
        for input in 0..<inputs {
            for output in 0..<outputs { turned[output * inputs + input] = values[input * outputs + output] }
        }
        turned.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            matrix.fill(row: 0, count: outputs, taps: 1, from: start, dtype: .float32, tier: loader.tier)
        }
        return matrix
    }

    /// Rows `rows` of a linear layer's weight `[total, inputs]`, as a matrix of its own: one of the projections that a
    /// checkpoint keeps side by side.
    public func matrix(_ name: String, rows: Range<Int>, of total: Int, inputs: Int) throws(WeightError) -> PackedMatrix
    {
        precondition(rows.lowerBound >= 0 && rows.upperBound <= total, "rows \(rows) of \(total)")
        let tensor = try loader.take(fullName(name), shape: [total, inputs], isMatrix: true)
        try loader.reserve(PackedMatrix.floatCount(outputs: rows.count, inputs: inputs, form: loader.form), for: tensor)
        let matrix = PackedMatrix(outputs: rows.count, inputs: inputs, form: loader.form, in: loader.memory)
        loader.pack(tensor, rows: rows, into: matrix, row: 0, taps: 1)
        return matrix
    }

    /// The weight of a linear layer over the pixels of pictures, `[outputs, channels * pixels]`, for inputs whose
    /// channels lie side by side.
    public func matrix(_ name: String, outputs: Int, channels: Int, pixels: Int) throws(WeightError) -> PackedMatrix {
        let tensor = try loader.take(fullName(name), shape: [outputs, channels * pixels], isMatrix: true)
        try loader.reserve(
            PackedMatrix.floatCount(outputs: outputs, inputs: channels * pixels, form: loader.form), for: tensor)
        let matrix = PackedMatrix(outputs: outputs, inputs: channels * pixels, form: loader.form, in: loader.memory)
        loader.pack(tensor, rows: 0..<outputs, into: matrix, row: 0, taps: pixels)
        return matrix
    }

    /// The weight of a convolution, `[outputs, channels / groups, height, width]`: one matrix a group.
    ///
    /// - Parameters:
    ///   - name: the tensor's, below this place.
    ///   - outputs: channels of the result.
    ///   - channels: of the input.
    ///   - size: `[height, width]`, or `[width]` of a 1-D convolution.
    ///   - groups: parts that channels and outputs are cut into.
    ///   - form: `PackedMatrix.Form.winogradBFloat16` is for one group and a 3x3 kernel, `.winogradLine` for one group,
    ///     three taps, `Window.stridedLine` and a multiple of 32 channels; the loader's where left out.
    public func kernel(
        _ name: String = "weight", outputs: Int, channels: Int, size: [Int], groups: Int = 1,
        form: PackedMatrix.Form? = nil
    ) throws(WeightError) -> [PackedMatrix] {
        let form = form ?? loader.form
        let taps = size.reduce(1, *)
        let (groupOutputs, groupChannels) = (outputs / groups, channels / groups)
        let tensor = try loader.take(fullName(name), shape: [outputs, groupChannels] + size, isMatrix: true)
        let inputs = groupChannels * taps
        // All at once: the groups' matrices must lie one after another.
        try loader.reserve(
            PackedMatrix.floatCount(outputs: groupOutputs, inputs: inputs, form: form), times: groups, for: tensor)
        var matrices: [PackedMatrix] = []
        for group in 0..<groups {
            let matrix = PackedMatrix(outputs: groupOutputs, inputs: inputs, form: form, in: loader.memory)
            loader.pack(
                tensor, rows: group * groupOutputs..<(group + 1) * groupOutputs, into: matrix, row: 0, taps: taps)
            matrices.append(matrix)
        }
        return matrices
    }

    /// The weight of a 1-D convolution, `[outputs, channels / groups, taps]`, whose values are changed before they are
    /// packed. Meant for single layers: all values are held while they are changed.
    ///
    /// - Parameters:
    ///   - name: the tensor's, below this place.
    ///   - outputs: channels of the result.
    ///   - channels: of the input.
    ///   - taps: of the kernel.
    ///   - groups: parts that channels and outputs are cut into.
    ///   - change: is given the values in the order of the file.
    /// - Returns: one matrix a group.
    func kernel(
        _ name: String, outputs: Int, channels: Int, taps: Int, groups: Int, changed change: (inout [Float]) -> Void
    ) throws(WeightError) -> [PackedMatrix] {
        let (groupOutputs, inputs) = (outputs / groups, channels / groups * taps)
        let tensor = try loader.take(fullName(name), shape: [outputs, channels / groups, taps])
        // All at once: the groups' matrices must lie one after another.
        try loader.reserve(
            PackedMatrix.floatCount(outputs: groupOutputs, inputs: inputs, form: loader.form), times: groups,
            for: tensor)
        let matrices = (0..<groups).map { _ in
            PackedMatrix(outputs: groupOutputs, inputs: inputs, form: loader.form, in: loader.memory)
        }
        guard !loader.plansOnly else { return matrices }
        var values = try loader.values(tensor.name, shape: tensor.shape, isBuffer: false)
        change(&values)
        values.withUnsafeBufferPointer { values in
            guard let start = values.baseAddress else { return }
            for (group, matrix) in matrices.enumerated() {
                matrix.fill(
                    row: 0, count: groupOutputs, taps: taps, from: start + group * groupOutputs * inputs,
                    dtype: .float32, tier: loader.tier)
            }
        }
        return matrices
    }

    /// Whether the checkpoint has the tensor: for layouts that differ in which tensors there are, never to make up for
    /// a missing one.
    public func has(_ name: String) -> Bool { loader.has(fullName(name)) }
}
