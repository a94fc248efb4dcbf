import CKernels

/// Where the windows of a convolution or pooling lie.
public struct Window: Sendable, Equatable {
    /// Height and width of the window.
    public var kernel: (height: Int, width: Int)
    /// Distance between two windows.
    public var stride: (height: Int, width: Int)
    /// Rows above and columns left of the input that the first window covers.
    public var paddingBefore: (height: Int, width: Int)
    /// Rows below and columns right of the input that the last window may cover.
    public var paddingAfter: (height: Int, width: Int)
    /// Distance between two taps of a window.
    public var dilation: (height: Int, width: Int)

    /// A square window with the same padding on all sides.
    public init(_ kernel: Int, stride: Int = 1, padding: Int = 0, dilation: Int = 1) {
        self.init(
            kernel: (kernel, kernel), stride: (stride, stride), paddingBefore: (padding, padding),
            paddingAfter: (padding, padding), dilation: (dilation, dilation))
    }

    /// A window given side by side.
    public init(
        kernel: (height: Int, width: Int), stride: (height: Int, width: Int),
        paddingBefore: (height: Int, width: Int), paddingAfter: (height: Int, width: Int),
        dilation: (height: Int, width: Int) = (1, 1)
    ) {
        self.kernel = kernel
        self.stride = stride
        self.paddingBefore = paddingBefore
        self.paddingAfter = paddingAfter
        self.dilation = dilation
    }

    /// Windows that fit into an input of the given size.
    ///
    /// - Parameters:
    ///   - height: rows of the input.
    ///   - width: columns of the input.
    ///   - ceiling: whether a last window may begin inside the input and padding and reach past them, as PyTorch's
    ///     `ceil_mode`.
    public func outputSize(height: Int, width: Int, ceiling: Bool = false) -> (height: Int, width: Int) {
        (
            Self.count(
                height, kernel.height, stride.height, paddingBefore.height, paddingAfter.height, dilation.height,
                ceiling),
            Self.count(
                width, kernel.width, stride.width, paddingBefore.width, paddingAfter.width, dilation.width, ceiling)
        )
    }

    private static func count(
        _ size: Int, _ kernel: Int, _ stride: Int, _ before: Int, _ after: Int, _ dilation: Int, _ ceiling: Bool
    ) -> Int {
        let free = size + before + after - dilation * (kernel - 1) - 1
        // A window larger than the input may reach past it, too, as long as it lacks less than a step.
        guard free >= 0 || (ceiling && free > -stride) else { return 0 }
        guard ceiling, free % stride != 0 else { return free / stride + 1 }
        // PyTorch drops a last window that would begin in the padding after the input.
        let count = (free + stride - 1) / stride + 1
        return (count - 1) * stride >= size + before ? count - 1 : count
    }

    /// The same window with other padding.
    public func padded(before: (height: Int, width: Int), after: (height: Int, width: Int)) -> Window {
        var copy = self
        copy.paddingBefore = before
        copy.paddingAfter = after
        return copy
    }

    /// The window of ``PackedMatrix/Form/winogradLine``.
    public static let stridedLine = Window(
        kernel: (1, 3), stride: (1, 2), paddingBefore: (0, 0), paddingAfter: (0, 0))

    /// Whether two windows are the same.
    public static func == (a: Window, b: Window) -> Bool {
        a.kernel == b.kernel && a.stride == b.stride && a.paddingBefore == b.paddingBefore
            && a.paddingAfter == b.paddingAfter && a.dilation == b.dilation
    }
}

