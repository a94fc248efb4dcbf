public import TensorCore

/// A transposed convolution with what follows it: y = activation(norm(x * W + b)), PyTorch's
/// `torch.nn.ConvTranspose2d`.
///
/// Tensors: `weight` `[channels, outputs, size, size]`, `bias` `[outputs]`. Computed as one ordinary convolution of
/// stride 1 for each phase of the output, so that no zeros are multiplied; on a single pixel as one matrix product.
public struct TransposedConvolution: Sendable {
    private enum Kernel: Sendable {
        case phases(TransposedKernel)
        case point(PackedMatrix, size: Int)
    }

    private let kernel: Kernel
    private let outputs: Int
    private let scale: PackedVector?
    private let bias: PackedVector?
    private let activation: Activation

    /// Reads a layer.
    ///
    /// - Parameters:
    ///   - channels: of the input.
    ///   - outputs: channels of the result.
    ///   - size: height and width of the kernel.
    ///   - stride: rows and columns of the result that an input pixel moves on by.
    ///   - padding: rows and columns cut off each side of the result.
    ///   - outputPadding: rows and columns added at its end.
    ///   - hasBias: whether there is a `bias`.
    ///   - norm: a batch norm of the result.
    ///   - activation: what is applied last.
    ///   - w: the layer's place in the checkpoint.
    public init(
        _ channels: Int, _ outputs: Int, kernel size: Int, stride: Int = 1, padding: Int = 0, outputPadding: Int = 0,
        bias hasBias: Bool = true, norm: BatchNorm? = nil, activation: Activation = .none, _ w: Weights
    ) throws(WeightError) {
        let shape = [channels, outputs, size, size]
        let empty = try Self.kernel(
            of: "weight", channels, outputs, size: size, stride: stride, padding: padding, outputPadding: outputPadding,
            w)
        // A few outputs at a time: a large weight is never held twice.
        let step = max(32, 262_144 / max(channels * size * size, 1) / 32 * 32)
        for first in Swift.stride(from: 0, to: outputs, by: step) {
            let part = first..<min(first + step, outputs)
            let values = try w.values("weight", shape: shape, columns: part)
            if !w.loader.plansOnly { empty.fill(part, from: values, tier: w.loader.tier) }
        }
        kernel = .phases(empty)
        self.outputs = outputs
        scale = norm.map { PackedVector(empty.repeated($0.scale), in: w.loader.memory) }
        bias = Self.shift(hasBias ? try w.vector("bias", outputs) : nil, norm).map {
            PackedVector(empty.repeated($0), in: w.loader.memory)
        }
        self.activation = activation
    }

    /// The kernel without its values.
    private static func kernel(
        of name: String, _ channels: Int, _ outputs: Int, size: Int, stride: Int, padding: Int, outputPadding: Int,
        _ w: Weights
    ) throws(WeightError) -> TransposedKernel {
        let floats = TransposedKernel.floatCount(
            channels: channels, outputs: outputs, kernel: size, stride: stride, padding: padding,
            outputPadding: outputPadding, form: w.loader.form)
        try w.reserve(floats, for: name)
        return TransposedKernel(
            nil, channels: channels, outputs: outputs, kernel: size, stride: stride, padding: padding,
            outputPadding: outputPadding, form: w.loader.form, in: w.loader.memory, tier: w.loader.tier)
    }

    /// Makes a layer of a weight whose values were read.
    ///
    /// - Parameters:
    ///   - values: `[channels, outputs, size, size]`.
    ///   - name: the tensor they are of, for messages.
    ///   - channels: of the input.
    ///   - outputs: channels of the result.
    ///   - size: height and width of the kernel.
    ///   - stride: rows and columns of the result that an input pixel moves on by.
    ///   - padding: rows and columns cut off each side of the result.
    ///   - outputPadding: rows and columns added at its end.
    ///   - bias: a value for each output, before the norm.
    ///   - norm: a batch norm of the result.
    ///   - activation: what is applied last.
    ///   - w: the tensor's place in the checkpoint.
    public init(
        _ values: [Float], of name: String = "weight", _ channels: Int, _ outputs: Int, kernel size: Int,
        stride: Int = 1, padding: Int = 0, outputPadding: Int = 0, bias: [Float]? = nil, norm: BatchNorm? = nil,
        activation: Activation = .none, _ w: Weights
    ) throws(WeightError) {
        let empty = try Self.kernel(
            of: name, channels, outputs, size: size, stride: stride, padding: padding, outputPadding: outputPadding, w)
        if !w.loader.plansOnly { empty.fill(0..<outputs, from: values, tier: w.loader.tier) }
        kernel = .phases(empty)
        self.outputs = outputs
        scale = norm.map { PackedVector(empty.repeated($0.scale), in: w.loader.memory) }
        self.bias = Self.shift(bias, norm).map { PackedVector(empty.repeated($0), in: w.loader.memory) }
        self.activation = activation
    }

    /// Reads a layer without padding whose input is a single pixel.
    ///
    /// - Parameters:
    ///   - channels: of the input.
    ///   - outputs: channels of the result.
    ///   - size: height and width of kernel and result.
    ///   - hasBias: whether there is a `bias`.
    ///   - norm: a batch norm of the result.
    ///   - activation: what is applied last.
    ///   - w: the layer's place in the checkpoint.
    public init(
        point channels: Int, _ outputs: Int, kernel size: Int, bias hasBias: Bool = true, norm: BatchNorm? = nil,
        activation: Activation = .none, _ w: Weights
    ) throws(WeightError) {
        let values = try w.values("weight", shape: [channels, outputs, size, size])
        let taps = size * size
        // Rows of the matrix in the order of the result: pixel by pixel, the channels of each side by side.
        var turned = [Float](repeating: 0, count: w.loader.plansOnly ? 0 : values.count)
        if !w.loader.plansOnly {
            for channel in 0..<channels {
                for output in 0..<outputs {
                    for tap in 0..<taps {
                        turned[(tap * outputs + output) * channels + channel] =
                            values[(channel * outputs + output) * taps + tap]
                    }
                }
            }
        }
        kernel = .point(
            try w.packed(turned, of: "weight", outputs: taps * outputs, inputs: channels), size: size)
        self.outputs = outputs
        func everywhere(_ values: [Float]) -> PackedVector {
            PackedVector([[Float]](repeating: values, count: taps).flatMap(\.self), in: w.loader.memory)
        }
        scale = norm.map { everywhere($0.scale) }
        bias = Self.shift(hasBias ? try w.vector("bias", outputs) : nil, norm).map(everywhere)
        self.activation = activation
    }

    /// What is added to the products that a norm has scaled.
    private static func shift(_ bias: [Float]?, _ norm: BatchNorm?) -> [Float]? {
        guard let norm else { return bias }
        guard let bias else { return norm.shift }
        return zip(scaled(bias, by: norm.scale), norm.shift).map { $0 + $1 }
    }

    /// Applies the layer.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`; `[B, 1, 1, channels]` where the layer was read for a single pixel.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H', W', outputs]`.
    public func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        switch kernel {
        case .phases(let weight):
            return ws.transposedConvolution(x, weight, scale: scale, bias: bias, activation: activation)
        case .point(let weight, let size):
            precondition(x.shape.rank == 4 && x.shape[1] == 1 && x.shape[2] == 1, "\(x.shape) is no single pixel")
            let y = ws.linear(
                x.reshaped(to: Shape(x.shape[0], x.shape[3])), weight, scale: scale, bias: bias, activation: activation)
            return y.reshaped(to: Shape(x.shape[0], size, size, outputs))
        }
    }
}
