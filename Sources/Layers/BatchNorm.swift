public import TensorCore

/// A batch norm at inference: y = x * scale + shift for each channel, PyTorch's `torch.nn.BatchNorm2d` in eval mode.
///
/// Tensors: `weight`, `bias`, `running_mean`, `running_var`, each `[channels]`. Applied to the sums of the convolution
/// before it as they are finished. Folding it into the weights would save nothing more and round every one of them:
/// on MobileNetV2 that alone is an error of 1e-4 of the output's scale.
public struct BatchNorm: Sendable {
    /// weight / sqrt(running_var + epsilon).
    public let scale: [Float]
    /// bias - running_mean * scale.
    public let shift: [Float]

    /// Reads the layer.
    public init(_ channels: Int, epsilon: Double = 1e-5, _ w: Weights) throws(WeightError) {
        let weight = try w.vector("weight", channels)
        let bias = try w.vector("bias", channels)
        let mean = try w.vector("running_mean", channels, isBuffer: true)
        let variance = try w.vector("running_var", channels, isBuffer: true)
        var scale: [Float] = []
        var shift: [Float] = []
        for channel in 0..<channels {
            let factor = Double(weight[channel]) / (Double(variance[channel]) + epsilon).squareRoot()
            scale.append(Float(factor))
            shift.append(Float(Double(bias[channel]) - Double(mean[channel]) * factor))
        }
        self.scale = scale
        self.shift = shift
    }
}

/// A batch norm that no convolution comes before, and the activation after it.
public struct NormActivation: Sendable {
    private let scale: PackedVector
    private let shift: PackedVector
    private let activation: Activation

    /// Makes a layer of a batch norm.
    ///
    /// - Parameters:
    ///   - norm: as read from the checkpoint.
    ///   - activation: what is applied last.
    ///   - w: any place in the checkpoint.
    public init(_ norm: BatchNorm, activation: Activation, _ w: Weights) {
        scale = PackedVector(norm.scale, in: w.loader.memory)
        shift = PackedVector(norm.shift, in: w.loader.memory)
        self.activation = activation
    }

    /// Applies the layer to the first channels of pictures, as many as it has.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]` of at least that many channels.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H, W, channels]`.
    public func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        ws.affine(x, scale: scale, shift: shift, activation: activation, channels: scale.count)
    }
}

/// The names that a batch norm may leave over: how often it was updated in training.
public func isBatchCounter(_ name: String) -> Bool { name.hasSuffix("num_batches_tracked") }
