public import TensorCore

/// Squeeze-and-excitation: every channel times a gate computed from the means of all (Hu et al. 2017,
/// arXiv:1709.01507, section 3).
///
/// Tensors: those of two 1x1 convolutions.
public struct SqueezeExcitation: Sendable {
    private let reduce: Convolution
    private let expand: Convolution

    /// Reads the layer.
    ///
    /// - Parameters:
    ///   - channels: of input and result.
    ///   - squeezed: channels of the bottleneck.
    ///   - activation: what is applied in the bottleneck.
    ///   - gate: what makes a gate of the result.
    ///   - reduce: the place of the convolution that narrows.
    ///   - expand: the place of the convolution that widens.
    /// - Throws: ``WeightError`` where a tensor is missing or has another shape.
    public init(
        _ channels: Int, _ squeezed: Int, activation: Activation, gate: Activation, reduce: Weights, expand: Weights
    ) throws(WeightError) {
        self.reduce = try Convolution(channels, squeezed, kernel: 1, activation: activation, reduce)
        self.expand = try Convolution(squeezed, channels, kernel: 1, activation: gate, expand)
    }

    /// Computes the gates, which the convolution that follows multiplies its input by, see
    /// ``Convolution/callAsFunction(_:times:residual:as:_:)``.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`.
    ///   - ws: where it is computed.
    /// - Returns: `[B, 1, 1, channels]`.
    public func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        let means = ws.meanOverPixels(x)  // [B, C]
        return expand(reduce(means.reshaped(to: Shape(means.shape[0], 1, 1, means.shape[1])), ws), ws)
    }
}