extension Workspace {
    /// activation(x W^T * scale + bias + residual) for each row of x. By a matrix in int8 each row is quantised to
    /// eight bits, too, with a scale and a zero point of its own, and the products are summed in integers.
    ///
    /// - Parameters:
    ///   - x: `[..., inputs]`.
    ///   - weight: `outputs` x `inputs`, in a form of which ``PackedMatrix/Form/isWinograd`` is false.
    ///   - scale: `outputs` factors; needs a bias.
    ///   - bias: `outputs` values.
    ///   - activation: what is applied last.
    ///   - residual: `[..., outputs]`.
    /// - Returns: `[..., outputs]`.
    /// - Precondition: the sizes agree.
    public func linear(
        _ x: Tensor, _ weight: PackedMatrix, scale: PackedVector? = nil, bias: PackedVector? = nil,
        activation: Activation = .none, residual: Tensor? = nil
    ) -> Tensor {
        precondition(x.shape.rank >= 1 && x.shape[-1] == weight.inputs, "linear: \(x.shape) by \(weight.inputs) inputs")
        let rows = weight.inputs == 0 ? 0 : x.count / weight.inputs
        var dimensions = x.shape.dimensions
        dimensions[dimensions.count - 1] = weight.outputs
        let y = allocate(Shape(dimensions))
        precondition(
            residual.map { $0.count == y.count } ?? true, "linear: residual \(residual?.shape ?? []) for \(y.shape)")
        let arguments = ck_gemm(
            m: rows, n: weight.outputs, k: weight.inputs, a: x.floatPointer, lda: weight.inputs, b: weight.pointer,
            c: y.mutableFloatPointer, ldc: weight.outputs,
            epilogue: epilogue(scale, bias, residual, activation), form: weight.form.kernelForm, in_pairs: 0, gate: nil,
            gate_rows: 0)
        let flops = 2 * Double(rows) * Double(weight.outputs) * Double(weight.inputs)
        var sized = arguments
        if weight.form == .int8, weight.inputs <= Int(CK_INT8_TERMS) {
            perform(
                "linear", .CK_OP_int8_gemm_run, arguments, flops: flops, work: Self.work(flops, weight) / 4,
                scratchBytes: ck_int8_gemm_scratch(&sized))
        } else {
            perform(
                "linear", .CK_OP_gemm_run, arguments, flops: flops, work: Self.work(flops, weight),
                scratchBytes: ck_gemm_scratch(&sized))
        }
        return y
    }

