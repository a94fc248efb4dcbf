public import TensorCore

/// A weight that is used divided by its largest singular value, PyTorch's `torch.nn.utils.spectral_norm` at inference
/// (Miyato et al. 2018, arXiv:1802.05957).
///
/// Tensors: `weight_orig` as the layer has it, and the singular vectors `weight_u` `[outputs]` and `weight_v`
/// `[inputs]` that training left: the singular value is u W v. Sums are divided by it, not the weights.
struct SpectralWeight {
    static let name = "weight_orig"

    /// The values of `weight_orig`.
    let values: [Float]
    /// One over the singular value.
    let factor: Float

    /// Reads the tensors.
    ///
    /// - Parameters:
    ///   - shape: of the weight, its outputs first.
    ///   - w: the layer's place in the checkpoint.
    init(_ shape: [Int], _ w: Weights) throws(WeightError) {
        values = try w.values(Self.name, shape: shape)
        let inputs = shape.dropFirst().reduce(1, *)
        let u = try w.vector("weight_u", shape[0], isBuffer: true)
        let v = try w.vector("weight_v", inputs, isBuffer: true)
        guard !w.loader.plansOnly else {
            factor = 1
            return
        }
        factor = values.withUnsafeBufferPointer { values in
            v.withUnsafeBufferPointer { v in
                var sum = 0.0
                for (output, weight) in u.enumerated() {
                    var row = 0.0
                    for input in 0..<inputs { row += Double(values[output * inputs + input]) * Double(v[input]) }
                    sum += Double(weight) * row
                }
                return Float(1 / sum)
            }
        }
    }
}

extension Linear {
    /// Reads a layer whose weight is divided by its spectral norm.
    ///
    /// - Parameters:
    ///   - inputs: the inputs' width.
    ///   - outputs: the outputs' width.
    ///   - hasBias: whether there is a `bias`.
    ///   - w: the layer's place in the checkpoint.
    public init(spectral inputs: Int, _ outputs: Int, bias hasBias: Bool, _ w: Weights) throws(WeightError) {
        let weight = try SpectralWeight([outputs, inputs], w)
        try self.init(
            weight.values, of: SpectralWeight.name, inputs: inputs,
            scale: [Float](repeating: weight.factor, count: outputs),
            shift: hasBias ? try w.vector("bias", outputs) : [Float](repeating: 0, count: outputs), w)
    }
}

extension Convolution {
    /// Reads a layer of stride 1 whose weight is divided by its spectral norm.
    ///
    /// - Parameters:
    ///   - channels: of the input.
    ///   - outputs: channels of the result, as the checkpoint has them.
    ///   - size: height and width of the kernel.
    ///   - padding: zeros around the input.
    ///   - kept: how many of the outputs are wanted, from the first on; all where left out.
    ///   - hasBias: whether there is a `bias`.
    ///   - gain: a further factor of the products.
    ///   - activation: what is applied last.
    ///   - w: the layer's place in the checkpoint.
    public init(
        spectral channels: Int, _ outputs: Int, kernel size: Int, padding: Int = 0, keeping kept: Int? = nil,
        bias hasBias: Bool = true, gain: Float = 1, activation: Activation = .none, _ w: Weights
    ) throws(WeightError) {
        let weight = try SpectralWeight([outputs, channels, size, size], w)
        let bias = hasBias ? try w.vector("bias", outputs) : [Float](repeating: 0, count: outputs)
        let kept = kept ?? outputs
        try self.init(
            weight.values, of: SpectralWeight.name, channels, kept, kernel: size, padding: padding,
            scale: [Float](repeating: weight.factor * gain, count: kept), shift: Array(bias.prefix(kept)),
            activation: activation, w)
    }
}
