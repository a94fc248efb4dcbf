import CKernels

/// A convolution's weights, and what follows it: activation(x * W * scale + bias).
public struct ConvolutionStep<Kernel: Sendable>: Sendable {
    /// A ``PackedMatrix``, or `[taps, C]` values.
    public let kernel: Kernel
    /// A factor for each output; needs a bias.
    public let scale: PackedVector?
    /// A value for each output.
    public let bias: PackedVector?
    /// What is applied last.
    public let activation: Activation

    /// A step of these parts.
    public init(_ kernel: Kernel, scale: PackedVector?, bias: PackedVector?, activation: Activation) {
        precondition(scale == nil || bias != nil, "a scale needs a bias")
        (self.kernel, self.scale, self.bias, self.activation) = (kernel, scale, bias, activation)
    }
}

extension Workspace {
    /// Floats of an image's expanded pixels from which bands pay: fewer stay in a core's cache as they are.
    private static let leastBandedFloats = 64 * 1024
    /// Output rows of a thread from which bands pay: fewer are no equal shares.
    private static let leastBandedRows = 7
    /// Input rows for each that two threads expand because the windows of both meet it: fewer cost more than is saved.
    private static let leastRowsForOverlap = 7

    /// A 1x1 convolution, a depthwise one and another 1x1 one by bands of rows, which keeps what lies between them in
    /// the cores' caches: the inverted residual of MobileNetV2 (arXiv:1801.04381, section 3.3), or its first two or
    /// last two layers. The result has the bits of one layer after the other.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - expand: `inner` x `taps * C`; `nil` where the input is convolved as it is.
    ///   - expandWindow: another than 1x1 where a network's first convolution takes the place of the expansion.
    ///   - depthwise: `[taps, inner]` values.
    ///   - window: of the depthwise convolution.
    ///   - project: `outputs` x `inner`; `nil` where the result is what is convolved.
    ///   - residual: shaped like the result, added before the last activation; for a projection.
    ///   - dtype: of the result: fp32, or bf16 for a projection.
    /// - Returns: `[B, H', W', outputs]` or `[B, H', W', inner]`; `nil`, and nothing is done, where one layer after the
    ///   other is as fast.
    /// - Precondition: the sizes agree; there is an expansion or a projection. Where `x` is bf16, the expansion
    ///   multiplies such (see ``multipliesBrainFloats(_:)``), and the channels are even; where the residual or the
    ///   result is, the projection does, and its activation is applied in registers.
    public func invertedResidual(
        _ x: Tensor, expand: ConvolutionStep<PackedMatrix>?, expandWindow: Window = Window(1),
        depthwise: ConvolutionStep<PackedVector>, window: Window,
        project: ConvolutionStep<PackedMatrix>?, residual: Tensor? = nil, as dtype: DType = .float32
    ) -> Tensor? {
        precondition(x.shape.rank == 4 && (expand != nil || project != nil), "inverted residual: input \(x.shape)")
        let (batch, channels) = (x.shape[0], x.shape[3])
        let (height, width) = expandWindow.outputSize(height: x.shape[1], width: x.shape[2])
        let inner = expand?.kernel.outputs ?? channels
        let taps = window.kernel.height * window.kernel.width
        let patch = expandWindow.kernel.height * expandWindow.kernel.width
        precondition(
            expand.map { $0.kernel.inputs == patch * channels } ?? true && depthwise.kernel.count == taps * inner
                && project.map { $0.kernel.inputs == inner } ?? true,
            "inverted residual: \(depthwise.kernel.count) weights for \(inner) channels")
        let isInPairs = x.dtype == .bfloat16
        precondition(
            !isInPairs
                || expandWindow == Window(1) && channels % 2 == 0
                    && expand.map { multipliesBrainFloats([$0.kernel]) } ?? false,
            "inverted residual: \(x.shape) of \(x.dtype)")
        precondition(
            dtype == .float32 && residual?.dtype != .bfloat16
                || project.map { multipliesBrainFloats([$0.kernel]) && $0.activation.isInRegisters } ?? false,
            "inverted residual: a result of \(dtype)")
        let size = window.outputSize(height: height, width: width)
        let outputs = project?.kernel.outputs ?? inner
        func product(_ step: ConvolutionStep<PackedMatrix>?, _ residual: Tensor?) -> ck_gemm {
            guard let step else { return ck_gemm() }
            return ck_gemm(
                m: 0, n: step.kernel.outputs, k: step.kernel.inputs, a: x.kernelPointer,
                lda: isInPairs ? channels / 2 : channels,
                b: step.kernel.pointer, c: nil, ldc: outputs,
                epilogue: epilogue(step.scale, step.bias, residual, step.activation),
                form: step.kernel.form.kernelForm, in_pairs: 0, gate: nil, gate_rows: 0)
        }
        var arguments = ck_inverted_residual(
            expand: product(expand, nil),
            depthwise: ck_depthwise2d(
                batch: batch, in_h: height, in_w: width, out_h: size.height, out_w: size.width, channels: inner,
                kernel_h: window.kernel.height, kernel_w: window.kernel.width, stride_h: window.stride.height,
                stride_w: window.stride.width, pad_h: window.paddingBefore.height, pad_w: window.paddingBefore.width,
                dilation_h: window.dilation.height, dilation_w: window.dilation.width, input: x.kernelPointer,
                weights: depthwise.kernel.pointer, bias: depthwise.bias?.pointer, output: nil,
                activation: depthwise.activation.kernelActivation, scale: depthwise.scale?.pointer),
            project: product(project, residual), in_pairs: 0, stem: ck_conv2d())
        arguments.expand.in_pairs = isInPairs ? 1 : 0
        arguments.project.epilogue.out_pairs = dtype == .bfloat16 ? 1 : 0
        if expandWindow != Window(1) {
            guard let expand else { return nil }
            arguments.stem = geometry(x, expand.kernel, window: expandWindow, pixel: inner)
        }
        if runtime.tier.multipliesBFloat16 { arguments.in_pairs = ck_inverted_residual_fits_pairs(&arguments) }

        let reach = (window.kernel.height - 1) * window.dilation.height + 1
        let overlap = expand == nil ? 0 : max(0, reach - window.stride.height) * (threads - 1)
        let hasRows =
            batch * size.height >= Self.leastBandedRows * threads
            && batch * height >= Self.leastRowsForOverlap * overlap
        if arguments.in_pairs != 0 {
            // Without a projection threads share channels, too.
            guard project == nil || hasRows else { return nil }
        } else {
            guard expandWindow == Window(1), height * width * inner >= Self.leastBandedFloats, hasRows
            else { return nil }
        }

        let y = allocate(Shape(batch, size.height, size.width, outputs), dtype)
        precondition(
            residual.map { project != nil && $0.shape == y.shape } ?? true,
            "inverted residual: residual \(residual?.shape ?? []) for \(y.shape)")
        arguments.expand.c = y.mutableKernelPointer
        arguments.depthwise.output = y.mutableKernelPointer
        arguments.project.c = y.mutableKernelPointer
        let pixels = Double(batch * size.height * size.width)
        let expanding =
            expand.map { 2 * Double(batch * height * width) * Double($0.kernel.inputs * inner) } ?? 0
        let projecting = project == nil ? 0 : 2 * pixels * Double(inner * outputs)
        let flops = expanding + 2 * pixels * Double(inner * taps) + projecting
        perform(
            "inverted residual", .CK_OP_inverted_residual_run, arguments, flops: flops, work: flops,
            scratchBytes: ck_inverted_residual_scratch(&arguments))
        return y
    }
}