    /// activation(x * W * scale + bias + residual), a 2-D convolution; a 1-D one has height 1. Winograd's algorithm is
    /// used where it pays: by layer and size of the picture.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - weight: for each group `outputs / groups` rows of `(C / groups) * taps` values, one matrix a group, one
    ///     after another in memory.
    ///   - window: the kernel's size, steps and padding.
    ///   - scale: `outputs` factors, such as a batch norm's; needs a bias.
    ///   - bias: `outputs` values.
    ///   - activation: what is applied last.
    ///   - residual: shaped like the result; not for a slot.
    ///   - gate: `[B, 1, 1, C]`, what the input's channels are multiplied by as they are read; for a dense 1x1
    ///     convolution of fp32 values that multiplies brain floats (see ``multipliesBrainFloats(_:)``).
    ///   - slot: where the result goes; a new tensor where left out.
    ///   - dtype: of the result: fp32, or bf16 for a layer that multiplies brain floats.
    /// - Returns: `[B, H', W', outputs]`, or the tensor that the slot belongs to.
    /// - Precondition: the sizes agree. Where `x`, the residual or the result is bf16, so is what is multiplied (see
    ///   ``multipliesBrainFloats(_:)``), the activation is applied in registers, and there is no slot; such an `x` has
    ///   a multiple of 32 channels, for a 1x1 window of 2.
    @discardableResult
    public func convolution(
        _ x: Tensor, _ weight: [PackedMatrix], window: Window, scale: PackedVector? = nil, bias: PackedVector? = nil,
        activation: Activation = .none, residual: Tensor? = nil, gate: Tensor? = nil, into slot: ChannelSlot? = nil,
        as dtype: DType = .float32
    ) -> Tensor {
        let groups = weight.count
        let taps = window.kernel.height * window.kernel.width
        precondition(x.shape.rank == 4 && groups > 0, "convolution: input \(x.shape)")
        let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let first = weight[0]
        precondition(
            channels == groups * (first.inputs / taps) && first.inputs % taps == 0,
            "convolution: \(channels) channels by \(groups) groups of \(first.inputs) inputs")
        let step = PackedMatrix.floatCount(outputs: first.outputs, inputs: first.inputs, form: first.form)
        // Weights that are planned only lie nowhere.
        precondition(
            mode != .compute || weight.indices.allSatisfy { weight[$0].pointer == first.pointer + $0 * step },
            "convolution: the groups' matrices do not lie one after another")
        let size = window.outputSize(height: height, width: width)
        let outputs = first.outputs * groups
        let target = target(Shape(batch, size.height, size.width, outputs), slot, dtype)
        let (y, pixel) = (target.target, target.target.shape[3])
        precondition(
            residual.map { slot == nil && $0.shape == y.shape } ?? true,
            "convolution: residual \(residual?.shape ?? []) for \(y.shape)")
        precondition(
            x.dtype != .bfloat16 && residual?.dtype != .bfloat16 && dtype == .float32
                || multipliesBrainFloats(weight) && slot == nil && activation.isInRegisters
                    && (dtype == .float32 || dtype == .bfloat16)
                    && (x.dtype == .float32 || channels % (window == Window(1) ? 2 : 32) == 0),
            "convolution: \(x.dtype) to \(dtype) by \(first.form)")
        precondition(
            gate.map {
                $0.count == batch * channels && window == Window(1) && x.dtype == .float32 && first.form == .bfloat16
                    && multipliesBrainFloats(weight)
            } ?? true, "convolution: gate \(gate?.shape ?? []) for \(x.shape)")
        var arguments = geometry(x, first, window: window, groups: groups, pixel: pixel)
        arguments.gate = gate?.floatPointer
        arguments.output = target.pointer
        arguments.epilogue = epilogue(scale, bias, residual, activation)
        arguments.epilogue.out_pairs = dtype == .bfloat16 ? 1 : 0
        let flops = 2 * Double(batch * size.height * size.width * outputs) * Double(first.inputs)
        switch first.form {
        case .plain where winogradPays(arguments), .winogradBFloat16:
            performWinograd(taps == 9 ? "convolution 3x3" : "convolution", arguments, flops: flops)
        case .winogradLine, .winogradLineBFloat16:
            precondition(
                height == 1 && window == .stridedLine && channels % 32 == 0 && groups == 1,
                "convolution: \(x.shape) by the transformed kernel of a line")
            perform(
                "convolution 1x3", .CK_OP_winograd_line_run, arguments, flops: flops, work: flops / 8,
                scratchBytes: ck_winograd_line_scratch(&arguments))
        case .plain, .bfloat16, .int8:
            perform(
                taps == 1 ? "convolution 1x1" : "convolution", .CK_OP_conv2d_run, arguments, flops: flops,
                work: Self.work(flops, first), scratchBytes: ck_conv2d_scratch(&arguments))
        }
        return y
    }

    /// Whether a convolution multiplies brain floats, so that it may be given them, and give them.
    ///
    /// - Parameter weight: a matrix for each group.
    public func multipliesBrainFloats(_ weight: [PackedMatrix]) -> Bool {
        runtime.tier.multipliesBFloat16 && weight.count == 1
            && (weight[0].form == .bfloat16 || weight[0].form == .winogradBFloat16)
    }

    /// A convolution by Winograd's algorithm, before it its kernels' transform where that is better done once.
    private func performWinograd(_ operation: StaticString, _ whole: ck_conv2d, flops: Double) {
        var arguments = whole
        let parts = Self.parts(of: flops / 8, threads: threads)
        let count = ck_winograd_kernels_floats(&arguments, Int32(parts))
        let kernels = count > 0 ? allocate([count]) : nil
        if let kernels {
            arguments.transformed = kernels.mutableFloatPointer
            perform(operation, .CK_OP_winograd_kernels_run, arguments, work: 4 * Double(count))
        }
        perform(
            operation, .CK_OP_winograd_run, arguments, flops: flops, work: flops / 8,
            scratchBytes: ck_winograd_scratch(&arguments))
        withExtendedLifetime(kernels) {}
    }

