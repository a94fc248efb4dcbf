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
    ///   - dtype: of the result: fp32; or bf16 where ``givesBrainFloats(_:)`` and what follows takes them.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H', W', outputs]`.
    public func callAsFunction(_ x: Tensor, as dtype: DType = .float32, _ ws: Workspace) -> Tensor {
        let residual = hasResidual ? x : nil
        guard let gate else {
            return banded(x, project: project, residual: residual, as: dtype, ws)
                ?? project(convolved(x, ws), residual: residual, as: dtype, ws)
        }
        // A gate needs all pixels of its channel before the projection may begin.
        let y = convolved(x, ws)
        return project(y, times: gate(y, ws), residual: residual, as: dtype, ws)
    }

    /// Whether the result may be brain floats.
    public func givesBrainFloats(_ ws: Workspace) -> Bool { project.givesBrainFloats(ws) }

    /// Whether the input may be brain floats: a 1x1 convolution reads it, and what it is added to may be some.
    public func takesBrainFloats(_ ws: Workspace) -> Bool {
        guard let expand, expand.isPointwise else { return false }
        return expand.takesBrainFloats(ws) && (!hasResidual || givesBrainFloats(ws))
    }

    /// The block up to its depthwise convolution, by bands or one layer after the other.
    private func convolved(_ x: Tensor, _ ws: Workspace) -> Tensor {
        guard let expand else { return depthwise(x, ws) }
        return banded(x, project: nil, residual: nil, as: .float32, ws) ?? depthwise(expand(x, ws), ws)
    }

    /// The block without its gate and perhaps without its projection by bands of rows, where that is faster.
    private func banded(
        _ x: Tensor, project: Convolution?, residual: Tensor?, as dtype: DType, _ ws: Workspace
    ) -> Tensor? {
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
            residual: residual, as: dtype)
    }
}

extension [InvertedResidual] {
    /// What the result of a network's block is held as: brain floats between layers that multiply such.
    ///
    /// - Parameters:
    ///   - index: of the block.
    ///   - last: reads the last block's result.
    ///   - ws: where it is computed.
    public func dtype(after index: Int, before last: Convolution, _ ws: Workspace) -> DType {
        let isTaken = index + 1 < count ? self[index + 1].takesBrainFloats(ws) : last.takesBrainFloats(ws)
        return isTaken && self[index].givesBrainFloats(ws) ? .bfloat16 : .float32
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
    ///   - dtype: of the result: fp32; or bf16 where ``givesBrainFloats(_:)`` and what follows takes them.
    ///   - ws: where it is computed.
    /// - Returns: `[B, H', W', outputs]`, with the same bits however the gates come to the input.
    public func callAsFunction(
        _ x: Tensor, times gate: Tensor, residual: Tensor?, as dtype: DType = .float32, _ ws: Workspace
    ) -> Tensor {
        guard let step = productStep, isPointwise, step.kernel.form == .bfloat16,
            ws.multipliesBrainFloats([step.kernel])
        else { return self(ws.gated(x, by: gate, inPlace: true), residual: residual, as: dtype, ws) }
        // The input is rounded to brain floats as it is read: the gates come with that.
        return ws.convolution(
            x, [step.kernel], window: window, scale: scale, bias: bias, activation: activation, residual: residual,
            gate: gate, as: dtype)
    }
}
