public import TensorCore

/// A fully connected layer, y = activation((x W^T + b) * scale), PyTorch's `torch.nn.Linear`.
///
/// Tensors: `weight` `[outputs, inputs]`, `bias` `[outputs]`.
public struct Linear: Sendable {
    let weight: PackedMatrix
    let scale: PackedVector?
    let bias: PackedVector?
    let activation: Activation

    /// How the weights are held.
    public var form: PackedMatrix.Form { weight.form }

    /// Reads the layer.
    ///
    /// - Parameters:
    ///   - inputs: the inputs' width.
    ///   - outputs: the outputs' width.
    ///   - hasBias: whether there is a `bias`.
    ///   - activation: what is applied to the result.
    ///   - scale: a factor for each output, such as a layer scale.
    ///   - isConvolution: whether `weight` is that of a 1x1 convolution, `[outputs, inputs, 1, 1]`.
    ///   - w: the layer's place in the checkpoint.
    public init(
        _ inputs: Int, _ outputs: Int, bias hasBias: Bool = true, activation: Activation = .none,
        scale: [Float]? = nil, isConvolution: Bool = false, _ w: Weights
    ) throws(WeightError) {
        weight =
            isConvolution
            ? try w.kernel(outputs: outputs, channels: inputs, size: [1, 1])[0]
            : try w.matrix(outputs: outputs, inputs: inputs)
        self.scale = scale.map { PackedVector($0, in: w.loader.memory) }
        let values = hasBias ? try w.vector("bias", outputs) : scale.map { .init(repeating: 0, count: $0.count) }
        bias = values.map { PackedVector(scaled($0, by: scale), in: w.loader.memory) }
        self.activation = activation
    }

    /// Reads a layer over all pixels of a picture, which the checkpoint counts channel by channel.
    ///
    /// - Parameters:
    ///   - channels: of the picture.
    ///   - size: the picture's.
    ///   - outputs: the outputs' width.
    ///   - activation: what is applied to the result.
    ///   - w: the layer's place in the checkpoint; `weight` is `[outputs, channels * height * width]`.
    public init(
        _ channels: Int, size: (height: Int, width: Int), _ outputs: Int, activation: Activation = .none, _ w: Weights
    ) throws(WeightError) {
        let pixels = size.height * size.width
        weight = try w.matrix("weight", outputs: outputs, channels: channels, pixels: pixels)
        scale = nil
        bias = PackedVector(try w.vector("bias", outputs), in: w.loader.memory)
        self.activation = activation
    }

    /// Reads a layer whose tensors have other names.
    public init(_ inputs: Int, _ outputs: Int, weight weightName: String, bias biasName: String, _ w: Weights)
        throws(WeightError)
    {
        weight = try w.matrix(weightName, outputs: outputs, inputs: inputs)
        scale = nil
        bias = PackedVector(try w.vector(biasName, outputs), in: w.loader.memory)
        activation = .none
    }

    /// Reads a layer whose matrix is held transposed, `[inputs, outputs]`, and that has no bias: y = x M.
    public init(_ inputs: Int, _ outputs: Int, transposed name: String, _ w: Weights) throws(WeightError) {
        weight = try w.matrix(transposed: name, inputs: inputs, outputs: outputs)
        scale = nil
        bias = nil
        activation = .none
    }

    /// Reads one of several layers of the same inputs that are held as one.
    ///
    /// - Parameters:
    ///   - inputs: the inputs' width.
    ///   - rows: the layer's outputs among all.
    ///   - total: the outputs of all layers.
    ///   - weightName: the name of the matrix.
    ///   - biasName: the name of the biases; `nil` where there are none.
    ///   - w: the layers' place in the checkpoint.
    public init(
        _ inputs: Int, rows: Range<Int>, of total: Int, weight weightName: String, bias biasName: String?, _ w: Weights
    ) throws(WeightError) {
        weight = try w.matrix(weightName, rows: rows, of: total, inputs: inputs)
        scale = nil
        bias =
            if let biasName {
                PackedVector(Array(try w.vector(biasName, total)[rows]), in: w.loader.memory)
            } else {
                nil
            }
        activation = .none
    }

    /// Reads a layer whose biases are put together from other tensors than its own.
    ///
    /// - Parameters:
    ///   - inputs: the inputs' width.
    ///   - biases: one for each output.
    ///   - w: the place of the matrix in the checkpoint.
    init(_ inputs: Int, biases: [Float], _ w: Weights) throws(WeightError) {
        weight = try w.matrix(outputs: biases.count, inputs: inputs)
        scale = nil
        bias = PackedVector(biases, in: w.loader.memory)
        activation = .none
    }

    /// Reads several layers of the same inputs as one, their outputs side by side.
    ///
    /// - Parameters:
    ///   - inputs: the inputs' width.
    ///   - parts: the layers, each with its outputs and whether it has a bias; a missing bias counts as zeros where
    ///     another layer has one.
    ///   - activation: what is applied to the result.
    public init(
        _ inputs: Int, sideBySide parts: [(weights: Weights, outputs: Int, bias: Bool)], activation: Activation = .none
    ) throws(WeightError) {
        guard let loader = parts.first?.weights.loader else { preconditionFailure("no layers to put side by side") }
        scale = nil
        weight = try Weights.stacked(parts.map { ($0.weights, "weight", $0.outputs) }, inputs: inputs)
        var values: [Float] = []
        for part in parts {
            values +=
                part.bias ? try part.weights.vector("bias", part.outputs) : .init(repeating: 0, count: part.outputs)
        }
        bias = parts.contains { $0.bias } ? PackedVector(values, in: loader.memory) : nil
        self.activation = activation
    }

    /// The layer of some of the outputs, in the same memory.
    ///
    /// - Precondition: a panel of 32 begins with the first of them.
    func outputs(_ range: Range<Int>) -> Linear { Linear(part: range, of: self) }

    private init(part range: Range<Int>, of whole: Linear) {
        weight = whole.weight.rows(range)
        scale = whole.scale?.part(range)
        bias = whole.bias?.part(range)
        activation = whole.activation
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[..., inputs]`.
    ///   - residual: `[..., outputs]`, added before the activation.
    ///   - ws: where it is computed.
    /// - Returns: `[..., outputs]`.
    public func callAsFunction(_ x: Tensor, residual: Tensor? = nil, _ ws: Workspace) -> Tensor {
        ws.linear(x, weight, scale: scale, bias: bias, activation: activation, residual: residual)
    }
}

/// The values times the factors, one by one.
func scaled(_ values: [Float], by scale: [Float]?) -> [Float] {
    guard let scale else { return values }
    return zip(values, scale).map { $0 * $1 }
}
