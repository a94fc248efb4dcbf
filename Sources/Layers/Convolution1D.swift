public import TensorCore

/// A 1-D convolution along the frames with what follows it: y = activation(norm(x * W + b)), PyTorch's
/// `torch.nn.Conv1d`.
///
/// Tensors: `weight` `[outputs, channels / groups, kernel]`, `bias` `[outputs]`; with weight normalisation over the
/// taps (`torch.nn.utils.parametrizations.weight_norm`, `dim=2`) instead of `weight` either
/// `parametrizations.weight.original0` `[1, 1, kernel]` and `…original1`, or, as PyTorch before 2.0 has it, `weight_g`
/// and `weight_v`. Salimans and Kingma 2016 (arXiv:1602.07868), equation 2.
public struct Convolution1D: Sendable {
    private enum Kernel: Sendable {
        case dense([PackedMatrix])
        case depthwise(PackedVector)
    }

    private let kernel: Kernel
    private let scale: PackedVector?
    private let bias: PackedVector?
    private let window: Window
    private let activation: Activation

    /// Reads the layer.
    ///
    /// - Parameters:
    ///   - channels: of the input.
    ///   - outputs: channels of the result.
    ///   - size: taps of the kernel.
    ///   - stride: frames from one window to the next.
    ///   - padding: frames of zeros before and after the input.
    ///   - groups: parts that channels and outputs are cut into; equal to both for a depthwise convolution.
    ///   - hasBias: whether there is a `bias`.
    ///   - isWeightNormalized: whether the weight is kept as direction and length; it is put together here, in double
    ///     precision.
    ///   - norm: a batch norm of the result.
    ///   - activation: what is applied last.
    ///   - w: the layer's place in the checkpoint.
    public init(
        _ channels: Int, _ outputs: Int, kernel size: Int, stride: Int = 1,
        padding: (before: Int, after: Int) = (0, 0), groups: Int = 1, bias hasBias: Bool = true,
        isWeightNormalized: Bool = false, norm: BatchNorm? = nil, activation: Activation = .none, _ w: Weights
    ) throws(WeightError) {
        let memory = w.loader.memory
        window = Window(
            kernel: (1, size), stride: (1, stride), paddingBefore: (0, padding.before),
            paddingAfter: (0, padding.after))
        var shift: [Float]? = norm?.shift
        if hasBias {
            let values = try w.vector("bias", outputs)
            shift = norm.map { norm in zip(scaled(values, by: norm.scale), norm.shift).map { $0 + $1 } } ?? values
        }
        if groups > 1, groups == channels, outputs == channels, !isWeightNormalized {
            kernel = .depthwise(try w.depthwiseKernel(channels, size: [size]))
        } else {
            let isLine = window == .stridedLine && groups == 1 && Self.winogradPays(channels, outputs, w.loader)
            kernel = .dense(
                isWeightNormalized
                    ? try w.normalizedKernel(outputs: outputs, channels: channels, taps: size, groups: groups)
                    : try w.kernel(
                        outputs: outputs, channels: channels, size: [size], groups: groups,
                        form: isLine ? Self.winogradForm(w.loader) : nil))
        }
        bias = shift.map { PackedVector($0, in: memory) }
        scale = norm.map { PackedVector($0.scale, in: memory) }
        self.activation = activation
    }

    /// Whether a convolution of three taps and stride 2 gains from Winograd's algorithm, whose weights are 5/3 as
    /// large (held as brain floats in place of eight bits, 10/3): with many channels, and not where weights of a
    /// narrower type would have to be widened. A matter of the layer alone, as
    /// ``Convolution/winogradForm(channels:outputs:pixels:_:)``.
    private static func winogradPays(_ channels: Int, _ outputs: Int, _ loader: WeightLoader) -> Bool {
        channels % 32 == 0 && min(channels, outputs) >= 128
            && (loader.form == .plain || loader.tier.multipliesBFloat16)
    }

    private static func winogradForm(_ loader: WeightLoader) -> PackedMatrix.Form {
        loader.form == .plain ? .winogradLine : .winogradLineBFloat16
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, T, channels]`.
    ///   - ws: where it is computed.
    /// - Returns: `[B, T', outputs]`.
    public func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        let input = x.reshaped(to: Shape(x.shape[0], 1, x.shape[1], x.shape[2]))
        let y =
            switch kernel {
            case .dense(let matrices):
                ws.convolution(input, matrices, window: window, scale: scale, bias: bias, activation: activation)
            case .depthwise(let values):
                ws.depthwiseConvolution(
                    input, values, window: window, scale: scale, bias: bias, activation: activation)
            }
        return y.reshaped(to: Shape(y.shape[0], y.shape[-2], y.shape[-1]))
    }
}

extension Weights {
    /// The weight of a depthwise convolution, `[channels, 1]` and the sizes of the kernel, turned to
    /// `[taps, channels]`.
    func depthwiseKernel(_ channels: Int, size: [Int]) throws(WeightError) -> PackedVector {
        let taps = size.reduce(1, *)
        let values = try tensor("weight", shape: [channels, 1] + size).floats
        var turned = [Float](repeating: 0, count: values.count)
        for channel in 0..<channels {
            for tap in 0..<taps { turned[tap * channels + channel] = values[channel * taps + tap] }
        }
        return PackedVector(turned, in: loader.memory)
    }

    /// The weight of a 1-D convolution that is kept as a direction v and for each tap a length g: g v / |v|, the norm
    /// over outputs and channels. One matrix a group.
    func normalizedKernel(
        outputs: Int, channels: Int, taps: Int, groups: Int
    ) throws(WeightError) -> [PackedMatrix] {
        // A checkpoint has the one spelling or the other; one that has both has tensors that nobody takes.
        let isOld = has("weight_g") || has("weight_v")
        let (length, direction) =
            isOld
            ? ("weight_g", "weight_v")
            : ("parametrizations.weight.original0", "parametrizations.weight.original1")
        let g = try tensor(length, shape: [1, 1, taps]).floats
        return try kernel(direction, outputs: outputs, channels: channels, taps: taps, groups: groups) { values in
            var squares = [Double](repeating: 0, count: taps)
            for (index, value) in values.enumerated() { squares[index % taps] += Double(value) * Double(value) }
            let factors = zip(g, squares).map { Double($0) / $1.squareRoot() }
            for index in values.indices { values[index] = Float(Double(values[index]) * factors[index % taps]) }
        }
    }
}
