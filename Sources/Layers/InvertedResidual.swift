public import TensorCore

/// The inverted residual: a 1x1 convolution that widens, a depthwise convolution, perhaps a gate for each channel, and
/// a 1x1 convolution that narrows, to which the input may be added.
///
/// Sandler et al., *MobileNetV2: Inverted Residuals and Linear Bottlenecks* (2018, arXiv:1801.04381), section 3.3; with
/// a gate: Howard et al., *Searching for MobileNetV3* (2019, arXiv:1905.02244), section 5.3.
public struct InvertedResidual: Sendable {
    private let expand: Convolution?
    private let depthwise: Convolution
    private let gate: SqueezeExcitation?
    private let project: Convolution
    private let hasResidual: Bool

    /// A block of these layers.
    ///
    /// - Parameters:
    ///   - expand: 1x1; `nil` where the input is as wide as it gets.
    ///   - depthwise: by channel.
    ///   - gate: follows the depthwise convolution.
    ///   - project: 1x1.
    ///   - hasResidual: whether the input is added to the result, which has its shape then.
    public init(
        expand: Convolution?, depthwise: Convolution, gate: SqueezeExcitation? = nil, project: Convolution,
        hasResidual: Bool
    ) {
        (self.expand, self.depthwise, self.gate, self.project) = (expand, depthwise, gate, project)
        self.hasResidual = hasResidual
    }

    /// Applies the block.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H', W', outputs]`.
    public func callAsFunction(_ x: Tensor, _ ws: Workspace) -> Tensor {
        let residual = hasResidual ? x : nil
        guard let gate else {
            return banded(x, project: project, residual: residual, ws)
                ?? project(layered(x, ws), residual: residual, ws)
        }
        // A gate needs all pixels of its channel before the projection may begin.
        let y = (expand == nil ? nil : banded(x, project: nil, residual: nil, ws)) ?? layered(x, ws)
        return project(gate(y, ws, inPlace: true), residual: residual, ws)
    }

    /// Expansion and depthwise convolution, one after the other.
    private func layered(_ x: Tensor, _ ws: Workspace) -> Tensor { depthwise(expand.map { $0(x, ws) } ?? x, ws) }

    /// The block without its gate and perhaps without its projection by bands of rows, where that is faster.
    private func banded(_ x: Tensor, project: Convolution?, residual: Tensor?, _ ws: Workspace) -> Tensor? {
        let (expanding, projecting) = (expand?.pointwiseStep, project?.pointwiseStep)
        guard case .depthwise(let kernel) = depthwise.kernel, (expanding == nil) == (expand == nil),
            (projecting == nil) == (project == nil)
        else { return nil }
        let step = ConvolutionStep(
            kernel, scale: depthwise.scale, bias: depthwise.bias, activation: depthwise.activation)
        return ws.invertedResidual(
            x, expand: expanding, depthwise: step, window: depthwise.window(for: x), project: projecting,
            residual: residual)
    }
}

extension Convolution {
    /// The product of pixels and one matrix that a 1x1 convolution of one group is; `nil` for any other.
    var pointwiseStep: ConvolutionStep<PackedMatrix>? {
        guard case .dense(let matrices) = kernel, matrices.count == 1, window == Window(1), padding == .symmetric(0)
        else { return nil }
        return ConvolutionStep(matrices[0], scale: scale, bias: bias, activation: activation)
    }
}