    /// Whether a convolution by weights in fp32 gains from Winograd's F(4x4, 3x3) or F(2x2, 2x2): with few channels
    /// their transforms cost more than they save; for a small picture the kernels' does, about 300 or 50 multiply-adds
    /// each, beside 36 a tile of 4x4 outputs and 9 an output of the direct form, or 9 a tile of 2x2 and 4 an output. A
    /// matter of a layer and a picture's size alone, so that results do not depend on the batch.
    private func winogradPays(_ a: ck_conv2d) -> Bool {
        let isPlain =
            a.kernel_h == a.kernel_w && a.stride_h == 1 && a.stride_w == 1 && a.dilation_h == 1 && a.dilation_w == 1
            && a.groups == 1
        guard isPlain, min(a.in_c, a.out_c) >= 32 else { return false }
        switch a.kernel_h {
        case 3: return 9 * a.out_h * a.out_w > 36 * ((a.out_h + 3) / 4) * ((a.out_w + 3) / 4) + 300
        case 2: return 4 * a.out_h * a.out_w > 9 * ((a.out_h + 1) / 2) * ((a.out_w + 1) / 2) + 50
        default: return false
        }
    }

    /// A convolution's input, weights and geometry, its output's pixels `pixel` floats apart.
    func geometry(
        _ x: Tensor, _ weight: PackedMatrix, window: Window, groups: Int = 1, pixel: Int
    ) -> ck_conv2d {
        let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
        let size = window.outputSize(height: height, width: width)
        let pixelFloats = x.dtype == .bfloat16 ? channels / 2 : channels
        return ck_conv2d(
            batch: x.shape[0], in_h: height, in_w: width, in_c: channels, out_h: size.height, out_w: size.width,
            out_c: weight.outputs * groups, groups: groups, kernel_h: window.kernel.height,
            kernel_w: window.kernel.width, stride_h: window.stride.height, stride_w: window.stride.width,
            pad_h: window.paddingBefore.height, pad_w: window.paddingBefore.width, dilation_h: window.dilation.height,
            dilation_w: window.dilation.width, input: x.kernelPointer, in_image: height * width * pixelFloats,
            in_row: width * pixelFloats, in_col: pixelFloats, weights: weight.pointer, output: nil,
            out_image: size.height * size.width * pixel, out_row: size.width * pixel, out_col: pixel,
            epilogue: ck_epilogue(), form: weight.form.kernelForm, transformed: nil,
            in_pairs: x.dtype == .bfloat16 ? 1 : 0, gate: nil)
    }

    /// What sharing a product is decided by: its operations, or of one of few rows the weights that are fetched for it.
    private static func work(_ flops: Double, _ weight: PackedMatrix) -> Double {
        flops == 0 ? 0 : max(flops / 8, Double(weight.outputs) * Double(weight.inputs))
    }

