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
    ///   - expand: 1x1, or a network's first convolution; `nil` where the input is as wide as it gets.
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
                ?? project(convolved(x, ws), residual: residual, ws)
        }
        // A gate needs all pixels of its channel before the projection may begin.
        let y = convolved(x, ws)
        return project(y, times: gate(y, ws), residual: residual, ws)
    }

    /// The block up to its depthwise convolution, by bands or one layer after the other.
    private func convolved(_ x: Tensor, _ ws: Workspace) -> Tensor {
        guard let expand else { return depthwise(x, ws) }
        return banded(x, project: nil, residual: nil, ws) ?? depthwise(expand(x, ws), ws)
    }

    /// The block without its gate and perhaps without its projection by bands of rows, where that is faster.
    private func banded(_ x: Tensor, project: Convolution?, residual: Tensor?, _ ws: Workspace) -> Tensor? {
        let (expanding, projecting) = (expand?.productStep, project?.productStep)
        guard case .depthwise(let kernel) = depthwise.kernel, (expanding == nil) == (expand == nil),
            (projecting == nil) == (project == nil), project?.isPointwise ?? true
        else { return nil }
        let step = ConvolutionStep(
            kernel, scale: depthwise.scale, bias: depthwise.bias, activation: depthwise.activation)
        let expandWindow = expand?.window(for: x) ?? Window(1)
        let size = expandWindow.outputSize(height: x.shape[1], width: x.shape[2])
        return ws.invertedResidual(
            x, expand: expanding, expandWindow: expandWindow, depthwise: step,
            window: depthwise.window(height: size.height, width: size.width), project: projecting,
            residual: residual)
    }
}

extension Convolution {
    /// The product of patches and one matrix that a convolution of one group is; `nil` for one of several groups, and
    /// where the kernel is transformed.
    var productStep: ConvolutionStep<PackedMatrix>? {
        guard case .dense(let matrices) = kernel, matrices.count == 1, !matrices[0].form.isWinograd else { return nil }
        return ConvolutionStep(matrices[0], scale: scale, bias: bias, activation: activation)
    }

    /// Whether the convolution is 1x1, from pixels to pixels.
    var isPointwise: Bool { window == Window(1) && padding == .symmetric(0) }

    /// Applies the layer to its input times a gate for each channel.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, channels]`, which nothing may read afterwards.
    ///   - gate: `[B, 1, 1, channels]`.
    ///   - residual: shaped like the result, added before the activation.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H', W', outputs]`, with the same bits however the gates come to the input.
    public func callAsFunction(_ x: Tensor, times gate: Tensor, residual: Tensor?, _ ws: Workspace) -> Tensor {
        guard let step = productStep, isPointwise, step.kernel.form == .bfloat16,
            ws.multipliesBrainFloats([step.kernel])
        else { return self(ws.gated(x, by: gate, inPlace: true), residual: residual, ws) }
        // The input is rounded to brain floats as it is read: the gates come with that.
        return ws.convolution(
            x, [step.kernel], window: window, scale: scale, bias: bias, activation: activation, residual: residual,
            gate: gate)
    }
}
