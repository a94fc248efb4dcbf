public import TensorCore

/// A convolution of a signal of one channel, every output of which is normalised over its frames:
/// y = activation(norm(x * W)), PyTorch's `torch.nn.Conv1d` and a `torch.nn.GroupNorm` of as many groups as channels.
///
/// An output is a sum of a few samples. Its mean and its variance follow from the samples' means and covariances, so
/// that both are known before anything is convolved and the outputs are written once. What would be added to an output
/// (the convolution's bias) the norm takes away again.
///
/// Tensors: `weight` `[outputs, 1, kernel]`, `bias` `[outputs]` of the convolution; `weight`, `bias` `[outputs]` of the
/// norm.
public struct NormalizedSignalConvolution: Sendable {
    private let matrix: [PackedMatrix]
    private let gamma: [Float]
    private let beta: [Float]
    private let epsilon: Double
    private let kernel: Int
    private let stride: Int
    private let activation: Activation

    /// Reads the layer.
    ///
    /// - Parameters:
    ///   - outputs: channels of the result.
    ///   - kernel: taps.
    ///   - stride: samples from one window to the next.
    ///   - hasBias: whether the convolution has a `bias`.
    ///   - epsilon: added to the variance.
    ///   - activation: what is applied last.
    ///   - w: the convolution's place in the checkpoint.
    ///   - norm: the norm's.
    public init(
        _ outputs: Int, kernel: Int, stride: Int, bias hasBias: Bool, epsilon: Double, activation: Activation,
        _ w: Weights, norm: Weights
    ) throws(WeightError) {
        // In fp32 whatever type the model is held in: the statistics are those of the weights that are used.
        matrix = try w.kernel(outputs: outputs, channels: 1, size: [kernel], form: .plain)
        if hasBias { _ = try w.vector("bias", outputs) }
        gamma = try norm.vector("weight", outputs)
        beta = try norm.vector("bias", outputs)
        (self.kernel, self.stride, self.epsilon, self.activation) = (kernel, stride, epsilon, activation)
    }

    /// What the outputs of a signal are multiplied by, and what is added to them.
    public struct Normalization {
        fileprivate let scale: PackedVector
        fileprivate let shift: PackedVector
    }

    /// What normalises a signal's outputs.
    ///
    /// - Parameters:
    ///   - signal: `[T]` samples, of any shape.
    ///   - ws: where it is computed.
    public func normalization(of signal: Tensor, _ ws: Workspace) -> Normalization {
        let moments = ws.patchMoments(signal, kernel: kernel, stride: stride)
        let vectors = ws.computed(Shape(2, gamma.count)) { vectors in
            for output in gamma.indices {
                let (mean, variance) = moments.ofSum(matrix[0].row(output))
                let scale = Double(gamma[output]) / (variance + epsilon).squareRoot()
                vectors[output] = Float(scale)
                vectors[gamma.count + output] = Float(Double(beta[output]) - mean * scale)
            }
        }
        return Normalization(scale: PackedVector(vectors.rows(0..<1)), shift: PackedVector(vectors.rows(1..<2)))
    }

    /// Applies the layer to a part of a signal.
    ///
    /// - Parameters:
    ///   - x: `[1, t, 1]`.
    ///   - normalization: the whole signal's.
    ///   - ws: where it is computed.
    /// - Returns: `[1, t', outputs]`.
    public func callAsFunction(_ x: Tensor, _ normalization: Normalization, _ ws: Workspace) -> Tensor {
        let y = ws.convolution(
            x.reshaped(to: Shape(1, 1, x.count, 1)), matrix,
            window: Window(kernel: (1, kernel), stride: (1, stride), paddingBefore: (0, 0), paddingAfter: (0, 0)),
            scale: normalization.scale, bias: normalization.shift, activation: activation)
        return y.reshaped(to: Shape(1, y.shape[2], y.shape[3]))
    }
}