    /// A transposed convolution (PyTorch's `ConvTranspose2d`), one ordinary convolution for each phase of the output,
    /// by Winograd's algorithm where that pays.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - weight: the phases' matrices and geometry, see ``TransposedKernel``.
    ///   - scale: factors such as a batch norm's, see ``TransposedKernel/repeated(_:)``; needs a bias.
    ///   - bias: values, likewise.
    ///   - activation: what is applied last.
    /// - Returns: `[B, H', W', outputs]`.
    public func transposedConvolution(
        _ x: Tensor, _ weight: TransposedKernel, scale: PackedVector? = nil, bias: PackedVector? = nil,
        activation: Activation = .none
    ) -> Tensor {
        precondition(x.shape.rank == 4 && x.shape[3] == weight.channels, "transposed convolution: input \(x.shape)")
        let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let size = weight.outputSize(height: height, width: width)
        let outputs = weight.outputs
        let y = allocate(Shape(batch, size.height, size.width, outputs))
        let together = weight.columnsTogether
        let isFit = [scale, bias].allSatisfy { ($0?.count ?? outputs * together) == outputs * together }
        precondition(isFit, "transposed convolution: a scale or bias that is not repeated")
        for phase in weight.phases {
            let cut = phase.cut
            let rows = (size.height - cut.row + weight.stride - 1) / weight.stride
            let columns = (size.width - cut.column + weight.stride - 1) / weight.stride
            guard rows > 0, columns > 0 else { continue }
            var arguments = ck_conv2d(
                batch: batch, in_h: height, in_w: width, in_c: channels, out_h: rows, out_w: columns,
                out_c: outputs * together, groups: 1, kernel_h: cut.kernelHeight, kernel_w: cut.kernelWidth,
                stride_h: 1, stride_w: 1, pad_h: cut.paddingHeight, pad_w: cut.paddingWidth, dilation_h: 1,
                dilation_w: 1,
                input: x.floatPointer, in_image: height * width * channels, in_row: width * channels, in_col: channels,
                weights: phase.matrix.pointer,
                output: y.mutableFloatPointer + (cut.row * size.width + cut.column) * outputs,
                out_image: size.height * size.width * outputs, out_row: weight.stride * size.width * outputs,
                out_col: weight.stride * outputs,
                epilogue: epilogue(scale, bias, nil, activation), form: phase.matrix.form.kernelForm,
                transformed: nil, in_pairs: 0, gate: nil)
            let work = 2 * Double(batch * rows * columns * outputs * together) * Double(phase.matrix.inputs)
            // Taps that are zeros for some of the columns do not count.
            let flops = 2 * Double(batch * rows * columns * outputs) * Double(channels * cut.taps.count)
            if phase.matrix.form == .plain, winogradPays(arguments) {
                performWinograd("transposed convolution", arguments, flops: flops)
            } else {
                perform(
                    "transposed convolution", .CK_OP_conv2d_run, arguments, flops: flops, work: work / 8,
                    scratchBytes: ck_conv2d_scratch(&arguments))
            }
        }
        return y
    }

    /// activation(x * w * scale + bias), each channel convolved on its own.
    ///
    /// - Parameters:
    ///   - x: `[B, H, W, C]`.
    ///   - weight: `[taps, C]` values.
    ///   - window: the kernel's size, steps and padding.
    ///   - scale: `C` factors; needs a bias.
    ///   - bias: `C` values.
    ///   - activation: what is applied last.
    /// - Returns: `[B, H', W', C]`.
    public func depthwiseConvolution(
        _ x: Tensor, _ weight: PackedVector, window: Window, scale: PackedVector? = nil, bias: PackedVector? = nil,
        activation: Activation = .none
    ) -> Tensor {
        precondition(x.shape.rank == 4, "depthwise convolution: input \(x.shape)")
        let (batch, height, width, channels) = (x.shape[0], x.shape[1], x.shape[2], x.shape[3])
        let taps = window.kernel.height * window.kernel.width
        precondition(weight.count == taps * channels, "depthwise convolution: \(weight.count) weights for \(x.shape)")
        let size = window.outputSize(height: height, width: width)
        let y = allocate(Shape(batch, size.height, size.width, channels))
        let arguments = ck_depthwise2d(
            batch: batch, in_h: height, in_w: width, out_h: size.height, out_w: size.width, channels: channels,
            kernel_h: window.kernel.height, kernel_w: window.kernel.width, stride_h: window.stride.height,
            stride_w: window.stride.width, pad_h: window.paddingBefore.height, pad_w: window.paddingBefore.width,
            dilation_h: window.dilation.height, dilation_w: window.dilation.width, input: x.floatPointer,
            weights: weight.pointer, bias: bias?.pointer, output: y.mutableFloatPointer,
            activation: activation.kernelActivation, scale: scale?.pointer)
        let flops = 2 * Double(y.count) * Double(taps)
        perform("depthwise convolution", .CK_OP_depthwise2d_run, arguments, flops: flops, work: flops)
        return y
    }

    func epilogue(
        _ scale: PackedVector?, _ bias: PackedVector?, _ residual: Tensor?, _ activation: Activation
    ) -> ck_epilogue {
        precondition(scale == nil || bias != nil, "a scale needs a bias")
        return ck_epilogue(
            bias: bias?.pointer, residual: residual?.kernelPointer, activation: activation.kernelActivation,
            scale: scale?.pointer, residual_pairs: residual?.dtype == .bfloat16 ? 1 : 0, out_pairs: 0)
    }
}
