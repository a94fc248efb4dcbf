public import TensorCore

extension Weights {
    /// A small tensor's values, converted to fp32, in the order of the file.
    ///
    /// - Parameters:
    ///   - name: the tensor's, below this place.
    ///   - shape: the dimensions it must have.
    ///   - isBuffer: whether it is a statistic rather than a parameter.
    public func values(_ name: String, shape: [Int], isBuffer: Bool = false) throws(WeightError) -> [Float] {
        try loader.values(fullName(name), shape: shape, isBuffer: isBuffer)
    }

    /// A part of a tensor's values along its second dimension, converted to fp32: `[shape[0], columns, ...]`.
    ///
    /// - Parameters:
    ///   - name: the tensor's, below this place.
    ///   - shape: the dimensions it must have, two or more.
    ///   - columns: which of the second.
    func values(_ name: String, shape: [Int], columns: Range<Int>) throws(WeightError) -> [Float] {
        try loader.values(fullName(name), shape: shape, columns: columns)
    }

    /// Makes sure that there is memory for what a tensor is packed into.
    func reserve(_ floats: Int, for name: String) throws(WeightError) {
        let name = fullName(name)
        guard let info = loader.source.info(name) else {
            throw .missing(location: loader.source.location, tensor: name, expected: [])
        }
        try loader.reserve(floats, for: info)
    }

    /// Values as a matrix for products or convolutions.
    ///
    /// - Parameters:
    ///   - values: `[outputs, inputs / taps, taps]`, of which the first `outputs` rows count.
    ///   - name: the tensor they are of, for messages.
    ///   - outputs: rows of the matrix.
    ///   - inputs: its columns.
    ///   - taps: values of a channel that lie side by side.
    ///   - form: how it is laid out; as the loader says where left out.
    func packed(
        _ values: [Float], of name: String, outputs: Int, inputs: Int, taps: Int = 1, form: PackedMatrix.Form? = nil
    ) throws(WeightError) -> PackedMatrix {
        let form = form ?? loader.form
        try reserve(PackedMatrix.floatCount(outputs: outputs, inputs: inputs, form: form), for: name)
        let matrix = PackedMatrix(outputs: outputs, inputs: inputs, form: form, in: loader.memory)
        guard !loader.plansOnly else { return matrix }
        values.withUnsafeBytes { bytes in
            guard let start = bytes.baseAddress else { return }
            matrix.fill(row: 0, count: outputs, taps: taps, from: start, dtype: .float32, tier: loader.tier)
        }
        return matrix
    }
}

extension Linear {
    /// Makes a layer of a matrix whose values were read: y = activation(x W^T * scale + shift).
    ///
    /// - Parameters:
    ///   - values: `[outputs, inputs]`.
    ///   - name: the tensor they are of, for messages.
    ///   - inputs: the inputs' width.
    ///   - scale: a factor for each output; `nil` counts as ones.
    ///   - shift: a value for each output.
    ///   - activation: what is applied to the result.
    ///   - w: the tensor's place in the checkpoint.
    public init(
        _ values: [Float], of name: String, inputs: Int, scale: [Float]?, shift: [Float],
        activation: Activation = .none, _ w: Weights
    ) throws(WeightError) {
        weight = try w.packed(values, of: name, outputs: shift.count, inputs: inputs)
        self.scale = scale.map { PackedVector($0, in: w.loader.memory) }
        bias = PackedVector(shift, in: w.loader.memory)
        self.activation = activation
    }

    /// Reads a layer whose matrix and biases a checkpoint keeps for factors to come: y = activation(x W^T * gain + b *
    /// biasGain), the equalised learning rate of Karras et al. 2017 (arXiv:1710.10196, section 4.1).
    ///
    /// - Parameters:
    ///   - inputs: the inputs' width.
    ///   - outputs: the outputs' width.
    ///   - gain: the products' factor.
    ///   - biasGain: the biases' factor.
    ///   - activation: what is applied to the result.
    ///   - w: the layer's place in the checkpoint.
    public init(
        _ inputs: Int, _ outputs: Int, gain: Float, biasGain: Float, activation: Activation = .none, _ w: Weights
    ) throws(WeightError) {
        weight = try w.matrix(outputs: outputs, inputs: inputs)
        scale = PackedVector([Float](repeating: gain, count: outputs), in: w.loader.memory)
        bias = PackedVector(try w.vector("bias", outputs).map { $0 * biasGain }, in: w.loader.memory)
        self.activation = activation
    }
}

extension Convolution {
    /// Makes a layer of a weight whose values were read, of stride 1: y = activation(x * W * scale + shift + residual).
    ///
    /// - Parameters:
    ///   - values: `[outputs, channels, size, size]`, of which the first `outputs` count.
    ///   - name: the tensor they are of, for messages.
    ///   - channels: of the input.
    ///   - outputs: channels of the result.
    ///   - size: height and width of the kernel.
    ///   - padding: zeros around the input.
    ///   - scale: a factor for each output; needs a shift.
    ///   - shift: a value for each output; `nil` counts as zeros.
    ///   - activation: what is applied last.
    ///   - w: the tensor's place in the checkpoint.
    public init(
        _ values: [Float], of name: String, _ channels: Int, _ outputs: Int, kernel size: Int, padding: Int,
        scale: [Float]? = nil, shift: [Float]? = nil, activation: Activation = .none, _ w: Weights
    ) throws(WeightError) {
        kernel = .dense([
            try w.packed(
                values, of: name, outputs: outputs, inputs: channels * size * size, taps: size * size,
                form: size == 3 ? Self.winogradForm(channels: channels, outputs: outputs, w.loader) : nil)
        ])
        self.scale = scale.map { PackedVector($0, in: w.loader.memory) }
        bias = shift.map { PackedVector($0, in: w.loader.memory) }
        window = Window(size, padding: padding)
        self.padding = .symmetric(padding)
        self.activation = activation
    }
}
